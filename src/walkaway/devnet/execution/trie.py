"""A Merkle Patricia trie whose nodes never change, so that every past root stays provable.

Inserting and removing give a new root node that shares all that did not
change with the old one. Each node remembers its encoding. Keys have one
length (they are hashes), so no key is the beginning of another and no branch
holds a value. Yellow Paper, appendix D.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.hex_prefix import nibbles, packed
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.trie import EMPTY_ROOT

__all__ = ["Node", "insert", "prove", "remove", "root_hash"]

_EMPTY_NODE = rlp.encode(b"")
_NO_CHILDREN: tuple[Node | None, ...] = (None,) * 16


class _Encoded(ABC):
    """What all nodes share: an encoding, and how a parent names them."""

    @abstractmethod
    def items(self) -> list[rlp.Encodable]:
        """The parts of the node, in the order of the encoding."""

    @cached_property
    def encoded(self) -> bytes:
        return rlp.encode(self.items())

    @cached_property
    def reference(self) -> rlp.Encodable:
        """The hash, or the node itself where its encoding is shorter than one."""
        return self.items() if len(self.encoded) < 32 else keccak256(self.encoded)


@dataclass(frozen=True, eq=False)
class _Leaf(_Encoded):
    path: bytes
    value: bytes

    def items(self) -> list[rlp.Encodable]:
        return [packed(self.path, leaf=True), self.value]


@dataclass(frozen=True, eq=False)
class _Extension(_Encoded):
    path: bytes
    child: Node

    def items(self) -> list[rlp.Encodable]:
        return [packed(self.path, leaf=False), self.child.reference]


@dataclass(frozen=True, eq=False)
class _Branch(_Encoded):
    children: tuple[Node | None, ...]

    def items(self) -> list[rlp.Encodable]:
        return [*(b"" if child is None else child.reference for child in self.children), b""]


Node: TypeAlias = "_Leaf | _Extension | _Branch"


def root_hash(root: Node | None) -> bytes:
    """The 32-byte root of the trie under a node; None is the empty trie."""
    return EMPTY_ROOT if root is None else keccak256(root.encoded)


def insert(root: Node | None, key: bytes, value: bytes) -> Node:
    """The trie with ``value``, which is not empty, under ``key``."""
    return _insert(root, nibbles(key), value)


def remove(root: Node | None, key: bytes) -> Node | None:
    """The trie without ``key``."""
    return _remove(root, nibbles(key))


def prove(root: Node | None, key: bytes) -> list[bytes]:
    """The nodes from the root towards ``key``, as `eth_getProof` gives them.

    Nodes that stand inside their parent are not listed on their own.
    """
    found: list[bytes] = []
    node, path = root, nibbles(key)
    while node is not None:
        if not found or len(node.encoded) >= 32:
            found.append(node.encoded)
        if isinstance(node, _Branch):
            node, path = node.children[path[0]], path[1:]
        elif isinstance(node, _Extension) and path.startswith(node.path):
            path = path[len(node.path) :]
            node = node.child
        else:
            return found
    return found


def _insert(node: Node | None, path: bytes, value: bytes) -> Node:
    if node is None:
        return _Leaf(path, value)
    if isinstance(node, _Branch):
        return _with_child(node, path[0], _insert(node.children[path[0]], path[1:], value))
    shared = _shared(node.path, path)
    if shared == len(node.path):
        if isinstance(node, _Leaf):
            return _Leaf(path, value)
        return _Extension(node.path, _insert(node.child, path[shared:], value))
    fork = _with_child(_Branch(_NO_CHILDREN), node.path[shared], _tail(node, shared + 1))
    fork = _with_child(fork, path[shared], _Leaf(path[shared + 1 :], value))
    return _extended(path[:shared], fork)


def _remove(node: Node | None, path: bytes) -> Node | None:
    if node is None:
        return None
    if isinstance(node, _Leaf):
        return None if node.path == path else node
    if isinstance(node, _Extension):
        if not path.startswith(node.path):
            return node
        child = _remove(node.child, path[len(node.path) :])
        # A branch below an extension has two children at least, so something is left.
        return None if child is None else _extended(node.path, child)
    left = _with_child(node, path[0], _remove(node.children[path[0]], path[1:]))
    remaining = [at for at, child in enumerate(left.children) if child is not None]
    only = left.children[remaining[0]]
    if len(remaining) > 1 or only is None:
        return left
    return _extended(bytes(remaining), only)


def _tail(node: _Leaf | _Extension, start: int) -> Node:
    """What is below a node's path from ``start`` on."""
    if isinstance(node, _Leaf):
        return _Leaf(node.path[start:], node.value)
    return _extended(node.path[start:], node.child)


def _extended(path: bytes, node: Node) -> Node:
    """A node reached by ``path``; paths of leaves and extensions grow together."""
    if not path:
        return node
    if isinstance(node, _Leaf):
        return _Leaf(path + node.path, node.value)
    if isinstance(node, _Extension):
        return _Extension(path + node.path, node.child)
    return _Extension(path, node)


def _with_child(branch: _Branch, at: int, child: Node | None) -> _Branch:
    return _Branch((*branch.children[:at], child, *branch.children[at + 1 :]))


def _shared(first: bytes, second: bytes) -> int:
    length = 0
    for a, b in zip(first, second, strict=False):
        if a != b:
            break
        length += 1
    return length
