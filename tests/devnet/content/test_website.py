"""The website is whole, loads nothing from outside, and its links lead somewhere."""

from __future__ import annotations

import posixpath
import re

from walkaway.devnet.content.website import website
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.links import links_of

LINK = re.compile(r'(?:href|src)="([^"#]*)"')


async def test_every_block_that_the_address_leads_to_is_held() -> None:
    site = await website()
    reached: set[bytes] = set()
    waiting = [site.root]
    while waiting:
        cid: Cid = waiting.pop()
        reached.add(cid.multihash)
        waiting += links_of(cid, site.blocks[cid.multihash])
    assert reached == set(site.blocks)
    assert len(site.blocks) > 5


async def test_every_link_leads_to_one_of_its_files_and_nothing_to_another_place() -> None:
    site = await website()
    pages = {path: content.decode() for path, content in site.files.items()}
    for path in ("", "how/"):
        links = [link for link in LINK.findall(pages[path]) if link]
        assert len(links) > 3
        for link in links:
            led = posixpath.normpath(posixpath.join("/", path, link)).lstrip("/")
            assert led in site.files or f"{led}/" in site.files, link
    namespaces = 'xmlns="http://www.w3.org/2000/svg"'
    for path, content in pages.items():
        assert "//" not in content.replace(namespaces, ""), path
        assert "url(" not in content, path
        assert "<script" not in content, path


async def test_it_is_made_for_day_and_night() -> None:
    site = await website()
    for path in ("style.css", "tree.svg"):
        assert b"prefers-color-scheme:" in site.files[path].replace(b" ", b"")
