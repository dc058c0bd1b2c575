"""MurmurHash3 gives what its own reference gives, for tails of every length."""

from __future__ import annotations

import pytest

from walkaway.proofs.ipfs.murmur3 import murmur3_x64_64


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", 0),
        (b"hello", 0xCBD8A7B341BD9B02),
        (b"The quick brown fox jumps over the lazy dog", 0xE34BBC7BBC071B6C),
    ],
)
def test_the_published_hashes(data: bytes, expected: int) -> None:
    assert murmur3_x64_64(data) == expected


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (1, 0x4610ABE56EFF5CB5),
        (7, 0xBD4C6987CA4B0D68),
        (8, 0x47A7E1BDD68E2FC8),
        (9, 0xFBB4CB0F6E812D32),
        (15, 0x47231598FD4925E9),
        (16, 0x444924B591903F30),
        (17, 0x5C76F40F9FE7C20E),
        (31, 0x053DD3E1A32CD094),
        (32, 0xC66D9022B62F500F),
        (47, 0x8A0F637C089B4882),
    ],
)
def test_tails_of_every_kind_as_the_reference_hashes_them(length: int, expected: int) -> None:
    assert murmur3_x64_64(bytes(range(length))) == expected
