"""Providers: who is said to have a block, found by routers and asked like any other source.

They are nobody that a person chose: their addresses are guarded, what they send is
proven, and what is remembered of them is bounded and forgotten. One that lied is
in quarantine for as long as it is remembered.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TypeVar

from walkaway.errors import Unproven
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.ipfs.cid import Cid
from walkaway.sources.attempt import Verify
from walkaway.sources.clock import Timer
from walkaway.sources.multiaddr import HttpAddress
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

    async def first_proven(
        self, cid: Cid, requests: Requests, verify: Verify[T], *, deadline: float
    ) -> T:
        """What the first provider says that ``verify`` accepts.

        Those that are known already are asked first: who has the root of a DAG mostly
        has the rest of it.

        Raises:
            Unproven: nobody is known to have it, or nobody gave it; says who was asked.
        """
        await self._forget()
        reasons: dict[str, str] = {}
        if self._named:
            try:
                return await self._ask(requests, verify, deadline)
            except Unproven as error:
                reasons |= error.reasons
        search = _Search()
        looking = asyncio.create_task(self._look_up(cid, search))
        try:
            while await search.found_more():
                try:
                    return await self._ask(requests, verify, deadline)
                except Unproven as error:
                    reasons |= error.reasons
            raise Unproven("no provider could supply it", reasons=reasons | await looking)
        finally:
            await call_off([looking])

    async def _ask(self, requests: Requests, verify: Verify[T], deadline: float) -> T:
        return await self._found.first_proven(requests, verify, deadline=deadline, heavy=True)

    async def _look_up(self, cid: Cid, search: _Search) -> dict[str, str]:
        """Ask the routers, each of whom may name providers; give what each said."""
        try:
            async with self._lookups:
                if not self._is_to_be_sought(cid):
                    return {}

                def read(answer: Answer) -> ProviderRecords:
                    records = read_providers(answer)
                    if self._admit(records):
                        search.tell()
                    return records

                survey = await self._routers.survey(ProvidersRequest(cid), read)
                await self._forget()
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

    def _admit(self, records: ProviderRecords) -> bool:
        """Remember providers as sources; whether there was one that was not known."""
        known = len(self._named)
        named = [(one.peer, address) for one in records.http for address in one.addresses]
        for peer, address in named[: self._limits.found_providers]:
            self._name(peer, address)
        return len(self._named) > known

    def _name(self, peer: str, address: HttpAddress) -> None:
        name = address.url.partition("://")[2]
        if name not in self._named:
            transport = HttpTransport(
                name, address.url, self._client, learned=True, server_name=address.server_name
            )
            self._found.admit(Source(name, peer, frozenset({"content"}), transport))
        self._named[name] = self._timer()
        self._named.move_to_end(name)

    async def _forget(self) -> None:
        """Forget those who were named too long ago, and the oldest of too many."""
        before = self._timer() - self._limits.found_provider_seconds
        while self._named:
            name, named_at = next(iter(self._named.items()))
            if named_at >= before and len(self._named) <= self._limits.found_providers:
                return
            del self._named[name]
            await self._found.dismiss(name)


class _Search:
    """A search that finds bit by bit, as one router after the other answers."""

    def __init__(self) -> None:
        self._stirred = asyncio.Event()
        self._more = False
        self._over = False

    def tell(self) -> None:
        """There is more."""
        self._more = True
        self._stirred.set()

    def end(self) -> None:
        """There will be no more."""
        self._over = True
        self._stirred.set()

    async def found_more(self) -> bool:
        """Wait until there is more than at the last call, or the end, which is False."""
        await self._stirred.wait()
        more, self._more = self._more, False
        if not self._over:
            self._stirred.clear()
        return more


def _spoken(records: ProviderRecords) -> str:
    if not records.http and not records.others:
        return "knows nobody who has it"
    others = f"{records.others} that are not reached over HTTP"
    if not records.http:
        return f"names only {others}"
    named = f"names {len(records.http)} reached over HTTP"
    return f"{named}, and {others}" if records.others else named
