"""The page at the gateway's own address: what this is, and how to ask it for content."""

from __future__ import annotations

from html import escape

from walkaway.content.service import ContentStatus
from walkaway.gateway.pages.frame import page_end, page_start
from walkaway.gateway.pages.status_section import status_section

__all__ = ["start_page"]


def start_page(authority: str, status: ContentStatus | None = None, *, names: str = "") -> bytes:
    """The page for whoever opens ``authority`` without a path.

    ``status`` is how content stands, where that is known, ``names`` the section on names.
    """
    here = escape(authority)
    text = (
        "<main>\n<h1>walkaway</h1>\n"
        "<p>This is a gateway on your own machine. It asks anyone for content and believes "
        "nobody: every block is proven by its address before you see it.</p>\n"
        f"<p>By address: <code>http://{here}/ipfs/CID/path</code><br>\n"
        f"By name: <code>http://{here}/ipns/NAME/path</code>, and <code>http://NAME.{here}/</code> "
        "for names such as app.eth<br>\n"
        f"Why a page is to be believed: <code>http://{here}/explain?url=ADDRESS</code></p>\n"
        '<p>With <a href="/proxy.pac">this proxy file</a> in its settings, a browser opens '
        "<code>http://app.eth/</code> itself.</p>\n"
        "<p>Add a folder with <code>walkaway add FOLDER</code>, and open the address that it "
        "prints.</p>\n"
    )
    section = "" if status is None else status_section(status)
    start = page_start("walkaway", referrer="same-origin")
    return (start + text + names + section + "</main>\n" + page_end()).encode()
