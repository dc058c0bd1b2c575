"""Lookups are read strictly: what eth-abi encodes comes back, and nothing else does."""

from __future__ import annotations

import json

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from walkaway.evm.offchain_lookup import OFFCHAIN_LOOKUP, OffchainLookup, offchain_lookup
from walkaway.limits import LIMITS
from walkaway.proofs.execution.keccak import keccak256

TYPES = ["address", "string[]", "bytes", "bytes4", "bytes"]
SENDER = bytes(range(0xA0, 0xB4))
URLS = ["https://a.example/{sender}/{data}.json", "https://b.example/{sender}"]


def encoded(
    urls: list[str] | None = None, asked: bytes = b"\x00\x11\x22\x33", extra: bytes = b"extra"
) -> bytes:
    urls = URLS if urls is None else urls
    return OFFCHAIN_LOOKUP + encode(TYPES, [SENDER, urls, asked, b"call", extra])


def read(data: bytes) -> OffchainLookup:
    lookup = offchain_lookup(data)
    assert lookup is not None
    return lookup


def with_word(data: bytes, index: int, value: int) -> bytes:
    at = 4 + 32 * index
    return data[:at] + value.to_bytes(32) + data[at + 32 :]


def test_the_selector_is_that_of_the_signature() -> None:
    signature = b"OffchainLookup(address,string[],bytes,bytes4,bytes)"
    assert keccak256(signature)[:4] == OFFCHAIN_LOOKUP


@given(
    st.lists(st.text(max_size=40), max_size=LIMITS.gateway_urls),
    st.binary(max_size=100),
    st.binary(max_size=100),
)
def test_what_a_contract_encodes_is_read(urls: list[str], asked: bytes, extra: bytes) -> None:
    lookup = read(encoded(urls, asked, extra))
    assert lookup == OffchainLookup(SENDER, tuple(urls), asked, b"call", extra)


def test_urls_are_filled_in_as_the_eip_shows() -> None:
    lookup = read(encoded())
    sender = "0x" + SENDER.hex()
    get, post = (lookup.query(template) for template in lookup.urls)
    assert (get.url, get.body) == (f"https://a.example/{sender}/0x00112233.json", None)
    assert post.url == f"https://b.example/{sender}"
    assert json.loads(post.body or b"") == {"data": "0x00112233", "sender": sender}


def test_a_url_without_a_place_for_the_sender_is_asked_as_it_is() -> None:
    lookup = read(encoded(["https://a.example/{data}", "https://a.example/"]))
    assert [lookup.query(t).url for t in lookup.urls] == [
        "https://a.example/0x00112233",
        "https://a.example/",
    ]


@given(
    st.lists(st.sampled_from(["{sender}", "{data}", "{", "}", "/", "data"]), max_size=12),
    st.binary(max_size=40),
)
def test_how_long_a_url_becomes_is_known_before_it_is_made(pieces: list[str], asked: bytes) -> None:
    template, lookup = "".join(pieces), read(encoded(asked=asked))
    assert lookup.url_characters(template) == len(lookup.query(template).url)


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_the_callback_gets_the_response_and_the_extra_data(response: bytes, extra: bytes) -> None:
    called = read(encoded(extra=extra)).callback_data(response)
    assert called == b"call" + encode(["bytes", "bytes"], [response, extra])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        OFFCHAIN_LOOKUP,
        OFFCHAIN_LOOKUP[:3],
        b"\x08\xc3\x79\xa0" + encoded()[4:],
        with_word(encoded(), 0, 1 << 160),
        with_word(encoded(), 3, 1),
        encoded([f"https://{n}.example/" for n in range(LIMITS.gateway_urls + 1)]),
        encoded(["https://a.example/" + "a" * LIMITS.gateway_url_bytes]),
        encoded(["\x00\x00"]).replace(b"\x00\x02\x00\x00", b"\x00\x02\xff\xff"),
        encoded(asked=bytes(LIMITS.lookup_call_data_bytes + 1)),
        encoded(extra=bytes(LIMITS.lookup_extra_data_bytes + 1)),
        *(
            with_word(encoded(), index, place)
            for index in (1, 2, 4)
            for place in (2**20, 2**256 - 1)
        ),
    ],
)
def test_what_only_looks_like_one_is_a_plain_revert(data: bytes) -> None:
    assert offchain_lookup(data) is None


def test_every_cut_is_a_plain_revert_or_lacks_only_padding() -> None:
    whole = encoded()
    for length in range(len(whole)):
        lookup = offchain_lookup(whole[:length])
        assert lookup is None or length >= len(whole) - 27


@pytest.mark.adversary
@given(st.data())
def test_changed_words_never_raise(data: st.DataObject) -> None:
    whole = bytearray(encoded())
    for _ in range(data.draw(st.integers(1, 4))):
        index = data.draw(st.integers(0, len(whole) // 32 - 2))
        value = data.draw(
            st.sampled_from([0, 1, 31, 32, 160, len(whole), 2**32, 2**255, 2**256 - 1])
            | st.integers(0, 2**256 - 1)
        )
        whole = bytearray(with_word(bytes(whole), index, value))
    lookup = offchain_lookup(bytes(whole))
    if lookup is not None:
        assert len(lookup.urls) <= LIMITS.gateway_urls
        assert all(len(url.encode()) <= LIMITS.gateway_url_bytes for url in lookup.urls)
