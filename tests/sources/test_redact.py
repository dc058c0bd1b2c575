"""Nothing of an address that could be a key gets through, however it is spelled."""

from __future__ import annotations

from time import perf_counter
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkaway.sources.redact import Scrubber, redact, shown

KEY = "aB3-secret/key+1"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://rpc.example/v2/KEY", "https://rpc.example"),
        ("https://user:KEY@rpc.example:8443/?apikey=KEY#KEY", "https://rpc.example:8443"),
        ("http://[::1]:8545/KEY", "http://[::1]:8545"),
        ("https://[bad/KEY", "(an unreadable address)"),
        ("https://host:port/KEY", "(an unreadable address)"),
        ("KEY", "(an unreadable address)"),
        ("file:///KEY", "(an unreadable address)"),
    ],
)
def test_scheme_and_host_are_all_that_is_left(url: str, expected: str) -> None:
    assert redact(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        f"https://rpc.example/v2/{quote(KEY, safe='')}",
        f"https://rpc.example/?apikey={quote(KEY, safe='')}",
        f"https://user:{quote(KEY, safe='')}@rpc.example/",
        f"https://rpc.example/#{quote(KEY, safe='')}",
    ],
)
@pytest.mark.parametrize("spelled", [KEY, quote(KEY, safe=""), KEY.replace("/", "\\/")])
def test_a_key_is_scrubbed_from_any_part_in_any_spelling(url: str, spelled: str) -> None:
    scrub = Scrubber(url)
    assert spelled not in scrub(f"bad key {spelled} given")
    assert KEY not in scrub(f"error at {url}, {url!r}")


def test_other_urls_are_cut_down_to_their_host() -> None:
    text = Scrubber("https://a.example/")("see https://b.example/path?key=1 and (http://c.x/y)")
    assert text == "see https://b.example and (http://c.x)"


def test_ordinary_words_survive() -> None:
    scrub = Scrubber("https://rpc.example/mainnet/v2/0123456789abcdef")
    assert scrub("mainnet v2 0123456789abcdef") == "mainnet v2 (redacted)"


def test_an_unreadable_url_is_scrubbed_whole() -> None:
    assert Scrubber("https://[bad/KEY")("at https://[bad/KEY!") == "at (an unreadable address)"


def test_a_scheme_that_follows_a_digit_is_a_scheme() -> None:
    assert "KEY" not in Scrubber("https://a.example/")("1https://b.example/KEY ://c/KEY 2://d/KEY")


LONG_KEY = "k3y0123456789abcdef0123456789SECRET"


@pytest.mark.parametrize("length", range(6, len(LONG_KEY) + 1))
@pytest.mark.parametrize("after", ["", "...", "...; got 0x00", "\u2026 and more"])
def test_what_a_cut_left_of_a_key_goes_too(length: int, after: str) -> None:
    scrub = Scrubber(f"https://rpc.example/v2/{LONG_KEY}")
    assert scrub(f"got {LONG_KEY[:length]}{after}") == f"got (redacted){after}"


def test_what_only_begins_like_a_key_survives() -> None:
    scrub = Scrubber("https://rpc.example/eth-mainnet-0123456789")
    assert scrub("eth-mainnet is down; eth-m...") == "eth-mainnet is down; eth-m..."


def test_case_hides_no_key() -> None:
    """Hosts are shown in lower case, and a key may stand where a host does."""
    scrub = Scrubber("https://user:PassWord@rpc.example/")
    assert "password" not in scrub("see https://PassWord and https://password:1").lower()


@pytest.mark.parametrize(
    "piece",
    ["a.", "a:", "a://", "://a ", "http://a/ ", LONG_KEY[:10], LONG_KEY[:7] + "...", "\\", "%2F"],
)
def test_the_time_is_linear_in_the_text(piece: str) -> None:
    scrub = Scrubber(f"https://rpc.example/v2/{LONG_KEY}")
    text = (piece * 32_768)[:65_536]
    began = perf_counter()
    scrub(text)
    assert perf_counter() - began < 2.0


def test_what_is_shown_is_one_bounded_line_without_control_characters() -> None:
    assert shown("a\x1b[31m\r\nb\u202ec\ud800", 99) == "a [31m b c?"
    assert shown("x" * 100, 10) == "xxxxxxx..."


@given(st.text(), st.text())
def test_nothing_from_outside_trips_it(url: str, text: str) -> None:
    assert len(shown(Scrubber(url)(text), 50)) <= 50
    redact(url)
