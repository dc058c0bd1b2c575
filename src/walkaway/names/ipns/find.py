"""IPNS names: the newest record that this machine holds or anybody gives, proven here.

That a record is the newest nobody can prove. So routers and gateways are asked, all at
once; the record with the greatest order is taken, and the greatest ever seen is remembered,
so that no source can hold anybody in the past. For as long as a record says that it may be
kept, nobody is asked again, within limits of our own.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from walkaway.chain.single_flight import SingleFlight
from walkaway.errors import (
    ConfigError,
    Elsewhere,
    ProofError,
    SourceLacks,
    StoreFault,
    TooMuch,
    Unproven,
    Unsupported,
)
from walkaway.limits import LIMITS, Limits
from walkaway.names.held import SECOND, HeldNames, HeldRecord, resolution_of
from walkaway.names.resolution import Resolution
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.ipns_envelope import is_forged
from walkaway.proofs.ipfs.ipns_name import name_text, parse_name
from walkaway.proofs.ipfs.ipns_record import prove_record, signed_sequence
from walkaway.proofs.proven import Evidence
from walkaway.sources.clock import Clock
from walkaway.sources.loops import LoopMarks
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, IpnsRequest

__all__ = ["FoundRecord", "IpnsNames"]

_Order = tuple[int, int]

_THIS_MACHINE: Final = "this machine"


@dataclass(frozen=True, slots=True)
class FoundRecord:
    """The newest record of a name that was found, proven just now.

    ``given_by`` are the sources that gave it when they were asked last: none, where this
    machine alone has one as new. ``reasons`` says why others gave none, by source.
    """

    held: HeldRecord
    given_by: tuple[str, ...]
    reasons: Mapping[str, str]


class IpnsNames:
    """Resolves IPNS keys, by what is held and what the network gives. Implements `Names`.

    ``pools`` hold the routers and gateways that are asked; none, and nobody is. What is
    newest is put into ``held``, whose own names are resolved too.
    """

    def __init__(
        self,
        held: HeldNames,
        pools: Sequence[Pool] = (),
        *,
        clock: Clock,
        limits: Limits = LIMITS,
    ) -> None:
        self._held = held
        self._pools = tuple(pools)
        self._clock = clock
        self._limits = limits
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._flights: SingleFlight[_Known] = SingleFlight()
        self._loops = LoopMarks(limits)

    async def resolve(self, name: str) -> Resolution:
        """One step from a name.

        Raises:
            Unproven: nobody has a valid record of it, or none as new as one seen before.
            Unsupported: it points to a network that is not known.
        """
        own = self._held.own(name)
        if own is not None:
            return own
        try:
            key = parse_name(name)
        except ProofError:
            return await self._held.resolve(name)
        found = await self.record(key)
        resolution = resolution_of(found.held, self._clock.now())
        return replace(resolution, because=_as_newest(found)) if self._pools else resolution

    async def record(self, name: Cid, *, again: bool = False) -> FoundRecord:
        """The newest record of a key; ``again`` asks the network however lately it was asked.

        Raises:
            Unproven: nobody has a valid record of it, or none as new as one seen before.
        """
        known = _NOTHING if not self._pools else self._known.get(name.multihash)
        if known is None or (self._pools and (again or known.until <= self._clock.now())):
            known = await self._flights.run(name.multihash, lambda: self._look_for(name))
        # Read before what is held, which may be put anew meanwhile.
        least = await self._least(name)
        held, lacking = await self._held_now(name)
        newest = max(
            (record for record in (held, self._valid(name, known)) if record is not None),
            key=_order,
            default=None,
        )
        if newest is None:
            raise Unproven(
                f"there is no valid record of {name_text(name)} to be had",
                reasons={_THIS_MACHINE: lacking, **known.reasons},
            )
        if least is not None and _order(newest) < least:
            # What has ended does not make way for what it had replaced.
            here = lacking if held is None else "the record that it holds is older"
            raise Unproven(
                f"there is no valid record of {name_text(name)} as new as one seen before",
                reasons={_THIS_MACHINE: here, **known.reasons},
            )
        is_given = known.signed is not None and _order(newest) == known.order
        return FoundRecord(newest, known.given_by if is_given else (), known.reasons)

    async def last_sequence(self, name: Cid) -> int | None:
        """The greatest sequence number that a key is known to have signed; None for none.

        Records count whose time was over when they were given, and those of which nothing
        else can be read: others may have seen them, and take none with a smaller number.
        """
        least = await self._least(name)
        refused = self._known.get(name.multihash, _NOTHING).refused
        seen = (refused, None if least is None else least[0])
        return max((number for number in seen if number is not None), default=None)

    async def _least(self, name: Cid) -> _Order | None:
        """The greatest order of the records that were ever seen; None where there were none.

        What has ended counts, for as long as it is remembered.
        """
        known = self._known.get(name.multihash, _NOTHING)
        seen = (known.order, await self._held.order(name))
        return max((order for order in seen if order is not None), default=None)

    async def _look_for(self, name: Cid) -> _Known:
        """Ask all that may have a record, and remember what came of it."""
        held, _ = await self._held_now(name)
        limits = self._limits
        search = _Search(name, self._clock, self._loops.header(()), await self._least(name), limits)
        await search.run(
            self._pools, limits.ipns_seconds if held is None else limits.newest_seconds
        )
        known = search.ended()
        if known.signed is not None:
            # Where it cannot be held, for want of room, it is resolved all the same.
            with suppress(TooMuch, ConfigError, StoreFault, ProofError):
                await self._held.put(name, known.signed)
        return self._remember(name, known)

    def _remember(self, name: Cid, known: _Known) -> _Known:
        before = self._known.pop(name.multihash, _NOTHING)
        refused = max((n for n in (known.refused, before.refused) if n is not None), default=None)
        known = replace(known, refused=refused)
        if known.signed is None:
            known = replace(known, signed=before.signed, order=before.order)
        self._known[name.multihash] = known
        while len(self._known) > self._limits.ipns_remembered:
            self._known.popitem(last=False)
        return known

    async def _held_now(self, name: Cid) -> tuple[HeldRecord | None, str]:
        """What this machine holds and can prove now, and why there is nothing else."""
        try:
            return await self._held.record(name), "it holds no record of this key"
        except Unproven as error:
            return None, "; ".join(error.reasons.values())
        except ProofError as error:
            return None, f"what it holds does not prove it: {error}"

    def _valid(self, name: Cid, known: _Known) -> HeldRecord | None:
        """What the network gave, if its time is not over."""
        if known.signed is None:
            return None
        try:
            return _proven(name, known.signed, self._clock)
        except ProofError:
            return None


@dataclass(frozen=True, slots=True)
class _Known:
    """What came of asking the network, which is not asked again before ``until`` (unix time).

    ``signed`` is the newest record that it ever gave, and ``order`` that of this. ``refused``
    is the greatest sequence number in records that the key signed and that do not count.
    """

    until: float = 0.0
    signed: bytes | None = None
    order: _Order | None = None
    given_by: tuple[str, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    refused: int | None = None


_NOTHING: Final = _Known()


class _Search:
    """One name, asked of all sources of several pools at once."""

    def __init__(
        self, name: Cid, clock: Clock, through: str, least: _Order | None, limits: Limits
    ) -> None:
        self._name = name
        self._clock = clock
        self._asked = (
            IpnsRequest(name, "routing", through),
            IpnsRequest(name, "content", through),
        )
        self._least = least
        self._limits = limits
        self._given: dict[str, HeldRecord] = {}
        self._reasons: dict[str, str] = {}
        self._refused: int | None = None
        self._end = asyncio.timeout(None)

    async def run(self, pools: Iterable[Pool], seconds: float) -> None:
        """Ask, and give each so many seconds; once somebody gave one, not much more."""
        with suppress(TimeoutError):
            async with self._end:
                await asyncio.gather(*(self._ask(pool, seconds) for pool in pools))

    def ended(self) -> _Known:
        """What came of it, and for how long that is to do."""
        now, limits = self._clock.now(), self._limits
        newest = max(filter(self._is_new, self._given.values()), key=_order, default=None)
        if newest is None:
            until = now + limits.ipns_again_seconds
            return _Known(until, reasons=self._reasons, refused=self._refused)
        said = newest.proven.value
        kept = min(max(said.ttl / SECOND, limits.ipns_least_seconds), limits.ipns_most_seconds)
        return _Known(
            min(now + kept, said.validity / SECOND),
            newest.signed,
            said.order,
            tuple(sorted(name for name, one in self._given.items() if _order(one) == said.order)),
            self._reasons,
            self._refused,
        )

    async def _ask(self, pool: Pool, seconds: float) -> None:
        """Ask every source of a pool that may have one; what each gives is noted on the way."""
        try:
            await pool.newest_proven(
                self._asked, self._verified, order=_order, at_least=self._least, deadline=seconds
            )
        except Unproven as error:
            self._reasons |= error.reasons

    def _verified(self, answer: Answer) -> HeldRecord:
        """The record, which counts or does not.

        What the name's key signed is nobody's lie who passes it on, whatever it says.
        """
        try:
            record = _proven(self._name, answer.body, self._clock)
        except (ProofError, Unsupported) as error:
            self._note_sequence(answer.body)
            if isinstance(error, Elsewhere) or is_forged(self._name, answer.body):
                raise
            raise SourceLacks(str(error)) from None
        if self._is_new(record) and not any(map(self._is_new, self._given.values())):
            self._wait_for_others()
        self._given[answer.source] = record
        return record

    def _note_sequence(self, signed: bytes) -> None:
        """Note the number of a record that does not count, or no longer."""
        sequence = signed_sequence(self._name, signed)
        if sequence is not None:
            self._refused = max(self._refused or 0, sequence)

    def _is_new(self, record: HeldRecord) -> bool:
        """Whether it is as new as any that was seen before."""
        return self._least is None or _order(record) >= self._least

    def _wait_for_others(self) -> None:
        """Those who are slow may be slow for ever, and one record is there."""
        now = asyncio.get_running_loop().time()
        self._end.reschedule(now + self._limits.ipns_others_seconds)


def _proven(name: Cid, signed: bytes, clock: Clock) -> HeldRecord:
    return HeldRecord(signed, prove_record(name, signed, now=int(clock.now() * SECOND)))


def _order(record: HeldRecord) -> _Order:
    return record.proven.value.order


def _as_newest(found: FoundRecord) -> Evidence:
    """Why it is taken for the newest, which is no proof that it is."""
    return Evidence(
        "the newest record of the IPNS name that was found",
        (("given by", ", ".join(found.given_by) or "this machine alone"),),
        (found.held.proven.because,),
    )
