"""Chunks: each where it stands, in plain trees and in rebased ones."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.arweave.making import Element, Leaf, chunk_tree, proven_transaction
from tests.vectors import vectors
from walkaway.errors import ProofError, UnknownEnd, WalkawayError
from walkaway.limits import LIMITS
from walkaway.proofs.arweave import base64url
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.chunk import (
    CHUNK_BYTES,
    Chunk,
    branch_hash,
    chunk_subject,
    leaf_hash,
    prove_chunk,
)
from walkaway.proofs.arweave.transaction import Transaction, prove_transaction
from walkaway.proofs.proven import Proven

FULL = 100
"""How long chunks are here; nothing but the most depends on it."""


def chunk(number: int, size: int = FULL) -> bytes:
    return bytes((number,)) * size


def tree(elements: list[Element]) -> tuple[Proven[Transaction], list[Leaf]]:
    root, leaves = chunk_tree(elements)
    return proven_transaction(root, leaves[-1].start + len(leaves[-1].chunk)), leaves


def prove(
    transaction: Proven[Transaction], leaf: Leaf, offset: int | None = None
) -> tuple[int, int]:
    at = leaf.start if offset is None else offset
    value = prove_chunk(transaction, at, leaf.path, leaf.chunk).value
    assert value.data == leaf.chunk
    return value.start, value.end


def plain(count: int) -> list[Element]:
    return [chunk(number) for number in range(count)]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 13])
def test_each_chunk_is_proven_where_it_stands(count: int) -> None:
    transaction, leaves = tree(plain(count))
    for leaf in leaves:
        for offset in (leaf.start, leaf.start + 1, leaf.start + FULL - 1):
            assert prove(transaction, leaf, offset) == (leaf.start, leaf.start + FULL)


def test_a_chunk_says_what_it_stands_on() -> None:
    transaction, leaves = tree(plain(3))
    proven = prove_chunk(transaction, 150, leaves[1].path, leaves[1].chunk)
    assert proven.claim.subject == chunk_subject(transaction.value, 100, 200)
    assert proven.claim.subject == ("arweave data", transaction.value.id.digest, 100, 200)
    assert proven.because.because == (transaction.because,)


@pytest.mark.parametrize("count", [2, 3, 5, 8])
def test_no_chunk_is_proven_elsewhere(count: int) -> None:
    transaction, leaves = tree(plain(count))
    for leaf in leaves:
        for other in leaves:
            if other is not leaf:
                with pytest.raises(ProofError):
                    prove(transaction, leaf, other.start)
                with pytest.raises(ProofError, match="a chunk is another"):
                    prove_chunk(transaction, leaf.start, leaf.path, other.chunk)


@pytest.mark.parametrize("offset", [-1, 300, 1 << 70])
def test_offsets_lie_in_the_data(offset: int) -> None:
    transaction, leaves = tree(plain(3))
    with pytest.raises(ProofError, match="no byte stands at an offset"):
        prove(transaction, leaves[0], offset)


def test_no_data_have_no_chunk() -> None:
    with pytest.raises(ProofError, match="no byte stands"):
        prove_chunk(proven_transaction(b"", 0), 0, bytes(64), b"")


def test_no_byte_of_a_path_can_be_changed() -> None:
    transaction, leaves = tree([chunk(0), [chunk(1)], chunk(2)])
    for leaf in leaves:
        for at in range(len(leaf.path)):
            path = bytearray(leaf.path)
            path[at] ^= 1
            with pytest.raises(ProofError):
                prove_chunk(transaction, leaf.start, bytes(path), leaf.chunk)
            with pytest.raises(ProofError):
                prove_chunk(transaction, leaf.start, leaf.path[:at], leaf.chunk)
        # Where nothing stands before, a mark says nothing, and says it wrongly nowhere.
        for other in (leaf.path + bytes(32), leaf.path * 2, bytes(32) * bool(leaf.start) + b"\1"):
            with pytest.raises(ProofError):
                prove_chunk(transaction, leaf.start, other, leaf.chunk)


def test_a_chunk_is_as_long_as_its_place() -> None:
    transaction, leaves = tree(plain(2))
    for data in (leaves[0].chunk[:-1], leaves[0].chunk + b"\0", b""):
        with pytest.raises(ProofError, match="not as long as said"):
            prove_chunk(transaction, 0, leaves[0].path, data)


def test_paths_have_a_depth() -> None:
    most = LIMITS.arweave_path_branches
    for count, fault in ((most, "leaves its tree"), (most + 1, "over 128 branches")):
        with pytest.raises(ProofError, match=fault):
            prove_chunk(tree(plain(2))[0], 0, bytes([1]) * 96 * count + bytes(64), b"")


@pytest.mark.parametrize("size", [0, 1, 32, 63, 65, 96, 127, 159, 161])
def test_paths_end_with_a_leaf(size: int) -> None:
    with pytest.raises(ProofError, match="cut short or has bytes left over"):
        prove_chunk(tree(plain(2))[0], 0, bytes([1]) * size, b"")


def test_chunks_have_a_size() -> None:
    largest = bytes(CHUNK_BYTES)
    transaction, leaves = tree([largest])
    assert prove(transaction, leaves[0]) == (0, CHUNK_BYTES)
    transaction, leaves = tree([largest + b"\0"])
    with pytest.raises(ProofError, match="not as long as said"):
        prove(transaction, leaves[0])


def test_an_empty_chunk_may_end_the_tree() -> None:
    for count in (1, 2, 3):
        transaction, leaves = tree([*plain(count), b""])
        for leaf in leaves[:-1]:
            assert prove(transaction, leaf) == (leaf.start, leaf.start + FULL)
        with pytest.raises(ProofError):
            prove(transaction, leaves[-1])
        with pytest.raises(ProofError):
            prove(transaction, leaves[-1], leaves[-1].start - 1)


REBASED: list[list[Element]] = [
    [[chunk(0)]],
    [chunk(0), [chunk(1)]],
    [[chunk(0)], [chunk(1)]],
    [[chunk(0), chunk(1)], chunk(2)],
    [chunk(0), chunk(1), [chunk(2), [chunk(3)]], chunk(4), chunk(5)],
    [chunk(0), chunk(1), [chunk(2), chunk(3)], [chunk(4), chunk(5)]],
    [chunk(0), [chunk(1), [chunk(2), chunk(3)]], chunk(4)],
    [[[[chunk(0)], chunk(1)], chunk(2)], [chunk(3), b""]],
    [chunk(0, 90), [chunk(1, 70)], [chunk(2, 50)], chunk(3, 1)],
]
"""The trees of ``ar_merkle``'s own tests that tell where each chunk stands, and some more."""


@pytest.mark.parametrize("number", range(len(REBASED)))
def test_rebased_chunks_are_proven_where_they_stand(number: int) -> None:
    transaction, leaves = tree(REBASED[number])
    for leaf in leaves:
        if not leaf.chunk:
            continue
        end = leaf.start + len(leaf.chunk)
        assert prove(transaction, leaf) == prove(transaction, leaf, end - 1) == (leaf.start, end)
        for other in leaves:
            if other is not leaf and other.chunk:
                with pytest.raises(ProofError):
                    prove(transaction, leaf, other.start)


def marks(path: bytes) -> list[bytes]:
    """A path in branches, each with its mark of a rebased child where it has one, and a leaf."""
    parts = []
    while len(path) > 64:
        size = 128 if path[:32] == bytes(32) else 96
        parts.append(path[:size])
        path = path[size:]
    return [*parts, path]


@pytest.mark.parametrize("number", range(len(REBASED)))
def test_marks_in_a_path_decide_nothing(number: int) -> None:
    """No hash covers them: with other ones a chunk stands where it stood, or nowhere."""
    transaction, leaves = tree(REBASED[number])
    for leaf in (leaf for leaf in leaves if leaf.chunk):
        *branches, last = marks(leaf.path)
        for choice in range(1 << len(branches)):
            path = b"".join(
                bytes(32 * (choice >> place & 1)) + branch[-96:]
                for place, branch in enumerate(branches)
            )
            for offset in range(0, transaction.value.data_size, 10):
                try:
                    value = prove_chunk(transaction, offset, path + last, leaf.chunk).value
                except WalkawayError:
                    continue
                assert value.start == leaf.start


LONG: list[list[Element]] = [
    [chunk(0), [chunk(1), chunk(2), chunk(3)]],
    [chunk(0), [chunk(1), chunk(2), chunk(3)], chunk(4)],
    [chunk(0, 10), [chunk(number) for number in range(1, 9)]],
    [chunk(0), [chunk(1, 10), [chunk(2), chunk(3), chunk(4)]]],
    [chunk(0, 50), [chunk(1), [chunk(2), chunk(3), chunk(4)], chunk(5)]],
    [[chunk(0), chunk(1)], [chunk(number) for number in range(2, 9)]],
]
"""Trees with subtrees that are longer than what stands before them."""


@pytest.mark.parametrize("number", range(len(LONG)))
def test_the_end_of_a_subtree_tells_where_its_chunks_stand(number: int) -> None:
    transaction, leaves = tree(LONG[number])
    asked = 0
    for leaf in leaves:
        value, beside = proven_with_ends(transaction, leaf, leaves)
        asked += len(beside)
        assert (value.start, value.data) == (leaf.start, leaf.chunk)
        for path in (leaf.path, unmarked(leaf.path)):
            for wrong in leaves:
                if wrong is leaf:
                    continue
                with pytest.raises(WalkawayError):
                    prove_chunk(
                        transaction,
                        wrong.start,
                        path,
                        leaf.chunk,
                        beside=[one.path for one in leaves],
                    )
    assert asked


def proven_with_ends(
    transaction: Proven[Transaction], leaf: Leaf, leaves: list[Leaf]
) -> tuple[Chunk, list[bytes]]:
    """The chunk of a leaf, and the paths beside its own that it took: those asked for."""
    beside: list[bytes] = []
    while True:
        try:
            proven = prove_chunk(transaction, leaf.start, leaf.path, leaf.chunk, beside=beside)
        except UnknownEnd as unknown:
            at = unknown.offset
        else:
            return proven.value, beside
        (other,) = [one for one in leaves if one.start <= at < one.start + len(one.chunk)]
        assert other.path not in beside
        beside.append(other.path)


def unmarked(path: bytes) -> bytes:
    *branches, leaf = marks(path)
    return b"".join(branch[-96:] for branch in branches) + leaf


def test_an_end_that_is_not_shown_is_asked_for() -> None:
    transaction, leaves = tree(LONG[0])
    assert prove(transaction, leaves[0]) == (0, FULL)
    # Elsewhere in the tree, cut off, or of another tree: none of them leads to the end.
    others = tree(plain(4))[1]
    for beside in ([], [leaves[0].path], [leaves[1].path], [leaf.path for leaf in others]):
        for path in (leaves[2].path, unmarked(leaves[2].path)):
            for offset in (leaves[2].start, leaves[2].start - FULL):
                with pytest.raises(UnknownEnd, match="byte 399") as unknown:
                    prove_chunk(transaction, offset, path, leaves[2].chunk, beside=beside)
                assert unknown.value.offset == 399
    with pytest.raises(ProofError, match="cut short"):
        prove_chunk(transaction, 0, leaves[0].path, leaves[0].chunk, beside=[b""])


def test_only_the_end_of_a_subtree_is_its_end() -> None:
    """Though another chunk ends where the last one would, were the subtree rebased."""
    first: list[Element] = [chunk(number, 5) for number in range(4)]
    transaction, leaves = tree([*first, chunk(4, 50), chunk(5, 50), chunk(6, 80), chunk(7, 20)])
    assert leaves[6].start + len(leaves[6].chunk) == 220 - 20
    for beside in ([leaves[6].path], [leaves[4].path, leaves[5].path, leaves[6].path]):
        with pytest.raises(UnknownEnd, match="byte 219"):
            prove_chunk(transaction, 20, leaves[4].path, leaves[4].chunk, beside=beside)
    beside = [leaf.path for leaf in leaves[5:]]
    proven = prove_chunk(transaction, 20, leaves[4].path, leaves[4].chunk, beside=beside)
    assert (proven.value.start, proven.value.end) == (20, 70)


def test_an_end_that_counts_from_elsewhere_tells_nothing() -> None:
    """A rebased chunk at the end of the subtree says only where itself begins."""
    transaction, leaves = tree([chunk(0), [chunk(1), chunk(2), [chunk(3)]]])
    beside = [leaf.path for leaf in leaves]
    with pytest.raises(UnknownEnd, match="byte 399"):
        prove_chunk(transaction, leaves[2].start, leaves[2].path, leaves[2].chunk, beside=beside)


def test_a_plain_tree_may_need_the_end_as_well() -> None:
    """Where its first chunks are short; no packer makes such."""
    transaction, leaves = tree([chunk(0, 10), chunk(1, 10), chunk(2), chunk(3)])
    assert prove(transaction, leaves[1]) == (10, 20)
    with pytest.raises(UnknownEnd, match="byte 219"):
        prove(transaction, leaves[2])
    beside = [leaves[3].path]
    value = prove_chunk(transaction, 20, leaves[2].path, chunk(2), beside=beside).value
    assert (value.start, value.end) == (20, 120)


def test_plain_trees_always_say_where_chunks_stand() -> None:
    for count in range(1, 40):
        transaction, leaves = tree([*plain(count - 1), chunk(0, 7)])
        for leaf in leaves:
            assert prove(transaction, leaf) == (leaf.start, leaf.start + len(leaf.chunk))


def test_trees_whose_offsets_do_not_fit_are_refused() -> None:
    """Such as their own publisher makes: one place would have two contents."""
    one, two = (sha256(chunk(n)).digest() for n in (1, 2))

    def path_of(note: int, ends: tuple[int, int]) -> tuple[bytes, bytes]:
        left, right = leaf_hash(one, ends[0]), leaf_hash(two, ends[1])
        branch = left + right + note.to_bytes(32, "big")
        return branch_hash(left, right, note), branch + one + ends[0].to_bytes(32, "big")

    for note, ends in ((100, (99, 200)), (100, (101, 200)), (100, (200, 200))):
        root, path = path_of(note, ends)
        with pytest.raises(ProofError, match="do not fit each other"):
            prove_chunk(proven_transaction(root, 200), 0, path, chunk(1))
    for note, ends in ((50, (50, 150)), (150, (100, 200)), (0, (100, 200)), (300, (100, 200))):
        root, path = path_of(note, ends)
        with pytest.raises(ProofError):
            prove_chunk(proven_transaction(root, 200), 0, path, chunk(1))
    root, path = path_of(100, (100, 200))
    assert prove_chunk(proven_transaction(root, 200), 0, path, chunk(1)).value.end == 100
    for size in (100, 99, 1):
        with pytest.raises(ProofError):
            prove_chunk(proven_transaction(root, size), 0, path[96:], chunk(1))


def test_the_recorded_chunks_are_proven() -> None:
    folder = vectors("arweave")
    count = 0
    for entry in json.loads((folder / "transactions.json").read_text()):
        name, header = ArweaveId.parse(entry["tx"]["id"]), json.dumps(entry["tx"]).encode()
        transaction = prove_transaction(name, header)
        data = (folder / entry["data_file"]).read_bytes()
        for part in entry["chunks"]:
            path, piece = base64url.decode(part["data_path"]), data[part["min"] : part["max"]]
            value = prove_chunk(transaction, int(part["offset"]), path, piece).value
            assert (value.start, value.end) == (part["min"], part["max"])
            count += 1
    assert count == 4


@settings(max_examples=60)
@given(st.binary(max_size=300), st.integers(-2, 400))
def test_garbage_raises_nothing_outside_the_tree(path: bytes, offset: int) -> None:
    transaction, leaves = THREE
    for garbage in (path, leaves[0].path[:96] + path, path + leaves[0].path):
        try:
            prove_chunk(transaction, offset, garbage, leaves[0].chunk)
        except WalkawayError:
            continue
        assert garbage == leaves[0].path


THREE = tree(plain(3))
