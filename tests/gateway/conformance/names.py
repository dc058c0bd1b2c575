"""The groups of IPNS on path URLs: records good and bad, paths below them, and the records."""

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
    target,
)
from tests.gateway.conformance.fixture import Fixture
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["name_exchanges"]

IMMUTABLE = "public, max-age=29030400, immutable"
GENERATED = "public, max-age=604800, stale-while-revalidate=2678400"
TXT = "file-źł.txt"


def name_exchanges() -> Iterator[Exchange]:
    """All of them."""
    group = "path, IPNS"
    for name, key in (
        (
            "a signature of version 1 alone",
            "k51qzi5uqu5dm4tm0wt8srkg9h9suud4wuiwjimndrkydqm81cqtlb5ak6p7ku",
        ),
        (
            "two versions that differ",
            "k51qzi5uqu5dlmit2tuwdvnx4sbnyqgmvbxftl0eo3f33wwtb9gr7yozae9kpw",
        ),
        ("a broken signature", "k51qzi5uqu5diamp7qnnvs1p1gzmku3eijkeijs3418j23j077zrkok63xdm8c"),
    ):
        yield Exchange(group, name, f"/ipns/{key}", status=range(500, 600))
    for name, key, content in (
        (
            "a broken signature of version 1",
            "k51qzi5uqu5dilgf7gorsh9vcqqq4myo6jd4zmqkuy9pxyxi5fua3uf7axph4y",
            "bafkqahtwgevxmmrao5uxi2bamjzg623fnyqhg2lhnzqxi5lsmuqhmmi",
        ),
        (
            "both versions",
            "k51qzi5uqu5dlkw8pxuw9qmqayfdeh4kfebhmreauqdc6a7c3y7d5i9fi8mk9w",
            "bafkqaddwgevxmmraojswg33smq",
        ),
        (
            "version 2 alone",
            "k51qzi5uqu5dit2ku9mutlfgwyz8u730on38kd10m97m36bjt66my99hb6103f",
            "bafkqadtwgiww63tmpeqhezldn5zgi",
        ),
    ):
        yield Exchange(group, name, f"/ipns/{key}", [exactly(Cid.parse(content).digest)])
    for before, after in (
        (
            "12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK",
            "k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8",
        ),
        (
            "QmcJM7PRfkSbcM5cf1QugM5R37TLRKyJGgBEhXjLTB8uA2",
            "k2k4r8ol4m8kkcqz509c1rcjwunebj02gcnm5excpx842u736nja8ger",
        ),
    ):
        yield Exchange(
            group,
            f"{before[:2]}... is sent to base36",
            f"/ipns/{before}/root2/",
            [equals("location", f"/ipns/{after}/root2/")],
            302,
        )
    below = "/ipns/k51qzi5uqu5djokp3m1keo36hoxtd6u3a1d2rg1camf6al7p3huy63dojlm57c"
    yield Exchange(group, "a record of a path", f"{below}/", [has("body", "Index of", "root3")])
    yield Exchange(
        group, "below a record of a path", f"{below}/root3/root4/index.html", [exactly(b"hello\n")]
    )
    yield from _ipns_caching()


def _ipns_caching() -> Iterator[Exchange]:
    fixture, group = Fixture("gateway-cache/fixtures.car"), "path, IPNS"
    key = "k51qzi5uqu5dlxdsdu5fpuu7h69wu4ohp32iwm9pdt9nq3y5rpn3ln9j12zfhe"
    path = ("root2", "root3", "root4", "index.html")
    roots = [fixture.cid(*path[:count]) for count in range(5)]
    aged = either([absent("cache-control")], [has("cache-control", "public, max-age=")])
    for name, below, count, etag in (
        ("a listing", "root2/root3/", 3, f"_CID-{roots[2]}"),
        ("an index", "root2/root3/root4/", 4, f'"{roots[3]}"'),
        ("a file", "root2/root3/root4/index.html", 5, f'"{roots[4]}"'),
    ):
        yield Exchange(
            group,
            name,
            f"/ipns/{key}/{below}",
            [
                equals("x-ipfs-path", f"/ipns/{key}/{below}"),
                equals("x-ipfs-roots", ",".join(map(str, roots[:count]))),
                has("etag", etag),
                lacks("cache-control", "immutable"),
                aged,
            ],
        )
    yield Exchange(
        group,
        "a directory raw",
        f"/ipns/{key}/root2/root3/root4/?format=raw",
        [exactly(fixture.block(*path[:3])), lacks("cache-control", "immutable"), aged],
    )
    yield Exchange(
        group,
        "an entity tag",
        f"/ipns/{key}/root2/root3/root4/index.html",
        (),
        304,
        headers={"if-none-match": f'"{roots[4]}"'},
    )
    record = f"/ipns/{key}"
    checks = [
        has("content-disposition", "attachment;"),
        has("content-type", "application/vnd.ipfs.ipns-record"),
        has("cache-control", "public, max-age=3155760000"),
    ]
    group = "trustless, IPNS record"
    yield Exchange(group, "by parameter", f"{record}?format=ipns-record", checks)
    yield Exchange(
        group, "by Accept", record, checks, headers={"accept": "application/vnd.ipfs.ipns-record"}
    )
    yield Exchange(
        group,
        "a file name",
        target(record, format="ipns-record", filename="test\u0442\u0435\u0441\u0442.ipns-record"),
        [
            has(
                "content-disposition",
                'attachment; filename="test____.ipns-record"; '
                "filename*=UTF-8''test%D1%82%D0%B5%D1%81%D1%82.ipns-record",
            )
        ],
    )
