"""Multibase: the specification's own tables, and nothing but whole bytes."""

from __future__ import annotations

import base64
import csv

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vectors import vectors
from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import multibase
from walkaway.proofs.ipfs.multibase import BASE16, BASE32, BASE36, BASE58BTC, base_named

NAMES = [
    *("base2", "base8", "base10", "base16", "base16upper", "base32", "base32upper"),
    *("base32pad", "base32padupper", "base32hex", "base32hexupper", "base32hexpad"),
    *("base32hexpadupper", "base32z", "base36", "base36upper", "base58btc", "base58flickr"),
    *("base64", "base64pad", "base64url", "base64urlpad"),
]


@settings(max_examples=150)
@given(st.binary(max_size=40), st.sampled_from(NAMES))
def test_bytes_survive_in_every_base(data: bytes, name: str) -> None:
    base = base_named(name)
    assert multibase.decode(multibase.encode(data, base)) == (base, data)


@settings(max_examples=150)
@given(st.text("0123456789abcdefgz=", max_size=12), st.sampled_from(NAMES))
def test_whatever_decodes_is_the_only_text_but_for_its_case(text: str, name: str) -> None:
    base = base_named(name)
    try:
        data = base.decode(text)
    except ProofError:
        return
    written = base.encode(data)
    assert written.lower() == text.lower() if base.either_case else written == text


@pytest.mark.parametrize("length", range(12))
def test_the_bases_of_rfc_4648_agree_with_another_implementation(length: int) -> None:
    data = bytes(range(0xF8, 0xF8 + 8))[:length] + bytes(max(0, length - 8))
    assert base_named("base32padupper").encode(data) == base64.b32encode(data).decode()
    assert base_named("base32hexpadupper").encode(data) == base64.b32hexencode(data).decode()
    assert base_named("base64pad").encode(data) == base64.b64encode(data).decode()
    assert base_named("base64urlpad").encode(data) == base64.urlsafe_b64encode(data).decode()
    assert BASE16.encode(data) == data.hex()


@pytest.mark.parametrize(
    ("base", "text"),
    [
        (BASE58BTC, "17paNL19xttacUY"),
        (BASE36, "02lcpzo5yikidynfl"),
        (BASE32, "ab4wk4zanvqw42jaee"),
        (base_named("base32z"), "ybhskh3ypiosh4jyrr"),
    ],
)
def test_a_leading_zero_is_kept(base: multibase.Base, text: str) -> None:
    assert base.decode(text) == b"\0yes mani !"
    assert base.encode(b"\0yes mani !") == text


@pytest.mark.parametrize("text", ["nbswy3dpeB3W64TMMQ", "NBSWY3DPEB3W64TMMQ"])
def test_either_case_is_read_where_the_base_has_one(text: str) -> None:
    assert BASE32.decode(text) == base_named("base32upper").decode(text) == b"hello world"


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("no known multibase", ""),
        ("no known multibase", "1abc"),
        ("no known multibase", "\N{ROCKET}abc"),
        ("not of base58btc", "z0"),
        ("not of base16", "fgg"),
        ("bits left over", "fa"),
        ("bits left over", "bab"),
        ("bits left over", "ba"),
        ("bits left over", "mAB"),
        ("not padded", "MAA"),
        ("not padded", "MAA="),
        ("not padded", "MAA==="),
        ("not of base64pad", "MA=A="),
    ],
)
def test_what_is_malformed_is_refused(fault: str, text: str) -> None:
    with pytest.raises(ProofError, match=fault):
        multibase.decode(text)


def test_a_text_too_long_is_refused_before_it_costs_anything() -> None:
    BASE58BTC.decode("z" * LIMITS.multibase_characters)
    with pytest.raises(ProofError, match="over 2048 long"):
        BASE58BTC.decode("z" * (LIMITS.multibase_characters + 1))


def test_a_base_of_no_known_name_is_refused() -> None:
    with pytest.raises(ProofError, match="base256emoji"):
        base_named("base256emoji")


@pytest.mark.parametrize("table", ["basic", "leading_zero", "two_leading_zeros"])
def test_the_tables_of_the_specification(table: str) -> None:
    with (vectors("ipfs/multibase/tests") / f"{table}.csv").open() as lines:
        (_, first), *rows = csv.reader(lines, skipinitialspace=True)
    data = first.replace("\\x00", "\0").encode()
    assert {name for name, _ in rows} - {"base256emoji"} <= set(NAMES)
    for name, text in rows:
        if name != "base256emoji":
            assert multibase.encode(data, base_named(name)) == text
            assert multibase.decode(text) == (base_named(name), data)


def test_the_table_of_cases() -> None:
    with (vectors("ipfs/multibase/tests") / "case_insensitivity.csv").open() as lines:
        _, *rows = csv.reader(lines, skipinitialspace=True)
    assert len(rows) == 12
    for name, text in rows:
        assert multibase.decode(text) == (base_named(name), b"hello world")
