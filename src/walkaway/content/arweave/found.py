"""What an id of Arweave names, once it is proven to."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from walkaway.content.proven_file import Stream
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.tags import Tag
from walkaway.proofs.proven import Evidence

__all__ = ["Found", "held_stream"]


@dataclass(frozen=True, slots=True)
class Found:
    """A transaction or a data item: its content is ``size`` bytes; ``tags`` are signed, and
    ``owner`` is the key that signed, or what stands for it.
    """

    id: ArweaveId
    owner: bytes
    size: int
    tags: tuple[Tag, ...]
    stream: Stream
    because: Evidence


def held_stream(content: bytes) -> Stream:
    """Gives proven bytes that are in memory."""

    async def stream(start: int, end: int | None) -> AsyncGenerator[bytes, None]:
        piece = content[start:end]
        if piece:
            yield piece

    return stream
