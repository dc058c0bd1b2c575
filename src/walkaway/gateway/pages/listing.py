"""Listings of directories: as a page and as JSON, both written while the entries come.

What a page holds beyond a person's needs, and in which words, is what the conformance
suite looks for: how it begins, the way back, links to each part of the path.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from html import escape
from itertools import accumulate
from typing import Final
from urllib.parse import quote

from walkaway.content.exporter.directory import Entry
from walkaway.content.exporter.listing import Listed
from walkaway.gateway.pages.frame import page_end, page_start, shown
from walkaway.gateway.request.mount import Mount, escaped
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.ipfs.cid import Cid
from walkaway.sizes import sized

__all__ = ["LISTING_VERSION", "listing_json", "listing_page"]

LISTING_VERSION: Final = "2"
"""Part of a listing's entity tag, since the page may change while its content cannot."""

PIECE_CHARACTERS: Final = 32 * 1024


def listing_page(
    mount: Mount,
    path: Sequence[str],
    cid: Cid,
    entries: AsyncGenerator[Listed, None],
    limits: Limits = LIMITS,
) -> AsyncGenerator[bytes, None]:
    """The page of a directory, in pieces; ``path`` leads to it below the mount's root.

    It ends after ``limits.listed_entries`` entries, and says so. Whatever the
    entries raise is raised here, so that a page that is cut short is not taken for whole.
    """
    return _in_pieces(_page(mount, path, cid, entries, limits))


def listing_json(
    mount: Mount,
    path: Sequence[str],
    cid: Cid,
    entries: AsyncGenerator[Listed, None],
    limits: Limits = LIMITS,
) -> AsyncGenerator[bytes, None]:
    """The same as JSON: path, cid, entries, and whether there are more.

    Of each entry name, cid, kind and bytes, as ``walkaway ls --json`` has them, as far
    as its address and the directory tell: no block of an entry is fetched.
    ``dag_bytes`` is what the directory says of it with all below it. Raises as
    `listing_page`.
    """
    return _in_pieces(_json(mount, path, cid, entries, limits))


async def _in_pieces(texts: AsyncGenerator[str, None]) -> AsyncGenerator[bytes, None]:
    """Gather small texts, so that each write is worth it."""
    gathered, size = list[str](), 0
    async with aclosing(texts):
        async for text in texts:
            gathered.append(text)
            size += len(text)
            if size >= PIECE_CHARACTERS:
                yield "".join(gathered).encode("utf-8", "replace")
                gathered, size = [], 0
    yield "".join(gathered).encode("utf-8", "replace")


async def _page(
    mount: Mount,
    path: Sequence[str],
    cid: Cid,
    entries: AsyncGenerator[Listed, None],
    limits: Limits,
) -> AsyncGenerator[str, None]:
    yield page_start(f"Index of {mount.content_path(path, slash=True)}")
    yield f"<main>\n<h1>Index of {_breadcrumbs(mount, path)}</h1>\n"
    if str(cid) != mount.root:
        yield f'<p class="ipfs-hash" translate="no">{cid}</p>\n'
    yield "<table>\n"
    yield '<tr><th>name</th><th>kind</th><th>address</th><th class="size">size</th></tr>\n'
    if path:
        # Browsers make the parent of it, which no link need be told.
        up = _href(mount, [*path, ".."])
        yield f'<tr><td colspan="4"><a href="{up}">..</a></td></tr>\n'
    count = 0
    async with aclosing(entries):
        async for listed in entries:
            count += 1
            if count > limits.listed_entries:
                break
            yield _row(mount, path, listed)
    yield f"</table>\n{_ending(count, limits)}{_archives(mount, path)}</main>\n"
    yield page_end()


def _breadcrumbs(mount: Mount, path: Sequence[str]) -> str:
    """The content path, each part of it a link."""
    begin, slash = _root_address(mount), "/" if mount.kind == "name" else ""
    root = mount.authority if mount.kind == "name" else mount.root
    parts = [f'/{mount.network}/<a href="{begin}{slash}">{shown(root)}</a>']
    parts += [
        f'/<a href="{begin}/{escape(escaped(below))}">{shown(below[-1])}</a>'
        for below in accumulate(([segment] for segment in path), lambda a, b: [*a, *b])
    ]
    return "".join(parts)


def _root_address(mount: Mount) -> str:
    if mount.kind == "name":
        return f"//{escape(mount.authority)}"
    host = f"//{escape(mount.parent)}" if mount.kind == "subdomain" else ""
    return f"{host}/{mount.network}/{escape(mount.root)}"


def _href(mount: Mount, path: Sequence[str]) -> str:
    return escape(mount.href(path))


def _row(mount: Mount, path: Sequence[str], listed: Listed) -> str:
    entry = listed.entry
    name, kind = shown(entry.name), "" if listed.what is None else listed.kind
    count = entry.size if listed.size is None else listed.size
    size = "" if count is None else sized(count)
    return (
        f'<tr><td><a href="{_href(mount, [*path, entry.name])}">{name}</a></td>'
        f'<td class="dim">{kind}</td>'
        f'<td><a class="ipfs-hash" translate="no" {_address(mount, entry)}>{entry.cid}</a></td>'
        f'<td class="size">{size}</td></tr>\n'
    )


def _address(mount: Mount, entry: Entry) -> str:
    """Where the address of an entry leads.

    A site under a name has no path URLs of its own; the suite asks for the page
    that takes an address apart, to which the browser does not send the address.
    """
    if mount.kind == "name":
        return (
            f'href="https://cid.ipfs.tech/#{entry.cid}" target="_blank" rel="noreferrer noopener"'
        )
    host = f"//{escape(mount.parent)}" if mount.kind == "subdomain" else ""
    # Escaped twice, as the suite has it.
    filename = quote(quote(entry.name, safe="", errors="replace"), safe="")
    return f'href="{host}/ipfs/{entry.cid}?filename={filename}"'


def _ending(count: int, limits: Limits) -> str:
    if count > limits.listed_entries:
        return (
            f'<p class="dim">Only the first {limits.listed_entries} entries are shown; '
            "<code>walkaway ls</code> shows all of them.</p>\n"
        )
    if count == 0:
        return '<p class="dim">The directory is empty.</p>\n'
    return (
        '<p class="dim">What is of an unknown kind is not on this machine yet. Its size, and '
        "that of a directory, is what the directory says of it; nobody can prove that.</p>\n"
    )


def _archives(mount: Mount, path: Sequence[str]) -> str:
    here = escape(mount.href(path, slash=True))
    return (
        f'<p>All of it: <a href="{here}?format=tar">as files, in a tar archive</a>, '
        f'<a href="{here}?format=car">as blocks, which prove it, in a CAR</a></p>\n'
    )


async def _json(
    mount: Mount,
    path: Sequence[str],
    cid: Cid,
    entries: AsyncGenerator[Listed, None],
    limits: Limits,
) -> AsyncGenerator[str, None]:
    about = json.dumps({"path": mount.content_path(path, slash=True), "cid": str(cid)})
    yield about[:-1] + ', "entries": ['
    count = 0
    async with aclosing(entries):
        async for listed in entries:
            count += 1
            if count > limits.listed_entries:
                break
            yield (",\n" if count > 1 else "\n") + json.dumps(_as_data(listed))
    yield f'\n], "more": {json.dumps(count > limits.listed_entries)}}}\n'


def _as_data(listed: Listed) -> dict[str, object]:
    entry = listed.entry
    return {
        "name": entry.name,
        "cid": str(entry.cid),
        "kind": listed.kind,
        "bytes": listed.size,
        "dag_bytes": entry.size,
    }
