"""Pages of contracts, opened as any file is: proven by the calls that give them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager

from walkaway.content.budget import Budget
from walkaway.content.proven_file import ProvenFile, Stream
from walkaway.content.web3.calls import CallsContracts, not_run
from walkaway.content.web3.page import Page, body_of, read_page
from walkaway.content.web3.url import Web3Url, read_pointer
from walkaway.errors import ProofError, Unproven
from walkaway.limits import LIMITS, Limits
from walkaway.names.pointer import Pointer
from walkaway.proofs.execution.header import Header
from walkaway.proofs.proven import Proven

__all__ = ["Web3Content"]


class Web3Content:
    """Opens what contracts give. Implements `walkaway.content.proven_file.OpensFiles`.

    The chain comes and goes. While it is not there, ``source`` is what answers in its stead,
    ``reason`` what that says, and ``advice`` what the person can do.
    """

    def __init__(
        self, source: str, reason: str, *, advice: str = "", limits: Limits = LIMITS
    ) -> None:
        self._source = source
        self._advice = advice
        self._limits = limits
        self._calls: CallsContracts | None = None
        self.reason = reason

    @property
    def why_not(self) -> str:
        """Why no contract is asked now; empty where they are."""
        return self.reason if self._calls is None else ""

    @contextmanager
    def led_by(self, calls: CallsContracts) -> Iterator[None]:
        """Inside, contracts of this chain are asked."""
        before = self._calls
        self._calls = calls
        try:
            yield
        finally:
            self._calls = before

    async def open(self, pointer: Pointer, budget: Budget) -> ProvenFile:
        """What the contract at a pointer gives for it, at the newest head.

        What the contract gives at once is held, under the coding that it has; each chunk that
        follows is had and proven when the stream comes to it. The size is not known of a page
        in chunks, nor of what a coding makes very long.

        Raises:
            NoSuchPath: there is no contract, or it answers no such call; that is proven.
            NoSuchName: a name among the arguments has no address; that is proven.
            Unproven: the chain is not there, or nobody could supply a proof.
            Stale: its newest head is too old.
            ProofError: what the contract answers is none.
            Unsupported: it is on another chain, in a mode or a coding that is not known.
            InvalidRequest: the pointer is none of this network, or begins with a name.
            TooMuch: it is more than one request may take.
        """
        url = read_pointer(pointer)
        calls = self._calls
        if calls is None:
            raise Unproven(
                f"no contract is asked for {str(url)[:200]}",
                reasons={self._source: self.reason},
                advice=self._advice,
            )
        head = calls.head()
        try:
            async with asyncio.timeout(self._limits.web3_seconds):
                try:
                    return await self._open_at(calls, head, url, budget)
                except (Unproven, ProofError):
                    now = calls.head()
                    if now.value.hash == head.value.hash:
                        raise
                    return await self._open_at(calls, now, url, budget)
        except TimeoutError:
            raise not_run(f"no answer within {self._limits.web3_seconds:g} s") from None

    async def _open_at(
        self, calls: CallsContracts, head: Proven[Header], url: Web3Url, budget: Budget
    ) -> ProvenFile:
        page = await read_page(calls, head, url, budget)

        def bodies() -> AsyncGenerator[bytes, None]:
            return body_of(calls, head, page, budget)

        answer = page.answer
        if answer.next_chunk is not None:
            told = repr((str(page.url), page.url.sender, answer.encoding, answer.next_chunk))
            tag = _tag(page, head.value.hash, page.contract, page.data, told.encode(), answer.body)
            return _file(page, tag, None, _stream(bodies), self._limits)
        size: int | None = len(answer.body)
        if answer.encoding is not None:
            async with aclosing(bodies()) as pieces:
                size = await _size(pieces, self._limits.web3_measured_bytes)
        held = (answer.body, repr(answer.encoding).encode())
        tag = await asyncio.to_thread(_tag, page, *held)
        return _file(page, tag, size, _stream(bodies), self._limits)


async def _size(pieces: AsyncGenerator[bytes, None], most: int) -> int | None:
    """How many bytes there are, None where they are over ``most``: then only their end tells."""
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > most:
            return None
    return size


def _file(page: Page, tag: str, size: int | None, stream: Stream, limits: Limits) -> ProvenFile:
    said = page.answer.seconds
    seconds = limits.web3_fresh_seconds if said is None else said
    path = page.url.target.partition("?")[0]
    return ProvenFile(
        size=size,
        etag=tag,
        stream=stream,
        because=page.because,
        media_type=page.answer.media_type,
        status=page.answer.status,
        headers=page.answer.headers,
        seconds=min(seconds, limits.web3_fresh_most_seconds),
        is_folder=not path or path.endswith("/"),
        believed=page.believed,
    )


def _stream(bodies: Callable[[], AsyncGenerator[bytes, None]]) -> Stream:
    """Any part of what ``bodies`` gives from its beginning on."""

    async def part(begin: int, end: int | None) -> AsyncGenerator[bytes, None]:
        at = 0
        async with aclosing(bodies()) as pieces:
            async for piece in pieces:
                wanted = piece[max(begin - at, 0) : None if end is None else max(end - at, 0)]
                at += len(piece)
                if wanted:
                    yield wanted
                if end is not None and at >= end:
                    return

    return part


def _tag(page: Page, *parts: bytes) -> str:
    """What stands for these parts, and for how they are given."""
    answer = page.answer
    given = repr((answer.status, answer.media_type, answer.headers)).encode()
    digests = b"".join(hashlib.sha256(part).digest() for part in (given, *parts))
    return hashlib.sha256(digests).hexdigest()
