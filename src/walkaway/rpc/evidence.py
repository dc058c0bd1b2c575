"""The chain of evidence under an answer, as JSON.

Steps are shared: all answers on one head stand on the same tail. A step is
written in full where it is met first, and by its number where it is met again.
"""

from __future__ import annotations

from collections.abc import Sequence

from walkaway.proofs.proven import Evidence, Proven
from walkaway.rpc.jsonrpc import Json
from walkaway.sources.word import Word

__all__ = ["explained", "word_members"]

EXACT_IN_JAVASCRIPT = 2**53
"""From here on a number goes as a decimal string, since many readers would round it."""


def explained(used: Sequence[Proven[object]]) -> list[Json]:
    """For each proven value: what it claims, and the steps down to the anchors."""
    numbers: dict[int, int] = {}
    return [
        {
            "claim": {
                "chainId": proven.claim.chain_id,
                "blockHash": _fact(proven.claim.block_hash),
                "subject": [_fact(part) for part in proven.claim.subject],
                "finality": proven.claim.finality.value,
            },
            "because": _step(proven.because, numbers),
        }
        for proven in used
    ]


def word_members(word: Word[None]) -> dict[str, Json]:
    """Who says so, and who of those asked said something else."""
    return {
        "saidBy": list(word.said_by),
        "asked": list(word.asked),
        "dissent": [{"saidBy": list(names)} for _, names in word.dissent],
    }


def _step(step: Evidence, numbers: dict[int, int]) -> Json:
    known = numbers.get(id(step))
    if known is not None:
        return {"step": known, "rule": step.rule, "again": True}
    numbers[id(step)] = number = len(numbers) + 1
    return {
        "step": number,
        "rule": step.rule,
        "anchor": step.is_anchor,
        "facts": {name: _fact(value) for name, value in step.facts},
        "because": [_step(below, numbers) for below in step.because],
    }


def _fact(value: str | int | bytes | None) -> Json:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= EXACT_IN_JAVASCRIPT:
        return str(value)
    return value
