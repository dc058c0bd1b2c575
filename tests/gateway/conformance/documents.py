"""The groups of codecs: DAG-JSON, DAG-CBOR, plain JSON and CBOR, and files that hold them."""

from __future__ import annotations

from collections.abc import Iterator

from tests.gateway.conformance.exchange import (
    Check,
    Exchange,
    absent,
    either,
    equals,
    exactly,
    has,
    json_equals,
)
from tests.gateway.conformance.fixture import Fixture
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["document_exchanges"]

IMMUTABLE = "public, max-age=29030400, immutable"
GENERATED = "public, max-age=604800, stale-while-revalidate=2678400"
TXT = "file-źł.txt"


def document_exchanges() -> Iterator[Exchange]:
    """All of them."""
    fixture, group = Fixture("path_gateway_dag/gateway-json-cbor.car"), "path, codecs"
    file = fixture.cid("ą", "ę", "t.json")
    for how, query, headers in (
        ("plainly", "", {}),
        ("by Accept", "", {"accept": "application/json"}),
        ("by parameter over Accept", "?format=json", {"accept": "application/vnd.ipld.raw"}),
    ):
        yield Exchange(
            group,
            f"a file of JSON, {how}",
            f"/ipfs/{file}{query}",
            [
                equals("content-type", "application/json"),
                exactly(fixture.content("ą", "ę", "t.json")),
            ],
            headers=headers,
        )
    text = fixture.cid("ą", "ę", TXT)
    yield from _mismatches(group, text)
    for word, disposition in (("json", "inline"), ("cbor", "attachment")):
        yield from _plain(group, word, disposition)
        yield from _native(group, word, disposition)
    yield from _pathing(group)


def _mismatches(group: str, file: Cid) -> Iterator[Exchange]:
    by_json, by_cbor = (
        Fixture(f"path_gateway_dag/dag-{word}-traversal.car") for word in ("json", "cbor")
    )
    for name, cid, word in (
        ("UnixFS", file, "dag-json"),
        ("UnixFS", file, "dag-cbor"),
        ("DAG-JSON", by_json.root, "dag-cbor"),
        ("DAG-CBOR", by_cbor.root, "dag-json"),
    ):
        yield Exchange(group, f"{name} is no {word}", f"/ipfs/{cid}?format={word}", status=406)
        accept = {"accept": f"application/vnd.ipld.{word}"}
        yield Exchange(
            group, f"{name} is no {word}, by Accept", f"/ipfs/{cid}", (), 406, headers=accept
        )


def _plain(group: str, word: str, disposition: str) -> Iterator[Exchange]:
    fixture = Fixture(f"path_gateway_dag/plain-{word}.car")
    cid, block = fixture.root, fixture.block()
    about = [
        equals("content-type", f"application/{word}"),
        has("content-disposition", f'{disposition}; filename="{cid}.{word}"'),
    ]
    for how, query, headers in (
        ("as it is", "", {}),
        ("by parameter", f"?format={word}", {}),
        ("by Accept", "", {"accept": f"application/{word}"}),
    ):
        where = f"/ipfs/{cid}{query}"
        yield Exchange(
            group, f"plain {word}, {how}", where, [*about, exactly(block)], headers=headers
        )
        yield Exchange(
            group,
            f"plain {word}, {how}, two ranges",
            where,
            _two_ranges(block, f"application/{word}"),
            206,
            headers=headers | {"range": "bytes=7-9,1-3"},
        )
        yield Exchange(
            group,
            f"plain {word}, {how}, a range",
            where,
            [about[0], exactly(block[1:6])],
            206,
            headers=headers | {"range": "bytes=1-5"},
        )


def _native(group: str, word: str, disposition: str) -> Iterator[Exchange]:
    fixture = Fixture(f"path_gateway_dag/dag-{word}-traversal.car")
    cid, block, media_type = fixture.root, fixture.block(), f"application/vnd.ipld.dag-{word}"
    where, accept = f"/ipfs/{cid}", {"accept": f"application/vnd.ipld.dag-{word}"}
    name = f"DAG-{word.upper()}"
    for how, query, headers in (
        ("as it is", "", {}),
        ("by parameter", f"?format=dag-{word}", {}),
        ("by Accept", "", accept),
    ):
        yield Exchange(group, f"{name}, {how}", where + query, [exactly(block)], headers=headers)
        yield Exchange(
            group,
            f"{name}, {how}, HEAD",
            where + query,
            [
                has("content-type", media_type),
                equals("content-length", str(len(block))),
                exactly(b""),
            ],
            headers=headers,
            method="HEAD",
        )
    yield Exchange(
        group,
        f"{name}, headers",
        where,
        [
            equals("content-type", media_type),
            equals("content-length", str(len(block))),
            has("content-disposition", f'{disposition}; filename="{cid}.{word}"'),
            has("etag", f"{cid}.dag-{word}"),
            has("x-ipfs-path", where),
            has("x-ipfs-roots", str(cid)),
            has("cache-control", IMMUTABLE),
        ],
        headers=accept,
    )
    named = f"{where}?filename=foobar.{word}"
    yield Exchange(
        group,
        f"{name}, a file name",
        named,
        [has("content-disposition", f'{disposition}; filename="foobar.{word}"')],
        headers=accept,
    )
    yield Exchange(
        group,
        f"{name}, to be saved",
        f"{named}&download=true",
        [has("content-disposition", f'attachment; filename="foobar.{word}"')],
        headers=accept,
    )
    yield Exchange(
        group,
        f"{name} as a page",
        f"{where}/",
        [
            has("etag", "DagIndex-"),
            has("content-type", "text/html"),
            absent("content-disposition"),
            either([absent("cache-control")], [equals("cache-control", GENERATED)]),
            has("body", "</html>"),
        ],
        headers={"accept": "text/html"},
    )
    plain = f"application/{word}"
    for how, query, told in (
        ("by parameter", f"?format={word}", {}),
        ("by Accept", "", {"accept": plain}),
    ):
        yield Exchange(
            group,
            f"{name} as plain {word}, {how}",
            where + query,
            [equals("content-type", plain), exactly(block)],
            headers=told,
        )
    for how, told, of in (
        ("as it is", {}, media_type),
        ("by Accept", accept, media_type),
        (f"as plain {word}", {"accept": plain}, plain),
    ):
        yield Exchange(
            group,
            f"{name}, {how}, two ranges",
            f"{where}/",
            _two_ranges(block, of),
            206,
            headers=told | {"range": "bytes=7-9,1-3"},
        )
    yield Exchange(
        group,
        f"{name}, a range",
        where,
        [equals("content-type", media_type), exactly(block[3:9])],
        206,
        headers={"range": "bytes=3-8"},
    )


def _two_ranges(block: bytes, media_type: str) -> list[Check]:
    """Of an answer to ``bytes=7-9,1-3``: each part says what it is, and which."""
    size = len(block)
    parts = [
        b"Content-Range: bytes %d-%d/%d\r\n\r\n%b\r\n"
        % (first, last, size, block[first : last + 1])
        for first, last in ((7, 9), (1, 3))
    ]
    return [
        has("content-type", "multipart/byteranges"),
        has("body", f"Content-Type: {media_type}\r\n"),
        lambda reply: "" if all(part in reply.body for part in parts) else f"{reply.body!r}",
    ]


def _pathing(group: str) -> Iterator[Exchange]:
    found = {
        "json": json_equals({"hello": "this is not a link"}),
        "cbor": has("body", "not a link"),
    }
    for word, check in found.items():
        base = f"/ipfs/{Fixture(f'path_gateway_dag/dag-{word}-traversal.car').root}/foo"
        name, query = f"DAG-{word.upper()}", f"?format=dag-{word}"
        yield Exchange(group, f"{name}, into a block", base + query, status=501)
        yield Exchange(group, f"{name}, along links", f"{base}/link/bar{query}", [check])
        yield Exchange(group, f"{name}, to nothing", f"{base}/i-do-not-exist", status=404)
