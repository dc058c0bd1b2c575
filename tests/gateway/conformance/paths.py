"""The groups on path URLs: UnixFS, caching, ranges, raw blocks, TAR, CORS."""

from __future__ import annotations

from collections.abc import Iterator

from tests.gateway.conformance.exchange import (
    Exchange,
    absent,
    either,
    equals,
    exactly,
    has,
    lacks,
    tar_has,
    target,
)
from tests.gateway.conformance.fixture import Fixture
from walkaway.gateway.pages.listing import LISTING_VERSION
from walkaway.proofs.ipfs import codecs, multibase
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["path_exchanges"]

IMMUTABLE = "public, max-age=29030400, immutable"
GENERATED = "public, max-age=604800, stale-while-revalidate=2678400"
ABSENT = "QmYzfKSE55XCjD1MW128RfciAf2DViABhEiXfgVFMabSjN"
TXT = "file-źł.txt"
TXT_ESCAPED = "file-%C5%BA%C5%82.txt"


def path_exchanges() -> Iterator[Exchange]:
    """All of them."""
    yield from _listings()
    yield from _caching()
    yield from _links_and_names()
    yield from _ranges()
    yield from _raw_blocks()
    yield from _tar()
    yield from _cors()


def _listings() -> Iterator[Exchange]:
    fixture, group = Fixture("dir_listing/fixtures.car"), "path, UnixFS"
    base, file = f"/ipfs/{fixture.root}", fixture.cid("ą", "ę", TXT)
    back = f'<a href="{base}/">..</a>'
    yield Exchange(
        group,
        "the root has no way back",
        f"{base}/",
        [has("body", "Index of"), lacks("body", back)],
    )
    yield Exchange(
        group,
        "a directory is sent to its slash",
        target(f"{base}/ą/ę"),
        [equals("location", f"{base}/%C4%85/%C4%99/")],
        301,
    )
    yield Exchange(
        group,
        "a listing",
        target(f"{base}/ą/ę/"),
        [
            has("etag", '"DirIndex-'),
            has(
                "body",
                "Index of",
                f'/ipfs/<a href="{base}">{fixture.root}</a>/<a href="{base}/%C4%85">ą</a>/'
                f'<a href="{base}/%C4%85/%C4%99">ę</a>',
                f'<a href="{base}/%C4%85/%C4%99/..">..</a>',
                f'<a href="{base}/%C4%85/%C4%99/{TXT_ESCAPED}">{TXT}</a>',
                f'<a class="ipfs-hash" translate="no" href="/ipfs/{file}?filename='
                'file-%25C5%25BA%25C5%2582.txt">',
            ),
        ],
    )
    yield Exchange(group, "what is not there", f"{base}/i-do-not-exist", status=404)


def _caching() -> Iterator[Exchange]:
    fixture, group = Fixture("gateway-cache/fixtures.car"), "path, caching"
    path = ("root2", "root3", "root4", "index.html")
    roots = [fixture.cid(*path[:count]) for count in range(5)]
    base = f"/ipfs/{fixture.root}"
    names = f"{base}/root2/root3/root4"
    for name, below, count, etag in (
        ("a directory's index", "/", 4, f'"{roots[3]}"'),
        ("a file", "/index.html", 5, f'"{roots[4]}"'),
    ):
        yield Exchange(
            group,
            name,
            names + below,
            [
                equals("cache-control", IMMUTABLE),
                equals("x-ipfs-path", names + below),
                equals("x-ipfs-roots", ",".join(map(str, roots[:count]))),
                equals("etag", etag),
            ],
        )
    listing = f"{base}/root2/root3/"
    yield Exchange(
        group,
        "a listing",
        listing,
        [
            equals("x-ipfs-path", listing),
            equals("x-ipfs-roots", ",".join(map(str, roots[:3]))),
            has("etag", "DirIndex-", f"_CID-{roots[2]}"),
            either([absent("cache-control")], [equals("cache-control", GENERATED)]),
        ],
    )
    yield Exchange(
        group,
        "a directory raw",
        f"{names}/?format=raw",
        [equals("cache-control", IMMUTABLE), exactly(fixture.block(*path[:3]))],
    )
    for where, tag in (("strong", ""), ("weak", "W/")):
        known = {"if-none-match": f'{tag}"DirIndex-{LISTING_VERSION}_CID-{roots[2]}"'}
        yield Exchange(
            group, f"an entity tag of a listing, {where}", listing, (), 304, headers=known
        )
    held = {"cache-control": "only-if-cached"}
    for method in ("GET", "HEAD"):
        yield Exchange(
            group,
            f"{method} of a block that is here",
            f"{names}/?format=raw",
            method=method,
            headers=held,
        )
        yield Exchange(group, f"{method} of what is here", f"{names}/", method=method, headers=held)
        yield Exchange(
            group,
            f"{method} of what is not",
            f"/ipfs/{ABSENT}",
            (),
            412,
            method=method,
            headers=held,
        )
    for where, told, below in (
        ("of a file", f'"{roots[4]}"', "/index.html"),
        ("of an index", f'"{roots[3]}"', "/"),
        ("the third of a list", f'"fakeEtag1", "fakeEtag2", "{roots[4]}"', "/index.html"),
        ("weak", f'W/"{roots[4]}"', "/index.html"),
        ("any", "*", "/index.html"),
    ):
        headers = {"if-none-match": told}
        yield Exchange(group, f"an entity tag, {where}", names + below, (), 304, headers=headers)


def _links_and_names() -> Iterator[Exchange]:
    fixture, group = Fixture("path_gateway_unixfs/symlink.car"), "path, UnixFS"
    base = f"/ipfs/{fixture.root}"
    yield Exchange(group, "links are listed", f"{base}/", [has("body", ">foo<", ">bar<")])
    yield Exchange(group, "a directory raw", f"{base}?format=raw", [exactly(fixture.block())])
    yield Exchange(group, "a link is its target", f"{base}/bar", [exactly(b"foo")])
    odd = Fixture("path_gateway_unixfs/dir-with-percent-encoded-filename.car")
    name = "Portugal%2C+España=Peninsula Ibérica.txt"
    yield Exchange(
        group,
        "a name with an escape in it",
        target(f"/ipfs/{odd.root}/Portugal%252C+España=Peninsula%20Ibérica.txt"),
        [exactly(odd.content(name))],
    )


def _ranges() -> Iterator[Exchange]:
    fixture, group = Fixture("path_gateway_unixfs/dir-with-files.car"), "path, ranges"
    where, content = f"/ipfs/{fixture.root}/ascii.txt", fixture.content("ascii.txt")
    plain = has("content-type", "text/plain")
    yield Exchange(
        group, "ranges are offered", where, [equals("accept-ranges", "bytes"), exactly(content)]
    )
    for told, first, last in (("bytes=6-16", 6, 16), ("bytes=-3", 28, 30), ("bytes=20-", 20, 30)):
        yield Exchange(
            group,
            told,
            where,
            [
                plain,
                equals("content-range", f"bytes {first}-{last}/31"),
                exactly(content[first : last + 1]),
            ],
            206,
            headers={"range": told},
        )
    yield Exchange(
        group,
        "several ranges",
        where,
        [
            has("content-type", "multipart/byteranges"),
            has(
                "body",
                "Content-Range: bytes 6-16/31",
                "Content-Type: text/plain",
                content[6:17].decode(),
                "Content-Range: bytes 0-4/31",
                content[:5].decode(),
            ),
        ],
        206,
        headers={"range": "bytes=6-16,0-4"},
    )
    cut = Fixture("trustless_gateway_car/file-3k-and-3-blocks-missing-block.car")
    for told in ("997-1000", "2200-2201"):
        yield Exchange(
            group,
            f"{told} of a file of which a block is missing",
            f"/ipfs/{cut.root}",
            [equals("content-range", f"bytes {told}/3072")],
            206,
            headers={"range": f"bytes={told}"},
        )


def _raw_blocks() -> Iterator[Exchange]:
    fixture, group = Fixture("gateway-raw-block.car"), "path, raw block"
    base = f"/ipfs/{fixture.root}/dir"
    raw = {"accept": "application/vnd.ipld.raw"}
    file, block = f"{base}/ascii.txt", fixture.block("dir", "ascii.txt")
    yield Exchange(group, "by parameter", f"{base}?format=raw", [exactly(fixture.block("dir"))])
    yield Exchange(group, "by Accept", base, [exactly(fixture.block("dir"))], headers=raw)
    yield Exchange(
        group,
        "a range",
        base,
        [
            equals("content-type", raw["accept"]),
            equals("content-range", "bytes 6-16/57"),
            exactly(fixture.block("dir")[6:17]),
        ],
        206,
        headers=raw | {"range": "bytes=6-16"},
    )
    yield Exchange(
        group,
        "headers",
        file,
        [
            equals("content-type", raw["accept"]),
            equals("content-length", str(len(block))),
            has("content-disposition", "attachment;"),
            equals("x-content-type-options", "nosniff"),
            equals("x-ipfs-path", file),
            has("x-ipfs-roots", str(fixture.root)),
            equals("cache-control", IMMUTABLE),
            has("etag", '"'),
            exactly(block),
        ],
        headers=raw,
    )
    yield Exchange(
        group,
        "a file name",
        f"{file}?filename=foobar.bin",
        [has("content-disposition", "attachment;", 'filename="foobar.bin')],
        headers=raw,
    )
    yield Exchange(
        group,
        "several ranges",
        file,
        [
            has("content-type", "multipart/byteranges"),
            has("body", "Content-Range: bytes 6-16/31", "Content-Type: application/vnd.ipld.raw"),
            has("body", "Content-Range: bytes 0-4/31"),
        ],
        206,
        headers=raw | {"range": "bytes=6-16,0-4"},
    )


def _tar() -> Iterator[Exchange]:
    fixture, group = Fixture("path_gateway_tar/fixtures.car"), "path, TAR"
    file = fixture.cid("ą", "ę", TXT)
    content = b"I am a txt file on path with utf8\n"
    told = [
        has("content-disposition", "attachment;"),
        has("etag", f'W/"{file}.x-tar'),
        has("content-type", "application/x-tar"),
        tar_has(str(file), content),
    ]
    yield Exchange(group, "a file, by parameter", f"/ipfs/{file}?format=tar", told)
    yield Exchange(
        group, "a file, by Accept", f"/ipfs/{file}", told, headers={"accept": "application/x-tar"}
    )
    yield Exchange(
        group,
        "a directory",
        f"/ipfs/{fixture.root}?format=tar",
        [tar_has(f"{fixture.root}/ą/ę/{TXT}", content)],
    )
    yield Exchange(
        group,
        "a file name",
        target(f"/ipfs/{fixture.root}", format="tar", filename="test\u0442\u0435\u0441\u0442.tar"),
        [
            has(
                "content-disposition",
                'attachment; filename="test____.tar"; '
                "filename*=UTF-8''test%D1%82%D0%B5%D1%81%D1%82.tar",
            )
        ],
    )
    outside, inside = (
        Fixture(f"path_gateway_tar/{side}-root.car") for side in ("outside", "inside")
    )
    yield Exchange(
        group,
        "names that lead outside",
        f"/ipfs/{outside.root}?format=tar",
        status=range(400, 600),
    )
    yield Exchange(
        group,
        "names that lead about inside",
        f"/ipfs/{inside.root}?format=tar",
        [tar_has(f"{inside.root}/foobar/file")],
    )


def _cors() -> Iterator[Exchange]:
    hello = Cid(1, codecs.RAW, b"\x00\x06hello\n").text(multibase.BASE32)
    for method, status in (("GET", 200), ("OPTIONS", range(200, 300))):
        yield Exchange(
            "path, CORS",
            method,
            f"/ipfs/{hello}/" if method == "OPTIONS" else f"/ipfs/{hello}",
            [
                equals("access-control-allow-origin", "*"),
                has("access-control-allow-methods", "GET", "HEAD", "OPTIONS"),
                has("access-control-allow-headers", "Content-Type", "Range", "User-Agent"),
                has("access-control-allow-headers", "X-Requested-With"),
                has("access-control-expose-headers", "Content-Range", "Content-Length"),
                has("access-control-expose-headers", "X-Ipfs-Roots", "X-Chunked-Output"),
                has("access-control-expose-headers", "X-Stream-Output"),
            ],
            status,
            method=method,
        )
