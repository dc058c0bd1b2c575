"""Deep hash: against recorded values, and one value for each nesting."""

from __future__ import annotations

import hashlib
import json

import pytest

from tests.vectors import vectors
from walkaway.proofs.arweave.deep_hash import DeepHashed, Hashed, deep_hash


def test_the_recorded_hashes_come_out() -> None:
    recorded = json.loads((vectors("arweave") / "deephash.json").read_text())
    assert len(recorded) == 5
    for entry in recorded:
        assert deep_hash(read(entry["input_hex"])).hex() == entry["sha384_deephash"]


def read(value: object) -> DeepHashed:
    if isinstance(value, str):
        return bytes.fromhex(value)
    assert isinstance(value, list)
    return [read(member) for member in value]


def test_a_blob_may_be_given_by_its_hash() -> None:
    digest = hashlib.sha384(b"payload").digest()
    assert deep_hash([b"a", Hashed(7, digest)]) == deep_hash([b"a", b"payload"])
    assert deep_hash(Hashed(8, digest)) != deep_hash(b"payload")


@pytest.mark.parametrize(
    "other", [[b"ab"], [b"a", b"b", b""], [[b"a"], b"b"], [[b"a", b"b"]], [b"", b"ab"], b"ab", []]
)
def test_where_a_field_ends_makes_another_hash(other: DeepHashed) -> None:
    assert deep_hash(other) != deep_hash([b"a", b"b"])
