"""`walkaway resolve`: where a name leads, what it says, and why that is to be believed.

What answers is loaded once it is asked: mostly that is an endpoint that runs already.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from walkaway.cli.config import Settings
from walkaway.cli.options import (
    ConfigOption,
    EndpointHostOption,
    EndpointPortOption,
    HomeOption,
    JsonOption,
    NetworkOption,
    OfflineOption,
    SourceOption,
    settings_from,
)
from walkaway.cli.reporters import Reporter, reporter_for
from walkaway.cli.terminal import Terminal, plain, sheet
from walkaway.errors import InvalidRequest, NoEndpoint, UnknownMethod, WalkawayError
from walkaway.names.ens.coin_types import coin_name, evm_address
from walkaway.names.pointer import Pointer
from walkaway.names.resolution import Change, Standing

if TYPE_CHECKING:
    from walkaway.names.history import PointerHistory

__all__ = ["resolve", "resolved_page"]

_ADDRESS: Final = re.compile(r"0[xX][^.]*")
"""What is meant for an address: no name begins so and has no dot."""
_ETH: Final = ".eth"
_ARNS: Final = "ar://"
_WEB3: Final = ("web3://", "w3://")
_NAME_WITHIN: Final = re.compile(
    r"(?P<where>/ip[fn]s/|[a-z][a-z0-9]*://)?(?P<name>[^/:]+)[/:]?.*", re.IGNORECASE | re.DOTALL
)
"""A name with a path, or in a URL, as it is taken elsewhere."""
_CONTENT: Final = ("/ipfs/", "ipfs://")

_STANDINGS: Final = {
    "proven": ("proven", "good"),
    "accepted": ("somebody's word, accepted by the name's own contract", "warn"),
    "word": ("somebody's word, which nobody can prove", "warn"),
    "own": ("your own setting", "quiet"),
}


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of a name. ``texts`` are keys, ``coins`` coin types."""

    name: str
    texts: tuple[str, ...] = ()
    coins: tuple[int, ...] = ()

    @property
    def is_address(self) -> bool:
        """Whether it is the primary name of an address that is asked for."""
        return _ADDRESS.fullmatch(self.name) is not None

    @property
    def asks_more_than_content(self) -> bool:
        """Whether only ENS has what is asked for."""
        return bool(self.texts or self.coins or self.is_address)


def resolve(
    name: Annotated[
        str,
        typer.Argument(
            help="A name (app.eth, example.org, an IPNS key, ar://name), or an address; "
            "web3://app.eth for the contract that a name leads to.",
            metavar="NAME",
        ),
    ],
    *,
    why: Annotated[bool, typer.Option("--why", help="Draw the chain of evidence.")] = False,
    text: Annotated[
        list[str] | None,
        typer.Option("--text", help="A text record of ENS to show. Repeatable.", metavar="KEY"),
    ] = None,
    coin: Annotated[
        list[int] | None,
        typer.Option(
            "--coin",
            help="A coin type whose address to show: 60 is ether, 0 bitcoin. Repeatable.",
            metavar="NUMBER",
            min=0,
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Show every byte of each fact.")] = False,
    offline: OfflineOption = False,
    network: NetworkOption = None,
    source: SourceOption = None,
    host: EndpointHostOption = None,
    port: EndpointPortOption = None,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show where a name leads, its addresses and texts, and how firmly that stands.

    Of an address, shows its primary name. Names of ENS are asked of the endpoint
    that is running on this machine (walkaway up); where none is, the chain is
    followed for it, which takes a moment. With --why, every step is drawn.

    Example: walkaway resolve vitalik.eth --text url --coin 0 --why
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(
            config,
            source,
            network=network,
            serve="gateway",
            host=host,
            port=port,
            state_directory=state_directory,
        )
        question = _Question(_name_alone(name), tuple(text or ()), tuple(coin or ()))
        reporter = reporter_for(terminal)
        try:
            told = asyncio.run(_told(settings, question, reporter, offline=offline))
        finally:
            reporter.close()
        page = resolved_page(told, width=terminal.person.width, why=why, full=full)
        if as_json:
            terminal.print_json(told)
        else:
            terminal.show(page)


async def _told(
    settings: Settings, question: _Question, reporter: Reporter, *, offline: bool
) -> dict[str, Any]:
    """What the name says, as `walkaway_resolve` tells it, with what is ``held`` of it here where
    that is something else, and why what it says is ``waiting``."""
    if await asyncio.to_thread(_is_for_ens, settings, question):
        told = await _of_ens(settings, question, reporter, offline=offline)
        told |= await _held_back(settings, told)
    else:
        told = await _of_another_kind(settings, question.name, reporter, offline=offline)
    return {"asked": question.name, **told}


def _is_for_ens(settings: Settings, question: _Question) -> bool:
    """Whether it is asked of ENS: names that the person set are asked of nobody.

    Raises `InvalidRequest` for what is no name and no address: that is told to nobody.
    """
    from walkaway.cli.names import held_names
    from walkaway.names.leads import contract_name
    from walkaway.names.spelling import canonical

    if question.is_address:
        evm_address(question.name)
        return True
    name = canonical(question.name)
    of_contract = contract_name(name)
    if of_contract is not None and question.asks_more_than_content:
        raise InvalidRequest(
            f"{name[:100]!r} is the name of a contract, which has no records of its own",
            advice=f"ask for those of {of_contract[0][:100]}",
        )
    if question.asks_more_than_content:
        return True
    return name.endswith(_ETH) and held_names(settings).own(name) is None


def _name_alone(word: str) -> str:
    """The name. Raises `InvalidRequest` for what holds a path or a scheme beside it, or no name."""
    within = _NAME_WITHIN.fullmatch(word)
    if "/" not in word or word.lower().startswith(_ARNS) or within is None:
        return word
    if word.lower().startswith(_WEB3):
        from walkaway.cli.content_words import name_in_url

        return name_in_url(word)
    where, name = within["where"] or "", within["name"]
    if where.lower() in _CONTENT:
        raise InvalidRequest(
            f"{word[:100]!r} is an address, which leads nowhere else",
            advice=f"see what stands there: walkaway ls {word[:100]}",
        )
    raise InvalidRequest(
        f"{word[:100]!r} is more than a name", advice=f"walkaway resolve {name[:100]}"
    )


async def _of_ens(
    settings: Settings, question: _Question, reporter: Reporter, *, offline: bool
) -> dict[str, Any]:
    if offline:
        raise InvalidRequest(
            "what ENS says now cannot be told while --offline asks nobody",
            advice="leave --offline out",
        )
    if not settings.ens:
        raise InvalidRequest(
            "names of ENS are not resolved: ens = false", advice="set ens = true in walkaway.toml"
        )
    with suppress(NoEndpoint, UnknownMethod):
        told = await _of_endpoint(settings, question, reporter)
        if told is not None:
            return told
    from walkaway.cli.ens_on_demand import EnsOnDemand
    from walkaway.rpc.methods.names import look_up

    async with AsyncExitStack() as opened:
        chain = EnsOnDemand(settings, opened, tell=reporter.tell, progress=reporter.sync)
        ens = await chain.ens()
        found = await look_up(ens, question.name, texts=question.texts, coins=question.coins)
        return {**found, "network": settings.network}


async def _of_endpoint(
    settings: Settings, question: _Question, reporter: Reporter
) -> dict[str, Any] | None:
    """What the endpoint that runs says, and which network it follows; None where the person
    named another one.

    Raises `NoEndpoint` and `UnknownMethod`, and what the endpoint answers.
    """
    from walkaway.cli.config import DEFAULT, NETWORK
    from walkaway.cli.running import ask_running, endpoint_url

    url = endpoint_url(settings.host, settings.port)
    status = await ask_running(url, "walkaway_status", [])
    network = status.get("network") if isinstance(status, Mapping) else None
    is_named = settings.came_from[NETWORK.key] != DEFAULT
    if network != settings.network and is_named:
        reporter.tell(f"the endpoint at {url} follows {str(network)[:40]}: it is not asked")
        return None
    options: dict[str, object] = {"texts": list(question.texts), "coins": list(question.coins)}
    told = await ask_running(url, "walkaway_resolve", [question.name, options])
    if isinstance(told, Mapping):
        return {**told, "network": network}
    raise WalkawayError("the endpoint gave no answer that can be read")


async def _of_another_kind(
    settings: Settings, name: str, reporter: Reporter, *, offline: bool
) -> dict[str, Any]:
    from walkaway.cli.content import content_of
    from walkaway.cli.ens_on_demand import names_of
    from walkaway.rpc.evidence import drawn
    from walkaway.rpc.plain import plain as as_data

    async with (
        content_of(settings, offline=offline) as content,
        names_of(
            settings, content, offline=offline, tell=reporter.tell, progress=reporter.sync
        ) as names,
    ):
        found = await names.resolve(name)
    because = None if found.because is None else drawn([found.because])[0]
    told = {"name": name, "seconds": as_data(found.seconds), "because": because}
    change = found.waiting
    if change is None:
        return told | _says(found.pointer, found.standing) | {"held": None, "waiting": None}
    standing = None if change.pointer is None else await _standing_of_change(settings, name)
    return told | _says(change.pointer, standing) | _behind(found.pointer, change)


def _says(pointer: Pointer | None, standing: Standing | None) -> dict[str, Any]:
    return {
        "pointer": None if pointer is None else str(pointer),
        "standing": None if standing is None else standing.value,
    }


def _behind(held: Pointer, change: Change) -> dict[str, Any]:
    from walkaway.cli.past_names import change_as_data

    return {"held": str(held), "waiting": change_as_data(change)}


async def _standing_of_change(settings: Settings, name: str) -> Standing | None:
    """How firmly it stands what a name says, of which something else is served."""
    with _history(settings) as history:
        held = await history.held(name)
    return None if held is None else held.says_standing


async def _held_back(settings: Settings, told: Mapping[str, Any]) -> dict[str, Any]:
    """What is served here of a name of ENS, where that is not what it says now, and why."""
    from walkaway.chain.clock import SystemClock
    from walkaway.cli.names import history_path, hold_policy
    from walkaway.names.hold import Said, waiting
    from walkaway.names.pointer import parse_pointer

    name, pointer = told.get("name"), told.get("pointer")
    is_of_here = told.get("network") == settings.network
    folder = settings.state_directory
    # A look makes no file.
    is_kept = await asyncio.to_thread(history_path(folder, settings.network).exists)
    if not (isinstance(name, str) and isinstance(pointer, str) and is_of_here and is_kept):
        return {"held": None, "waiting": None}
    said, hold = Said(parse_pointer(pointer), Standing.PROVEN), hold_policy(settings).of(name)
    with _history(settings) as history:
        held = await history.would_hold(name, said, hold=hold, now=SystemClock().now())
    change = None if held is None else waiting(held, hold)
    if held is None or change is None:
        return {"held": None, "waiting": None}
    return _behind(held.pointer, change)


@contextmanager
def _history(settings: Settings) -> Iterator[PointerHistory]:
    from walkaway.cli.names import history_path
    from walkaway.names.history import PointerHistory

    with closing(
        PointerHistory(history_path(settings.state_directory, settings.network))
    ) as history:
        yield history


def resolved_page(
    told: Mapping[str, Any], *, width: int, why: bool = False, full: bool = False
) -> RenderableType:
    """The page, from what ``walkaway_resolve`` gives.

    Raises:
        WalkawayError: it is none.
    """
    from walkaway.cli.evidence_tree import because_tree

    try:
        parts: list[RenderableType] = [sheet(list(_rows(told)), width=width)]
        if why and told["because"] is not None:
            parts += [Text(), because_tree(told["because"], full=full)]
        return Group(*parts)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise WalkawayError("the endpoint gave no answer that can be read") from None


def _rows(told: Mapping[str, Any]) -> Sequence[tuple[object, object]]:
    rows: list[tuple[object, object]] = [("name", plain(told["name"], "title"))]
    if "coinType" in told:
        rows.append(("address of", plain(told["address"])))
    if told.get("held") is not None:
        rows += _held_rows(told)
    elif "contenthash" in told or "pointer" in told:
        rows.append(("content", _content(told)))
    rows += [(_coin(number), _record(value)) for number, value in told.get("addresses", {}).items()]
    rows += [(f"text {key}", _record(value)) for key, value in told.get("texts", {}).items()]
    if told["standing"] is not None:
        words, style = _STANDINGS[told["standing"]]
        rows.append(("it is", plain(words, style)))
    if "network" in told:
        rows.append(("network", plain(str(told["network"]))))
    if told.get("seconds") is not None:
        rows.append(("may be kept", f"{float(told['seconds']):,.0f} s"))
    if told.get("resolver"):
        rows.append(("resolver", plain(told["resolver"])))
    for title, key in (("gateways", "gateways"), ("looked at signatures of", "recovered")):
        if told.get(key):
            rows.append((title, plain(", ".join(map(str, told[key])))))
    return rows


def _held_rows(told: Mapping[str, Any]) -> Sequence[tuple[object, object]]:
    """What is served, and what the name says, which waits."""
    from walkaway.cli.past_names import moment

    served = ("served here", plain(f"{told['held']}, as it was before", "good"))
    change, says = told["waiting"], told["pointer"]
    if says is None:
        return [served, ("says now", plain(f"not resolved: {change['reason']}", "warn"))]
    until = change["until"]
    waits = change["why"] if until is None else f"it is believed from {moment(until)} on"
    return [
        served,
        ("says now", plain(f"{says}, since {moment(change['since'])}", "warn")),
        ("which waits", plain(waits, "warn")),
    ]


def _coin(number: str) -> str:
    return f"address, {coin_name(int(number))}"


def _content(told: Mapping[str, Any]) -> Text:
    if told.get("pointer") is not None:
        return plain(told["pointer"], "good")
    content = told.get("contenthash")
    if isinstance(content, Mapping) and "network" in content:
        return plain(f"{content['network']} {content['address']}, which is not fetched here")
    return _record(content)


def _record(value: object) -> Text:
    if value is None:
        return plain("none, which is proven", "quiet")
    if isinstance(value, Mapping):
        if "unreadable" in value:
            return plain(f"cannot be read: {value['unreadable']}", "warn")
        return plain(value["address"])
    return plain(str(value))
