from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkaway.content.web3.mode import Mode, read_mode
from walkaway.content.web3.url import Web3Url, follow, read_pointer, read_url, unescaped
from walkaway.errors import InvalidRequest, TooMuch, Unsupported, WalkawayError
from walkaway.limits import LIMITS
from walkaway.names.pointer import Pointer

HOST = "0x" + "4e" * 20
FROM = "0x" + "ab" * 20
BASE = read_url(f"web3://{FROM}@{HOST}:5/a/b/c?x=1")


def test_every_part_of_a_url() -> None:
    url = read_url(f"W3://{FROM}@{HOST.upper().replace('X', 'x')}:1337/a%20b/?q=(x)#part/?")
    assert url == Web3Url(b"\xab" * 20, HOST, 1337, "/a%20b/?q=(x)")
    assert url.address == b"\x4e" * 20
    assert str(url) == f"web3://{FROM}@{HOST}:1337/a%20b/?q=(x)"
    assert str(url.pointer) == f"/web3/{FROM}@{HOST}:1337/a%20b/?q=(x)"
    assert read_pointer(url.pointer) == url


@pytest.mark.parametrize(
    ("text", "target"),
    [("", ""), ("/", "/"), ("?a=/", "?a=/"), ("/?/", "/?/"), ("#f/?", ""), ("/a:b@c", "/a:b@c")],
)
def test_the_target_begins_where_path_or_query_do(text: str, target: str) -> None:
    assert read_url(f"web3://app.eth{text}") == Web3Url(bytes(20), "app.eth", 1, target)


def test_a_name_is_unescaped_and_has_no_address() -> None:
    url = read_url("web3://%F0%9F%99%82.eth/")
    assert (url.host, url.address, url.root) == ("🙂.eth", None, "%F0%9F%99%82.eth:1")
    assert read_pointer(url.pointer) == url


def test_a_name_has_the_chain_behind_it_and_gives_way_to_its_contract() -> None:
    url = read_url(f"web3://{FROM}@App.eth:5/a?b")
    assert url.name == "app.eth:5"
    assert read_url(f"web3://{HOST}/").name is None
    at = url.at(Pointer("web3", f"{HOST}:10"))
    assert str(at) == f"web3://{FROM}@{HOST}:10/a?b"
    with pytest.raises(InvalidRequest, match="no pointer to a contract"):
        url.at(Pointer("ipns", "app.eth"))


@pytest.mark.parametrize(
    "text",
    [
        "web3:app.eth",
        "http://app.eth/",
        "web3://app",
        "web3://app..eth",
        "web3://app%2feth.eth",
        "web3://a%40b.eth",
        "web3://%ff.eth",
        "web3://%zz.eth",
        "web3://a b.eth/",
        "web3://app.eth/\n",
        "web3://app.eth/\u00e9",
        "web3://alice.eth@app.eth/",
        "web3://0x12@app.eth/",
        "web3://@app.eth/",
        "web3://app.eth:0/",
        "web3://app.eth:/",
        "web3://app.eth:1:2/",
        f"web3://app.eth:{'1' * 79}/",
    ],
)
def test_what_is_no_url_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        read_url(text)


def test_a_url_is_held_short() -> None:
    beginning = "web3://app.eth/"
    fits = beginning + "a" * (LIMITS.web3_url_bytes - len(beginning))
    assert len(read_url(fits).target) == len(fits) - len("web3://app.eth")
    with pytest.raises(TooMuch):
        read_url(fits + "a")


@pytest.mark.parametrize(
    "pointer",
    [
        Pointer("ipfs", "app.eth"),
        Pointer("web3", "app.eth", ("a",)),
        Pointer("web3", "app.eth/a"),
        Pointer("web3", "app.eth?a"),
        Pointer("web3", "app.eth", target="a"),
        Pointer("web3", "app.eth", target="/\r\n"),
        Pointer("web3", ""),
    ],
)
def test_what_is_no_pointer_to_a_contract_is_refused(pointer: Pointer) -> None:
    with pytest.raises(InvalidRequest):
        read_pointer(pointer)


@pytest.mark.parametrize(
    ("reference", "target"),
    [
        ("/d", "/d"),
        ("d", "/a/b/d"),
        ("../d?y", "/a/d?y"),
        ("../../../../d", "/d"),
        ("?y=2#f", "/a/b/c?y=2"),
        ("d%2fe", "/a/b/d%2fe"),
    ],
)
def test_a_relative_reference_stays_in_its_contract(reference: str, target: str) -> None:
    assert follow(BASE, reference) == replace(BASE, target=target)


def test_a_whole_reference_leads_anywhere_and_another_scheme_nowhere() -> None:
    assert follow(BASE, "web3://app.eth/d") == Web3Url(bytes(20), "app.eth", 1, "/d")
    for reference in ("//app.eth/d", "http://app.eth/d", "http:d", "javascript:alert(1)", "\r"):
        with pytest.raises(InvalidRequest):
            follow(BASE, reference)
    assert follow(replace(BASE, target=""), "d").target == "/d"


@given(st.text() | st.text(alphabet="web3:/@?#%.0x4eF[]\\").map(lambda text: f"web3://{text}"))
def test_any_text_is_a_url_or_refused(text: str) -> None:
    try:
        url = read_url(text)
        assert read_pointer(url.pointer) == url
        assert read_url(str(url)) == url
        follow(url, text)
    except WalkawayError:
        pass


def test_what_is_escaped_is_text() -> None:
    assert unescaped("a%2Fb+%F0%9F%99%82") == "a/b+🙂"
    for text in ("%", "%4", "%AG", "%ff"):
        with pytest.raises(InvalidRequest):
            unescaped(text)


@pytest.mark.parametrize(
    ("output", "mode"),
    [
        (None, Mode.AUTO),
        (b"", Mode.AUTO),
        (b"manual".ljust(31, b"\0"), Mode.AUTO),
        (bytes(32), Mode.AUTO),
        (b"auto".ljust(32, b"\0"), Mode.AUTO),
        (b"manual".ljust(64, b"\0"), Mode.MANUAL),
        (b"5219".ljust(32, b"\0"), Mode.RESOURCE),
    ],
)
def test_the_modes(output: bytes | None, mode: Mode) -> None:
    assert read_mode(output) is mode


@pytest.mark.parametrize("said", [b"Manual", b"\0manual", b"5218", b"\xff" * 32])
def test_a_mode_that_is_not_known_is_refused(said: bytes) -> None:
    with pytest.raises(Unsupported, match="resolve mode"):
        read_mode(said.ljust(32, b"\0"))
