"""From a checkpoint to the head, and then after it, with nobody believed on the way.

Every message is tried on a copy of the light-client store; the copy takes the
store's place only where it moved forward. A source that is behind is no liar:
what brings nothing new, or comes from a slot that our clock has not reached,
is set aside before it is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from walkaway.anchors.spec import ChainSpec
from walkaway.chain.clock import FlooredClock
from walkaway.errors import SourceFault, SourceLacks, Unproven, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs.consensus.containers import (
    LightClientFinalityUpdate,
    LightClientOptimisticUpdate,
    LightClientUpdate,
)
from walkaway.proofs.consensus.decode import (
    FINALITY_UPDATE,
    OPTIMISTIC_UPDATE,
    Kind,
    from_json,
    from_ssz,
    updates_from_json,
    updates_from_ssz,
)
from walkaway.proofs.consensus.light_client import LightClientStore
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, BeaconRequest

__all__ = ["Follower", "SyncProgress", "beacon_question", "message"]

T = TypeVar("T")
HeadUpdate = TypeVar("HeadUpdate", LightClientFinalityUpdate, LightClientOptimisticUpdate)

LIGHT_CLIENT = "/eth/v1/beacon/light_client"
CLOCK_DISPARITY_SECONDS = 0.5
"""MAXIMUM_GOSSIP_CLOCK_DISPARITY of the networking specification."""
UPDATES_AT_ONCE = 8
"""Small enough that progress shows and no answer is large."""


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """How far the committee periods are followed: ``period`` of ``target``, from ``first``."""

    first: int
    period: int
    target: int


class Follower:
    """Moves one light-client store forward by what the beacon sources say."""

    def __init__(
        self,
        spec: ChainSpec,
        pool: Pool,
        clock: FlooredClock,
        store: LightClientStore,
    ) -> None:
        self.spec = spec
        self.store = store
        self._pool = pool
        self._clock = clock
        self._asked_at = -1
        self._raise_clock()

    @property
    def current_slot(self) -> int:
        """The newest slot that a message may be signed in."""
        return self.spec.slot_at_time(self._clock.now() + CLOCK_DISPARITY_SECONDS)

    async def sync(self, progress: Callable[[SyncProgress], None]) -> None:
        """Follow the sync committees up to the current period.

        Raises `Unproven` when the sources cannot carry the store there.
        """
        first = self.store.finalized_period
        while not self._knows_current_committees():
            progress(SyncProgress(first, self.store.finalized_period, self._current_period()))
            try:
                self.store = await self._pool.first_proven(
                    self._updates_question(), self._with_updates, heavy=True
                )
            except Unproven:
                if self._can_follow():
                    break
                raise
            self._raise_clock()
        progress(SyncProgress(first, self.store.finalized_period, self._current_period()))

    async def advance(self) -> bool:
        """Ask every beacon source for its newest heads; whether the store moved.

        A source that serves an older valid head cannot hold the store back:
        all are heard within the deadline and the newest counts.
        """
        if not self._knows_current_committees():
            await self._learn_committee()
        before = self.store
        unheard: Unproven | None = None
        for route, verify, order in (
            ("finality_update", self._with_message(FINALITY_UPDATE), _finality_first),
            ("optimistic_update", self._with_message(OPTIMISTIC_UPDATE), _head_first),
        ):
            try:
                candidate = await self._pool.newest_proven(
                    beacon_question(f"{LIGHT_CLIENT}/{route}"),
                    verify,
                    order=order,
                    deadline=self._head_seconds(),
                    heavy=True,
                )
            except Unproven as error:
                unheard = error
                continue
            if _head_first(candidate) != _head_first(self.store):
                self.store = candidate
                self._raise_clock()
        if unheard is not None and self.store is before:
            raise unheard
        return self.store is not before

    async def _learn_committee(self) -> None:
        """A new period has no next committee yet: take it as soon as a source serves it.

        Only new finality can bring it, so it is asked for once each time that moves.
        """
        if self._can_follow() and self._asked_at == self.store.finalized_slot:
            return
        self._asked_at = self.store.finalized_slot
        try:
            self.store = await self._pool.first_proven(
                self._updates_question(), self._with_updates, heavy=True
            )
        except Unproven:
            if not self._can_follow():
                raise

    def _knows_current_committees(self) -> bool:
        return (
            self.store.finalized_period >= self._current_period()
            and self.store.knows_next_committee
        )

    def _can_follow(self) -> bool:
        """Whether the committee that signs now is known, though not yet its successor."""
        reach = self.store.finalized_period + (1 if self.store.knows_next_committee else 0)
        return self._current_period() <= reach

    def _current_period(self) -> int:
        return self.spec.period_at_slot(self.current_slot)

    def _head_seconds(self) -> float:
        """How long to wait for the slowest source: a slot at most, or heads would queue up."""
        return min(LIMITS.newest_seconds, self.spec.seconds_per_slot / 2)

    def _updates_question(self) -> tuple[BeaconRequest, BeaconRequest]:
        start = self.store.finalized_period
        count = min(UPDATES_AT_ONCE, self._current_period() - start + 1)
        return beacon_question(
            f"{LIGHT_CLIENT}/updates", ("start_period", str(start)), ("count", str(count))
        )

    def _with_updates(self, answer: Answer) -> LightClientStore:
        with known_forks():
            if isinstance(answer.body, bytes):
                updates = updates_from_ssz(self.spec, answer.body)
            else:
                updates = updates_from_json(self.spec, answer.body)
        store = self.store.copy()
        for update in updates:
            if self._in_reach(store, update):
                store.process_update(update, current_slot=self.current_slot, strict=True)
        if _committees_of(store) <= _committees_of(self.store):
            raise SourceLacks("it serves no update that leads on from the committees known here")
        return store

    def _with_message(self, kind: Kind[HeadUpdate]) -> Callable[[Answer], LightClientStore]:
        def verify(answer: Answer) -> LightClientStore:
            update = message(kind, self.spec, answer).as_update()
            store = self.store.copy()
            if self._in_reach(store, update):
                store.process_update(update, current_slot=self.current_slot, strict=True)
            return store

        return verify

    def _in_reach(self, store: LightClientStore, update: LightClientUpdate) -> bool:
        """Whether the update can be judged here at all, and brings anything.

        Raises `SourceFault` where only time tells: it is signed in a slot to
        come, or by a committee that is not known yet.
        """
        if update.signature_slot > self.current_slot:
            ahead = self.spec.time_of_slot(update.signature_slot) - self._clock.now()
            raise SourceFault(
                f"its update is from {ahead:.0f} s in the future: is this machine's clock right?"
            )
        period = self.spec.period_at_slot(update.signature_slot)
        if period > store.finalized_period + (1 if store.knows_next_committee else 0):
            raise SourceFault(
                f"its update is signed by the committee of period {period}, not known"
            )
        if period < store.finalized_period:
            return False
        newer = update.attested_header.beacon.slot > store.optimistic_slot
        finalizes = update.finalized_header.beacon.slot > store.finalized_slot
        teaches = update.next_sync_committee is not None and not store.knows_next_committee
        return newer or finalizes or teaches

    def _raise_clock(self) -> None:
        self._clock.raise_to(self.spec.time_of_slot(self.store.optimistic_slot))


def beacon_question(
    path: str, *query: tuple[str, str], by_hash: bool = False
) -> tuple[BeaconRequest, BeaconRequest]:
    """The question as SSZ, which is smaller, and as JSON, which everyone serves."""
    return (
        BeaconRequest(path, query, "ssz", by_hash),
        BeaconRequest(path, query, "json", by_hash),
    )


def message(kind: Kind[T], spec: ChainSpec, answer: Answer) -> T:
    """Decode one light-client message from either form."""
    with known_forks():
        if not isinstance(answer.body, bytes):
            return from_json(kind, spec, answer.body)
        if answer.fork is None:
            raise SourceFault("its SSZ answer does not name its fork (Eth-Consensus-Version)")
        return from_ssz(kind, spec, answer.fork, answer.body)


@contextmanager
def known_forks() -> Iterator[None]:
    """A fork that the chain spec does not know tells that the spec is old, not that one lies."""
    try:
        yield
    except Unsupported as error:
        raise SourceLacks(str(error)) from None


def _committees_of(store: LightClientStore) -> tuple[int, bool, int]:
    return store.finalized_period, store.knows_next_committee, store.finalized_slot


def _head_first(store: LightClientStore) -> tuple[int, int]:
    """What candidates are ordered by where the newest head is asked for."""
    return store.optimistic_slot, store.finalized_slot


def _finality_first(store: LightClientStore) -> tuple[int, int]:
    """What candidates are ordered by where finality is asked for.

    By the head, one that withholds finality would win over one that has it.
    """
    return store.finalized_slot, store.optimistic_slot
