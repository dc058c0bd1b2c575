"""The walk from the root down: which zone a name stands in, with its proven keys.

Label by label (RFC 4035, section 5): the zone above proves what is delegated (DS), the
digests in there prove the zone's keys (DNSKEY), or it is proven that no zone begins at
the name, or that nobody signs below it. What was proven is kept as long as it says.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, TypeGuard, TypeVar

from dns.name import Name, root
from dns.rdatatype import DNSKEY, DS

from walkaway.anchors.dns_root import RootAnchors
from walkaway.chain.single_flight import SingleFlight
from walkaway.limits import Limits
from walkaway.names.dns.questions import OutOfQuestions, Questions
from walkaway.names.dns.weight import weight_of_steps
from walkaway.names.weighed import Weighed
from walkaway.proofs.dnssec import (
    Delegation,
    InsecureDelegation,
    NoSuchName,
    SecureDelegation,
    ZoneKeys,
    prove_delegation,
    root_keys,
    zone_keys,
)
from walkaway.proofs.proven import Evidence, Proven
from walkaway.sources.clock import Clock

__all__ = ["SignedZone", "UnsignedZone", "Zones"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SignedZone:
    """A zone with its keys. ``steps`` lead to them: the root's keys, then digests and keys of
    each zone below, its own last.
    """

    keys: Proven[ZoneKeys]
    steps: tuple[Proven[ZoneKeys | SecureDelegation], ...]


@dataclass(frozen=True, slots=True)
class UnsignedZone:
    """That nobody signs at a name and below, why, and on what that stands."""

    reason: str
    because: Evidence


@dataclass(frozen=True, slots=True)
class _NoZone:
    """No zone begins here; ``is_gone`` says that there is not even a name."""

    is_gone: bool


_Step: TypeAlias = SignedZone | UnsignedZone | _NoZone


@dataclass(frozen=True, slots=True)
class _Kept:
    step: _Step
    since: float
    until: float


class Zones:
    """Finds zones, and remembers those that were found last."""

    def __init__(self, anchors: RootAnchors, clock: Clock, limits: Limits) -> None:
        self._anchors = anchors
        self._clock = clock
        self._limits = limits
        self._kept: Weighed[Name, _Kept] = Weighed(limits.dns_zones, limits.dns_zones_bytes)
        self._flights: SingleFlight[_Step] = SingleFlight()
        self._root_flights: SingleFlight[SignedZone] = SingleFlight()

    async def holding(self, name: Name, questions: Questions) -> SignedZone | UnsignedZone:
        """The zone that a name stands in, or would stand in if it existed.

        Raises:
            Unproven: a step on the way could not be proven.
        """
        self._ask_ahead(name, questions)
        zone = await self._root(questions)
        for depth in range(2, len(name.labels) + 1):
            step = await self._below(zone, name.split(depth)[1], questions)
            if isinstance(step, UnsignedZone):
                return step
            if isinstance(step, SignedZone):
                zone = step
            elif step.is_gone:
                break
        return zone

    def forget(self, name: Name) -> bool:
        """Forget all steps to a name that are not quite new; whether there were any.

        A zone may change its keys before those that were kept run out.
        """
        now = self._clock.now()
        is_any = False
        for above in (name.split(depth)[1] for depth in range(1, len(name.labels) + 1)):
            kept = self._kept.get(above)
            if kept is not None and now - kept.since > self._limits.dns_fresh_seconds:
                self._kept.remove(above)
                is_any = True
        return is_any

    def _ask_ahead(self, name: Name, questions: Questions) -> None:
        """Ask at once what the walk will ask step by step."""
        if self._known(root) is None:
            questions.ask_ahead(root, DNSKEY)
        for depth in range(2, len(name.labels) + 1):
            child = name.split(depth)[1]
            step = self._known(child)
            if isinstance(step, UnsignedZone):
                return
            if step is None:
                questions.ask_ahead(child, DS)
                if not child.labels[0].startswith(b"_"):
                    questions.ask_ahead(child, DNSKEY)

    async def _root(self, questions: Questions) -> SignedZone:
        known = self._known(root)
        if isinstance(known, SignedZone):
            return known
        prove = partial(self._prove_root, questions)
        return await _shared(self._root_flights, root, prove, questions)

    async def _prove_root(self, questions: Questions) -> SignedZone:
        keys = await questions.prove(
            root, DNSKEY, lambda message, now: root_keys(self._anchors, message, now)
        )
        zone = SignedZone(keys, (keys,))
        self._keep(root, zone, keys.value.seconds)
        return zone

    async def _below(self, zone: SignedZone, child: Name, questions: Questions) -> _Step:
        known = self._known(child)
        if known is not None:
            return known
        prove = partial(self._prove_below, zone, child, questions)
        return await _shared(self._flights, child, prove, questions)

    async def _prove_below(self, zone: SignedZone, child: Name, questions: Questions) -> _Step:
        proven = await questions.prove(
            child, DS, lambda message, now: prove_delegation(zone.keys, child, message, now)
        )
        found = proven.value
        if isinstance(found, InsecureDelegation):
            step: _Step = UnsignedZone(found.reason, proven.because)
            return self._keep(child, step, found.seconds)
        if not _is_secure(proven):
            step = _NoZone(isinstance(found, NoSuchName))
            return self._keep(child, step, found.seconds)
        digests = proven.value
        keys = await questions.prove(
            child, DNSKEY, lambda message, now: zone_keys(proven, message, now)
        )
        below = SignedZone(keys, (*zone.steps, proven, keys))
        return self._keep(child, below, min(digests.seconds, keys.value.seconds))

    def _known(self, name: Name) -> _Step | None:
        kept = self._kept.get(name)
        return None if kept is None or kept.until <= self._clock.now() else kept.step

    def _keep(self, name: Name, step: _Step, seconds: float) -> _Step:
        now = self._clock.now()
        until = now + min(seconds, self._limits.dns_longest_seconds)
        steps = step.steps[-2:] if isinstance(step, SignedZone) else ()
        self._kept.put(name, _Kept(step, now, until), weight_of_steps(steps))
        return step


async def _shared(
    flights: SingleFlight[T], name: Name, prove: Callable[[], Awaitable[T]], questions: Questions
) -> T:
    """What somebody proves who needs the same; by questions of one's own where theirs are spent."""
    while True:
        try:
            return await flights.run(name, prove)
        except OutOfQuestions:
            if questions.are_spent:
                raise


def _is_secure(proven: Proven[Delegation]) -> TypeGuard[Proven[SecureDelegation]]:
    return isinstance(proven.value, SecureDelegation)
