"""The page about a document: its value, for people, and where to have it as it is."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from walkaway.gateway.pages.frame import page_end, page_start, shown
from walkaway.gateway.request.mount import Mount
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["CODEC_PAGE_VERSION", "codec_page"]

CODEC_PAGE_VERSION: Final = "1"
"""Part of the page's entity tag, since the page may change while its content cannot."""

_MOST_CHARACTERS: Final = 64 * 1024


def codec_page(mount: Mount, path: Sequence[str], cid: Cid, codec: str, value: str) -> bytes:
    """A page that shows ``value``, the text of what the block at an address holds."""
    here = escape(mount.href(path))
    beginning = value[:_MOST_CHARACTERS]
    cut = "" if beginning == value else "<p>There is more: the whole is in the block.</p>\n"
    text = (
        f"<main>\n<h1>{escape(codec)}</h1>\n<p>{escape(str(cid))}</p>\n"
        f"<pre>{shown(beginning)}</pre>\n{cut}"
        f'<p>As it is: <a href="{here}?format={escape(codec)}">{escape(codec)}</a>, '
        f'<a href="{here}?format=raw">the raw block</a>, '
        f'<a href="{here}?format=car">an archive of all that it links to</a>.</p>\n</main>\n'
    )
    return (page_start(f"{codec} {cid}") + text + page_end()).encode()
