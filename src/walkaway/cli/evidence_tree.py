"""The chain of evidence under an answer, drawn as a tree.

Reads what `walkaway_explain` gives: claims, and steps that are written in full
once and by their number after that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from walkaway.cli.terminal import counted, plain, short_hex
from walkaway.errors import WalkawayError

__all__ = ["because_tree", "explanation_tree"]

_DEEPEST = 64
_LONG_RESULT = 66
_FEW_MEMBERS = 30
_FEW_STEPS = 10
_LEGEND = {
    "optimistic": "optimistic: two thirds of the sync committee signed it; a reorg can undo it",
    "finalized": "finalized: that block is final, or one that descends from it; no reorg undoes it",
    "given": "given: the question named the block by its hash; no signature was asked for",
}
"""What the word after each claim means: `walkaway.proofs.Finality`, in a line each."""
_QUANTITY = re.compile(r"0x(0|[1-9a-f][0-9a-f]{0,24})")


def explanation_tree(
    question: str, explanation: Mapping[str, Any], *, full: bool = False
) -> RenderableType:
    """The answer and what it stands on. ``full`` shows every byte of each fact.

    Raises:
        WalkawayError: it is no explanation.
    """
    try:
        return _explanation(question, explanation, full)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise WalkawayError("the endpoint gave no explanation that can be read") from None


def because_tree(step: Mapping[str, Any], *, full: bool = False) -> RenderableType:
    """One step of evidence with what it stands on, down to the anchors.

    Raises `KeyError`, `TypeError` or `ValueError` where it is no such step.
    """
    tree = Tree(plain("why", "title"), guide_style="quiet")
    _grow(tree, step, full, 0)
    return tree


def _explanation(question: str, explanation: Mapping[str, Any], full: bool) -> RenderableType:
    state = explanation["state"]
    head = Text.assemble((state, _state_style(state)), "  ", plain(question, "title"))
    parts: list[RenderableType] = [head, *_outcome(explanation, full)]
    for proven in explanation["proven"]:
        tree = Tree(_claim(proven["claim"], full), guide_style="quiet")
        _grow(tree, proven["because"], full, 0)
        parts.append(tree)
    for word in explanation["word"]:
        parts.append(_word(word))
    finalities = {proven["claim"]["finality"] for proven in explanation["proven"]}
    parts += [plain(_LEGEND[name], "quiet") for name in _LEGEND if name in finalities]
    return Group(*parts)


def _state_style(state: str) -> str:
    return "good" if state == "proven" else "warn" if "word" in state else "quiet"


def _outcome(explanation: Mapping[str, Any], full: bool) -> list[RenderableType]:
    """The answer, or how the call failed."""
    failure = explanation.get("failure")
    if failure is None:
        return _result(explanation["result"], full)
    lines = [Text.assemble(("failed  ", "bad"), plain(failure["message"]))]
    if "data" in failure:
        lines.append(
            Text.assemble(("data    ", "quiet"), plain(_text(failure["data"], full), whole=full))
        )
    if "advice" in failure:
        lines.append(Text.assemble(("next    ", "name"), plain(failure["advice"])))
    return [*lines]


def _result(result: object, full: bool) -> list[RenderableType]:
    """The answer: of what has members the first few, or all where ``full`` is wanted."""
    members = _members(result)
    answer = Text.assemble(
        ("answer  ", "quiet"), plain(_in_short(result, full and not members), whole=full)
    )
    shown = members if full else members[:_FEW_MEMBERS]
    lines = [
        Text.assemble("  ", (f"{name}  ", "quiet"), plain(_member(member, full), whole=full))
        for name, member in shown
    ]
    if len(shown) < len(members):
        lines.append(Text(f"  and {len(members) - len(shown):,} more: --full shows all", "quiet"))
    return [answer, *lines]


def _members(result: object) -> list[tuple[str, object]]:
    if isinstance(result, Mapping):
        return [(str(name), member) for name, member in result.items()]
    if isinstance(result, Sequence) and not isinstance(result, str):
        return [(str(index), member) for index, member in enumerate(result)]
    return []


def _in_short(result: object, full: bool) -> str:
    """One line for any value."""
    if isinstance(result, str):
        return _text(result, full)
    if isinstance(result, Mapping) and result and not full:
        return f"an object of {counted(len(result), 'member')}"
    if isinstance(result, Sequence) and result and not full:
        return f"a list of {len(result):,}"
    return json.dumps(result)


def _member(member: object, full: bool) -> str:
    """What belongs to an answer, in one line that fits most screens unless ``full``."""
    if isinstance(member, str) or full:
        return _short(_in_short(member, full), full)
    text = short_hex(json.dumps(member))
    return text if len(text) <= _LONG_RESULT else f"{text[:_LONG_RESULT]}..."


def _text(text: str, full: bool) -> str:
    if _QUANTITY.fullmatch(text):
        return f"{text}  ({int(text, 16):,})"
    if len(text) > _LONG_RESULT and not full:
        return f"{text[:_LONG_RESULT]}... ({len(text) // 2 - 1:,} bytes)"
    return text


def _claim(claim: Mapping[str, Any], full: bool) -> Text:
    subject = " ".join(_short(part, full) for part in claim["subject"])
    lines = [Text.assemble(plain(subject, "title"), "  ", plain(claim["finality"], "name"))]
    block = claim["blockHash"]
    where = f"chain {claim['chainId']}" + (f"  block {_short(block, full)}" if block else "")
    lines.append(plain(where, "quiet"))
    return Text("\n").join(lines)


def _grow(branch: Tree, step: Mapping[str, Any], full: bool, depth: int) -> None:
    if depth > _DEEPEST:
        branch.add(Text("and so on", "quiet"))
        return
    if step.get("again"):
        branch.add(Text.assemble(plain(step["rule"]), (f"  as in {step['step']}", "quiet")))
        return
    label = Text.assemble((f"{step['step']} ", "quiet"))
    if step["anchor"]:
        label.append("believed: ", "warn")
    label.append_text(plain(step["rule"]))
    if facts := _facts(step["facts"], full):
        label.append("\n").append_text(plain(facts, "quiet"))
    grown = branch.add(label)
    if left_out := step.get("leftOut"):
        grown.add(Text(f"{int(left_out):,} steps left out, down to", "quiet"))
    because = step["because"]
    shown = because if full else _few(because)
    for below in shown:
        _grow(grown, below, full, depth + 1)
    if len(shown) < len(because):
        rest = counted(len(because) - len(shown), "step")
        grown.add(Text(f"and {rest} beside these: --full shows all", "quiet"))


def _few(steps: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The first steps, and every one that is believed."""
    return [s for place, s in enumerate(steps) if place < _FEW_STEPS or s.get("anchor")]


def _facts(facts: Mapping[str, Any], full: bool) -> str:
    return "  ".join(
        f"{name.replace('_', ' ')} {_short(told, full)}" for name, told in facts.items()
    )


def _word(word: Mapping[str, Any]) -> Text:
    if (head := word.get("aboveHead")) is not None:
        return Text(f"nobody was asked: the proven head is block {int(head):,}", "quiet")
    said, asked = word["saidBy"], word["asked"]
    if word.get("acceptedBy") is not None:
        told = f": of {', '.join(said)}, accepted by the contract's {word['acceptedBy']}"
        return Text.assemble(("somebody's word", "warn"), plain(told))
    text = Text.assemble(
        ("somebody's word", "warn"), f": {len(said)} of {len(asked)} sources say so "
    )
    return text.append_text(plain(f"({', '.join(said)})", "quiet"))


def _short(value: object, full: bool) -> str:
    return str(value) if full else short_hex(str(value))
