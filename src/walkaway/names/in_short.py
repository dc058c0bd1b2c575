"""Evidence in short: so much of it as is kept beside a pointer, for a person to read later."""

from __future__ import annotations

import json
from typing import Final

from walkaway.limits import LIMITS, Limits
from walkaway.proofs.proven import Evidence

__all__ = ["in_short"]

_LINE_CHARACTERS: Final = 300
_STEPS_BELOW: Final = 8


def in_short(because: Evidence | None, limits: Limits = LIMITS) -> str:
    """The steps as lines (JSON), each a rule with its facts; the nearest come first."""
    lines, steps, seen, size = list[str](), [because] if because else [], set[int](), 2
    while steps:
        step = steps.pop(0)
        if id(step) in seen:
            continue
        seen.add(id(step))
        facts = ", ".join([f"{name} {_fact(value)}" for name, value in step.facts])
        line = (f"{step.rule}: {facts}" if facts else step.rule)[:_LINE_CHARACTERS]
        size += len(json.dumps(line)) + 2
        if size > limits.history_evidence_characters:
            break
        lines.append(line)
        steps.extend(step.because[:_STEPS_BELOW])
    return json.dumps(lines)


def _fact(value: str | int | bytes) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
