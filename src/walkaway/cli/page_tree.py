"""Why a page is to be believed, drawn for a terminal: what the gateway's ``/explain`` tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from walkaway.cli.evidence_tree import because_tree
from walkaway.cli.terminal import counted, plain
from walkaway.errors import WalkawayError

__all__ = ["page_tree"]

_HERE: Final = "held on this machine"
_STANDINGS: Final = {"proven": "good", "own": "good"}


def page_tree(explanation: Mapping[str, Any], *, full: bool = False) -> RenderableType:
    """The verdict, each name with where it led, and what the content stands on.

    ``full`` shows every byte of each fact. Raises `WalkawayError` where it is no explanation.
    """
    try:
        return Group(*_parts(explanation, full))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise WalkawayError("the gateway gave no explanation that can be read") from None


def _parts(told: Mapping[str, Any], full: bool) -> Iterable[RenderableType]:
    yield Text.assemble(_verdict(told), "  ", plain(told["contentPath"], "title"))
    for name in told["names"]:
        style = _STANDINGS.get(name["standing"], "warn")
        yield Text.assemble(
            plain(name["name"], "name"), " leads to ", plain(name["pointer"]), "  ",
            (str(name["standing"]), style),
        )  # fmt: skip
        if name["because"] is not None and not name["because"].get("again"):
            yield because_tree(name["because"], full=full)
    file = told["file"]
    if file is not None:
        size = "as many bytes as come" if file["bytes"] is None else f"{file['bytes']:,} bytes"
        yield plain(f"{size}, {file['mediaType'] or 'of no type that is told'}")
        yield because_tree(file["because"], full=full)
        yield from (_word(word) for word in file["believed"])
    yield from _supply(told)
    for word in told["besides"]:
        yield Text.assemble(("besides  ", "quiet"), _word(word))
    for liar in told["caughtLying"]:
        lies = counted(int(liar["lies"]), "lie")
        yield Text.assemble(("caught lying  ", "bad"), plain(f"{liar['name']}: {lies}"))
    yield from _failure(told["failure"])


def _verdict(told: Mapping[str, Any]) -> tuple[str, str]:
    if told["failure"] is not None:
        return "not shown", "bad"
    return ("proven", "good") if told["isProven"] else ("somebody's word", "warn")


def _word(word: Mapping[str, Any]) -> Text:
    if not word["saidBy"]:
        return Text.assemble(("the limit of the proof: ", "warn"), plain(word["what"]))
    said_by = f"(said by {', '.join(word['saidBy'])})"
    return Text.assemble(
        ("somebody's word: ", "warn"), plain(word["what"]), " ", plain(said_by, "quiet")
    )


def _supply(told: Mapping[str, Any]) -> Iterable[Text]:
    """Who gave it, and who lied about it; of the blocks of IPFS together."""
    blocks = told["blocks"]
    if blocks:
        more = " and more" if told["moreBlocks"] else ""
        what = f"{counted(len(blocks), 'block')}{more}"
        given = dict.fromkeys(block["from"] for block in blocks)
        yield _given(what, [*given], [name for block in blocks for name in block["lied"]])
    for each in told["suppliedBy"]:
        yield _given(each["address"], each["from"], each["lied"])


def _given(what: str, given_by: list[str], lied: list[str]) -> Text:
    by = ", ".join(given_by) or _HERE
    text = Text.assemble(("given by  ", "quiet"), plain(by), "  ", plain(what, "quiet"))
    if lied:
        text.append("  lied about it: ", "bad").append_text(plain(", ".join(dict.fromkeys(lied))))
    return text


def _failure(failure: Mapping[str, Any] | None) -> Iterable[Text]:
    if failure is None:
        return
    yield Text.assemble(("refused  ", "bad"), plain(failure["message"]))
    for name, reason in (failure.get("sources") or {}).items():
        yield Text.assemble("  ", plain(f"{name}  {reason}", "quiet"))
    if failure.get("advice"):
        yield Text.assemble(("next     ", "name"), plain(failure["advice"]))
