"""Proofs in the Merkle Patricia trie: a value under a root, or its absence.

Yellow Paper, appendix D. A proof is the nodes on the path from the root, in
order. Each must hash to what its parent names, and each must be needed: a
proof with nodes to spare is refused. A node shorter than 32 bytes stands
inside its parent; a source may list it once more on its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from walkaway.errors import Elsewhere, ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.hex_prefix import nibbles, string, unpacked
from walkaway.proofs.execution.keccak import keccak256

__all__ = ["EMPTY_ROOT", "usual_node", "verify"]

_EMPTY_NODE = rlp.encode(b"")

EMPTY_ROOT = keccak256(_EMPTY_NODE)
"""The root of a trie that holds nothing."""

_BRANCH_ITEMS = 17
_BRANCH_BYTES = 532
"""A branch of sixteen hashes without a value: no node of state or storage is larger."""


def verify(root: bytes, key: bytes, nodes: Sequence[bytes]) -> bytes | None:
    """The value under ``key`` in the trie with this 32-byte root; None if it is proven absent.

    ``key`` is the path itself: for the secure tries of state and storage, the
    hash of an address or slot. The empty trie is proven by no nodes, or by the
    empty node alone.

    Raises `Elsewhere` where the nodes prove something soundly under another
    root, `ProofError` for everything else that is wrong.
    """
    if len(nodes) > LIMITS.trie_nodes:
        raise ProofError(f"{len(nodes)} trie nodes are over the limit of {LIMITS.trie_nodes}")
    path = nibbles(key)
    if not nodes or list(nodes) == [_EMPTY_NODE]:
        found, value = EMPTY_ROOT, None
    else:
        found = keccak256(nodes[0])
        value = _Walk(nodes, found).value(path)
    if found != root:
        raise Elsewhere(
            "the trie proof is sound, but under another root",
            commitment="trie root",
            expected=root,
            got=found,
        )
    return value


@lru_cache(maxsize=2048)
def usual_node(encoded: bytes) -> rlp.Item:
    """What a node no larger than a branch holds; whoever gets it leaves it as it is.

    The nodes near the root come again in proof after proof, and are read once.
    """
    return rlp.decode(encoded, max_bytes=_BRANCH_BYTES)


class _Walk:
    """One walk down the nodes, from the root to a value or to where the path ends."""

    def __init__(self, nodes: Sequence[bytes], root: bytes) -> None:
        self._nodes = nodes
        self._root = root
        self._used = 0

    def value(self, path: bytes) -> bytes | None:
        """The value at ``path``. Raises `ProofError` unless every node was needed."""
        value = self._descend(path)
        if self._used != len(self._nodes):
            raise ProofError(f"{len(self._nodes) - self._used} trie nodes are not on the path")
        return value

    def _descend(self, path: bytes) -> bytes | None:
        node = self._child(self._root)
        while True:
            if len(node) == _BRANCH_ITEMS:
                if not path:
                    return string(node[-1]) or None
                child, path = node[path[0]], path[1:]
                if child == b"":
                    return None
            elif len(node) == 2:
                segment, is_leaf = unpacked(node[0])
                if is_leaf:
                    value = string(node[1])
                    if not value:
                        raise ProofError("a leaf of the trie is empty")
                    return value if segment == path else None
                if not segment:
                    raise ProofError("an extension of the trie leads nowhere")
                if not path.startswith(segment):
                    return None
                child, path = node[1], path[len(segment) :]
            else:
                raise ProofError(f"a trie node has {len(node)} items")
            node = self._child(child)

    def _child(self, reference: rlp.Item) -> list[rlp.Item]:
        """The node that a parent names by hash, or holds inside itself."""
        if isinstance(reference, list):
            encoded = rlp.encode(reference)
            if len(encoded) >= 32:
                raise ProofError("a trie node of 32 bytes or more stands inside its parent")
            if self._used < len(self._nodes) and self._nodes[self._used] == encoded:
                self._used += 1
            return reference
        if len(reference) != 32:
            raise ProofError("a trie node names its child by neither hash nor content")
        if self._used == len(self._nodes):
            raise ProofError("the trie proof ends before the path does", expected=reference)
        encoded = self._nodes[self._used]
        if keccak256(encoded) != reference:
            raise ProofError(
                "a trie node does not hash to its name",
                commitment="trie node",
                expected=reference,
                got=keccak256(encoded),
            )
        if len(encoded) < 32 and self._used:
            raise ProofError("a trie node of less than 32 bytes stands outside its parent")
        self._used += 1
        if len(encoded) <= _BRANCH_BYTES:
            node = usual_node(encoded)
        else:
            node = rlp.decode(encoded, max_bytes=LIMITS.trie_node_bytes)
        if not isinstance(node, list):
            raise ProofError("a trie node is not a list")
        return node
