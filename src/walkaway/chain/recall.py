"""What is on disk already, proven again before it is handed on; what is not is asked for.

An entry that does not prove what it should is dropped and asked for: whoever
writes into the cache can cost a question, and never make an answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from walkaway.chain.cache import DiskCache, Kind
from walkaway.errors import ProofError, Unsupported
from walkaway.proofs import Finality, Proven
from walkaway.proofs.execution.block_forms import decode_block, decode_receipts, encode_receipts
from walkaway.proofs.execution.blocks import Block, prove_block, prove_receipts
from walkaway.proofs.execution.header import Header, decode_header
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.receipts import Receipt
from walkaway.sources.word import Word

__all__ = ["Recall"]

log = logging.getLogger("walkaway.chain")

T = TypeVar("T")
Receipts = tuple[Receipt, ...]


class Recall:
    """Each method gives what the cache holds, if it proves itself, or else what ``ask`` gives.

    Without a cache nothing is known and it always asks. What ``ask`` raises is raised.
    """

    def __init__(self, cache: DiskCache | None = None) -> None:
        self._cache = cache

    async def header(
        self, block_hash: bytes, ask: Callable[[], Awaitable[Header | Word[None]]]
    ) -> Header | Word[None]:
        """The header with this hash."""

        def prove(content: bytes) -> Header:
            header = decode_header(content)
            if header.hash != block_hash:
                raise ProofError("the header does not hash to its name", expected=block_hash)
            return header

        def encode(header: Header | Word[None]) -> bytes | None:
            return None if isinstance(header, Word) else header.rlp()

        return await self._recalled("header", block_hash, prove, ask, encode, final=False)

    async def block(
        self, header: Proven[Header], ask: Callable[[], Awaitable[Proven[Block]]]
    ) -> Proven[Block]:
        """The whole block under a header."""

        def prove(content: bytes) -> Proven[Block]:
            return prove_block(header, decode_block(content).body)

        def encode(block: Proven[Block]) -> bytes:
            return block.value.encode()

        return await self._recalled(
            "block", header.value.hash, prove, ask, encode, final=_is_final(header)
        )

    async def receipts(
        self, header: Proven[Header], ask: Callable[[], Awaitable[Proven[Receipts]]]
    ) -> Proven[Receipts]:
        """All receipts of the block under a header."""

        def prove(content: bytes) -> Proven[Receipts]:
            return prove_receipts(header, decode_receipts(content))

        def encode(receipts: Proven[Receipts]) -> bytes:
            return encode_receipts(receipts.value)

        return await self._recalled(
            "receipts", header.value.hash, prove, ask, encode, final=_is_final(header)
        )

    async def code(self, code_hash: bytes, ask: Callable[[], Awaitable[bytes]]) -> bytes:
        """The code with this hash; it stays the same whatever becomes of any block."""
        if (known := await self.known_code(code_hash)) is not None:
            return known
        code = await ask()
        await self.keep_code(code_hash, code)
        return code

    async def known_code(self, code_hash: bytes) -> bytes | None:
        """The code with this hash, if the cache holds it. Nobody is asked."""

        def prove(content: bytes) -> bytes:
            if keccak256(content) != code_hash:
                raise ProofError("the code does not hash to its name", expected=code_hash)
            return content

        return await self._known("code", code_hash, prove, final=True)

    async def keep_code(self, code_hash: bytes, code: bytes) -> None:
        """Keep code that was asked for."""
        if self._cache is not None:
            await self._cache.put("code", code_hash, code, final=True)

    async def close(self) -> None:
        """Let go of the cache."""
        if self._cache is not None:
            await self._cache.close()

    async def _recalled(
        self,
        kind: Kind,
        name: bytes,
        prove: Callable[[bytes], T],
        ask: Callable[[], Awaitable[T]],
        encode: Callable[[T], bytes | None],
        *,
        final: bool,
    ) -> T:
        if (known := await self._known(kind, name, prove, final=final)) is not None:
            return known
        found = await ask()
        if self._cache is not None:
            fresh = await asyncio.to_thread(encode, found)
            if fresh is not None:
                await self._cache.put(kind, name, fresh, final=final)
        return found

    async def _known(
        self, kind: Kind, name: bytes, prove: Callable[[bytes], T], *, final: bool
    ) -> T | None:
        """What the cache holds, if it proves itself; else it is dropped."""
        content = None if self._cache is None else await self._cache.get(kind, name, final=final)
        if self._cache is None or content is None:
            return None
        try:
            return await asyncio.to_thread(prove, content)
        except (ProofError, Unsupported) as error:
            log.warning("an entry in the cache does not prove itself: %s: %s", kind, error)
            await self._cache.drop(kind, name)
            return None


def _is_final(header: Proven[Header]) -> bool:
    return header.claim.finality is Finality.FINALIZED
