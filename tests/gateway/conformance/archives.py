"""The groups of the trustless gateway: blocks and archives."""

from __future__ import annotations

from collections.abc import Iterator

from tests.gateway.conformance.exchange import Check, Exchange, blocks, equals, exactly, has
from tests.gateway.conformance.fixture import Fixture
from walkaway.proofs.ipfs import dag_cbor
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["archive_exchanges"]

CAR, RAW = "application/vnd.ipld.car", "application/vnd.ipld.raw"
GROUP = "trustless, CAR"
TWO = "trustless_gateway_car/subdir-with-two-single-block-files.car"
MIXED = "trustless_gateway_car/subdir-with-mixed-block-files.car"
SHARDED = "trustless_gateway_car/single-layer-hamt-with-multi-block-files.car"
DOCUMENT = "trustless_gateway_car/dir-with-dag-cbor-with-links.car"
DUPLICATES = "trustless_gateway_car/dir-with-duplicate-files.car"
CUT = "trustless_gateway_car/file-3k-and-3-blocks-missing-block.car"


def archive_exchanges() -> Iterator[Exchange]:
    """All of them."""
    yield from _blocks()
    for name, path, query, checks in (*_paths(), *_scopes(), *_ranges()):
        # By parameter and by Accept it is the same archive.
        and_query = f"&{query}" if query else ""
        yield Exchange(
            GROUP,
            f"{name}, by parameter",
            f"{path}?format=car{and_query}",
            [*checks, *_about(path)],
        )
        yield Exchange(
            GROUP,
            f"{name}, by Accept",
            path + (f"?{query}" if query else ""),
            [*checks, *_about(path)],
            headers={"accept": CAR},
        )
    yield from _orders()
    yield from _precedence()
    two = Fixture(TWO)
    yield Exchange(
        GROUP,
        "what is not there",
        f"/ipfs/{two.root}/subdir/i-do-not-exist?format=car",
        status=404,
    )


def _about(path: str) -> list[Check]:
    return [
        has("content-type", CAR, "version=1"),
        has("content-disposition", 'attachment; filename="', '.car"'),
        equals("accept-ranges", "none"),
        equals("x-content-type-options", "nosniff"),
        equals("cache-control", "public, max-age=29030400, immutable"),
        equals("x-ipfs-path", path),
        has("etag", "W/"),
    ]


def _blocks() -> Iterator[Exchange]:
    fixture, group = Fixture("gateway-raw-block.car"), "trustless, block"
    folder, file = fixture.cid("dir"), fixture.cid("dir", "ascii.txt")
    block, raw = fixture.block("dir", "ascii.txt"), {"accept": RAW}
    yield Exchange(
        group, "by parameter", f"/ipfs/{folder}?format=raw", [exactly(fixture.block("dir"))]
    )
    yield Exchange(
        group, "by Accept", f"/ipfs/{folder}", [exactly(fixture.block("dir"))], headers=raw
    )
    yield Exchange(
        group,
        "headers",
        f"/ipfs/{file}",
        [
            equals("content-type", RAW),
            equals("content-length", str(len(block))),
            has("content-disposition", 'attachment; filename="', '.bin"'),
            equals("x-content-type-options", "nosniff"),
            has("etag", f"{file}"),
            equals("x-ipfs-path", f"/ipfs/{file}"),
            has("x-ipfs-roots", str(file)),
            has("cache-control", "public", "immutable", "max-age=29030400"),
            exactly(block),
        ],
        headers=raw,
    )
    yield Exchange(
        group,
        "a file name",
        f"/ipfs/{file}?filename=foobar.bin",
        [has("content-disposition", 'attachment; filename="foobar.bin')],
        headers=raw,
    )
    for method in ("GET", "HEAD"):
        yield Exchange(
            group,
            f"the probe, {method}",
            "/ipfs/bafkqaaa?format=raw",
            [exactly(b"")],
            method=method,
        )
    missing = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"
    yield Exchange(group, "what is not here", f"/ipfs/{missing}?format=raw", status=404)


_Asked = tuple[str, str, str, list[Check]]


def _paths() -> Iterator[_Asked]:
    two, sharded, document = Fixture(TWO), Fixture(SHARDED), Fixture(DOCUMENT)
    yield (
        "through a directory",
        f"/ipfs/{two.root}/subdir/ascii.txt",
        "",
        [blocks(two.root, two.cid("subdir"), two.cid("subdir", "ascii.txt"))],
    )
    way = sharded.way("685.txt")
    yield (
        "through shards",
        f"/ipfs/{sharded.root}/685.txt",
        "",
        [blocks(sharded.root, *way, *sharded.below(way[-1]))],
    )
    inside, link = document.cid("document"), _link_below(document, "files", "single")
    yield (
        "through a document",
        f"/ipfs/{inside}/files/single",
        "",
        [blocks(inside, link, *document.below(link))],
    )


def _link_below(fixture: Fixture, *path: str) -> Cid:
    """A link in the document, several maps deep."""
    value = dag_cbor.decode(fixture.block("document"))
    for name in path:
        assert isinstance(value, dict)
        value = value[name]
    assert isinstance(value, Cid)
    return value


def _scopes() -> Iterator[_Asked]:
    two, mixed, sharded, document = (Fixture(name) for name in (TWO, MIXED, SHARDED, DOCUMENT))
    folder, file = two.cid("subdir"), two.cid("subdir", "ascii.txt")
    yield (
        "the block of a directory",
        f"/ipfs/{two.root}/subdir",
        "dag-scope=block",
        [blocks(two.root, folder)],
    )
    yield (
        "the block of a file",
        f"/ipfs/{two.root}/subdir/ascii.txt",
        "dag-scope=block",
        [blocks(two.root, folder, file)],
    )
    yield (
        "the block of a file behind shards",
        f"/ipfs/{sharded.root}/1.txt",
        "dag-scope=block",
        [blocks(sharded.root, *sharded.way("1.txt"))],
    )
    yield "a directory", f"/ipfs/{two.root}", "dag-scope=entity", [blocks(two.root)]
    yield (
        "a sharded directory",
        f"/ipfs/{sharded.root}",
        "dag-scope=entity",
        [blocks(sharded.root, *sharded.shards())],
    )
    below, large = mixed.cid("subdir"), mixed.cid("subdir", "multiblock.txt")
    chunks = list(mixed.below(large))
    yield (
        "a file",
        f"/ipfs/{mixed.root}/subdir/ascii.txt",
        "dag-scope=entity",
        [blocks(mixed.root, below, mixed.cid("subdir", "ascii.txt"))],
    )
    for scope in ("entity", "all"):
        yield (
            f"a file of many blocks, {scope}",
            f"/ipfs/{mixed.root}/subdir/multiblock.txt",
            f"dag-scope={scope}",
            [blocks(mixed.root, below, large, *chunks)],
        )
    yield (
        "a document",
        f"/ipfs/{document.root}/document",
        "dag-scope=entity",
        [blocks(document.root, document.cid("document"))],
    )
    yield (
        "all of a directory",
        f"/ipfs/{mixed.root}/subdir",
        "dag-scope=all",
        [blocks(mixed.root, below, *mixed.below(below))],
    )


def _ranges() -> Iterator[_Asked]:
    mixed, sharded, cut = Fixture(MIXED), Fixture(SHARDED), Fixture(CUT)
    large = mixed.cid("subdir", "multiblock.txt")
    chunks = list(mixed.below(large))
    # Four chunks of 256 bytes, and one of two.
    for told, wanted in (
        ("0:*", chunks),
        ("512:*", chunks[2:]),
        ("512:1023", chunks[2:4]),
        ("512:-256", chunks[2:4]),
        ("-5:*", chunks[3:]),
        ("-9999:*", chunks),
        ("-9999:-3", chunks[:4]),
        ("0:0", chunks[:1]),
    ):
        yield (
            f"bytes {told}",
            f"/ipfs/{large}",
            f"dag-scope=entity&entity-bytes={told}",
            [blocks(large, *wanted)],
        )
    yield (
        "bytes of a directory",
        f"/ipfs/{sharded.root}",
        "dag-scope=entity&entity-bytes=0:*",
        [blocks(sharded.root, *sharded.shards())],
    )
    first, _, last = cut.below(cut.root)
    for told, one in (("0:1000", first), ("2200:*", last)):
        yield (
            f"bytes {told} where a block is missing",
            f"/ipfs/{cut.root}",
            f"dag-scope=entity&entity-bytes={told}",
            [blocks(cut.root, one)],
        )


def _orders() -> Iterator[Exchange]:
    fixture = Fixture(DUPLICATES)
    where, all_of_it = f"/ipfs/{fixture.root}", [fixture.root, *fixture.below(fixture.root)]
    once = list(dict.fromkeys(all_of_it))
    for told, wanted in (("y", all_of_it), ("n", once)):
        checks = [has("content-type", CAR, "order=dfs", f"dups={told}"), blocks(*wanted)]
        accept = {"accept": f"{CAR}; version=1; order=dfs; dups={told}"}
        yield Exchange(GROUP, f"dups={told}", where, checks, headers=accept)
        yield Exchange(
            GROUP, f"dups={told} beside a parameter", f"{where}?format=car", checks, headers=accept
        )
    yield Exchange(
        GROUP,
        "order=unk",
        where,
        [has("content-type", CAR, "order="), blocks(*once, others=True)],
        headers={"accept": f"{CAR}; version=1; order=unk"},
    )
    yield Exchange(
        GROUP,
        "an identity hash is no block",
        "/ipfs/bafkqaf3imvwgy3zaneqgc3janfxgy2lomvscay3jmqfa",
        [has("content-type", CAR, "dups=y"), blocks()],
        headers={"accept": f"{CAR}; dups=y"},
    )


def _precedence() -> Iterator[Exchange]:
    fixture = Fixture(DUPLICATES)
    for name, query, accept, told in (
        ("car-order", "format=car&car-order=dfs", f"{CAR}; order=unk", "order=dfs"),
        ("car-dups", "format=car&car-dups=y", f"{CAR}; dups=n", "dups=y"),
        ("format=car", "format=car", RAW, CAR),
    ):
        yield Exchange(
            GROUP,
            f"{name} beats Accept",
            f"/ipfs/{fixture.root}?{query}",
            [has("content-type", CAR, told)],
            headers={"accept": accept},
        )
    yield Exchange(
        GROUP,
        "format=raw beats Accept",
        f"/ipfs/{fixture.root}?format=raw",
        [equals("content-type", RAW), exactly(fixture.block())],
        headers={"accept": CAR},
    )
