"""The chain of evidence under an answer, as JSON.

Steps are shared: all answers on one head stand on the same tail. A step is
written in full where it is met first, and by its number where it is met again.
The tail grows with every sync committee period that this program has seen, so
what lies deeper than `rpc_evidence_depth`, or comes after
`rpc_evidence_steps`, is left out: the last step before it says in ``leftOut``
how many steps that are, and then goes on with what they stand on in the end,
so that the anchors are always shown. Steps that are left out have numbers too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from walkaway.chain.offchain_calls import AcceptedWord
from walkaway.chain.unknown import BeyondHead
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.proven import Evidence, Proven
from walkaway.rpc.jsonrpc import Json
from walkaway.sources.word import Word

__all__ = ["drawn", "explained", "word_members"]

EXACT_IN_JAVASCRIPT = 2**53
"""From here on a number goes as a decimal string, since many readers would round it."""


def explained(used: Sequence[Proven[object]], *, limits: Limits = LIMITS) -> list[Json]:
    """For each proven value: what it claims, and the steps down to the anchors."""
    drawing = _Drawing(limits)
    return [
        {
            "claim": {
                "chainId": proven.claim.chain_id,
                "blockHash": _fact(proven.claim.block_hash),
                "subject": [_fact(part) for part in proven.claim.subject],
                "finality": proven.claim.finality.value,
            },
            "because": drawing.draw(proven.because),
        }
        for proven in used
    ]


def drawn(steps: Sequence[Evidence], *, limits: Limits = LIMITS) -> list[Json]:
    """Steps that stand by themselves, each with what it stands on down to the anchors."""
    drawing = _Drawing(limits)
    return [drawing.draw(step) for step in steps]


def word_members(word: Word[None]) -> dict[str, Json]:
    """Who says so, and who of those asked said something else.

    Where nobody was believed, since it lies above the proven head, that head's number;
    where a contract's callback accepted what a gateway said, that too.
    """
    if isinstance(word, BeyondHead):
        return {"saidBy": [], "asked": [], "dissent": [], "aboveHead": word.head}
    members: dict[str, Json] = {
        "saidBy": list(word.said_by),
        "asked": list(word.asked),
        "dissent": [{"saidBy": list(names)} for _, names in word.dissent],
    }
    return members | {"acceptedBy": "callback"} if isinstance(word, AcceptedWord) else members


class _Drawing:
    """Draws each step once, and without recursion, since chains are long."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._numbers: dict[int, int] = {}
        self._shown: set[int] = set()

    def draw(self, top: Evidence) -> Json:
        """One step and what it stands on."""
        drawn: list[Json] = []
        waiting = [_Place(top, 1, drawn)]
        while waiting:
            place = waiting.pop()
            step, depth = place.step, place.depth
            if id(step) in self._shown or (place.is_end and not step.is_anchor):
                number = self._number(step)
                place.siblings.append({"step": number, "rule": step.rule, "again": True})
                continue
            because: list[Json] = []
            members = self._members(step, because)
            place.siblings.append(members)
            below = step.because
            is_deep = depth + 1 >= self._limits.rpc_evidence_depth
            to_show = len(self._shown) + len(waiting) + len(below)
            is_end = is_deep or to_show > self._limits.rpc_evidence_steps
            if is_end:
                below, left_out = self._ends(step)
                if left_out:
                    members["leftOut"] = left_out
            waiting.extend(_Place(each, depth + 1, because, is_end) for each in reversed(below))
        return drawn[0]

    def _members(self, step: Evidence, because: list[Json]) -> dict[str, Json]:
        self._shown.add(id(step))
        return {
            "step": self._number(step),
            "rule": step.rule,
            "anchor": step.is_anchor,
            "facts": {name: _fact(value) for name, value in step.facts},
            "because": because,
        }

    def _number(self, step: Evidence) -> int:
        return self._numbers.setdefault(id(step), len(self._numbers) + 1)

    def _ends(self, top: Evidence) -> tuple[tuple[Evidence, ...], int]:
        """Where a step leads in the end: to anchors, and to steps that were met before.

        And how many steps are passed over on the way.
        """
        ends: dict[int, Evidence] = {}
        passed: set[int] = set()
        waiting = list(reversed(top.because))
        while waiting:
            step = waiting.pop()
            if id(step) in passed:
                continue
            if step.is_anchor or id(step) in self._numbers:
                ends.setdefault(id(step), step)
            else:
                passed.add(id(step))
                self._number(step)
                waiting.extend(reversed(step.because))
        return tuple(ends.values()), len(passed)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a step is to be drawn. An end is drawn without what lies below it."""

    step: Evidence
    depth: int
    siblings: list[Json]
    is_end: bool = False


def _fact(value: str | int | bytes | None) -> Json:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= EXACT_IN_JAVASCRIPT:
        return str(value)
    return value
