"""`walkaway pin-name`: what names said before, and at which version they are held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from enum import Enum
from typing import Annotated

import typer
from rich.text import Text

from walkaway.chain.clock import SystemClock
from walkaway.cli.config import Settings
from walkaway.cli.content import content_of, whole_block
from walkaway.cli.content_words import name_in_url, read_pointer
from walkaway.cli.ens_on_demand import names_of
from walkaway.cli.names import history_path, hold_policy
from walkaway.cli.options import (
    ConfigOption,
    ContentSourceOption,
    HomeOption,
    JsonOption,
    OfflineOption,
    settings_from,
)
from walkaway.cli.past_names import past_as_data, past_table, standing_as_data, standing_of
from walkaway.cli.terminal import Terminal, plain
from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.compare import Difference, differences
from walkaway.content.resolve import resolve
from walkaway.errors import ConfigError, InvalidRequest
from walkaway.names.history import PointerHistory
from walkaway.names.hold import HeldName
from walkaway.names.pointer import Pointer
from walkaway.names.served import ServedPointers
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["pin_name"]


class _Do(Enum):
    """What is done with a name, by the flag that asks for it."""

    PIN = ""
    UNPIN = "--unpin"
    ACCEPT = "--accept"
    REJECT = "--reject"
    HISTORY = "--history"
    COMPARE = "--compare"
    KEEP_STORED = "--keep-stored"
    FORGET = "--forget"


def pin_name(
    name: Annotated[
        str,
        typer.Argument(
            help="The name; that of a contract has its chain behind it (app.eth:1). Without one, "
            "all names are listed.",
            metavar="NAME",
        ),
    ] = "",
    version: Annotated[
        str,
        typer.Argument(
            help="The CID or content path to hold it at, or to decide on; of a contract "
            "web3://0x...:1. Without one, the name is held at what is served now.",
            metavar="VERSION",
        ),
    ] = "",
    *,
    unpin: Annotated[bool, typer.Option("--unpin", help="Let it change again.")] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Believe VERSION, which waits now.")
    ] = False,
    reject: Annotated[
        bool, typer.Option("--reject", help="Never believe VERSION, whether it waits or is served.")
    ] = False,
    history: Annotated[bool, typer.Option("--history", help="Show what it said before.")] = False,
    compare: Annotated[
        bool,
        typer.Option(
            "--compare", help="Show which files differ, from what is served to what waits."
        ),
    ] = False,
    keep_stored: Annotated[
        bool,
        typer.Option(
            "--keep-stored", help="Keep what a version that was left has stored in browsers."
        ),
    ] = False,
    forget: Annotated[
        bool,
        typer.Option(
            "--forget",
            help="Forget all that is known of it; with a * (*.evil.eth) of all names that were "
            "only seen.",
        ),
    ] = False,
    offline: OfflineOption = False,
    source: ContentSourceOption = None,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold a name at a version, decide on a change, or look at what names said before.

    Works while walkaway up runs, which heeds it at once.

    Example: walkaway pin-name app.eth
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        flags = (unpin, accept, reject, history, compare, keep_stored, forget)
        name = name_in_url(name)
        what = _chosen(flags, name)
        target = read_pointer(version) if version else None
        settings = settings_from(
            config, source, follows_chain=False, state_directory=state_directory
        )
        if not name:
            _list(terminal, settings)
        elif what is _Do.HISTORY:
            _history(terminal, settings, name)
        elif what is _Do.COMPARE:
            _compare(terminal, settings, name, target, offline=offline)
        elif what is _Do.KEEP_STORED:
            _keep_stored(terminal, settings, name)
        elif what is _Do.FORGET:
            _forget(terminal, settings, name)
        else:
            if what is _Do.PIN and target is None:
                asyncio.run(_see(terminal, settings, name, offline=offline))
            _decide(terminal, settings, what, name, target)


def _chosen(flags: Sequence[bool], name: str) -> _Do:
    """What is asked for. Raises `ConfigError` where that is more than one thing."""
    asked = [what for what, given in zip(list(_Do)[1:], flags, strict=True) if given]
    if len(asked) > 1:
        raise ConfigError(f"{' and '.join(what.value for what in asked)} exclude each other")
    if asked and not name:
        raise ConfigError(f"{asked[0].value} needs a name: walkaway pin-name app.eth ...")
    return asked[0] if asked else _Do.PIN


@asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[PointerHistory]:
    history = PointerHistory(history_path(settings.state_directory, settings.network))
    try:
        yield history
    finally:
        history.close()


def _list(terminal: Terminal, settings: Settings) -> None:
    async def names() -> list[HeldName]:
        async with _open(settings) as history:
            return await history.names()

    policy = hold_policy(settings)
    held = asyncio.run(names())
    if terminal.as_json:
        for each in held:
            terminal.print_json(standing_as_data(each, policy))
    elif not held:
        terminal.show(Text("no name was resolved here yet", "quiet"))
    for each in () if terminal.as_json else held:
        terminal.show(standing_of(each, policy))


def _decide(
    terminal: Terminal, settings: Settings, what: _Do, name: str, target: Pointer | None
) -> None:
    async def decided() -> HeldName:
        now = SystemClock().now()
        async with _open(settings) as history:
            if what is _Do.PIN:
                return await history.pin(name, target, now=now)
            if what is _Do.UNPIN:
                return await history.unpin(name)
            if target is None:
                raise _names_no_version(await _seen(history, name), what)
            if what is _Do.ACCEPT:
                return await history.accept(name, target)
            return await history.reject(name, target, now=now)

    held = asyncio.run(decided())
    policy = hold_policy(settings)
    if terminal.as_json:
        terminal.print_json(standing_as_data(held, policy))
    else:
        terminal.show(standing_of(held, policy))


def _names_no_version(held: HeldName, what: _Do) -> InvalidRequest:
    """What is decided on is named, since the name may have changed since it was looked at."""
    now = f"{held.pointer} is served" if held.says is None else f"{held.says} waits"
    return InvalidRequest(
        f"{what.value} needs the version that it is about: {now}",
        advice=f"look at it, and then: walkaway pin-name {held.name} "
        f"{held.says or held.pointer} {what.value}",
    )


async def _see(terminal: Terminal, settings: Settings, name: str, *, offline: bool) -> None:
    """Have the name resolved where it never was, so that there is something to pin."""
    async with _open(settings) as history:
        if await history.held(name) is not None:
            return
    with terminal.person.status(plain("resolving", "name"), spinner_style="name"):
        async with (
            content_of(settings, offline=offline) as content,
            names_of(settings, content, offline=offline) as names,
        ):
            await names.resolve(name)


def _history(terminal: Terminal, settings: Settings, name: str) -> None:
    async def past() -> None:
        async with _open(settings) as history:
            held = await _seen(history, name)
            stretches = await history.past(name)
        if terminal.as_json:
            for each in stretches:
                terminal.print_json(past_as_data(each, held))
        else:
            terminal.show(past_table(stretches, held, terminal.person.width))

    asyncio.run(past())


def _compare(
    terminal: Terminal, settings: Settings, name: str, target: Pointer | None, *, offline: bool
) -> None:
    async def compared() -> None:
        async with _open(settings) as history:
            held = await _seen(history, name)
            other = target or held.says or await _last_other(history, held)
        if not terminal.as_json:
            told = f"from {held.pointer} to {other}"
            terminal.show(Text.assemble((held.name, "name"), "  ", plain(told, whole=True)))
        async with content_of(settings, offline=offline) as content:
            budget = Budget()
            old = await _address(content.blocks, held.pointer, budget)
            new = await _address(content.blocks, other, budget)
            async with aclosing(differences(content.blocks, old, new, budget)) as found:
                count = 0
                async for each in found:
                    count += 1
                    _show_difference(terminal, each)
        if not count and not terminal.as_json:
            terminal.show(Text("they are alike", "quiet"))

    asyncio.run(compared())


def _keep_stored(terminal: Terminal, settings: Settings, origin: str) -> None:
    async def kept() -> None:
        async with _open(settings) as history:
            served = ServedPointers(history.file)
            if origin not in await served.all_left():
                raise InvalidRequest(
                    f"nothing of {origin[:200]!r} is to be cleared",
                    advice="name the host as the browser does: app-eth.localhost:8080",
                )
            await served.forget(origin)

    asyncio.run(kept())
    if terminal.as_json:
        terminal.print_json({"origin": origin, "kept": True})
    else:
        terminal.show(plain(f"what {origin} stored in browsers is kept"))


def _forget(terminal: Terminal, settings: Settings, name: str) -> None:
    async def forgotten() -> int:
        async with _open(settings) as history:
            return await history.forget(name)

    count = asyncio.run(forgotten())
    if terminal.as_json:
        terminal.print_json({"name": name, "forgotten": count})
    else:
        names = "1 name" if count == 1 else f"{count} names"
        terminal.show(plain(f"forgotten: {names}"))


async def _seen(history: PointerHistory, name: str) -> HeldName:
    held = await history.held(name)
    if held is None:
        raise InvalidRequest(f"{name[:200]!r} was never resolved here", advice="open it first")
    return held


async def _last_other(history: PointerHistory, held: HeldName) -> Pointer:
    for past in await history.past(held.name):
        if past.pointer != held.pointer:
            return past.pointer
    raise InvalidRequest(
        f"{held.name} was never seen to say anything else", advice="give a VERSION to compare with"
    )


async def _address(blocks: Blocks, pointer: Pointer, budget: Budget) -> Cid:
    """The address of the folder or file that a version is. Raises `InvalidRequest` for a name."""
    if pointer.network != "ipfs":
        is_name = pointer.network == "ipns"
        raise InvalidRequest(
            f"{pointer} is no folder of IPFS, and is not compared",
            advice="compare what that leads to: it has a history of its own" if is_name else "",
        )
    return whole_block(await resolve(blocks, Cid.parse(pointer.root), pointer.path, budget))


def _show_difference(terminal: Terminal, difference: Difference) -> None:
    path = "/".join(difference.path)
    if terminal.as_json:
        addresses = {
            side: None if cid is None else str(cid)
            for side, cid in (("old", difference.old), ("new", difference.new))
        }
        terminal.print_json({"kind": difference.kind, "path": path, **addresses})
        return
    style = {"added": "good", "removed": "bad", "changed": "warn"}[difference.kind]
    terminal.show(Text.assemble((f"{difference.kind:<8}", style), plain(path or "all of it")))
