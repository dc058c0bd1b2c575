"""`walkaway name`: IPNS names, published with keys of your own and looked at."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.text import Text

from walkaway.chain.clock import SystemClock
from walkaway.cli.config import Settings
from walkaway.cli.content import content_of
from walkaway.cli.content_words import PlaceArgument, read_pointer
from walkaway.cli.name_key import KeyArgument, key_app, key_store
from walkaway.cli.names import held_names
from walkaway.cli.options import (
    ConfigOption,
    ContentSourceOption,
    HomeOption,
    JsonOption,
    OfflineOption,
    settings_from,
)
from walkaway.cli.passphrase import PassphraseOption, read_passphrase
from walkaway.cli.terminal import Terminal, counted, plain, sheet
from walkaway.content.service import Content
from walkaway.errors import InvalidRequest, NoNetwork, ProofError
from walkaway.names.held import SECOND
from walkaway.names.ipns.find import FoundRecord, IpnsNames
from walkaway.names.ipns.publish import HOURS, TTL_SECONDS, IpnsPublisher, Publication
from walkaway.names.pointer import Pointer
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.ipns_name import name_text, parse_name
from walkaway.proofs.ipfs.ipns_record import IpnsRecord
from walkaway.proofs.ipfs.libp2p_keys import SigningKey
from walkaway.sources.pool import Pool

__all__ = ["name_app"]

_HOUR = 3600.0

name_app = typer.Typer(
    name="name",
    help="Publish IPNS names with keys of your own, and look at anybody's.\n\n"
    "Example: walkaway name key new site",
    no_args_is_help=True,
    rich_markup_mode=None,
)
name_app.add_typer(key_app)


@name_app.command("publish")
def name_publish(
    key: KeyArgument,
    place: PlaceArgument,
    *,
    hours: Annotated[
        float, typer.Option("--hours", help="For how long the record is valid.", metavar="HOURS")
    ] = HOURS,
    ttl: Annotated[
        float,
        typer.Option(
            "--ttl", help="For how long others may keep it without asking.", metavar="SECONDS"
        ),
    ] = TTL_SECONDS,
    passphrase_file: PassphraseOption = None,
    offline: OfflineOption = False,
    source: ContentSourceOption = None,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have the name of a key lead to a place, and say so once others give the record back.

    The record is signed here and given to every router; this machine's own gateway
    serves it too. It ends after --hours, so publish it again before that: walkaway
    renews nothing by itself, since that would need the key in the clear.

    Example: walkaway name publish site bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(
            config, source, follows_chain=False, state_directory=state_directory
        )
        pointer = read_pointer(place)
        store = key_store(settings)
        found = store.find(key)
        signing = store.open(found.label, read_passphrase(passphrase_file))
        job = _Job(signing, pointer, hours * _HOUR, ttl)
        with terminal.person.status(plain("publishing", "name"), spinner_style="name"):
            done = asyncio.run(_publish(settings, job, offline=offline))
        if as_json:
            terminal.print_json(_as_data(done.name, done.said) | _whom(done))
        else:
            _tell(terminal, done)


@name_app.command("show")
def name_show(
    name: Annotated[
        str, typer.Argument(help="An IPNS name, or a key of yours by its label.", metavar="NAME")
    ],
    *,
    offline: OfflineOption = False,
    source: ContentSourceOption = None,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the newest record of a name that anybody has: where it leads, and until when.

    The record is proven here. That there is none newer nobody can prove.

    Example: walkaway name show k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(
            config, source, follows_chain=False, state_directory=state_directory
        )
        wanted = _name(name, settings)
        with terminal.person.status(plain("asking", "name"), spinner_style="name"):
            found = asyncio.run(_find(settings, wanted, offline=offline))
        said = found.held.proven.value
        if as_json:
            terminal.print_json(_as_data(wanted, said) | {"given_by": list(found.given_by)})
        else:
            givers = ", ".join(found.given_by) or "this machine alone"
            rows = [*_rows(wanted, said), ("given by", givers)]
            terminal.show(sheet(rows, width=terminal.person.width))


@dataclass(frozen=True, slots=True)
class _Job:
    """What is published; ``seconds`` is for how long it is valid."""

    key: SigningKey
    pointer: Pointer
    seconds: float
    ttl: float


async def _publish(settings: Settings, job: _Job, *, offline: bool) -> Publication:
    held, clock = held_names(settings), SystemClock()
    try:
        async with content_of(settings, offline=offline) as content:
            names = IpnsNames(held, _asked(content, offline=offline), clock=clock)
            routers = None if offline else content.routers
            publisher = IpnsPublisher(names, held, routers, clock=clock)
            return await publisher.publish(job.key, job.pointer, seconds=job.seconds, ttl=job.ttl)
    except NoNetwork as error:
        raise NoNetwork(
            f"{error.summary}; the record stands on this machine, and nobody was told",
            reasons=error.reasons,
            advice="check this machine's connection, and publish it again",
        ) from None


async def _find(settings: Settings, name: Cid, *, offline: bool) -> FoundRecord:
    async with content_of(settings, offline=offline) as content:
        asked = _asked(content, offline=offline)
        return await IpnsNames(held_names(settings), asked, clock=SystemClock()).record(name)


def _asked(content: Content, *, offline: bool) -> tuple[Pool, ...]:
    return () if offline else (content.routers, content.pool)


def _name(text: str, settings: Settings) -> Cid:
    """A name, or that of a key by its label. Raises `InvalidRequest`."""
    try:
        return parse_name(text.removeprefix("/ipns/"))
    except ProofError:
        pass
    try:
        return key_store(settings).find(text).name
    except InvalidRequest:
        raise InvalidRequest(
            f"{text[:100]!r} is neither the name of a key (k51...) nor the label of one of yours",
            advice="walkaway name key list shows yours",
        ) from None


def _whom(done: Publication) -> dict[str, object]:
    return {
        "published": bool(done.given_by),
        "taken_by": list(done.taken_by),
        "refused": dict(done.refused),
        "given_by": list(done.given_by),
    }


def _as_data(name: Cid, said: IpnsRecord) -> dict[str, object]:
    return {
        "name": name_text(name),
        "value": said.value,
        "sequence": said.sequence,
        "valid_until": _moment(said),
        "ttl_seconds": said.ttl / SECOND,
    }


def _rows(name: Cid, said: IpnsRecord) -> list[tuple[object, object]]:
    return [
        ("name", name_text(name)),
        ("leads to", said.value),
        ("sequence", said.sequence),
        ("valid until", _moment(said)),
        ("may be kept", f"{said.ttl / SECOND:g} s"),
    ]


def _moment(said: IpnsRecord) -> str:
    """When a record ends, to the second; some end after the last year that there is here."""
    try:
        return datetime.fromtimestamp(said.validity // SECOND, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return "the year 9999 or later"


def _tell(terminal: Terminal, done: Publication) -> None:
    asked = len(done.taken_by) + len(done.refused)
    rows = _rows(done.name, done.said)
    if asked:
        took = f"{len(done.taken_by)} of {counted(asked, 'router')}"
        rows += [("taken by", f"{took}: {', '.join(done.taken_by)}")]
        rows += [("given back by", ", ".join(done.given_by))]
        rows += [(f"not by {name}", why) for name, why in done.refused.items()]
    else:
        rows += [("kept", "on this machine alone")]
    terminal.show(sheet(rows, width=terminal.person.width))
    how = ("published", "good") if asked else ("not published: nobody was told", "warn")
    terminal.show(Text(*how))
