"""Data as a whole: cut as packers cut them, down to the last byte."""

from __future__ import annotations

import json
from random import Random

import pytest

from tests.proofs.arweave.making import chunk_tree, proven_transaction, standard_chunks
from tests.vectors import vectors
from walkaway.errors import ProofError
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.chunk import CHUNK_BYTES, chunk_subject, prove_chunk
from walkaway.proofs.arweave.transaction import prove_transaction
from walkaway.proofs.arweave.whole import (
    LEAST_CHUNK_BYTES,
    WholeProof,
    chunk_ends,
    prove_whole,
)

SIZES = [
    1,
    LEAST_CHUNK_BYTES,
    CHUNK_BYTES - 1,
    CHUNK_BYTES,
    CHUNK_BYTES + 1,
    CHUNK_BYTES + LEAST_CHUNK_BYTES - 1,
    CHUNK_BYTES + LEAST_CHUNK_BYTES,
    2 * CHUNK_BYTES,
    2 * CHUNK_BYTES + 1,
    3 * CHUNK_BYTES,
    5 * CHUNK_BYTES + 7,
    7 * CHUNK_BYTES,
]


def data_of(size: int) -> bytes:
    return Random(size).randbytes(size)


@pytest.mark.parametrize("size", SIZES)
def test_data_are_cut_where_packers_cut_them(size: int) -> None:
    data = data_of(size)
    chunks = standard_chunks(data)
    ends = [sum(map(len, chunks[: at + 1])) for at in range(len(chunks))]
    assert list(chunk_ends(size)) == ends
    root, leaves = chunk_tree([*chunks])
    transaction = proven_transaction(root, size)
    proven = prove_whole(transaction, data)
    assert proven.value == size
    assert proven.claim.subject == chunk_subject(transaction.value, 0, size)
    assert proven.because.because == (transaction.because,)
    for leaf in leaves:
        if leaf.chunk:
            value = prove_chunk(transaction, leaf.start, leaf.path, leaf.chunk).value
            assert data[value.start : value.end] == leaf.chunk


def test_no_data_need_no_root() -> None:
    assert list(chunk_ends(0)) == []
    transaction = proven_transaction(b"", 0)
    assert prove_whole(transaction, b"").value == 0
    with pytest.raises(ProofError, match="longer than signed"):
        prove_whole(transaction, b"\0")


@pytest.mark.parametrize("piece", [1000, CHUNK_BYTES, CHUNK_BYTES + 1, 1 << 30])
def test_pieces_prove_the_same_however_they_are_cut(piece: int) -> None:
    data = data_of(2 * CHUNK_BYTES + 1)
    root, _ = chunk_tree([*standard_chunks(data)])
    proof = WholeProof(proven_transaction(root, len(data)))
    for at in range(0, len(data), piece):
        proof.update(b"")
        proof.update(data[at : at + piece])
    proof.update(b"")
    assert proof.finish().value == len(data)


def test_data_are_just_these() -> None:
    data = data_of(CHUNK_BYTES + 1)
    root, _ = chunk_tree([*standard_chunks(data)])
    transaction = proven_transaction(root, len(data))
    for at in (0, 1, CHUNK_BYTES // 2, CHUNK_BYTES):
        with pytest.raises(ProofError, match="do not hash to their root"):
            prove_whole(transaction, data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :])
    with pytest.raises(ProofError, match="cut short"):
        prove_whole(transaction, data[:-1])
    with pytest.raises(ProofError, match="cut short"):
        prove_whole(transaction, b"")
    with pytest.raises(ProofError, match="longer than signed"):
        prove_whole(transaction, data + b"\0")


def test_data_that_were_cut_otherwise_are_proven_by_their_chunks_alone() -> None:
    data = data_of(1000)
    root, leaves = chunk_tree([data[:400], data[400:]])
    transaction = proven_transaction(root, 1000)
    with pytest.raises(ProofError, match="do not hash to their root"):
        prove_whole(transaction, data)
    assert prove_chunk(transaction, 999, leaves[1].path, leaves[1].chunk).value.start == 400


def test_the_recorded_data_are_proven() -> None:
    folder = vectors("arweave")
    for entry in json.loads((folder / "transactions.json").read_text()):
        name, header = ArweaveId.parse(entry["tx"]["id"]), json.dumps(entry["tx"]).encode()
        data = (folder / entry["data_file"]).read_bytes()
        assert prove_whole(prove_transaction(name, header), data).value == len(data)
