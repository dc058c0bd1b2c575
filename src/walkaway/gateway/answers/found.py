"""What a content path leads to, with all that an answer is made of."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.resolve import Resolved
from walkaway.gateway.answers.answer import Answer, RawHeaders, raw_headers
from walkaway.gateway.answers.disposition import content_disposition
from walkaway.gateway.answers.headers import cache_control, content_headers
from walkaway.gateway.answers.keep import Keep
from walkaway.gateway.request.asked import Asked
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["Found", "primed"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """A content path that was followed to its end.

    ``seconds`` is how long the names on the way may be held, None where nothing
    says. ``blocks`` give what is still to be read, within ``budget``, ``local`` the
    same where it is on this machine, and ``keep`` has whole files at hand.
    """

    asked: Asked
    resolved: Resolved
    seconds: float | None
    blocks: Blocks
    local: Blocks
    budget: Budget
    keep: Keep

    @property
    def cid(self) -> Cid:
        """Where the path leads."""
        return self.resolved.cid

    def headers(self, etag: str, *, generated: bool = False) -> RawHeaders:
        """The headers of content; ``generated`` says that it is a page made here."""
        cache = cache_control(self.asked, self.seconds, generated=generated)
        return content_headers(self.asked, self.resolved.roots, etag, cache)

    def disposition(self, *, attachment: bool, filename: str) -> RawHeaders:
        """Content-Disposition, for content that has a name unless the request gives one."""
        wish = self.asked.wish
        name = wish.filename or filename
        value = content_disposition(attachment=attachment or wish.download, filename=name)
        return raw_headers([("content-disposition", value)])

    def not_modified(self, etag: str) -> Answer:
        """The answer to a sender that has what this entity tag stands for."""
        return Answer(304, self.headers(etag))


async def primed(
    stream: AsyncGenerator[bytes, None], least: int = 1
) -> AsyncGenerator[bytes, None]:
    """The same bytes, of which the first ``least`` have come.

    Whatever is wrong with them is then raised here, while it can still be told
    as an error.
    """
    first: list[bytes] = []
    held = 0
    try:
        while held < least and (piece := await anext(stream, None)) is not None:
            first.append(piece)
            held += len(piece)
    except BaseException:
        await stream.aclose()
        raise
    return _continued(first, stream)


async def _continued(
    first: list[bytes], stream: AsyncGenerator[bytes, None]
) -> AsyncGenerator[bytes, None]:
    async with aclosing(stream):
        # What has been handed on is not held here any more.
        while first:
            yield first.pop(0)
        async for piece in stream:
            yield piece
