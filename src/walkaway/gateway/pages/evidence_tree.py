"""Evidence as a tree: each step with what it stands on folded below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

from walkaway.gateway.pages.frame import shown
from walkaway.proofs.proven import ASKED_FOR
from walkaway.rpc.jsonrpc import Json

__all__ = ["evidence_tree"]

_OPEN_LEVELS: Final = 2
"""How many levels of steps are unfolded when the page opens."""

_SHORT: Final = 20
"""A fact with more characters is shortened where its step is folded."""

_Step = Mapping[str, Json]


def evidence_tree(step: Json) -> str:
    """A step, as `walkaway.rpc.evidence.drawn` gives it, down to what is believed."""
    return f'<ul class="steps">\n{_step(cast("_Step", step), 1)}</ul>\n'


def _step(step: _Step, level: int) -> str:
    """One step of the evidence, with those that it stands on folded below it."""
    number, rule = step["step"], shown(str(step["rule"]))
    if step.get("again"):
        return f'<li>{rule} <span class="dim">(step {number}, as above)</span></li>\n'
    facts = cast("Mapping[str, Json]", step["facts"])
    listed = "<br>".join(
        f'<span class="dim">{shown(name.replace("_", " "))}</span> <code>{shown(str(fact))}</code>'
        for name, fact in facts.items()
        if fact not in ("", None)
    )
    head = f'<span class="dim">{number}</span> {_believed_mark(step)}{rule}'
    below = cast("Sequence[_Step]", step["because"])
    left_out = step.get("leftOut")
    more = f'<li class="dim">{left_out} steps left out, down to</li>\n' if left_out else ""
    if not below:
        return f"<li>{head}<br>{listed}</li>\n"
    is_open = level <= _OPEN_LEVELS
    opened, which = (" open", "") if is_open else ("", _which(facts))
    inner = "".join(_step(each, level + 1) for each in below)
    return (
        f"<li><details{opened}><summary>{head}{which}</summary>{listed}\n"
        f"<ul>\n{more}{inner}</ul></details></li>\n"
    )


def _which(facts: Mapping[str, Json]) -> str:
    """What tells a step that is folded from others by the same rule: its first fact, in short."""
    first = str(next(iter(facts.values()), ""))
    if len(first) > _SHORT:
        first = f"{first[:10]}…{first[-8:]}"
    return f' <span class="dim">{shown(first)}</span>' if first else ""


def _believed_mark(step: _Step) -> str:
    is_believed = step["anchor"] and not str(step["rule"]).endswith(ASKED_FOR)
    return "<strong>believed:</strong> " if is_believed else ""
