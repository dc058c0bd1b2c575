"""What an id of Arweave names: a transaction or a data item.

The id does not tell, so both are asked for at once; that it is one, the signature proves,
and nobody can have signed for both.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import TypeVar

from walkaway.chain.single_flight import SingleFlight
from walkaway.content.arweave.chunks import stream_chunks
from walkaway.content.arweave.found import Found
from walkaway.content.arweave.items import found_item, read_large_item
from walkaway.content.arweave.judging import (
    GivenItem,
    HeaderQuestion,
    ItemQuestion,
    found_data,
    judge_data,
)
from walkaway.content.arweave.kept import Kept
from walkaway.content.budget import Budget
from walkaway.content.suppliers import Suppliers
from walkaway.errors import ProofError, Unproven, Unsupported
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.transaction import Transaction, prove_transaction
from walkaway.proofs.proven import Evidence, Proven
from walkaway.sources.pool import Pool
from walkaway.sources.race import call_off
from walkaway.sources.request import Answer, ArweaveRequest, ItemPlace

__all__ = ["Finder"]

T = TypeVar("T")

_ASK = "leave --offline out, or list a source of kind arweave under [[source]]"


class Finder:
    """Finds what ids name: in ``folder``, then among gateways; ``pool`` None asks nobody.
    ``suppliers`` is told which of them gave what.
    """

    def __init__(
        self,
        pool: Pool | None,
        folder: Path,
        limits: Limits = LIMITS,
        suppliers: Suppliers | None = None,
    ) -> None:
        self._pool = pool
        self._suppliers = Suppliers(limits) if suppliers is None else suppliers
        self._folder = folder
        self._kept = Kept(folder / "kept", limits)
        self._limits = limits
        self._spooled = _Spooled(limits.arweave_spooled_bytes)
        self._flights: SingleFlight[Found] = SingleFlight()

    async def find(self, wanted: ArweaveId, budget: Budget) -> Found:
        """What an id names, proven; of a transaction of format 2 only the header is fetched.

        Raises:
            Unproven: nobody supplied it; says what each answered.
            TooMuch: it is more than one request may fetch.
            StoreFault: there is no room for a large data item.
        """
        large = self._spooled.get(wanted)
        if large is not None:
            return large
        here = await asyncio.to_thread(self._here, wanted)
        if isinstance(here, Found):
            return here
        if self._pool is None:
            raise Unproven(f"{wanted} of Arweave is not held here", reasons={}, advice=_ASK)
        if here is not None:
            return self._found(self._pool, here, budget)
        return await _first(
            wanted,
            self._item(self._pool, wanted, budget),
            self._transaction(self._pool, wanted, budget),
        )

    def _here(self, wanted: ArweaveId) -> Found | Proven[Transaction] | None:
        """What is kept, proven once more."""
        name = str(wanted)
        item, header = self._kept.read("item", name), self._kept.read("header", name)
        try:
            if item is not None:
                return found_item(wanted, item)
            if header is None:
                return None
            transaction = prove_transaction(wanted, header)
            data = self._kept.read("data", name)
            return transaction if data is None else found_data(transaction, data)
        except (ProofError, Unsupported):
            self._kept.forget(name)
            return None

    async def _item(self, pool: Pool, wanted: ArweaveId, budget: Budget) -> Found:
        question = ItemQuestion(wanted, self._limits)
        noted = self._suppliers.about(str(wanted))
        for _ in range(self._limits.arweave_item_places):
            given = await pool.first_proven(
                ArweaveRequest(str(wanted), "item"),
                noted.noting(question.judge, gives=lambda given: isinstance(given, GivenItem)),
                deadline=self._limits.content_seconds,
                heavy=True,
            )
            if isinstance(given, GivenItem):
                budget.spend(given.found.size)
                await asyncio.to_thread(self._kept.write, "item", str(wanted), given.data)
                return given.found
            try:
                return await self._flights.run(
                    (wanted, given.place),
                    partial(self._large_item, pool, wanted, given.place, budget),
                )
            except (ProofError, Unproven, Unsupported) as error:
                question.refute(given.place, str(error))
                if isinstance(error, ProofError):
                    noted.lied(given.source)
                    pool.outproved(given.source, str(error))
        raise Unproven("it stands at none of the places that sources named", reasons={})

    async def _large_item(
        self, pool: Pool, wanted: ArweaveId, place: ItemPlace, budget: Budget
    ) -> Found:
        """An item out of its root transaction, each chunk of which is proven by itself."""
        root = ArweaveId.parse(place.root)
        held = await asyncio.to_thread(self._here, root)
        if not isinstance(held, Proven):
            held = await self._header(pool, HeaderQuestion(root))
        if place.end > held.value.data_size:
            raise ProofError("a data item ends behind its transaction's data", got=place.end)
        noted = self._suppliers.about(str(wanted))
        pieces = stream_chunks(pool, held, place.start, place.end, budget, noted=noted)
        found = await read_large_item(wanted, pieces, self._folder)
        self._spooled.keep(found)
        return found

    async def _transaction(self, pool: Pool, wanted: ArweaveId, budget: Budget) -> Found:
        return self._found(pool, await self._header(pool, HeaderQuestion(wanted)), budget)

    async def _header(self, pool: Pool, question: HeaderQuestion) -> Proven[Transaction]:
        name = str(question.wanted)
        transaction, header = await pool.first_proven(
            ArweaveRequest(name, "header"),
            self._noting(question.wanted, question.judge),
            deadline=self._limits.content_seconds,
            heavy=True,
        )
        await asyncio.to_thread(self._kept.write, "header", name, header)
        return transaction

    def _found(self, pool: Pool, transaction: Proven[Transaction], budget: Budget) -> Found:
        """A transaction whose data are fetched when they are read."""
        header = transaction.value

        def stream(start: int, end: int | None) -> AsyncGenerator[bytes, None]:
            if header.data_size <= self._limits.arweave_small_bytes:
                return self._small(pool, transaction, start, end, budget)
            noted = self._suppliers.about(str(header.id))
            return stream_chunks(pool, transaction, start, end, budget, noted=noted)

        because = Evidence(
            "each chunk of the data stands in the tree under the transaction's data root",
            (("bytes", header.data_size),),
            (transaction.because,),
        )
        return Found(header.id, header.owner, header.data_size, header.tags, stream, because)

    async def _small(
        self,
        pool: Pool,
        transaction: Proven[Transaction],
        start: int,
        end: int | None,
        budget: Budget,
    ) -> AsyncGenerator[bytes, None]:
        """Data of a few chunks, which are all fetched, and kept. Where there are no chunks to
        be had, they are taken as a whole, which proves those alone that were cut as usual.
        """
        name = str(transaction.value.id)
        noted = self._suppliers.about(name)
        pieces = stream_chunks(pool, transaction, 0, None, budget, noted=noted)
        try:
            async with aclosing(pieces):
                data = b"".join([piece async for piece in pieces])
        except Unproven as error:
            data = await self._whole(pool, transaction, error)
            budget.spend(len(data))
        await asyncio.to_thread(self._kept.write, "data", name, data)
        if data[start:end]:
            yield data[start:end]

    async def _whole(
        self, pool: Pool, transaction: Proven[Transaction], missing: Unproven
    ) -> bytes:
        try:
            return await pool.first_proven(
                ArweaveRequest(str(transaction.value.id), "whole"),
                self._noting(transaction.value.id, partial(judge_data, transaction)),
                deadline=self._limits.content_seconds,
                heavy=True,
            )
        except Unproven as error:
            raise _together(missing.summary, missing, error) from None

    def _noting(self, wanted: ArweaveId, judge: Callable[[Answer], T]) -> Callable[[Answer], T]:
        return self._suppliers.about(str(wanted)).noting(judge)


class _Spooled:
    """Large items that were read, so that each range of one is not read anew: the last few."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: OrderedDict[ArweaveId, Found] = OrderedDict()

    def get(self, wanted: ArweaveId) -> Found | None:
        found = self._found.get(wanted)
        if found is not None:
            self._found.move_to_end(wanted)
        return found

    def keep(self, found: Found) -> None:
        """Hold one; those not asked for the longest are let go, and it, where it is too large."""
        self._found[found.id] = found
        while sum(held.size for held in self._found.values()) > self._most:
            self._found.popitem(last=False)


async def _first(wanted: ArweaveId, *ways: Coroutine[object, object, Found]) -> Found:
    """What the first way leads to that leads anywhere.

    Raises:
        Unproven: none does; says all that was said on each.
    """
    refused: list[Unproven] = []
    going = {asyncio.create_task(way) for way in ways}
    try:
        for task in asyncio.as_completed(going):
            try:
                return await task
            except Unproven as error:
                refused.append(error)
    finally:
        await call_off(going)
    what = f"nobody could supply {wanted} of Arweave, neither as a transaction nor as a data item"
    raise _together(what, *refused)


def _together(what: str, *errors: Unproven) -> Unproven:
    """All that sources said on several questions."""
    reasons: dict[str, list[str]] = {}
    for error in errors:
        for name, why in error.reasons.items():
            reasons.setdefault(name, []).append(why)
    return Unproven(
        what, reasons={name: "; ".join(dict.fromkeys(said)) for name, said in reasons.items()}
    )
