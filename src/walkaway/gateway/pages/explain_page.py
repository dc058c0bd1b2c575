"""The page that explains a page: each step from its address down to what is believed.

`told` is the explanation as data, for programs; `explain_page` draws the same for people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final, cast

from walkaway.content.network import Supply
from walkaway.content.proven_file import Believed, ProvenFile
from walkaway.content.suppliers import Supplied
from walkaway.errors import Unproven
from walkaway.gateway.answers.explanation import Explanation
from walkaway.gateway.pages.frame import cell, page_end, page_start, shown
from walkaway.names.resolution import Resolution, Standing
from walkaway.proofs.proven import ASKED_FOR, Evidence
from walkaway.rpc.evidence import drawn
from walkaway.rpc.jsonrpc import Json
from walkaway.rpc.plain import members, plain

__all__ = ["explain_page", "told"]

_STANDINGS: Final = {
    Standing.PROVEN: "proven",
    Standing.ACCEPTED: "somebody's word, accepted by the name's own contract over proven state",
    Standing.WORD: "somebody's word, which nobody can prove",
    Standing.OWN: "your own setting",
}
_HERE: Final = "held on this machine"
_SINCE: Final = "kept as evidence; what it gave since was as it should be"
_OPEN_LEVELS: Final = 2
"""How many levels of steps are unfolded when the page opens."""

_BELIEVED: Final = "<h2>Believed, not proven</h2>\n"
_NOTHING: Final = "<p>Nothing, and nobody: the address that was asked for names its content.</p>\n"
_TREE: Final = '<ul class="steps">'
_ALWAYS: Final = (
    "<p>And what all proofs about the chain stand on, such as two thirds of a sync committee: "
    "<code>walkaway trust</code> lists it.</p>\n"
)

_Step = Mapping[str, Json]


def told(explanation: Explanation) -> dict[str, Json]:
    """The explanation as data: what `Explanation` holds, with the evidence as steps."""
    failure = explanation.failure
    names: list[Json] = [
        {
            "name": step.name,
            "pointer": str(step.resolution.pointer),
            "standing": step.resolution.standing.value,
            "seconds": plain(step.resolution.seconds),
            "waiting": plain(step.resolution.waiting),
            "because": because,
        }
        for step, because in zip(explanation.names, _drawn(explanation), strict=True)
    ]
    blocks: list[Json] = [
        {"cid": str(b.cid), "bytes": b.size, "from": _given_by(b.supply), "lied": _lied(b.supply)}
        for b in explanation.blocks
    ]
    return {
        "address": explanation.address,
        "contentPath": explanation.asked.content_path,
        "isProven": explanation.is_proven,
        "names": names,
        "root": None if explanation.root is None else explanation.root.pointer.root,
        "mirror": _mirror(explanation) or None,
        "file": None if explanation.file is None else _file_told(explanation.file),
        "suppliedBy": [
            {"address": _address(s), "from": [*s.given_by], "lied": [*s.lied]}
            for s in explanation.supplied
        ],
        "besides": [_word_told(word) for word in explanation.besides],
        "cid": None if explanation.cid is None else str(explanation.cid),
        "blocks": blocks,
        "moreBlocks": explanation.is_cut,
        "asked": [members(exchange) for exchange in explanation.exchanges],
        "askedMore": explanation.untold,
        "caughtLying": [
            {"name": liar.name, "kinds": sorted(liar.kinds), "lies": liar.lies,
             "reason": liar.last_reason}
            for liar in explanation.liars
        ],
        "failure": None if failure is None else plain(failure.diagnostics()),
    }  # fmt: skip


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


def _file_told(file: ProvenFile) -> dict[str, Json]:
    return {
        "bytes": file.size,
        "tag": file.etag,
        "mediaType": file.media_type,
        "status": file.status,
        "because": drawn([file.because])[0],
        "believed": [_word_told(word) for word in file.believed],
    }


def _word_told(word: Believed) -> dict[str, Json]:
    return {"what": word.what, "saidBy": list[Json](word.said_by)}


def _address(supplied: Supplied) -> str:
    address = supplied.address
    return address if isinstance(address, str) else f"0x{address.hex()}"


def _mirror(explanation: Explanation) -> str:
    """The mirror that the page is given from; empty where it is from where its address says."""
    root = explanation.root
    return "" if root is None or root.mirror is None else str(root.pointer)


def _by_mirror(explanation: Explanation) -> str:
    mirror = _mirror(explanation)
    if not mirror:
        return ""
    return f"<p>That was not to be had soon: this is from <code>{shown(mirror)}</code>.</p>\n"


def _drawn(explanation: Explanation) -> list[Json]:
    """The evidence under each name; steps that two share are told once."""
    under = [step.resolution.because for step in explanation.names]
    told = iter(drawn([because for because in under if because is not None]))
    return [None if because is None else next(told) for because in under]


def _question(explanation: Explanation) -> str:
    """What is explained of the page."""
    return "is to be believed" if explanation.failure is None else "is not shown"


def _verdict(explanation: Explanation) -> str:
    if explanation.failure is not None:
        return "The way ends before the page: nothing unproven was shown in its place."
    if explanation.is_proven and explanation.file is not None and explanation.file.believed:
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
    for step, because in zip(explanation.names, _drawn(explanation), strict=True):
        resolution = step.resolution
        yield (
            f"<section>\n<h2>{shown(step.name)} leads to "
            f"<code>{shown(str(resolution.pointer))}</code></h2>\n"
            f"<p>{_standing(resolution)}</p>\n"
        )
        if because is not None:
            yield f"{_TREE}\n{_step(cast('_Step', because), 1)}</ul>\n"
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
    opened = " open" if level <= _OPEN_LEVELS else ""
    inner = "".join(_step(each, level + 1) for each in below)
    return (
        f"<li><details{opened}><summary>{head}</summary>{listed}\n"
        f"<ul>\n{more}{inner}</ul></details></li>\n"
    )


def _believed_mark(step: _Step) -> str:
    is_believed = step["anchor"] and not str(step["rule"]).endswith(ASKED_FOR)
    return "<strong>believed:</strong> " if is_believed else ""


def _content(explanation: Explanation) -> str:
    if explanation.root is None or explanation.root.pointer.network != "ipfs":
        return ""
    rows = [
        (str(b.cid), f"{b.size:,}", _given_by(b.supply), ", ".join(_lied_names(b.supply)))
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
    step = cast("_Step", drawn([file.because])[0])
    return (
        f"<section>\n<h2>What stands at <code>{shown(str(root.pointer))}</code>, and why</h2>\n"
        f"<p>{size}, {shown(file.media_type or 'of no type that is told')}.</p>\n{more}"
        f"{_TREE}\n{_step(step, 1)}</ul>\n{_suppliers(explanation)}</section>\n"
    )


def _suppliers(explanation: Explanation) -> str:
    rows = [(_address(s), ", ".join(s.given_by), ", ".join(s.lied)) for s in explanation.supplied]
    if not rows:
        return ""
    return _table("Who gave it", ("address", "given by", "lied about it"), rows)


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
    rows = list(failure.reasons.items()) if isinstance(failure, Unproven) else []
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
        return f"<section>\n{_BELIEVED}<ul>\n{items}</ul>\n{_ALWAYS}</section>\n"
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


def _given_by(supply: Supply | None) -> str:
    return _HERE if supply is None else supply.given_by


def _lied_names(supply: Supply | None) -> tuple[str, ...]:
    return () if supply is None else tuple(dict.fromkeys(supply.lied))


def _lied(supply: Supply | None) -> list[Json]:
    return [*_lied_names(supply)]


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
