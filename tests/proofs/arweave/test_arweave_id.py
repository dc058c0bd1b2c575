"""Ids: the hash of a signature, in one form."""

from __future__ import annotations

import hashlib

import pytest

from walkaway.errors import ProofError
from walkaway.proofs.arweave.arweave_id import ArweaveId

NAME = ArweaveId.of_signature(b"signature")


def test_an_id_is_the_hash_of_a_signature() -> None:
    assert NAME.digest == hashlib.sha256(b"signature").digest()
    assert ArweaveId.parse(str(NAME)) == NAME
    assert len(str(NAME)) == 43
    NAME.hold(b"signature")


def test_another_signature_is_not_its() -> None:
    with pytest.raises(ProofError, match="does not hash to the id"):
        NAME.hold(b"another")


@pytest.mark.parametrize("text", ["", str(NAME)[:-1], str(NAME) + "A", "A" * 42 + "B", "é" * 43])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ProofError):
        ArweaveId.parse(text)
