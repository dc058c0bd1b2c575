"""How content stands, as a part of a page: what is held, who is asked, and who lied."""

from __future__ import annotations

from collections.abc import Sequence

from walkaway.content.service import ContentStatus
from walkaway.gateway.pages.frame import cell, shown
from walkaway.sizes import sized
from walkaway.sources.standing import SourceStatus

__all__ = ["status_section"]

_HEADS = ("", "state", "answers", "errors", "lies", "last trouble")


def status_section(status: ContentStatus) -> str:
    """The section of a page that is up to date when it is loaded."""
    store = status.store
    blocks = f"{store.blocks:,} block{'' if store.blocks == 1 else 's'}"
    held = (
        f"<p>Held here: {blocks}, {sized(store.size)} of {sized(store.limit)} "
        f"({sized(store.pinned_size)} pinned).</p>\n"
    )
    return "".join(
        [
            '<section aria-labelledby="status">\n<h2 id="status">How it stands</h2>\n',
            held,
            _table("Asked for content", status.sources),
            _table("Asked who has content", status.routers),
            _table("Found to have content", status.found),
            "" if status.sources or status.routers else _NOBODY,
            "</section>\n",
        ]
    )


_NOBODY = (
    "<p>Nobody is asked: only what is held here opens. Sources are listed under "
    "<code>[[source]]</code> in walkaway.toml.</p>\n"
)


def _table(caption: str, sources: Sequence[SourceStatus]) -> str:
    if not sources:
        return ""
    heads = "".join([f'<th scope="col">{head}</th>' for head in _HEADS])
    rows = "".join(map(_row, sources))
    table = f"<table>\n<caption>{caption}</caption>\n<tr>{heads}</tr>\n{rows}</table>\n"
    # What is wider than the page is scrolled, by keys as well.
    return f'<div class="wide" role="region" aria-label="{caption}" tabindex="0">\n{table}</div>\n'


def _row(source: SourceStatus) -> str:
    figures = (f"{source.answers:,}", f"{source.errors:,}", f"{source.lies:,}")
    told = "".join(map(cell, [source.state.value, *figures, source.last_reason]))
    return f'<tr><th scope="row">{shown(source.name)}</th>{told}</tr>\n'
