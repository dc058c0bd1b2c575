"""The root over a list, as blocks commit to transactions, receipts and withdrawals.

Yellow Paper 4.4.1 and appendix D: a Merkle Patricia trie from the RLP of
each index to the item there.
"""

from __future__ import annotations

from collections.abc import Sequence

from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.hex_prefix import nibbles, packed
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.trie import EMPTY_ROOT

__all__ = ["ordered_root"]

_Leaf = tuple[bytes, bytes]
"""The nibbles of an index, and the item there."""


def ordered_root(items: Sequence[bytes]) -> bytes:
    """The 32-byte root over ``items`` in their order. No item may be empty."""
    if not items:
        return EMPTY_ROOT
    leaves = sorted((nibbles(rlp.encode(index)), item) for index, item in enumerate(items))
    return keccak256(_node(leaves, 0))


def _node(leaves: list[_Leaf], depth: int) -> bytes:
    """The encoding of the node over ``leaves``, which are sorted and share ``depth`` nibbles.

    No index's RLP is a prefix of another's, so that branches hold no value.
    """
    first, item = leaves[0]
    if len(leaves) == 1:
        return rlp.encode([packed(first[depth:], leaf=True), item])
    shared = _shared(first, leaves[-1][0], depth)
    if shared > depth:
        segment = rlp.encode(packed(first[depth:shared], leaf=False))
        return rlp.encode_list(segment + _reference(leaves, shared))
    children = [b"\x80"] * 17
    start = 0
    while start < len(leaves):
        nibble = leaves[start][0][depth]
        stop = start + 1
        while stop < len(leaves) and leaves[stop][0][depth] == nibble:
            stop += 1
        children[nibble] = _reference(leaves[start:stop], depth + 1)
        start = stop
    return rlp.encode_list(b"".join(children))


def _reference(leaves: list[_Leaf], depth: int) -> bytes:
    """How a parent names its child: the encoding itself if short, else its hash."""
    encoded = _node(leaves, depth)
    return encoded if len(encoded) < 32 else b"\xa0" + keccak256(encoded)


def _shared(first: bytes, last: bytes, depth: int) -> int:
    """Up to where two sorted keys, and all between them, agree."""
    while first[depth] == last[depth]:
        depth += 1
    return depth
