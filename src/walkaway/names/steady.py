"""`SteadyNames`: names that do not change under the person's hands.

Passes on what a name says, and notes it. Where a policy, a pin or a rejection holds the
name at what it said before, that is given, with what the name says now beside it.
A pointer that is held stands on this machine's own history, which is not proven again.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from walkaway.errors import ProofError, Stale, Unproven, Unsupported, WalkawayError
from walkaway.limits import LIMITS, Limits
from walkaway.names.history import PointerHistory
from walkaway.names.hold import HeldName, HoldPolicy, Said, waiting
from walkaway.names.in_short import in_short
from walkaway.names.resolution import Change, Names, Resolution, Standing, Waiting
from walkaway.names.spelling import canonical
from walkaway.proofs.proven import Evidence
from walkaway.sources.clock import Clock

__all__ = ["SteadyNames"]


class SteadyNames:
    """Gives what names say, unless the person holds them. Implements `Names`.

    ``policy`` says how long changes wait. The person's own names are passed on as they are.
    Who does not ``decides`` looks at names, and ends no wait that somebody else began.
    """

    def __init__(
        self,
        names: Names,
        history: PointerHistory,
        policy: HoldPolicy,
        clock: Clock,
        *,
        decides: bool = True,
        timer: Callable[[], float] = time.monotonic,
        limits: Limits = LIMITS,
    ) -> None:
        self._names = names
        self._history = history
        self._policy = policy
        self._clock = clock
        self._decides = decides
        self._timer = timer
        self._limits = limits
        self._failed: OrderedDict[str, tuple[float, str]] = OrderedDict()

    async def resolve(self, name: str) -> Resolution:
        """One step from a name, as it is held here.

        Where the name is not resolved now, what it said before is given if the name is
        pinned, or was seen to say it within the time for which changes wait.

        Raises:
            Unproven: nobody could supply a proof; or it is proven that it leads nowhere; or
                the person rejected what it says, and nothing else is known of it.
            ProofError: what there is for the name does not prove it.
            Stale: the chain that would say so has not been heard of for too long.
            Unsupported: no kind of name that is resolved.
            InvalidRequest: it is no name.
            StoreFault: the history cannot be read, so that nobody knows what is held.
        """
        key = canonical(name)
        failed = self._failed_before(key)
        if failed is not None:
            held = await self._still(key)
            if held is not None:
                return self._given(held, _unresolved(held, failed))
        try:
            resolution = await self._ask(key)
        except (ProofError, Stale, Unproven, Unsupported) as error:
            held = await self._still(key)
            if held is None:
                raise
            reason = _why(error)
            self._remember_failure(key, reason)
            return self._given(held, _unresolved(held, reason))
        if resolution.standing is Standing.OWN:
            return resolution
        return await self._seen(key, resolution)

    async def _seen(self, key: str, resolution: Resolution) -> Resolution:
        hold = self._policy.of(key)
        said = Said(
            resolution.pointer, resolution.standing, in_short(resolution.because, self._limits)
        )
        held = await self._history.see(
            key, said, hold=hold, now=self._clock.now(), decides=self._decides
        )
        if held.pointer != resolution.pointer:
            return self._given(held, waiting(held, hold))
        # What was decided since is heard of soon, whoever keeps answers.
        seconds = resolution.seconds
        most = self._limits.held_seconds
        return replace(resolution, seconds=None if seconds is None else min(seconds, most))

    async def _ask(self, key: str) -> Resolution:
        """What the name says; whoever has something to show meanwhile does not wait for long."""
        if await self._still(key) is None:
            return await self._names.resolve(key)
        seconds = self._limits.held_name_wait_seconds
        try:
            async with asyncio.timeout(seconds):
                return await self._names.resolve(key)
        except TimeoutError:
            raise Unproven(
                f"the name {key[:100]!r} is not resolved",
                reasons={"this machine": f"nobody answered within {seconds:g} seconds"},
            ) from None

    async def _still(self, key: str) -> HeldName | None:
        """What may be given for a name that is not resolved now, if anything."""
        held = await self._history.held(key)
        if held is None:
            return None
        recent = abs(self._clock.now() - held.seen) < max(self._policy.of(key), held.hold)
        return held if held.pinned or recent else None

    def _given(self, held: HeldName, change: Change | None) -> Resolution:
        """The accepted pointer, which stands on the history of this machine."""
        because = Evidence(
            "held here: what the name said before",
            (
                ("name", held.name),
                ("pointer", str(held.pointer)),
                ("first seen", int(held.first_seen)),
                ("last seen", int(held.seen)),
                ("it stood then as", held.standing.value),
            ),
        )
        # Asked again at once, since what waits may be believed, or decided on, at any moment.
        return Resolution(held.pointer, 0.0, Standing.OWN, because=because, waiting=change)

    def _failed_before(self, key: str) -> str | None:
        """Why a name was not resolved a moment ago."""
        until, reason = self._failed.get(key, (0.0, ""))
        return reason if self._timer() < until else None

    def _remember_failure(self, key: str, reason: str) -> None:
        self._failed[key] = (self._timer() + self._limits.held_name_again_seconds, reason)
        self._failed.move_to_end(key)
        while len(self._failed) > self._limits.history_names:
            self._failed.popitem(last=False)


def _unresolved(held: HeldName, reason: str) -> Change:
    return Change(None, Waiting.UNRESOLVED, held.seen, reason=reason)


def _why(error: WalkawayError) -> str:
    """Why a name was not resolved, on one line."""
    text = error.summary if isinstance(error, Unproven) else str(error)
    return " ".join(text.split())[:200]
