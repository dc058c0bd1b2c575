"""Pages that the gateway makes itself: their frame, errors, and the way out to another site.

They load nothing, from here or from elsewhere, and run nothing (but for `left_page`, which
clears what another page stored): `PAGE_POLICY` lets them have the one style sheet that
stands in them. Links are reached by Tab and say where they
lead; dark and light follow the system.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from http import HTTPStatus
from typing import Final
from unicodedata import category

__all__ = [
    "FORM_POLICY",
    "PAGE_POLICY",
    "PAGE_STYLE",
    "alike",
    "cell",
    "error_page",
    "leaving_page",
    "page_end",
    "page_start",
    "shown",
]

_STEERING: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_WORD_CHARACTERS: Final = 24
"""A word that is longer is an address or a hash, which may be broken anywhere."""

_JOINERS: Final = frozenset("\u200c\u200d")
"""Characters without a shape of their own that words and emoji are written with."""

_STYLE: Final = """
:root{color-scheme:light dark;--ink:#1a1c1e;--dim:#5b6168;--link:#0b57d0;--line:#d9dce0}
@media(prefers-color-scheme:dark){:root{--ink:#e3e5e8;--dim:#9aa1a9;--link:#9ec1ff;--line:#3b4046}}
body{margin:2rem auto;max-width:60rem;padding:0 1rem;color:var(--ink);\
font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.25rem;font-weight:600}
h2{font-size:1rem;font-weight:600;margin-top:2rem}
caption{padding:1rem 0 .3rem;text-align:left}
a{color:var(--link);text-underline-offset:.15em;unicode-bidi:isolate}
a:focus-visible,.wide:focus-visible{outline:.15rem solid currentcolor;outline-offset:.15rem}
table{border-collapse:collapse;width:100%}
.wide{overflow-x:auto}
.wide th,.wide td{overflow-wrap:normal}
.wide td.long{overflow-wrap:anywhere;min-width:11rem}
.when{white-space:nowrap}
th,td{padding:.3rem .75rem .3rem 0;border-bottom:1px solid var(--line);text-align:left;\
vertical-align:top}
th{color:var(--dim);font-weight:400}
th[scope=row]{color:inherit}
pre{white-space:pre-wrap}
.size{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.ipfs-hash{font:.8rem/1.9 ui-monospace,monospace;color:var(--dim)}
@media(max-width:60rem){td .ipfs-hash{display:inline-block;max-width:24vw;overflow:hidden;\
text-overflow:ellipsis;white-space:nowrap;vertical-align:bottom}}
th,td.dim{overflow-wrap:normal}
.one{display:inline-block;margin:0 .5rem .5rem 0}
button{font:inherit;overflow-wrap:normal;padding:.3rem .75rem}
h3{font-size:1rem;font-weight:600;margin-bottom:0}
button:focus-visible{outline:.15rem solid currentcolor;outline-offset:.15rem}
.stacked th[scope=row]{overflow-wrap:anywhere;min-width:11rem}
@media(max-width:48rem){.stacked,.stacked tbody,.stacked tr,.stacked th,.stacked td\
{display:block;border:0;padding:.1rem 0}
.stacked tr:first-child{display:none}
.stacked th,.stacked td{overflow-wrap:anywhere}
.stacked tr{padding:.5rem 0;border-bottom:1px solid var(--line)}
.stacked td:empty{display:none}
.stacked td[data-head]::before{content:attr(data-head) " ";color:var(--dim)}}
ul{padding-left:1.25rem}
.steps,.steps ul{list-style:none;padding-left:.9rem;border-left:1px solid var(--line)}
.steps{padding-left:0;border:0}
code{font-size:.875rem}
summary{cursor:pointer}
summary:focus-visible{outline:.15rem solid currentcolor;outline-offset:.15rem}
.dim,footer{color:var(--dim)}
footer{margin-top:2rem;font-size:.875rem}
"""

_DIGEST: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()

PAGE_STYLE: Final = f"style-src 'sha256-{_DIGEST}'"
"""What lets a page have the style sheet of all of them."""

PAGE_POLICY: Final = (
    f"default-src 'none'; {PAGE_STYLE}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of pages that are made here and take nothing in."""

FORM_POLICY: Final = PAGE_POLICY.replace("form-action 'none'", "form-action 'self'")
"""The same for pages with forms of their own."""


def shown(text: str) -> str:
    """Text from anywhere, to stand in a page: it makes no mark-up and steers no other text.

    Of control characters, and those that turn the direction of writing, only that
    there was one is shown.
    """
    return escape(text if text.isprintable() else "".join(map(_visible, text)))


def cell(text: str, head: str = "") -> str:
    """A cell of a table that is scrolled where it is wide: its short words are not broken.

    ``head`` stands before it where the table's rows are lists.
    """
    is_long = any(len(word) > _WORD_CHARACTERS for word in text.split())
    kind = ' class="long"' if is_long else ""
    told = f' data-head="{escape(head)}"' if head else ""
    return f"<td{kind}{told}>{shown(text)}</td>"


def page_start(title: str, *, referrer: str = "no-referrer") -> str:
    """A page up to its body's content. ``title`` is text.

    ``referrer`` is a referrer policy: pages with forms say ``same-origin``, for without one
    browsers do not say from which origin a form comes.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="referrer" content="{referrer}">\n'
        f"<title>{shown(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
    )


def page_end() -> str:
    """What closes a page."""
    return "<footer>walkaway: ask anyone, believe nobody.</footer>\n</body>\n</html>\n"


def error_page(
    status: int,
    message: str,
    *,
    sources: Mapping[str, str] | None = None,
    advice: str = "",
    ways: Mapping[str, str] | None = None,
    title: str = "",
) -> bytes:
    """What happened, which sources were asked and what each answered, and what to do.

    ``ways`` are links out of it: what each is called, and where it leads. ``title`` says in
    words what happened; the status does where there is none.
    """
    title = title or f"{status} {_phrase(status)}"
    parts = [page_start(title), f"<main>\n<h1>{escape(title)}</h1>\n<p>{shown(message)}</p>\n"]
    if sources:
        parts.append(
            '<div class="wide" role="region" aria-label="Who was asked" tabindex="0">\n'
            "<table>\n<tr><th>asked</th><th>answered</th></tr>\n"
        )
        parts += [
            f"<tr>{cell(', '.join(names))}{cell(reason)}</tr>\n"
            for reason, names in alike(sources).items()
        ]
        parts.append("</table>\n</div>\n")
    if advice:
        parts.append(f"<p>{shown(advice)}</p>\n")
    parts += [
        f'<p><a href="{escape(leads)}">{shown(name)}</a></p>\n'
        for name, leads in (ways or {}).items()
    ]
    return "".join([*parts, "</main>\n", page_end()]).encode()


def alike(sources: Mapping[str, str]) -> dict[str, list[str]]:
    """Each reason with all who gave it."""
    names_by_reason: dict[str, list[str]] = {}
    for name, reason in sources.items():
        names_by_reason.setdefault(reason, []).append(name)
    return names_by_reason


def leaving_page(address: str) -> bytes:
    """What a site's rule says that leads to another site: a link, and nobody sent along it."""
    title = "This path leads to another site"
    text = (
        f"<main>\n<h1>{title}</h1>\n<p>The site that you asked for sends you to "
        f'<a href="{escape(address)}" rel="noreferrer noopener">{shown(address)}</a>.</p>\n'
        "<p>What is shown there comes from that site's server. Nothing of it is proven, so "
        "the step is yours to take.</p>\n</main>\n"
    )
    return (page_start(title) + text + page_end()).encode()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _visible(character: str) -> str:
    steers = category(character) in _STEERING and character not in _JOINERS
    return "\ufffd" if steers else character
