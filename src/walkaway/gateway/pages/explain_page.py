"""The page that explains a page: each step from its address down to what is believed.

For people; `explain_data` gives the same to programs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from walkaway.content.proven_file import Believed
from walkaway.errors import Unproven
from walkaway.gateway.answers.explanation import Explanation
from walkaway.gateway.pages.evidence_tree import evidence_tree
from walkaway.gateway.pages.explain_data import (
    address_of,
    given_by,
    lied_about,
    mirror_of,
    steps_of_names,
)
from walkaway.gateway.pages.frame import alike, cell, page_end, page_start, shown
from walkaway.names.resolution import Resolution, Standing
from walkaway.proofs.proven import Evidence
from walkaway.rpc.evidence import drawn

__all__ = ["explain_page"]

_STANDINGS: Final = {
    Standing.PROVEN: "proven",
    Standing.ACCEPTED: "somebody's word, accepted by the name's own contract over proven state",
    Standing.WORD: "somebody's word, which nobody can prove",
    Standing.OWN: "your own setting",
}
_SINCE: Final = "kept as evidence; what it gave since was as it should be"
_BELIEVED: Final = "<h2>Believed, not proven</h2>\n"
_NOTHING: Final = "<p>Nothing, and nobody: the address that was asked for names its content.</p>\n"
_ALWAYS: Final = (
    "<p>All such proofs stand on a clock besides, and on two thirds of a sync committee: "
    "<code>walkaway trust</code> lists everything.</p>\n"
)


def explain_page(explanation: Explanation) -> bytes:
    """The explanation as a page."""
    address = shown(explanation.address)
    parts = [
        page_start(f"Why {explanation.address} {_question(explanation)}"),
        f"<main>\n<h1>Why this page {_question(explanation)}</h1>\n",
        '<p><a href="',
        f'{escape(explanation.address)}">{address}</a></p>\n',
        f"<p><strong>{_verdict(explanation)}</strong></p>\n",
        f"<p>It asks for <code>{shown(explanation.asked.content_path)}</code>.</p>\n",
        _by_mirror(explanation),
        _believed(explanation),
        *_names(explanation),
        _content(explanation),
        _file(explanation),
        _besides(explanation),
        _failure(explanation),
        _asked(explanation),
        _liars(explanation),
        "</main>\n",
        page_end(),
    ]
    return "".join(parts).encode("utf-8", "replace")


def _by_mirror(explanation: Explanation) -> str:
    mirror = mirror_of(explanation)
    if not mirror:
        return ""
    return f"<p>That was not to be had soon: this is from <code>{shown(mirror)}</code>.</p>\n"


def _question(explanation: Explanation) -> str:
    """What is explained of the page."""
    return "is to be believed" if explanation.failure is None else "is not shown"


def _verdict(explanation: Explanation) -> str:
    if explanation.failure is not None:
        return "The way ends before the page: nothing unproven was shown in its place."
    if explanation.is_proven and explanation.believed:
        return (
            "Proven, within the limit told below: every step was checked on this machine just now."
        )
    if explanation.is_proven:
        return "Proven: every step below was checked on this machine just now."
    words = [
        _STANDINGS[step.resolution.standing]
        for step in explanation.names
        if not step.resolution.proven
    ]
    if not words:
        return "Proven, but for what stands under it as somebody's word."
    return shown(f"All content is proven; where the name leads is {words[0]}.")


def _names(explanation: Explanation) -> Iterable[str]:
    for step, because in zip(explanation.names, steps_of_names(explanation), strict=True):
        resolution = step.resolution
        yield (
            f"<section>\n<h2>{shown(step.name)} leads to "
            f"<code>{shown(str(resolution.pointer))}</code></h2>\n"
            f"<p>{_standing(resolution)}</p>\n"
        )
        if because is not None:
            yield evidence_tree(because)
        yield "</section>\n"


def _standing(resolution: Resolution) -> str:
    words = [f"This is {_STANDINGS[resolution.standing]}."]
    if resolution.seconds is not None:
        words.append(f"It may be held for {max(0.0, resolution.seconds):,.0f} seconds.")
    if resolution.waiting is not None:
        now = resolution.waiting.pointer
        says = "is not resolved now" if now is None else f"says {now} now"
        words.append(f"The name {says}, which is held back: {resolution.waiting.why.value}.")
    return shown(" ".join(words))


def _content(explanation: Explanation) -> str:
    if explanation.root is None or explanation.root.pointer.network != "ipfs":
        return ""
    rows = [
        (str(b.cid), f"{b.size:,}", given_by(b.supply), ", ".join(lied_about(b.supply)))
        for b in explanation.blocks
    ]
    more = "<p>There are more: each is proven when it is read.</p>\n" if explanation.is_cut else ""
    return (
        "<section>\n<h2>The blocks, each proven by its address</h2>\n"
        f"{_table('Blocks', ('address', 'bytes', 'given by', 'lied about it'), rows)}"
        f"{more}</section>\n"
    )


def _file(explanation: Explanation) -> str:
    file, root = explanation.file, explanation.root
    if file is None or root is None:
        return ""
    size = "as many bytes as come" if file.size is None else f"{file.size:,} bytes"
    more = "<p>Of it the beginning was read now.</p>\n" if explanation.is_cut else ""
    return (
        f"<section>\n<h2>What stands at <code>{shown(str(root.pointer))}</code>, and why</h2>\n"
        f"<p>{size}, {shown(file.media_type or 'of no type that is told')}.</p>\n{more}"
        f"{evidence_tree(drawn([file.because])[0])}{_suppliers(explanation)}</section>\n"
    )


def _suppliers(explanation: Explanation) -> str:
    rows = [(address_of(s), ", ".join(s.given_by), ", ".join(s.lied)) for s in explanation.supplied]
    if not rows:
        return ""
    return "<h3>Who gave it</h3>\n" + _table(
        "Who gave it", ("address", "given by", "lied about it"), rows
    )


def _besides(explanation: Explanation) -> str:
    """What is said of it, on which nothing that is shown stands."""
    if not explanation.besides:
        return ""
    items = "".join(f"<li>{_word(word)}</li>\n" for word in explanation.besides)
    return f"<section>\n<h2>Said of it, and proven by nobody</h2>\n<ul>\n{items}</ul>\n</section>\n"


def _failure(explanation: Explanation) -> str:
    failure = explanation.failure
    if failure is None:
        return ""
    message = failure.summary if isinstance(failure, Unproven) else str(failure)
    reasons = failure.reasons if isinstance(failure, Unproven) else {}
    rows = [(", ".join(names), reason) for reason, names in alike(reasons).items()]
    table = _table("Who was asked", ("asked", "answered"), rows) if rows else ""
    advice = f"<p>{shown(failure.advice)}</p>\n" if failure.advice else ""
    return (
        f"<section>\n<h2>Where the way ends</h2>\n<p>{shown(message)}</p>\n"
        f"{table}{advice}</section>\n"
    )


def _asked(explanation: Explanation) -> str:
    if not explanation.exchanges:
        return (
            "<section>\n<h2>Asked for this explanation</h2>\n<p>Nobody: all of it was known "
            "here, and was proven when it came.</p>\n</section>\n"
        )
    rows = [(e.source, e.question, e.outcome, e.reason) for e in explanation.exchanges]
    more = f"<p>And {explanation.untold:,} more.</p>\n" if explanation.untold else ""
    heads = ("source", "question", "outcome", "reason")
    return (
        "<section>\n<h2>Asked for this explanation</h2>\n"
        f"{_table('Asked for this explanation', heads, rows)}{more}</section>\n"
    )


def _liars(explanation: Explanation) -> str:
    rows = [
        (liar.name, ", ".join(sorted(liar.kinds)), f"{liar.lies:,}", liar.last_reason or _SINCE)
        for liar in explanation.liars
    ]
    if not rows:
        return ""
    heads = ("source", "asked for", "lies", "last lie")
    return (
        "<section>\n<h2>Caught lying since walkaway started</h2>\n"
        f"{_table('Caught lying', heads, rows)}</section>\n"
    )


def _believed(explanation: Explanation) -> str:
    """What all of it stands on in the end, each once."""
    anchors: dict[str, Evidence] = {}
    for step in explanation.names:
        if step.resolution.because is not None:
            anchors |= {_anchor(anchor): anchor for anchor in step.resolution.because.anchors()}
    words = [_word(word) for word in explanation.believed]
    if explanation.file is not None:
        anchors |= {_anchor(anchor): anchor for anchor in explanation.file.because.anchors()}
    told = [text for text, anchor in anchors.items() if not anchor.is_question]
    items = "".join(f"<li>{item}</li>\n" for item in [*words, *map(shown, told)])
    if items:
        besides = _ALWAYS if told else ""
        return f"<section>\n{_BELIEVED}<ul>\n{items}</ul>\n{besides}</section>\n"
    if explanation.failure is not None or explanation.names:
        return ""
    return f"<section>\n{_BELIEVED}{_NOTHING}</section>\n"


def _word(word: Believed) -> str:
    if not word.said_by:
        return shown(word.what)
    said_by = f"said by {', '.join(word.said_by)}"
    return f"<strong>somebody's word:</strong> {shown(word.what)} ({shown(said_by)})"


def _anchor(anchor: Evidence) -> str:
    facts = [
        f"{name.replace('_', ' ')} {'0x' + fact.hex() if isinstance(fact, bytes) else fact}"
        for name, fact in anchor.facts
    ]
    return "; ".join([anchor.rule, *facts])


def _table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that is scrolled, by keys as well, where it is wider than the page; on a narrow
    one each row is a list.
    """
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(f"<tr>{_cells(heads, row)}</tr>\n" for row in rows)
    return (
        f'<div class="wide" role="region" aria-label="{caption}" tabindex="0">\n'
        f'<table class="stacked">\n<tr>{head}</tr>\n{body}</table>\n</div>\n'
    )


def _cells(heads: Sequence[str], row: Sequence[str]) -> str:
    return "".join(cell(text, head) for head, text in zip(heads, row, strict=True))
