"""The heads that answers are given on: the light client's, once their headers are proven too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from walkaway.anchors.spec import ChainSpec
from walkaway.chain.block_id import Tag
from walkaway.chain.clock import FlooredClock
from walkaway.errors import Stale, Unproven
from walkaway.proofs import Proven
from walkaway.proofs.consensus.light_client import BeaconHead, LightClientStore
from walkaway.proofs.execution.header import Header

__all__ = ["ServedHeads"]

FetchHeader = Callable[[Proven[BeaconHead]], Awaitable[Proven[Header]]]


class ServedHeads:
    """The latest and the finalized header. ``age_limit`` is seconds.

    ``trouble`` is why they did not move the last time, if they did not.
    """

    def __init__(self, spec: ChainSpec, clock: FlooredClock, age_limit: float) -> None:
        self._spec = spec
        self._clock = clock
        self._age_limit = age_limit
        self._change = asyncio.Event()
        self.latest: Proven[Header] | None = None
        self.finalized: Proven[Header] | None = None
        self.trouble: str | None = None

    def at(self, tag: Tag) -> Proven[Header]:
        """The proven header that a tag means now.

        Raises:
            Stale: there is no latest head, or it is older than the limit.
            Unproven: nothing is finalized yet, as far as can be proven.
        """
        if tag in (Tag.SAFE, Tag.FINALIZED):
            if self.finalized is None:
                raise Unproven(
                    "the header of the finalized head is not proven",
                    reasons={},
                    advice=self.trouble or "",
                )
            return self.finalized
        limit, age = self._age_limit, self._age()
        if self.latest is None:
            raise Stale("no head is proven yet", age=age, limit=limit)
        if age > limit:
            raise Stale(
                f"the newest proven head is {age:.0f} s old, more than the {limit:.0f} s allowed"
                + (f"; last trouble: {self.trouble}" if self.trouble else ""),
                age=age,
                limit=limit,
                advice="ask at 'finalized', or see `walkaway status` for what the sources say",
            )
        return self.latest

    async def adopt(self, store: LightClientStore, fetch: FetchHeader, *, is_past: bool) -> bool:
        """Fetch and prove the headers of the store's heads; whether the latest is a new one.

        One that cannot be had now is asked for again the next time, and does not
        hold up the other. ``is_past`` says that a newer head was proven before, so
        that the latest one of the store is not served.

        Raises `Unproven` where the latest cannot be had, or neither.
        """
        before = self.latest
        missing: Unproven | None = None
        try:
            if not _is_at(self.finalized, store.finalized):
                self.finalized = await fetch(store.finalized)
        except Unproven as error:
            missing = error
        if not is_past and not _is_at(self.latest, store.optimistic):
            self.latest = await fetch(store.optimistic)
        if missing is not None and self.latest is None:
            raise missing
        self.trouble = None if missing is None else f"the finalized head: {missing}"
        if self.latest is before:
            return False
        self.changed()
        return True

    def depth(self, header: Header) -> int | None:
        """How many blocks a header lies behind the latest head; None before there is one."""
        return None if self.latest is None else max(0, self.latest.value.number - header.number)

    def next_change(self) -> asyncio.Event:
        """Set at the next call of `changed`, as each new head makes one."""
        return self._change

    def changed(self) -> None:
        """Tell those who wait for the next change."""
        self._change.set()
        self._change = asyncio.Event()

    def _age(self) -> float:
        since = self._spec.genesis_time if self.latest is None else self.latest.value.timestamp
        return self._clock.now() - since


def _is_at(header: Proven[Header] | None, head: Proven[BeaconHead]) -> bool:
    return header is not None and header.value.hash == head.claim.block_hash
