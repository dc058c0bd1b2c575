"""Listings and the gateway's own pages: what they say, escaped, and where they end."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import AsyncGenerator, Sequence
from hashlib import sha256

import pytest

from walkaway.content.exporter.directory import Entry
from walkaway.content.exporter.listing import Listed
from walkaway.content.exporter.node import What, told_by_codec
from walkaway.errors import Unproven
from walkaway.gateway.pages.frame import PAGE_POLICY, error_page, leaving_page, shown
from walkaway.gateway.pages.listing import listing_json, listing_page
from walkaway.gateway.request.mount import Mount
from walkaway.limits import Limits
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid

ROOT = Cid.of(codecs.DAG_PB, b"root")
FILE = Cid.of(codecs.RAW, b"file")
PATH = Mount("path", "ipfs", str(ROOT), "127.0.0.1:8080", "127.0.0.1:8080")
SUBDOMAIN = Mount("subdomain", "ipfs", str(ROOT), f"{ROOT}.ipfs.localhost:80", "localhost:80")
NAME = Mount("name", "ipns", "app.example.org", "app.example.org:80", "localhost:80")
FOUND = (Entry("file-źł.txt", FILE, 17), Entry("<b>&\"'\u202e", FILE, None))


async def listed(
    mount: Mount,
    path: Sequence[str] = (),
    found: Sequence[Entry] = FOUND,
    limits: Limits | None = None,
) -> str:
    pieces = listing_page(mount, path, ROOT, _given(found), limits or Limits())
    return b"".join([piece async for piece in pieces]).decode()


async def _given(found: Sequence[Entry]) -> AsyncGenerator[Listed, None]:
    for entry in found:
        yield told(entry)


def told(entry: Entry, what: What | None = None, size: int | None = None) -> Listed:
    what = what or told_by_codec(entry.cid)
    return Listed(entry, what, entry.size if what is What.RAW else size)


async def test_a_page_below_a_path() -> None:
    page = await listed(PATH, ["ą", "ę"])
    base = f"/ipfs/{ROOT}"
    assert "Index of" in page
    assert (
        f'/ipfs/<a href="{base}">{ROOT}</a>/<a href="{base}/%C4%85">ą</a>/'
        f'<a href="{base}/%C4%85/%C4%99">ę</a>'
    ) in page
    assert f'<a href="{base}/%C4%85/%C4%99/..">..</a>' in page
    assert f'<a href="{base}/%C4%85/%C4%99/file-%C5%BA%C5%82.txt">file-źł.txt</a>' in page
    assert (
        f'<a class="ipfs-hash" translate="no" '
        f'href="/ipfs/{FILE}?filename=file-%25C5%25BA%25C5%2582.txt">'
    ) in page
    assert ">17 bytes<" in page


async def test_a_page_on_a_host_of_its_own() -> None:
    page = await listed(SUBDOMAIN, ["ą"])
    base = f"//localhost:80/ipfs/{ROOT}"
    assert f'/ipfs/<a href="{base}">{ROOT}</a>/<a href="{base}/%C4%85">ą</a>' in page
    assert '<a href="/%C4%85/..">..</a>' in page
    assert '<a href="/%C4%85/file-%C5%BA%C5%82.txt">file-źł.txt</a>' in page
    assert f'href="//localhost:80/ipfs/{FILE}?filename=' in page


async def test_a_page_under_a_name() -> None:
    page = await listed(NAME, ["ą"])
    host = "app.example.org:80"
    assert f'/ipns/<a href="//{host}/">{host}</a>/<a href="//{host}/%C4%85">ą</a>' in page


@pytest.mark.parametrize("mount", [PATH, SUBDOMAIN, NAME])
async def test_the_root_has_no_way_back(mount: Mount) -> None:
    assert ">..<" not in await listed(mount)


async def test_what_a_directory_says_is_text() -> None:
    page = await listed(PATH, ['<script>"', "\u202egpj.exe"])
    assert "\u202e" not in page
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;b&gt;&amp;&quot;&#x27;" in page
    assert 'href="/ipfs' in page
    for target in re.findall(r'href="([^"]*)"', page):
        assert re.fullmatch(r"(?://|/)[!-~]*", target)


async def test_a_large_directory_ends_and_says_so() -> None:
    found = [Entry(f"n{number}", FILE, number) for number in range(5)]
    page = await listed(PATH, found=found, limits=Limits(listed_entries=3))
    assert ">n2<" in page
    assert ">n3<" not in page
    assert "first 3 entries" in page
    whole = await listed(PATH, found=found, limits=Limits(listed_entries=5))
    assert not re.search("first [0-9]", whole)


async def test_an_empty_directory_says_so() -> None:
    assert "empty" in await listed(PATH, found=())


async def test_a_page_comes_in_pieces_and_ends_with_what_the_entries_raise() -> None:
    closed = []

    async def failing() -> AsyncGenerator[Listed, None]:
        try:
            for number in range(1000):
                yield told(Entry(f"n{number}", FILE, 1))
            raise Unproven("no more", reasons={})
        finally:
            closed.append(True)

    page = listing_page(PATH, [], ROOT, failing())
    assert (await anext(page)).startswith(b"<!DOCTYPE html>")
    with pytest.raises(Unproven):
        [piece async for piece in page]
    assert closed

    left = listing_page(PATH, [], ROOT, failing())
    await anext(left)
    await left.aclose()
    assert len(closed) == 2


@pytest.mark.parametrize(
    ("size", "shown"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (1 << 90, " TB")],
)
async def test_sizes_are_for_people(size: int, shown: str) -> None:
    assert shown + "<" in await listed(PATH, found=[Entry("a", FILE, size)])


async def test_what_is_known_of_an_entry_and_what_is_not() -> None:
    async def given() -> AsyncGenerator[Listed, None]:
        yield told(Entry("below", ROOT, 300), What.SHARDED_DIRECTORY)
        yield told(Entry("link", ROOT, 17), What.SYMLINK, 11)
        yield told(Entry("far", ROOT, 4000))

    page = b"".join([piece async for piece in listing_page(PATH, [], ROOT, given())]).decode()
    rows = re.findall('<td class="dim">(.*?)</td>.*?<td class="size">(.*?)</td>', page)
    assert rows == [("directory", "300 bytes"), ("symlink", "11 bytes"), ("", "4.0 kB")]


async def test_a_directory_is_had_whole_as_files_or_as_blocks() -> None:
    page = await listed(SUBDOMAIN, ["ą"])
    assert 'href="/%C4%85/?format=tar"' in page
    assert 'href="/%C4%85/?format=car"' in page


async def test_the_same_as_json() -> None:
    pieces = listing_json(SUBDOMAIN, ["ą"], ROOT, _given(FOUND))
    said = json.loads(b"".join([piece async for piece in pieces]))
    assert said == {
        "path": f"/ipfs/{ROOT}/ą/",
        "cid": str(ROOT),
        "entries": [
            {
                "name": entry.name,
                "cid": str(FILE),
                "kind": "file",
                "bytes": entry.size,
                "dag_bytes": entry.size,
            }
            for entry in FOUND
        ],
        "more": False,
    }
    pieces = listing_json(PATH, [], ROOT, _given((Entry("a", ROOT, 99),)))
    (below,) = json.loads(b"".join([piece async for piece in pieces]))["entries"]
    assert (below["kind"], below["bytes"], below["dag_bytes"]) == ("unknown", None, 99)
    pieces = listing_json(PATH, [], ROOT, _given(FOUND), Limits(listed_entries=1))
    said = json.loads(b"".join([piece async for piece in pieces]))
    assert said["more"]
    assert len(said["entries"]) == 1


def test_an_error_says_who_was_asked_and_what_each_answered() -> None:
    page = error_page(
        504, "nobody <has> it", sources={"a <b>": "HTTP 500"}, advice="ask again"
    ).decode()
    assert "<h1>504 Gateway Timeout</h1>" in page
    assert "nobody &lt;has&gt; it" in page
    assert "<td>a &lt;b&gt;</td><td>HTTP 500</td>" in page
    assert "ask again" in page
    assert "href" not in page
    assert "<h1>599 Error</h1>" in error_page(599, "").decode()


def test_those_that_failed_alike_are_told_together_and_links_lead_on() -> None:
    sources = {"a": "no answer", "b": "not held", "c": "no answer"}
    page = error_page(502, "", sources=sources, ways={"Try <again>": './?a&"'}).decode()
    assert "<td>a, c</td><td>no answer</td>" in page
    assert page.count("no answer") == 1
    assert '<a href="./?a&amp;&quot;">Try &lt;again&gt;</a>' in page


def test_no_text_steers_how_others_are_shown() -> None:
    steering = "a\u202eb\u2066c\u200fd\x1be\nf\ue000g\ud800"
    assert shown(steering) == "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf\ufffdg\ufffd"
    assert shown("a\u200db\u200cc \xa0\u3000שלם<") == "a\u200db\u200cc \xa0\u3000שלם&lt;"


def test_another_site_is_a_link_and_nothing_else() -> None:
    page = leaving_page('https://example.org/"><script>').decode()
    assert "<script>" not in page
    assert 'href="https://example.org/&quot;&gt;&lt;script&gt;"' in page
    assert "refresh" not in page


def test_the_policy_allows_the_one_style_sheet_and_nothing_else() -> None:
    page = error_page(404, "").decode()
    (style,) = re.findall("<style>(.*)</style>", page, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in PAGE_POLICY
    assert "default-src 'none'" in PAGE_POLICY
    assert "url(" not in style
    assert "@import" not in style
    assert "src=" not in page
