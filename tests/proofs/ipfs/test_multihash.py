"""Multihashes: the functions that prove, and the refusal of those that do not."""

from __future__ import annotations

import csv

import pytest

from tests.vectors import vectors
from walkaway.errors import ProofError, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs, multihash


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (codecs.IDENTITY, "616263"),
        (codecs.SHA2_256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (codecs.DBL_SHA2_256, "4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358"),
        (codecs.SHA3_256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
        (codecs.SHA3_224, "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf"),
        (codecs.KECCAK_256, "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
        (codecs.BLAKE2B_256, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"),
        (codecs.BLAKE2S_256, "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"),
    ],
)
def test_the_published_digests_of_abc(code: int, expected: str) -> None:
    assert multihash.digest(code, b"abc").hex() == expected


@pytest.mark.parametrize(
    ("code", "start", "length"),
    [
        (codecs.SHA2_384, "cb00753f45a35e8b", 48),
        (codecs.SHA2_512, "ddaf35a193617aba", 64),
        (codecs.SHA3_384, "ec01498288516fc9", 48),
        (codecs.SHA3_512, "b751850b1a57168a", 64),
        (codecs.BLAKE2B_512, "ba80a53f981c4d0d", 64),
    ],
)
def test_the_longer_digests_of_abc(code: int, start: str, length: int) -> None:
    value = multihash.digest(code, b"abc", length)
    assert value.hex().startswith(start)
    assert len(value) == length
    assert multihash.digest(code, b"abc", 32) == value[:32]


def test_a_digest_comes_apart_as_it_was_put_together() -> None:
    value = multihash.digest(codecs.BLAKE2B_256, b"abc")
    whole = multihash.encode(codecs.BLAKE2B_256, value)
    assert whole[:4].hex() == "a0e40220"
    assert multihash.decode(whole) == (codecs.BLAKE2B_256, value)


@pytest.mark.parametrize(
    ("fault", "data"),
    [
        ("cut short", b""),
        ("cut short", b"\x12"),
        ("not as long", b"\x12\x20" + bytes(31)),
        ("not as long", b"\x12\x20" + bytes(33)),
        ("over 128 bytes", b"\x00\x81\x01" + bytes(129)),
    ],
)
def test_what_is_malformed_is_refused(fault: str, data: bytes) -> None:
    with pytest.raises(ProofError, match=fault):
        multihash.decode(data)


def test_an_identity_digest_has_the_longest_length_allowed() -> None:
    data = bytes(LIMITS.digest_bytes)
    assert multihash.decode(multihash.encode(codecs.IDENTITY, data)) == (codecs.IDENTITY, data)


@pytest.mark.parametrize("code", [codecs.SHA1, codecs.MURMUR3_X64_64, codecs.BLAKE3, 0xD5, 0x7777])
def test_functions_that_prove_nothing_are_refused(code: int) -> None:
    with pytest.raises(Unsupported, match=f"0x{code:x}"):
        multihash.digest(code, b"abc")


@pytest.mark.parametrize(
    ("code", "length"),
    [(codecs.SHA2_256, 20), (codecs.SHA2_256, 33), (codecs.SHA2_512, 31), (codecs.SHA3_224, 27)],
)
def test_lengths_that_prove_nothing_are_refused(code: int, length: int) -> None:
    with pytest.raises(Unsupported, match=f"by {length} bytes"):
        multihash.digest(code, b"abc", length)


def test_the_tables_of_the_specification() -> None:
    functions = {
        "sha2-256": {256: codecs.SHA2_256},
        "sha2-512": {256: codecs.SHA2_512, 512: codecs.SHA2_512},
        "sha3": {512: codecs.SHA3_512},
    }
    checked = 0
    with (vectors("ipfs/multihash/tests/values") / "test_cases.csv").open() as lines:
        for row in csv.DictReader(lines):
            code = functions.get(row["algorithm"], {}).get(int(row["bits"]))
            if code is None:
                continue
            whole = bytes.fromhex(row["multihash"])
            length = int(row["bits"]) // 8
            value = multihash.digest(code, row["input"].encode(), length)
            assert multihash.encode(code, value) == whole
            checked += 1
    assert checked == 80
