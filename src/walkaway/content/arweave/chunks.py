"""The data of a transaction, chunk by chunk, each proven before any of it is given.

Chunks are fetched some ahead, of several gateways at once. Which bytes one holds, only its
path says; packers cut mostly every 256 KiB, so the next ones are guessed to begin there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Final

from walkaway.content.budget import Budget
from walkaway.content.suppliers import NotesSupply
from walkaway.errors import ProofError, SourceFault, SourceLacks, UnknownEnd, Unproven
from walkaway.proofs.arweave import base64url
from walkaway.proofs.arweave.chunk import CHUNK_BYTES, Chunk, prove_chunk
from walkaway.proofs.arweave.transaction import Transaction
from walkaway.proofs.proven import Proven
from walkaway.sources.json_text import parse_json
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, ArweaveRequest

__all__ = ["ChunkQuestion", "stream_chunks"]

_JSON_DEPTH: Final = 4


async def stream_chunks(
    pool: Pool,
    transaction: Proven[Transaction],
    start: int,
    end: int | None,
    budget: Budget,
    *,
    noted: NotesSupply,
) -> AsyncGenerator[bytes, None]:
    """Bytes ``start`` to ``end`` of a transaction's data, or to their end where None; to be
    closed by whoever stops before it. Of the chunk that is at hand the rest waits. ``noted``
    hears who gave them.

    Raises:
        Unproven: nobody supplied a chunk; raised where it would stand.
        TooMuch: it is more than one request may fetch.
    """
    size = transaction.value.data_size
    last = size if end is None else min(end, size)
    ahead = _Ahead(_Chunks(pool, transaction, budget, noted), last, budget)
    try:
        while start < last:
            chunk = await ahead.take(start)
            yield chunk.data[start - chunk.start : last - chunk.start]
            start = chunk.end
    finally:
        await ahead.close()


class _Chunks:
    """Fetches single chunks of one transaction."""

    def __init__(
        self,
        pool: Pool,
        transaction: Proven[Transaction],
        budget: Budget,
        noted: NotesSupply,
    ) -> None:
        self._pool = pool
        self._noted = noted
        self._transaction = transaction
        self._budget = budget

    async def get(self, offset: int) -> Chunk:
        """The chunk that holds the byte at an offset. Raises `Unproven`, `TooMuch`."""
        limits = self._budget.limits
        question = ChunkQuestion(self._transaction, offset)
        for _ in range(limits.arweave_path_branches):
            request = ArweaveRequest(str(self._transaction.value.id), "chunk", question.asks_for)
            chunk = await self._pool.first_proven(
                request,
                self._noted.noting(question.judge),
                deadline=limits.content_seconds,
                heavy=True,
            )
            if chunk is not None:
                self._budget.spend(len(chunk.data))
                return chunk
        raise Unproven(f"where the chunk at byte {offset} stands is not to be told", reasons={})


class ChunkQuestion:
    """Where one chunk's path does not say alone where it stands, others' are asked for too."""

    def __init__(self, transaction: Proven[Transaction], offset: int) -> None:
        self.asks_for = offset
        self._transaction = transaction
        self._offset = offset
        self._heard: tuple[_Said, ...] = ()
        self._refused: set[bytes] = set()

    def judge(self, answer: Answer) -> Chunk | None:
        """The chunk; None where one more is to be asked for. Raises `ProofError`."""
        said = _said(answer)
        if said.path in self._refused:
            raise SourceLacks("gives a path that did not lead to the chunk before")
        heard = (*self._heard, said)
        first, *beside = heard
        try:
            return prove_chunk(
                self._transaction,
                self._offset,
                first.path,
                first.chunk,
                beside=[other.path for other in beside],
            ).value
        except UnknownEnd as error:
            if error.offset == self.asks_for:
                raise SourceFault("gives a path that does not tell where a subtree ends") from None
            self.asks_for, self._heard = error.offset, heard
            return None
        except ProofError:
            if len({other.source for other in heard}) == 1:
                raise
            self._refuse(first)
            return None

    def _refuse(self, first: _Said) -> None:
        """Begin anew where the paths of several sources do not fit: nobody can tell whose."""
        self._refused.add(first.path)
        self.asks_for, self._heard = self._offset, ()


@dataclass(frozen=True, slots=True)
class _Said:
    source: str
    path: bytes
    chunk: bytes


def _said(answer: Answer) -> _Said:
    """The path and the bytes in the JSON of ``/chunk``."""
    if not isinstance(answer.body, bytes):
        raise SourceFault("gives a chunk that is not JSON")
    document: object = parse_json(answer.body, depth=_JSON_DEPTH)
    fields: Mapping[str, object] = document if isinstance(document, dict) else {}
    path, chunk = fields.get("data_path"), fields.get("chunk")
    if not isinstance(path, str) or not isinstance(chunk, str):
        raise SourceFault("gives a chunk without its bytes or its path")
    return _Said(answer.source, base64url.decode(path), base64url.decode(chunk))


class _Ahead:
    """Chunks that are being fetched, by an offset that each is guessed to hold."""

    def __init__(self, chunks: _Chunks, last: int, budget: Budget) -> None:
        self._chunks = chunks
        self._last = last
        self._budget = budget
        self._going: dict[int, asyncio.Task[Chunk]] = {}
        self._window = 0
        self._guesses_hold = True

    async def take(self, offset: int) -> Chunk:
        """The chunk that holds a byte; those that follow are being fetched meanwhile."""
        guess = next((at for at in self._going if offset <= at < offset + CHUNK_BYTES), None)
        self._start(offset)
        if guess is None:
            return await self._chunks.get(offset)
        chunk = await self._guessed(guess)
        if chunk is None:
            return await self._chunks.get(offset)
        self._guesses_hold = chunk.start <= offset < chunk.end
        if not self._guesses_hold:
            return await self._chunks.get(offset)
        self._window = min(self._window + 2, self._budget.limits.arweave_chunks_ahead)
        return chunk

    async def close(self) -> None:
        """End what is going, and wait until it has ended."""
        tasks = list(self._going.values())
        for task in tasks:
            task.cancel()
        self._budget.ahead.give(CHUNK_BYTES * len(tasks))
        self._going.clear()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, offset: int) -> None:
        if not self._guesses_hold:
            return
        self._window = max(self._window, 1)
        for place in range(1, self._window + 1):
            at = (offset // CHUNK_BYTES + place) * CHUNK_BYTES
            if at >= self._last or not self._may_start(at):
                continue
            self._going[at] = asyncio.create_task(self._chunks.get(at))

    def _may_start(self, at: int) -> bool:
        return at not in self._going and self._budget.ahead.take(CHUNK_BYTES)

    async def _guessed(self, guess: int) -> Chunk | None:
        """What came of a guess; None where nothing did, and the chunk is to be asked for."""
        task = self._going.pop(guess)
        self._budget.ahead.give(CHUNK_BYTES)
        try:
            return await task
        except Unproven:
            return None
        except BaseException:
            task.cancel()
            raise
