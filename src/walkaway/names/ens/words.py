"""What was found off chain, as evidence: who asked, who answered, who failed to."""

from __future__ import annotations

from walkaway.chain.offchain_calls import AcceptedWord
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.proven import Evidence
from walkaway.sources.gateways import PartAnswer

__all__ = ["told"]

_LONG = 100
"""Bytes of a question more than which are named by their hash."""


def told(word: AcceptedWord) -> tuple[Evidence, ...]:
    """One step for each question that was answered, or that nobody answered; before them, one
    for each answer that the contract's callback refused."""
    refused = [_told(part, ", which the contract's callback refused") for part in word.refused]
    return (*refused, *(_told(part) for part in word.parts))


def _told(part: PartAnswer, judged: str = "") -> Evidence:
    long = len(part.question) > _LONG
    facts: tuple[tuple[str, bytes | str], ...] = (
        ("asked_by", part.sender),
        ("question_hash", keccak256(part.question)) if long else ("question", part.question),
        ("asked", ", ".join(part.asked)),
    )
    if part.failure:
        return Evidence("nobody answered", (*facts, ("reason", part.failure[:300])))
    return Evidence(f"the word of a gateway{judged}", (*facts, ("gateway", part.gateway)))
