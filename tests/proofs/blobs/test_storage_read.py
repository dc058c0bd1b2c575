"""EthStorage's precompile: what its input names is read, and of nothing else."""

from __future__ import annotations

from functools import cache

import pytest

from tests.proofs.blobs.encode import compact, kzg, versioned_hash
from walkaway.errors import ProofError
from walkaway.proofs import Proven
from walkaway.proofs.blobs.blob import BLOB_BYTES, prove_blob
from walkaway.proofs.blobs.encoding import DecodeType
from walkaway.proofs.blobs.storage_read import (
    STORAGE_PRECOMPILE,
    StorageRead,
    prove_read,
    read_input,
    read_subject,
)

DATA = bytes(range(200))


@cache
def blob(data: bytes = DATA, *, kept: int = 24) -> Proven[bytes]:
    held = compact(data) if data else b"\0\x01" + bytes(BLOB_BYTES - 2)
    return prove_blob(versioned_hash(held)[:kept], held, kzg())


def asks(
    start: int, size: int, *, how: int = 2, index: int = 7, of: Proven[bytes] | None = None
) -> bytes:
    name = (of or blob()).claim.subject[1]
    assert isinstance(name, bytes)
    words = b"".join(number.to_bytes(32, "big") for number in (index, how, start, size))
    return words + name.ljust(32, b"\0")


def test_a_part_of_what_the_blob_holds() -> None:
    given = asks(10, 20)
    proven = prove_read(given, blob())
    assert proven.value == DATA[10:30]
    assert proven.claim.subject == read_subject(given) == ("host call", STORAGE_PRECOMPILE, given)
    assert blob().because in proven.because.because
    assert prove_read(asks(0, 200), blob()).value == DATA
    assert prove_read(asks(0, 0), blob()).value == b""
    assert prove_read(asks(0, BLOB_BYTES, how=0), blob()).value == blob().value
    assert prove_read(asks(4, 3, how=1), blob()).value == DATA[:3]


def test_the_precompile_fails_for_what_the_blob_does_not_hold() -> None:
    for start, size in [(0, 201), (200, 1), (130_000, 1_000)]:
        assert prove_read(asks(start, size), blob()).value is None
    assert prove_read(asks(4096 * 31 - 1, 2, how=1), blob()).value is None
    no_compact_form = blob(b"")
    assert prove_read(asks(0, 1, of=no_compact_form), no_compact_form).value is None


def test_the_precompile_fails_for_what_asks_for_nothing_there_is() -> None:
    good = asks(1, 1)
    longest = asks(0, BLOB_BYTES, how=0)
    assert read_input(longest) == StorageRead(7, DecodeType.RAW_DATA, 0, BLOB_BYTES, good[128:152])
    for given in (
        b"",
        good[:-1],
        good + b"\0",
        good[:-1] + b"\1",
        good[:152] + b"\1" + good[153:],
        asks(1, 1, how=3),
        asks(1, 1, how=1 << 200),
        asks(1, 1, index=1 << 40),
        asks(1, BLOB_BYTES, how=0),
        asks((1 << 256) - 1, 1),
    ):
        assert read_input(given) is None
        proven = prove_read(given, None)
        assert proven.value is None
        assert proven.claim.subject == read_subject(given)
        assert [step.rule for step in proven.because.anchors()] == ["input of the precompile"]


def test_no_other_blob_stands_in() -> None:
    with pytest.raises(ProofError, match="reads another blob"):
        prove_read(asks(0, 1), blob(b"another"))
    with pytest.raises(ProofError, match="reads another blob"):
        prove_read(asks(0, 1), blob(kept=32))
    with pytest.raises(ProofError, match="reads a blob"):
        prove_read(asks(0, 1), None)
