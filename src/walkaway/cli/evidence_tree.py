"""The chain of evidence under an answer, drawn as a tree.

Reads what `walkaway_explain` gives: claims, and steps that are written in full
once and by their number after that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from walkaway.cli.terminal import plain, short_hex
from walkaway.errors import WalkawayError

__all__ = ["explanation_tree"]

_DEEPEST = 64
_LONG_RESULT = 66
_LEGEND = {
    "optimistic": "optimistic: two thirds of the sync committee signed it; a reorg can undo it",
    "finalized": "finalized: that block is final, or one that descends from it; no reorg undoes it",
    "given": "given: the question named the block by its hash; no signature was asked for",
}
"""What the word after each claim means: `walkaway.proofs.Finality`, in a line each."""
_QUANTITY = re.compile(r"0x(0|[1-9a-f][0-9a-f]{0,33})")


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


def _explanation(question: str, explanation: Mapping[str, Any], full: bool) -> RenderableType:
    state = explanation["state"]
    head = Text.assemble((state, _state_style(state)), "  ", plain(question, "title"))
    parts: list[RenderableType] = [head, _result(explanation["result"], full)]
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


def _result(result: object, full: bool) -> Text:
    if isinstance(result, Mapping):
        shown = f"an object of {len(result)} members"
    elif isinstance(result, Sequence) and not isinstance(result, str):
        shown = f"a list of {len(result)}"
    elif isinstance(result, str):
        shown = _text_result(result, full)
    else:
        shown = "null" if result is None else str(result)
    return Text.assemble(("answer  ", "quiet"), plain(shown))


def _text_result(result: str, full: bool) -> str:
    if _QUANTITY.fullmatch(result):
        return f"{result}  ({int(result, 16):,})"
    if len(result) > _LONG_RESULT and not full:
        return f"{result[:_LONG_RESULT]}... ({len(result) // 2 - 1:,} bytes)"
    return result


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
    facts = [
        f"{name.replace('_', ' ')} {_short(told, full)}" for name, told in step["facts"].items()
    ]
    if facts:
        label.append("\n").append_text(plain("  ".join(facts), "quiet"))
    grown = branch.add(label)
    if left_out := step.get("leftOut"):
        grown.add(Text(f"{int(left_out):,} steps left out, down to", "quiet"))
    for below in step["because"]:
        _grow(grown, below, full, depth + 1)


def _facts(facts: Mapping[str, Any], full: bool) -> str:
    return "  ".join(
        f"{name.replace('_', ' ')} {_short(told, full)}" for name, told in facts.items()
    )


def _word(word: Mapping[str, Any]) -> Text:
    if (head := word.get("aboveHead")) is not None:
        return Text(f"it lies above the proven head, block {int(head):,}", "quiet")
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
