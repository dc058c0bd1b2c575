"""The page at the gateway's own address: what this is, and how to ask it for content."""

from __future__ import annotations

from html import escape

from walkaway.gateway.pages import page_end, page_start

__all__ = ["start_page"]


def start_page(authority: str) -> bytes:
    """The page for whoever opens ``authority`` without a path."""
    here = escape(authority)
    text = (
        "<main>\n<h1>walkaway</h1>\n"
        "<p>This is a gateway on your own machine. It asks anyone for content and believes "
        "nobody: every block is proven by its address before you see it.</p>\n"
        f"<p>By address: <code>http://{here}/ipfs/CID/path</code><br>\n"
        f"By name: <code>http://{here}/ipns/NAME/path</code></p>\n"
        "<p>Add a folder with <code>walkaway add FOLDER</code>, and open the address that it "
        "prints.</p>\n</main>\n"
    )
    return (page_start("walkaway") + text + page_end()).encode()
