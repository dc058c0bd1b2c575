"""Each byte of an Arweave proof flipped, and trees at random: refused, or the same content."""

from __future__ import annotations

import json
from random import Random

import pytest

from tests.proofs.arweave.making import (
    SIGNERS,
    Element,
    chunk_tree,
    make_header,
    make_item,
    proven_transaction,
    sign_header,
)
from walkaway.errors import WalkawayError
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.chunk import prove_chunk
from walkaway.proofs.arweave.data_item import prove_item, read_head
from walkaway.proofs.arweave.transaction import prove_transaction

pytestmark = pytest.mark.adversary


@pytest.mark.parametrize("signer", SIGNERS)
def test_no_bit_of_an_item_can_be_flipped(signer: str) -> None:
    name, item = make_item(SIGNERS[signer], b"payload", target=bytes(range(32)))
    assert prove_item(name, item).value.id == name
    for at in range(0, len(item), 1 + len(item) // 1300):
        flipped = bytearray(item)
        flipped[at] ^= 1 << at % 8
        with pytest.raises(WalkawayError):
            prove_item(name, bytes(flipped))
        # And under the id that its own signature would have; but that the byte which helps
        # to recover a key is not looked at where the key is given.
        signature = signature_of(bytes(flipped))
        if signature is not None and not (signer == "ethereum" and at == len(signature) + 1):
            with pytest.raises(WalkawayError):
                prove_item(ArweaveId.of_signature(signature), bytes(flipped))


def signature_of(item: bytes) -> bytes | None:
    """The signature of an item whose head can be read."""
    try:
        head = read_head(item)
    except WalkawayError:
        return None
    return head.signature if head else None


def test_no_bit_of_a_header_makes_another_transaction() -> None:
    name, header = sign_header(make_header(bytes(range(32)), 300))
    proven = prove_transaction(name, header).value
    taken = 0
    for at in range(len(header)):
        flipped = bytearray(header)
        flipped[at] ^= 1 << at % 7
        try:
            assert prove_transaction(name, bytes(flipped)).value == proven
        except WalkawayError:
            continue
        taken += 1
    # What is not signed may say anything: the id that the header gives itself.
    assert 0 < taken < len(json.dumps({"id": str(name)}))


def test_no_tree_gives_one_byte_two_contents() -> None:
    """Trees at random, rebased at random; each path with any marks, asked at any offset."""
    dice = Random(6)
    proofs = refusals = 0
    for _ in range(80):
        root, leaves = chunk_tree(drawn(dice, 0))
        size = leaves[-1].start + len(leaves[-1].chunk)
        transaction = proven_transaction(root, size)
        data = b"".join(leaf.chunk for leaf in leaves)
        beside = [dice.choice(leaves).path for _ in range(dice.randrange(9))]
        for leaf in leaves:
            for path in {leaf.path, unmarked(leaf.path), remarked(leaf.path, dice)}:
                for offset in {leaf.start, dice.randrange(size), dice.randrange(size)}:
                    try:
                        value = prove_chunk(
                            transaction, offset, path, leaf.chunk, beside=beside
                        ).value
                    except WalkawayError:
                        refusals += 1
                        continue
                    assert value.start <= offset < value.end
                    assert value.data == data[value.start : value.end]
                    proofs += 1
    assert proofs > 150
    assert refusals > 200


def drawn(dice: Random, depth: int) -> list[Element]:
    """Chunks of few lengths, so that offsets fit by chance, and subtrees among them."""
    return [
        drawn(dice, depth + 1)
        if depth < 3 and dice.random() < 0.35
        else dice.randbytes(dice.choice((1, 2, 4)))
        for _ in range(dice.randint(1, 5))
    ]


def parts(path: bytes) -> list[bytes]:
    """The branches of a path without their marks, and its leaf."""
    found = []
    while len(path) > 64:
        path = path.removeprefix(bytes(32))
        found.append(path[:96])
        path = path[96:]
    return [*found, path]


def unmarked(path: bytes) -> bytes:
    return b"".join(parts(path))


def remarked(path: bytes, dice: Random) -> bytes:
    *branches, leaf = parts(path)
    return b"".join(bytes(32 * dice.randrange(2)) + branch for branch in branches) + leaf
