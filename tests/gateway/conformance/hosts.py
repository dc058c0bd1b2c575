"""The groups on hosts of their own: subdomains, IPNS and DNSLink names there, `_redirects`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.gateway.conformance.exchange import (
    SUBDOMAINS,
    Check,
    Exchange,
    equals,
    exactly,
    has,
    lacks,
    target,
)
from tests.gateway.conformance.fixture import Fixture
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.ipns_name import name_text, parse_name
from walkaway.proofs.ipfs.multibase import BASE36, BASE58BTC

__all__ = ["host_exchanges"]

IMMUTABLE = "public, max-age=29030400, immutable"
TXT = "file-źł.txt"
KEYS = (
    "QmVujd5Vb7moysJj8itnGufN7MEtPRCNHkKpNuA4onsRa3",
    "12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d",
)


def host_exchanges() -> Iterator[Exchange]:
    """All of them."""
    yield from _listings()
    yield from _subdomains()
    yield from _forwarded()
    yield from _ipns()
    yield from _inlined()
    yield from _dnslinks()
    for host in (
        f"{Fixture('redirects_file/redirects.car').cid('examples').as_v1()}.ipfs.{SUBDOMAINS}",
    ):
        yield from _redirects(host)
    yield from _odd_redirects()
    yield from _redirects_of_names()


def _to(location: str, status: int = 301) -> tuple[list[Check], int]:
    return [equals("location", location)], status


def _listings() -> Iterator[Exchange]:
    fixture, group = Fixture("dir_listing/fixtures.car"), "subdomain, UnixFS"
    host, base = f"{fixture.root}.ipfs.{SUBDOMAINS}", f"//{SUBDOMAINS}/ipfs/{fixture.root}"
    yield Exchange(
        group,
        "the root has no way back",
        "/",
        [has("body", "Index of"), lacks("body", '<a href="/">..</a>')],
        host=host,
    )
    yield Exchange(
        group,
        "a directory is sent to its slash",
        target("/ą/ę"),
        *_to("/%C4%85/%C4%99/"),
        host=host,
    )
    yield Exchange(
        group,
        "a listing",
        target("/ą/ę/"),
        [
            has("etag", '"DirIndex-'),
            has(
                "body",
                "Index of",
                '<a href="/%C4%85/%C4%99/..">..</a>',
                f'/ipfs/<a href="{base}">{fixture.root}</a>/<a href="{base}/%C4%85">ą</a>/'
                f'<a href="{base}/%C4%85/%C4%99">ę</a>',
                f'<a href="/%C4%85/%C4%99/file-%C5%BA%C5%82.txt">{TXT}</a>',
                f'<a class="ipfs-hash" translate="no" href="//{SUBDOMAINS}/ipfs/'
                f'{fixture.cid("ą", "ę", TXT)}?filename=file-%25C5%25BA%25C5%2582.txt">',
            ),
        ],
        host=host,
    )


def _subdomains() -> Iterator[Exchange]:
    fixture, group = Fixture("subdomain_gateway/fixtures.car"), "subdomain, IPFS"
    v1, v0, v0_to_1 = (fixture.cid(f"hello-CIDv{kind}") for kind in ("1", "0", "0to1"))
    folder, long = fixture.cid("testdirlisting"), fixture.cid("hello-CIDv1_TOO_LONG")
    for name, cid, label in (("v1", v1, v1), ("a directory", folder, folder), ("v0", v0, v0_to_1)):
        where = f"http://{label}.ipfs.{SUBDOMAINS}/"
        yield Exchange(
            group, f"{name} is sent to its host", f"/ipfs/{cid}/", *_to(where), host=SUBDOMAINS
        )
    odd = Fixture("path_gateway_unixfs/dir-with-percent-encoded-filename.car").root
    yield Exchange(
        group,
        "a name with an escape is sent to its host",
        target(f"/ipfs/{odd}/Portugal%252C+España=Peninsula%20Ibérica.txt"),
        *_to(
            f"http://{odd}.ipfs.{SUBDOMAINS}/Portugal%252C+Espa%C3%B1a=Peninsula%20Ib%C3%A9rica.txt"
        ),
        host=SUBDOMAINS,
    )
    host, inside = f"{v1}.ipfs.{SUBDOMAINS}", f"{folder}.ipfs.{SUBDOMAINS}"
    yield Exchange(group, "a file", "/", [exactly(b"hello\n")], host=host)
    yield Exchange(group, "no /ipfs/ on a host", f"/ipfs/{v1}", status=404, host=host)
    for name, where, checks in (
        ("a folder called ipfs", "/ipfs/file.txt", [has("body", "I am a txt file")]),
        (
            "a listing at the root",
            "/",
            [has("body", '<a href="/hello">hello</a>', '<a href="/ipfs">ipfs</a>')],
        ),
        (
            "a listing below",
            "/ipfs/ipns/",
            [
                has(
                    "body",
                    "Index of",
                    '<a href="/ipfs/ipns/..">..</a>',
                    '<a href="/ipfs/ipns/bar">bar</a>',
                    f'/ipfs/<a href="//{SUBDOMAINS}/ipfs/{folder}">{folder}</a>/'
                    f'<a href="//{SUBDOMAINS}/ipfs/{folder}/ipfs">ipfs</a>/'
                    f'<a href="//{SUBDOMAINS}/ipfs/{folder}/ipfs/ipns">ipns</a>',
                )
            ],
        ),
        ("a file below", "/ipfs/ipns/bar", [has("body", "text-file-content")]),
    ):
        yield Exchange(group, name, where, checks, host=inside)
    yield Exchange(
        group,
        "no address",
        "/ipfs/QmInvalidCID",
        [has("body", 'invalid path "/ipfs/QmInvalidCID"')],
        range(400, 500),
        host=SUBDOMAINS,
    )
    too_long = [has("body", "CID incompatible with DNS label length limit of 63")]
    yield Exchange(group, "too long for a host", f"/ipfs/{long}", too_long, 400, host=SUBDOMAINS)
    yield Exchange(
        group, "a host that is too long", "/", too_long, 400, host=f"{long}.ipfs.{SUBDOMAINS}"
    )
    page = "/ipfs/QmXoypizjW3WknFiJnKLwHCnL72vedxjQkDDP1mXWo6uco/wiki/Diego_Maradona.html"
    yield Exchange(
        group,
        "?uri=ipfs://",
        target("/ipfs/", uri=page.replace("/ipfs/", "ipfs://", 1)),
        *_to(page),
        host=SUBDOMAINS,
    )


def _forwarded() -> Iterator[Exchange]:
    fixture, group = Fixture("subdomain_gateway/fixtures.car"), "subdomain, forwarded"
    cid = fixture.cid("hello-CIDv1")
    where, path, other = f"{cid}.ipfs.{SUBDOMAINS}/", f"/ipfs/{cid}", "fake.domain.com"
    https, forwarded = {"x-forwarded-proto": "https"}, {"x-forwarded-host": SUBDOMAINS}
    yield Exchange(
        group, "by https", f"{path}/", *_to(f"https://{where}"), host=SUBDOMAINS, headers=https
    )
    yield Exchange(
        group,
        "by http",
        f"{path}/",
        *_to(f"http://{where}"),
        host=SUBDOMAINS,
        headers={"x-forwarded-proto": "http"},
    )
    yield Exchange(group, "another host", path, host=other)
    yield Exchange(group, "by a host", path, *_to(f"http://{where}"), host=other, headers=forwarded)
    yield Exchange(
        group,
        "by a host and https",
        path,
        *_to(f"https://{where}"),
        host=other,
        headers=forwarded | https,
    )


def _ipns() -> Iterator[Exchange]:
    group = "subdomain, IPNS"
    for text in KEYS:
        name = parse_name(text)
        label = name_text(name)
        where = f"http://{label}.ipns.{SUBDOMAINS}/"
        yield Exchange(
            group,
            f"{text[:2]}... is sent to its host",
            f"/ipns/{text}",
            *_to(where),
            host=SUBDOMAINS,
        )
        yield Exchange(
            group,
            f"{text[:2]}... on its host",
            "/",
            [exactly(b"hello\n")],
            host=f"{label}.ipns.{SUBDOMAINS}",
        )
        other = Cid(1, codecs.DAG_PB, name.multihash).text(BASE36)
        yield Exchange(
            group,
            f"{text[:2]}... of another codec is sent on",
            "/",
            *_to(where),
            host=f"{other}.ipns.{SUBDOMAINS}",
        )
    ed25519 = parse_name(KEYS[1])
    yield Exchange(
        group,
        "a bare multihash is sent to its host",
        f"/ipns/{BASE58BTC.encode(ed25519.multihash)}",
        *_to(f"http://{name_text(ed25519)}.ipns.{SUBDOMAINS}/"),
        host=SUBDOMAINS,
    )


def _inlined() -> Iterator[Exchange]:
    group, wiki = "subdomain, DNSLink", "en.wikipedia-on-ipfs.example.org"
    label = "en-wikipedia--on--ipfs-example-org"
    for name, scheme, headers in (
        ("a name is sent to its host", "http", {}),
        ("a name is sent to its host by https", "https", {"x-forwarded-proto": "https"}),
    ):
        yield Exchange(
            group,
            name,
            f"/ipns/{wiki}/wiki/",
            *_to(f"{scheme}://{label}.ipns.{SUBDOMAINS}/wiki/"),
            host=SUBDOMAINS,
            headers=headers,
        )
    for name, host in (
        ("a name in one label", "dnslink--test-example-org"),
        ("a name that leads to a name", "dnslink--over--ipns-example-org"),
        ("a name that leads to a name in base36", "dnslink--over--ipns--cidv1-example-org"),
    ):
        yield Exchange(group, name, "/", [exactly(b"hello\n")], host=f"{host}.ipns.{SUBDOMAINS}")
    yield Exchange(
        group,
        "a name in its labels",
        "/",
        [exactly(b"hello\n")],
        host=f"dnslink-test.example.org.ipns.{SUBDOMAINS}",
    )
    yield Exchange(
        group, "?uri=ipns://", target("/ipns/", uri=f"ipns://{wiki}"), *_to(f"/ipns/{wiki}"),
        host=SUBDOMAINS,
    )  # fmt: skip


def _dnslinks() -> Iterator[Exchange]:
    group = "DNSLink"
    fixture, host = Fixture("dir_listing/fixtures.car"), "dnslink-dir-listing.example.org"
    yield Exchange(
        group,
        "the root has no way back",
        "/",
        [has("body", "Index of"), lacks("body", '<a href="/">..</a>')],
        host=host,
    )
    yield Exchange(
        group,
        "a directory is sent to its slash",
        target("/ą/ę"),
        *_to("/%C4%85/%C4%99/"),
        host=host,
    )
    yield Exchange(
        group,
        "a listing",
        target("/ą/ę/"),
        [
            has("etag", '"DirIndex-'),
            has(
                "body",
                "Index of",
                '<a href="/%C4%85/%C4%99/..">..</a>',
                f'/ipns/<a href="//{host}/">{host}</a>/<a href="//{host}/%C4%85">ą</a>/'
                f'<a href="//{host}/%C4%85/%C4%99">ę</a>',
                f'<a href="/%C4%85/%C4%99/file-%C5%BA%C5%82.txt">{TXT}</a>',
                f'<a class="ipfs-hash" translate="no" href="https://cid.ipfs.tech/#'
                f'{fixture.cid("ą", "ę", TXT)}" target="_blank" rel="noreferrer noopener">',
            ),
        ],
        host=host,
    )
    for name in ("dnslink-over-ipns", "dnslink-over-ipns-cidv1"):
        yield Exchange(
            group, f"{name} leads on", "/", [exactly(b"hello\n")], host=f"{name}.example.org"
        )
    below = "dnslink-subpath.example.org"
    yield Exchange(group, "a name of a path", "/", [has("body", "Index of", "root3")], host=below)
    yield Exchange(
        group,
        "below a name of a path",
        "/root3/root4/index.html",
        [exactly(b"hello\n")],
        host=below,
    )


def _redirects(host: str) -> Iterator[Exchange]:
    fixture, group = Fixture("redirects_file/redirects.car"), "redirects"
    for path, status, location in (
        ("/redirect-one", 301, "/one.html"),
        ("/301-redirect-one", 301, "/one.html"),
        ("/302-redirect-two", 302, "/two.html"),
        ("/posts/2022/01/01/hello-world", 301, "/articles/2022/01/01/hello-world"),
        ("/splat/one.html", 301, "/redirected-splat/one.html"),
    ):
        yield Exchange(group, path, path, *_to(location, status), host=host)
    for path in ("/200-index", "/catch-all"):
        yield Exchange(group, path, path, [has("body", "my index")], host=host)
    for folder, status in (("not-found", 404), ("gone", 410), ("unavail", 451)):
        page = f"{status}.html"
        etag = f'"{fixture.cid("examples", page)}"'
        yield Exchange(
            group,
            f"{status} with a page of the site",
            f"/{folder}/has-no-redirects-entry",
            [
                equals("cache-control", IMMUTABLE),
                equals("etag", etag),
                exactly(fixture.content("examples", page)),
            ],
            status,
            host=host,
        )


def _odd_redirects() -> Iterator[Exchange]:
    fixture, group = Fixture("redirects_file/redirects.car"), "redirects"
    broken = [has("body", "could not parse _redirects:")]
    asked: Sequence[tuple[str, str, Sequence[Check], int]] = (
        ("forced", "/not-found", broken, 500),
        (
            "too-large",
            "/not-found",
            [*broken, has("body", "redirects file size cannot exceed")],
            500,
        ),
        ("newlines", "/redirect-one", [equals("location", "/one.html")], 301),
        ("good-codes", "/a301", [equals("location", "/b301")], 301),
        ("bad-codes", "/found.html", [has("body", "my found")], 200),
    )
    for folder, path, checks, status in asked:
        host = f"{fixture.cid(folder).as_v1()}.ipfs.{SUBDOMAINS}"
        yield Exchange(group, folder, path, checks, status, host=host)


def _redirects_of_names() -> Iterator[Exchange]:
    group, host = "redirects, DNSLink", "dnslink-redirects-examples.example.org"
    yield Exchange(group, "a redirect", "/redirect-one", *_to("/one.html"), host=host)
    yield Exchange(
        group,
        "404 with a page of the site",
        "/not-found/has-no-redirects-entry",
        [
            equals("etag", '"Qmd9GD7Bauh6N2ZLfNnYS3b7QVAijbud83b8GE8LPMNBBP"'),
            lacks("cache-control", "immutable"),
            has("body", "my 404"),
        ],
        404,
        host=host,
    )
    spa = Fixture("redirects_file/redirects-spa.car")
    for name, where in (
        ("by name", "dnslink-enabled-with-spa.example.org"),
        ("by address", f"{spa.root}.ipfs.{SUBDOMAINS}"),
    ):
        etag = f'"{spa.cid("index.html")}"'
        yield Exchange(
            group, f"one page for all, {name}", "/missing-page", [equals("etag", etag)], host=where
        )
        yield Exchange(
            group,
            f"one page for all, {name}, known",
            "/missing-page",
            (),
            304,
            host=where,
            headers={"if-none-match": etag},
        )
