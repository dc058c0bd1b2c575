"""Blocks from this machine's store, and from whoever has them where it holds none.

The sources that a person configured are asked first, and the providers that routers
name where those fail or are slow to begin. What arrives was proven against its
address, and is written to the store on the side.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from walkaway.chain.single_flight import SingleFlight
from walkaway.content.blocks import Blocks
from walkaway.content.providers import Providers
from walkaway.content.unwritten import Keeping, Unwritten
from walkaway.errors import ProofError, StoreFault, Unproven
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.ipfs.block import prove_block
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.codecs import IDENTITY
from walkaway.proofs.proven import Proven
from walkaway.sources.flow import Flow, FlowWatch
from walkaway.sources.loops import LoopMarks, Through
from walkaway.sources.pool import Pool
from walkaway.sources.race import call_off
from walkaway.sources.request import Answer, BlockRequest

__all__ = ["NetworkBlocks", "Store", "Supply"]

_Block = Proven[bytes]

_ASK = "nobody was asked: leave --offline out, or list a source of content under [[source]]"


class Store(Keeping, Protocol):
    """What is held on this machine."""

    async def get(self, cid: Cid) -> Proven[bytes]:
        """A block that is held. Raises `Unproven` for one that is not."""
        ...


@dataclass(frozen=True, slots=True)
class Supply:
    """Who gave a block, and who gave other bytes for it, by the names of the sources."""

    given_by: str
    lied: tuple[str, ...] = ()


class NetworkBlocks:
    """`Blocks` from the store, then the pool, then found providers.

    Wait for `written` before the store is closed.

    ``pool`` and ``providers`` are None where nobody is to be asked. Many who ask for one
    block share the answer; whoever leaves does not take it from the others.
    """

    def __init__(
        self,
        store: Store,
        pool: Pool | None,
        providers: Providers | None = None,
        *,
        limits: Limits = LIMITS,
    ) -> None:
        self._store = store
        self._pool = pool
        self._providers = providers
        self._limits = limits
        self._flights: SingleFlight[_Block] = SingleFlight()
        self._unwritten = Unwritten(store, limits)
        self._found_leads = False
        self._loops = LoopMarks(limits)
        self._supplies: OrderedDict[Cid, Supply] = OrderedDict()

    def supply(self, cid: Cid) -> Supply | None:
        """Who gave a block since this program began; None where nobody had to, or long ago."""
        return self._supplies.get(cid)

    def note(self, cid: Cid, supply: Supply) -> None:
        """Remember who gave a block."""
        self._supplies[cid] = supply
        self._supplies.move_to_end(cid)
        while len(self._supplies) > self._limits.remembered_supplies:
            self._supplies.popitem(last=False)

    async def get(self, cid: Cid) -> Proven[bytes]:
        """The block at an address.

        Raises:
            Unproven: nobody supplied it; names everybody who was asked, and what each said.
            Unsupported: the address's hash function proves nothing.
        """
        return await self._get(cid, ())

    def relayed(self, marks: Iterable[str]) -> Blocks:
        """The same for what another node asks, with these values of ``CDN-Loop`` headers.

        What came through this node before, or through too many, is answered from what is
        held here.
        """
        return _Relayed(self._get, self._loops.read(marks))

    async def _get(self, cid: Cid, through: Through | None) -> _Block:
        """A block; ``through`` is None where nobody else is to be asked."""
        if cid.hash_code == IDENTITY:
            return prove_block(cid, cid.digest)
        held = self._unwritten.held(cid)
        if held is not None:
            return held
        try:
            return await self._store.get(cid)
        except Unproven as error:
            missing = error.reasons
        except StoreFault as error:
            missing = {"store": str(error)}
        _require_provable(cid)
        if through is None:
            raise Unproven(f"this block is not held here: {cid}", reasons=missing)
        # Each round has flights of its own: two nodes that joined one another's would wait
        # for each other.
        return await self._flights.run(
            (cid, through), lambda: self._fetch(cid, missing, self._loops.header(through))
        )

    async def written(self) -> None:
        """Wait until everything that was fetched so far is in the store."""
        await self._unwritten.written()

    async def _fetch(self, cid: Cid, missing: Mapping[str, str], through: str) -> _Block:
        question = _Question(cid, self._limits.content_seconds, through)
        ways: list[Coroutine[Any, Any, _Block]] = []
        if self._pool is not None:
            ways.append(question.of_pool(self._pool))
        if self._providers is not None:
            ways.append(question.of_providers(self._providers))
        if self._found_leads:
            ways.reverse()
        block = await self._first(cid, ways, question.flow, missing)
        self._found_leads = question.found
        self.note(cid, Supply(question.given_by, tuple(question.lied)))
        await self._unwritten.keep(cid, block)
        return block

    async def _first(
        self,
        cid: Cid,
        ways: list[Coroutine[Any, Any, _Block]],
        flow: Flow,
        missing: Mapping[str, str],
    ) -> _Block:
        """The first way that leads to it; the next is tried when one failed, or is silent."""
        reasons = dict(missing)
        waiting, running = deque(ways), set[asyncio.Task[_Block]]()
        watch = FlowWatch(flow, 1)
        try:
            while waiting or running:
                if waiting and not (running and watch.moved()):
                    running.add(asyncio.create_task(waiting.popleft()))
                done, running = await asyncio.wait(
                    running,
                    timeout=self._limits.routing_patience_seconds if waiting else None,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for task in done:
                    error = task.exception()
                    if error is None:
                        return task.result()
                    if not isinstance(error, Unproven):
                        raise error
                    _add(reasons, error.reasons)
        finally:
            await call_off(running)
            for way in waiting:
                way.close()
        if not ways:
            raise Unproven(f"this block is not held here: {cid}", reasons=reasons, advice=_ASK)
        raise Unproven(f"nobody could supply this block: {cid}", reasons=reasons)


class _Relayed:
    """`Blocks` for questions that came through other nodes."""

    def __init__(
        self, get: Callable[[Cid, Through | None], Awaitable[_Block]], through: Through | None
    ) -> None:
        self._get = get
        self._through = through

    async def get(self, cid: Cid) -> Proven[bytes]:
        return await self._get(cid, self._through)


class _Question:
    """One block, asked of the pool and of providers; ``found`` says which of them answered.

    ``given_by`` is the source that did, ``lied`` are those that gave other bytes.
    """

    def __init__(self, cid: Cid, seconds: float, through: str) -> None:
        self.flow = Flow()
        self.found = False
        self.given_by = ""
        self.lied: list[str] = []
        self._cid = cid
        self._asked = (
            BlockRequest(cid, flow=self.flow, through=through),
            BlockRequest(cid, "kubo", self.flow),
        )
        self._seconds = seconds

    async def of_pool(self, pool: Pool) -> _Block:
        return await pool.first_proven(
            self._asked, self._verified, deadline=self._seconds, heavy=True
        )

    async def of_providers(self, providers: Providers) -> _Block:
        block = await providers.first_proven(
            self._cid, self._asked, self._verified, deadline=self._seconds
        )
        self.found = True
        return block

    def _verified(self, answer: Answer) -> _Block:
        try:
            block = prove_block(self._cid, answer.body)
        except ProofError:
            self.lied.append(answer.source)
            raise
        self.given_by = answer.source
        return block


def _add(reasons: dict[str, str], more: Mapping[str, str]) -> None:
    """Add what was said; one that is asked for blocks and for providers says two things."""
    for name, why in more.items():
        reasons[name] = f"{reasons[name]}; {why}" if name in reasons else why


def _require_provable(cid: Cid) -> None:
    """Raises `Unsupported` where no bytes could be proven, so that no source is blamed."""
    with suppress(ProofError):
        prove_block(cid, b"")
