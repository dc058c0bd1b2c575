"""Providers: who is said to have a block, found by routers and asked like any other source.

They are nobody that a person chose: their addresses are guarded, what they send is
proven, and what is remembered of them is bounded and forgotten. One that lied is
in quarantine for as long as it is remembered.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TypeVar

from walkaway.content.provider_search import Named, ProviderSearch, by_turns
from walkaway.errors import Unproven
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.ipfs.cid import Cid
from walkaway.sources.attempt import Verify
from walkaway.sources.clock import Timer
from walkaway.sources.pool import Pool
from walkaway.sources.provider_records import ProviderRecords, read_providers
from walkaway.sources.race import call_off
from walkaway.sources.request import Answer, ProvidersRequest, Requests
from walkaway.sources.source import Source
from walkaway.sources.transports.http import HttpTransport
from walkaway.sources.transports.http_client import HttpClient

__all__ = ["Providers"]

T = TypeVar("T")


class Providers:
    """Finds providers by the ``routers``, and asks them in ``found``, a pool of their own."""

    def __init__(
        self,
        routers: Pool,
        found: Pool,
        client: HttpClient,
        *,
        timer: Timer,
        limits: Limits = LIMITS,
    ) -> None:
        self._routers = routers
        self._found = found
        self._client = client
        self._timer = timer
        self._limits = limits
        self._named: OrderedDict[str, float] = OrderedDict()
        self._sought: OrderedDict[bytes, float] = OrderedDict()
        self._lookups = asyncio.Semaphore(limits.routing_lookups)
        # No more than half of all at once, so that those who gave something can stay.
        self._at_once = max(1, limits.found_providers // 2)

    async def first_proven(
        self, cid: Cid, requests: Requests, verify: Verify[T], *, deadline: float
    ) -> T:
        """What the first provider says that ``verify`` accepts.

        Those that are known already are asked first, for ``deadline`` seconds: who has the
        root of a DAG mostly has the rest of it. Those who are looked up then have as long,
        and no more than half of what is left of it while others may come.

        Raises:
            Unproven: nobody is known to have it, or nobody gave it; says who was asked.
        """
        await self._forget()
        reasons: dict[str, str] = {}
        asked = set(self._named)
        if asked:
            try:
                return await self._ask(requests, verify, deadline)
            except Unproven as error:
                reasons |= error.reasons
        search = ProviderSearch()
        looking = asyncio.create_task(self._look_up(cid, search))
        until = self._timer() + deadline
        try:
            while (named := await search.next(self._at_once)) and self._timer() < until:
                await self._admit(named)
                if {one.address.name for one in named} <= asked:
                    continue
                asked |= self._named.keys()
                try:
                    return await self._ask(requests, verify, self._share(search, until))
                except Unproven as error:
                    reasons |= error.reasons
            raise Unproven("no provider could supply it", reasons=reasons | await looking)
        finally:
            await call_off([looking])

    def _share(self, search: ProviderSearch, until: float) -> float:
        """For how many seconds those whose turn it is are asked."""
        left = until - self._timer()
        return left / 2 if search.may_have_more() else left

    async def _ask(self, requests: Requests, verify: Verify[T], deadline: float) -> T:
        return await self._found.first_proven(requests, verify, deadline=deadline, heavy=True)

    async def _look_up(self, cid: Cid, search: ProviderSearch) -> dict[str, str]:
        """Ask the routers, each of whom may name providers; give what each said."""
        try:
            async with self._lookups:
                if not self._is_to_be_sought(cid):
                    return {}

                def read(answer: Answer) -> ProviderRecords:
                    records = read_providers(answer)
                    search.add(by_turns(records, self._limits.provider_tries))
                    return records

                survey = await self._routers.survey(ProvidersRequest(cid), read)
                if not survey.said:
                    self._sought.pop(cid.multihash, None)  # nobody answered: worth asking again
        finally:
            search.end()
        return survey.reasons | {router.name: _spoken(said) for router, said in survey.said}

    def _is_to_be_sought(self, cid: Cid) -> bool:
        """Whether it was not looked up a moment ago; notes that it is now."""
        now = self._timer()
        last = self._sought.pop(cid.multihash, None)
        again = last is None or now - last > self._limits.routing_again_seconds
        self._sought[cid.multihash] = now if last is None or again else last
        while len(self._sought) > self._limits.routing_remembered:
            self._sought.popitem(last=False)
        return again

    async def _admit(self, named: list[Named]) -> None:
        """Remember those who were named as sources; the least worthy make room for them."""
        new = {one.address.name: one for one in named}
        for name in new.keys() & self._named.keys():
            del new[name]
            self._remember(name)
        await self._make_room(len(new))
        for name, one in new.items():
            self._found.admit(self._source(name, one))
            self._remember(name)

    def _source(self, name: str, named: Named) -> Source:
        url, server_name = named.address.url, named.address.server_name
        transport = HttpTransport(name, url, self._client, learned=True, server_name=server_name)
        return Source(name, named.peer, frozenset({"content"}), transport)

    def _remember(self, name: str) -> None:
        self._named[name] = self._timer()
        self._named.move_to_end(name)

    async def _make_room(self, places: int) -> None:
        """Those leave first who never gave anything; then those who lied, and last those who
        gave what was proven. Of like ones the oldest leaves.
        """
        worth = {one.name: 2 if one.answers else min(one.lies, 1) for one in self._found.status()}
        leaving = sorted(self._named, key=lambda name: worth.get(name, 0))
        for name in leaving[: max(0, len(leaving) + places - self._limits.found_providers)]:
            await self._dismiss(name)

    async def _forget(self) -> None:
        """Forget those who were named too long ago."""
        before = self._timer() - self._limits.found_provider_seconds
        for name in [name for name, named_at in self._named.items() if named_at < before]:
            await self._dismiss(name)

    async def _dismiss(self, name: str) -> None:
        if self._named.pop(name, None) is not None:
            await self._found.dismiss(name)


def _spoken(records: ProviderRecords) -> str:
    if not records.http and not records.others:
        return "knows nobody who has it"
    others = f"{records.others} that are not reached over HTTP"
    if not records.http:
        return f"names only {others}"
    named = f"names {len(records.http)} reached over HTTP"
    return f"{named}, and {others}" if records.others else named
