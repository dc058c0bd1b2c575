"""How a chain block is named in a question: a tag, a number, or a 32-byte hash."""

from __future__ import annotations

from enum import Enum

__all__ = ["BlockId", "Tag", "describe_block"]


class Tag(Enum):
    """The block tags of the execution API."""

    LATEST = "latest"
    """The newest head signed by two thirds of a sync committee."""
    SAFE = "safe"
    """Light-client data knows no justified head, so this is the finalized one."""
    FINALIZED = "finalized"
    PENDING = "pending"
    """Latest, plus the transactions that were sent from here."""
    EARLIEST = "earliest"
    """Block 0."""


BlockId = Tag | int | bytes


def describe_block(block: BlockId) -> str:
    """The block as a person would name it."""
    if isinstance(block, Tag):
        return block.value
    if isinstance(block, int):
        return f"block {block}"
    return f"block 0x{block.hex()}"
