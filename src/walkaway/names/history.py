"""What names said before, what is served of them, and what the person decided.

Every step of the way from a name has its own history: where ``app.eth`` leads to an IPNS
key and that to content, both are noted. How changes wait is in `hold`; here that is
decided and written in one transaction, so that several processes decide alike.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from walkaway.errors import InvalidRequest, ProofError, StoreFault, Unsupported
from walkaway.limits import LIMITS, Limits
from walkaway.names.history_file import HistoryFile
from walkaway.names.history_past import (
    PastPointer,
    add_sighting,
    first_seen,
    is_known,
    last_noted,
    note_accepted,
    note_said,
    one_before,
    past_of,
)
from walkaway.names.history_rows import (
    Kept,
    forget,
    held_name,
    held_names,
    is_rejected,
    lasting_names,
    put_held,
    reject,
    take_back,
)
from walkaway.names.hold import HeldName, Said, decide
from walkaway.names.leads import check_lead
from walkaway.names.pointer import Pointer, parse_pointer
from walkaway.names.resolution import Standing
from walkaway.names.spelling import canonical

__all__ = ["PastPointer", "PointerHistory"]

log = logging.getLogger(__name__)

_NOT_KNOWN: Final = -1


class PointerHistory:
    """The past of names, in one SQLite file that several processes may have open.

    The file is made when it is first needed. All methods raise `ConfigError` where it
    cannot be used at all, and `StoreFault` where work on it fails.
    """

    def __init__(self, path: Path, limits: Limits = LIMITS) -> None:
        self.file = HistoryFile(path, limits)
        self._limits = limits
        self._known: OrderedDict[str, tuple[int, HeldName | None]] = OrderedDict()

    def close(self) -> None:
        """Let go of the file. May be called again."""
        self.file.close()

    def version(self) -> int:
        """A number that moves when any process writes; -1 where that is not known."""
        return self.file.version()

    async def see(
        self, name: str, said: Said, *, hold: float, now: float, decides: bool = True
    ) -> HeldName:
        """Note what a name says, and have what is held of it from then on.

        ``hold`` is how many seconds a change waits, ``now`` unix time. Who only looks, and
        decides nothing, has it wait for as long as whoever did has it, if that is longer.

        Raises:
            Unproven: the person rejected what it says, and nothing else is known of it.
            StoreFault: as many names are held as are kept.
        """
        key = canonical(name)
        known = await self.held(key)
        if known is not None and self._is_as_it_was(known, said, now):
            waits = hold if decides else max(hold, known.hold)
            if waits == known.hold:
                return known

        def decided(file: sqlite3.Connection) -> HeldName:
            held, rejected = held_name(file, key), is_rejected(file, key, said.pointer)
            waits = hold if decides or held is None else max(hold, held.hold)
            return decide(held, key, said, rejected=rejected, hold=waits, now=now)

        def look(file: sqlite3.Connection) -> tuple[HeldName | None, HeldName, float]:
            return held_name(file, key), decided(file), last_noted(file, key)

        def note(file: sqlite3.Connection) -> HeldName:
            after = decided(file)
            add_sighting(file, key, said, now, self._limits)
            note_said(file, key, said, now, self._limits)
            first = first_seen(file, key, after.pointer, after.first_seen)
            after = replace(after, first_seen=first)
            self._put(file, after, Kept.HELD if after.hold else Kept.LOOSELY)
            return after

        before, after, noted = await self.file.read(look)
        # It may still say what waits, or what it is held back from.
        is_news = before is None or replace(after, seen=before.seen) != before
        if not is_news and abs(now - noted) < self._limits.history_note_seconds:
            return after
        try:
            return await self.file.write(note)
        except StoreFault as error:
            is_known = before is not None and before.pointer == said.pointer
            if after.pointer != said.pointer or (after.hold and not is_known):
                raise
            # What nobody holds back is no worse for not being noted.
            log.warning("what %r says is not noted: %s", key, error)
            return after

    async def would_hold(
        self, name: str, said: Said, *, hold: float, now: float
    ) -> HeldName | None:
        """What `see` would give whoever only looks, and nothing of it is noted; None where the
        name was never seen.
        """
        key = canonical(name)

        def weighed(file: sqlite3.Connection) -> HeldName | None:
            held = held_name(file, key)
            if held is None:
                return None
            rejected = is_rejected(file, key, said.pointer)
            waits = max(hold, held.hold)
            return decide(held, key, said, rejected=rejected, hold=waits, now=now)

        return await self.file.read(weighed)

    async def held(self, name: str) -> HeldName | None:
        """What is held of a name; None where it was never seen."""
        key, version = canonical(name), self.version()
        known = self._known.get(key)
        # Unless somebody wrote since, no thread has to look: every request asks for this.
        if known is not None and known[0] == version != _NOT_KNOWN:
            return known[1]
        held = await self.file.read(lambda file: held_name(file, key))
        self._known[key] = version, held
        self._known.move_to_end(key)
        while len(self._known) > self._limits.history_names:
            self._known.popitem(last=False)
        return held

    async def names(self, most: int = -1) -> list[HeldName]:
        """All that is held, or so many: what was decided on, what waits, what was seen last."""
        return await self.file.read(lambda file: list(held_names(file, most)))

    async def lasting(self) -> frozenset[str]:
        """The names of which the person decided something, or of which a change waits."""
        return await self.file.read(lambda file: frozenset(lasting_names(file)))

    async def past(self, name: str) -> list[PastPointer]:
        """What a name said before, the newest stretch first."""
        return await self.file.read(lambda file: list(past_of(file, canonical(name))))

    async def accept(self, name: str, pointer: Pointer) -> HeldName:
        """Believe what waits. A pin moves there too. ``pointer`` is what the person was shown.

        Raises:
            InvalidRequest: nothing waits, or the name says something else by now.
        """
        shown = _version(canonical(name), pointer)

        def accepted(held: HeldName, file: sqlite3.Connection) -> HeldName:
            if held.says is None:
                raise InvalidRequest(f"nothing waits for {held.name}")
            if shown != held.says:
                raise InvalidRequest(
                    f"{held.name} says something else by now: {held.says}",
                    advice="look at it again, and decide then",
                )
            take_back(file, held.name, held.says)
            first = first_seen(file, held.name, held.says, held.says_since)
            return _moved(held, held.says, held.says_standing, first)

        return await self._change(name, accepted)

    async def reject(self, name: str, pointer: Pointer, *, now: float) -> HeldName:
        """Never believe a pointer, whether the name says it now or not.

        Where that is served, what the name was held at before takes its place.

        Raises:
            InvalidRequest: the name was never seen to say it, or nothing could take its place.
        """
        pointer = _version(canonical(name), pointer)

        def refused(held: HeldName, file: sqlite3.Connection) -> HeldName:
            if not is_known(file, held.name, pointer):
                raise InvalidRequest(
                    f"{held.name} was never seen to say {pointer}",
                    advice=f"see what it said: walkaway pin-name {held.name} --history",
                )
            reject(file, held.name, pointer, now, self._limits)
            if pointer != held.pointer:
                return held
            before = one_before(file, held)
            if before is None:
                raise InvalidRequest(
                    f"{held.name} was never held at anything else",
                    advice=f"give the version to hold it at: walkaway pin-name {held.name} VERSION",
                )
            moved = _moved(held, *before, first_seen(file, held.name, before[0], now))
            says, standing, since = pointer, held.standing, now
            if held.says is not None:
                says, standing, since = held.says, held.says_standing, held.says_since
            if says == moved.pointer:
                return moved
            return replace(moved, says=says, says_standing=standing, says_since=since)

        return await self._change(name, refused)

    async def pin(self, name: str, pointer: Pointer | None = None, *, now: float) -> HeldName:
        """Hold a name at a version for good; at what is served, where none is given.

        Raises:
            InvalidRequest: the name was never seen, and no version is given; or the name can
                lead to no such version.
        """
        key = canonical(name)
        if pointer is not None:
            pointer = _version(key, pointer)

        def pinned(held: HeldName, file: sqlite3.Connection) -> HeldName:
            if pointer is None or pointer == held.pointer:
                return replace(held, pinned=True)
            take_back(file, held.name, pointer)
            first = first_seen(file, held.name, pointer, now)
            moved = _moved(held, pointer, Standing.OWN, first)
            if held.says == pointer:
                return replace(moved, pinned=True)
            says, since = (held.pointer, now) if held.says is None else (held.says, held.says_since)
            return replace(moved, pinned=True, says=says, says_since=since)

        begun = None if pointer is None else HeldName(key, pointer, Standing.OWN, now, now)
        return await self._change(name, pinned, begun)

    async def unpin(self, name: str) -> HeldName:
        """Let a name move again, as the policy has it. Raises `InvalidRequest`: never seen."""
        return await self._change(name, lambda held, _: replace(held, pinned=False))

    async def forget(self, name: str) -> int:
        """Forget all that is known of a name, what was decided among it; how many names that is.

        With a ``*`` (``*.evil.eth``): of all that it covers and of which nothing was decided.

        Raises `InvalidRequest`: none of these was ever seen.
        """
        pattern = name if "*" in name else canonical(name)
        count = await self.file.write(lambda file: forget(file, pattern))
        if not count:
            raise InvalidRequest(f"no name {name[:200]!r} was resolved here, or it was decided on")
        return count

    async def _change(
        self,
        name: str,
        change: Callable[[HeldName, sqlite3.Connection], HeldName],
        begun: HeldName | None = None,
    ) -> HeldName:
        key = canonical(name)

        def work(file: sqlite3.Connection) -> HeldName:
            held = held_name(file, key) or begun
            if held is None:
                raise InvalidRequest(
                    f"{key[:200]!r} was never resolved here",
                    advice="open it first, or give the version that it is to be held at",
                )
            self._put(file, change(held, file), Kept.DECIDED)
            return held_name(file, key) or held

        return await self.file.write(work)

    def _put(self, file: sqlite3.Connection, held: HeldName, kept: Kept) -> None:
        put_held(file, held, kept, self._limits)
        note_accepted(file, held, self._limits)

    def _is_as_it_was(self, held: HeldName, said: Said, now: float) -> bool:
        """Whether there is nothing to note but that the name says what it said a moment ago."""
        is_same = held.pointer == said.pointer and held.says is None
        return is_same and abs(now - held.seen) < self._limits.history_note_seconds


def _version(name: str, pointer: Pointer) -> Pointer:
    """A version as a name would say it, which is how it is kept."""
    try:
        version = parse_pointer(str(pointer))
        check_lead(name, version)
    except (ProofError, Unsupported) as error:
        raise InvalidRequest(
            f"{name[:100]!r} can lead to no such version: {error}", advice=error.advice
        ) from None
    return version


def _moved(held: HeldName, pointer: Pointer, standing: Standing, first: float) -> HeldName:
    """The name at another pointer, which nothing waits behind."""
    return replace(
        held,
        pointer=pointer,
        standing=standing,
        first_seen=first,
        says=None,
        says_since=0.0,
        rejected=False,
    )
