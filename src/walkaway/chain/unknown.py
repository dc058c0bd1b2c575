"""What is not there: by the sources' word, or because it lies above the proven head."""

from __future__ import annotations

from dataclasses import dataclass

from walkaway.chain.block_id import BlockId, describe_block
from walkaway.errors import Unproven
from walkaway.sources.word import Word

__all__ = ["BeyondHead", "unknown_block"]


@dataclass(frozen=True, slots=True)
class BeyondHead(Word[None]):
    """A block, or what it holds, is above the proven head, whose number is ``head``.

    It is answered as a word is, with null, but no source was believed for it.
    """

    head: int = 0

    @classmethod
    def of(cls, head: int) -> BeyondHead:
        """Above this head."""
        return cls(None, said_by=(), asked=(), head=head)

    def __str__(self) -> str:
        return f"it lies above the proven head, block {self.head}"


def unknown_block(block: BlockId, word: Word[None]) -> Unproven:
    """The refusal of a question at a block that is not there, and who says so."""
    if isinstance(word, BeyondHead):
        return Unproven(
            f"{describe_block(block)} is not known: {word}",
            reasons={},
            advice="ask again when the chain is that far, or for latest",
        )
    return Unproven(
        f"{describe_block(block)} is not known",
        reasons=dict.fromkeys(word.said_by, "does not know it"),
    )
