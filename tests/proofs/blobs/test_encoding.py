"""What blobs hold, in each form; and what is of none."""

from __future__ import annotations

import random

import pytest

from tests.proofs.blobs.encode import compact, padded
from walkaway.errors import ProofError
from walkaway.proofs.blobs.blob import BLOB_BYTES
from walkaway.proofs.blobs.encoding import COMPACT_BYTES, DecodeType, decode_blob

COMPACT = DecodeType.OPTIMISM_COMPACT


@pytest.mark.parametrize(
    "size", [0, 1, 27, 28, 122, 123, 124, 249, 250, 251, 4000, COMPACT_BYTES - 1, COMPACT_BYTES]
)
def test_compact_data_comes_back(size: int) -> None:
    data = random.Random(size).randbytes(size)
    assert decode_blob(compact(data), COMPACT) == data
    assert decode_blob(compact(b"\xff" * size), COMPACT) == b"\xff" * size


def test_padded_and_raw_data_come_back() -> None:
    data = random.Random(1).randbytes(4096 * 31)
    assert decode_blob(padded(data), DecodeType.PADDING_PER_31_BYTES) == data
    assert decode_blob(padded(data), DecodeType.RAW_DATA) == padded(data)


def put(blob: bytes, at: int, byte: int) -> bytes:
    return blob[:at] + bytes((byte,)) + blob[at + 1 :]


def test_what_the_compact_form_leaves_empty_must_be() -> None:
    blob = compact(bytes(500))
    with pytest.raises(ProofError, match="another version"):
        decode_blob(put(blob, 1, 1), COMPACT)
    with pytest.raises(ProofError, match="at most 130044 bytes"):
        decode_blob(put(put(blob, 3, 0xFC), 4, 0xFD)[:2] + b"\x01\xfb\xfd" + blob[5:], COMPACT)
    for element in (1, 2, 3, 4, 15):
        for bit in (64, 128):
            with pytest.raises(ProofError, match="leaves empty"):
                decode_blob(put(blob, element * 32, bit), COMPACT)


def test_as_the_reference_has_it_what_follows_the_data_is_not_looked_at() -> None:
    blob = compact(bytes(123))
    assert decode_blob(put(blob, 4 * 32, 255), COMPACT) == bytes(123)
    assert decode_blob(put(blob, 0, 0b1100_0000), COMPACT) == bytes(123)
    with pytest.raises(ProofError, match="leaves empty"):
        decode_blob(put(compact(bytes(124)), 4 * 32, 255), COMPACT)


@pytest.mark.parametrize("how", DecodeType)
def test_only_whole_blobs_are_read(how: DecodeType) -> None:
    for blob in (b"", bytes(BLOB_BYTES - 1), bytes(BLOB_BYTES + 1)):
        with pytest.raises(ProofError, match="no blob"):
            decode_blob(blob, how)
