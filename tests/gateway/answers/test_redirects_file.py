"""Redirects: what a site's file says of paths that the site does not hold."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vectors import vectors
from walkaway.errors import TooMuch
from walkaway.gateway.answers.redirects_file import (
    BadRedirects,
    Redirect,
    Rule,
    parse_redirects,
    redirect_for,
)
from walkaway.proofs.ipfs import dag_pb, unixfs_data
from walkaway.proofs.ipfs.car import CarReader

EXAMPLES = b"""# Redirect some
/redirect-one /one.html
/302-redirect-two /two.html 302
/200-index /index.html 200

/posts/:year/:month/:title /articles/:month/:year?t=:title
/splat/* /redirected-splat/:splat 308
/gone/* /410.html 410
/elsewhere/* https://example.org:8080/:splat#part 302
/anything/* /:splat
/both/:x/* //example.org/:x
/\xc5\xbc%20y /to\xc5\x82/%20
/* /index.html 200
"""


def asked(path: str, data: bytes = EXAMPLES) -> Redirect | None:
    return redirect_for(parse_redirects(data), path.split("/")[1:])


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/redirect-one", 301, "/one.html"),
        ("/redirect-one/", 301, "/one.html"),
        ("/302-redirect-two", 302, "/two.html"),
        ("/posts/2026/04/a b&c", 301, "/articles/04/2026?t=a%20b%26c"),
        ("/splat/a/ż", 308, "/redirected-splat/a/%C5%BC"),
        ("/splat", 308, "/redirected-splat/"),
        ("/ż y", 301, "/to%C5%82/%20"),
    ],
)
def test_a_rule_sends_to_a_path_of_the_same_site(path: str, status: int, location: str) -> None:
    redirect = asked(path)
    assert redirect is not None
    assert (redirect.status, redirect.location, redirect.leaves) == (status, location, False)


@pytest.mark.parametrize(
    ("path", "status", "shown"),
    [
        ("/200-index", 200, ("index.html",)),
        ("/gone/a/b", 410, ("410.html",)),
        ("/redirect-one/below", 200, ("index.html",)),
        ("/", 200, ("index.html",)),
    ],
)
def test_a_rule_shows_a_file_of_the_site(path: str, status: int, shown: tuple[str, ...]) -> None:
    redirect = asked(path)
    assert redirect is not None
    assert (redirect.status, redirect.path) == (status, shown)


def test_the_first_rule_that_matches_stands() -> None:
    redirect = asked("/a", b"/a /first\n/a /second")
    assert redirect is not None
    assert redirect.location == "/first"


def test_where_no_rule_matches_there_is_no_redirect() -> None:
    assert asked("/b", b"/a /b\n/a/:x /b") is None
    assert asked("/a/x/y", b"/a/:x /b") is None


def test_the_address_of_another_site_is_told_and_marked() -> None:
    redirect = asked("/elsewhere/a/b")
    assert redirect == Redirect(302, "https://example.org:8080/a/b#part", (), leaves=True)
    redirect = asked("/both/a/b")
    assert redirect is not None
    assert redirect.leaves


@pytest.mark.parametrize(
    "path", ["/anything//example.org", "/anything/\\example.org", "/anything/%2F/example.org"]
)
def test_what_a_visitor_puts_in_makes_no_other_host(path: str) -> None:
    redirect = asked(path)
    assert redirect is not None
    assert not redirect.leaves
    assert redirect.location.startswith("/")
    assert redirect.location[1:2] not in ("/", "\\")


def test_a_rule_makes_no_longer_path_than_may_be_asked_for() -> None:
    bomb = b"/:a /" + b":a" * 30_000
    long = "z" * 30_000
    tracemalloc.start()
    try:
        with pytest.raises(TooMuch, match="a path of over 8192 bytes"):
            asked(f"/{long}", bomb)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # It would be 900 MB, and is not made to be refused.
    assert most < 10_000_000
    with pytest.raises(TooMuch):
        asked("/" + "\u0000" * 3000, b"/* /:splat")
    redirect = asked("/" + "z" * 8000, b"/:a /:a")
    assert redirect is not None
    assert len(redirect.location) == 8001


@given(st.lists(st.text(), max_size=4))
def test_a_location_is_ascii_on_one_line_and_on_this_site(path: list[str]) -> None:
    segments = ["anything", *(segment.encode("utf-8", "replace").decode() for segment in path)]
    redirect = redirect_for(parse_redirects(EXAMPLES), segments)
    assert redirect is not None
    assert redirect.location.isascii()
    assert redirect.location.isprintable()
    assert " " not in redirect.location
    assert not redirect.location.startswith(("//", "/\\"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"/a /b 301!", r'line 1: forced redirects \(or "shadowing"\) are not supported'),
        (b"\n/a /b 999", "line 2: 999 is an unsupported redirect status"),
        (b"/a /b \xd9\xa3\xd9\xa0\xd9\xa1", "unsupported redirect status"),
        (b"/a", "a path, a target and perhaps a status"),
        (b"/a /b 301 x", "a path, a target and perhaps a status"),
        (b"a /b", "a path begins with /"),
        (b"/a*b /b", "an asterisk stands at the end"),
        (b"/a/** /b", "an asterisk stands at the end"),
        (b"/a* /b", "so it follows a /"),
        (b"/a b", "a target is a path"),
        (b"/a javascript:alert(1)", "a target is a path"),
        (b"/a https://example.org 200", "only a file of the site itself"),
        (b"/a //example.org 404", "only a file of the site itself"),
        (b"\xff /b", "not UTF-8"),
        (b"/a /b\n" * 11_000, "redirects file size cannot exceed 65536 bytes"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(data: bytes, reason: str) -> None:
    with pytest.raises(BadRedirects, match=f"could not parse _redirects: .*{reason}"):
        parse_redirects(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_rules_or_refused(data: bytes) -> None:
    try:
        rules = parse_redirects(data)
    except BadRedirects:
        return
    assert all(isinstance(rule, Rule) for rule in rules)


def test_the_files_of_the_conformance_suite_are_read() -> None:
    archive = vectors("ipfs/gateway-conformance/fixtures/redirects_file") / "redirects.car"
    read, refused = 0, []
    for cid, block in CarReader(max_blocks=1000).feed(archive.read_bytes()):
        node = dag_pb.decode(block)
        data = unixfs_data.decode(node.data or b"").data or b""
        if cid.codec != 0x70 or not (data.startswith(b"/") or data == b"hello\n"):
            continue
        try:
            read += bool(parse_redirects(data))
        except BadRedirects as bad:
            refused.append(str(bad).removeprefix("could not parse _redirects: "))
    assert read == 3
    assert sorted(refused) == [
        "line 1: 999 is an unsupported redirect status",
        "line 1: a rule is a path, a target and perhaps a status",
        'line 1: forced redirects (or "shadowing") are not supported',
        "redirects file size cannot exceed 65536 bytes",
    ]
