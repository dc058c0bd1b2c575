"""A Merkle Patricia trie of which only some nodes are known: what is its root once it changes?

Yellow Paper, appendix D. The proofs of what a run looked at hold every node on
the way to it, and that is enough to set values. Removing one may leave a
branch with a single child, which must be taken up into its parent; where only
the child's hash is known, nobody can say what the root becomes, and
`UnknownNode` says so.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from walkaway.errors import ProofError, UnknownNode
from walkaway.limits import LIMITS
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.hex_prefix import nibbles, packed, string, unpacked
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.trie import EMPTY_ROOT

__all__ = ["PartialTrie"]


class PartialTrie:
    """The trie with a 32-byte root. Nodes are believed by their hashes alone.

    All keys have one length, as the hashes that secure tries use do, so that
    no branch holds a value.
    """

    def __init__(self, root: bytes) -> None:
        self._top: _Node | None = None if root == EMPTY_ROOT else _Named(root)
        self._known: dict[bytes, bytes] = {}

    def learn(self, nodes: Iterable[bytes]) -> None:
        """Take in nodes, of any proof under this root."""
        self._known.update((keccak256(node), node) for node in nodes)

    def change(self, values: Mapping[bytes, bytes]) -> bytes:
        """The root with a value under each key; an empty value removes what is there.

        Raises:
            UnknownNode: a node that decides the root is not known; nothing was changed.
            ProofError: a known node is malformed.
        """
        top = self._top
        # What is set first may spare a branch that a removal would else take away.
        for key, value in values.items():
            if value:
                top = self._set(top, nibbles(key), value, b"")
        for key, value in values.items():
            if not value:
                top = self._removed(top, nibbles(key), b"")
        self._top = top
        return self.root

    @property
    def root(self) -> bytes:
        """The root as it is now: 32 bytes."""
        if self._top is None:
            return EMPTY_ROOT
        reference = self._top.reference
        return reference if isinstance(reference, bytes) else keccak256(rlp.encode(reference))

    def _set(self, node: _Node | None, path: bytes, value: bytes, above: bytes) -> _Node:
        if node is None:
            return _Leaf(path, value)
        node = self._opened(node, above, len(path))
        if isinstance(node, _Branch):
            below = self._set(node.children[path[0]], path[1:], value, above + path[:1])
            return node.with_child(path[0], below)
        shared = _shared(node.path, path)
        if shared == len(node.path):
            if isinstance(node, _Leaf):
                return _Leaf(path, value)
            below = self._set(node.child, path[shared:], value, above + node.path)
            return _Extension(node.path, below)
        fork = _EMPTY_BRANCH.with_child(node.path[shared], node.from_nibble(shared + 1))
        fork = fork.with_child(path[shared], _Leaf(path[shared + 1 :], value))
        return fork.reached_by(path[:shared])

    def _removed(self, node: _Node | None, path: bytes, above: bytes) -> _Node | None:
        if node is None:
            return None
        node = self._opened(node, above, len(path))
        if isinstance(node, _Leaf):
            return None if node.path == path else node
        if isinstance(node, _Extension):
            if not path.startswith(node.path):
                return node
            # A branch below an extension has two children at least, so something is left.
            left = self._removed(node.child, path[len(node.path) :], above + node.path)
            return None if left is None else self._joined(node.path, left, above, len(path))
        below = self._removed(node.children[path[0]], path[1:], above + path[:1])
        node = node.with_child(path[0], below)
        left_at = bytes([at for at, child in enumerate(node.children) if child is not None])
        only = node.children[left_at[0]]
        if len(left_at) > 1 or only is None:
            return node
        return self._joined(left_at, only, above, len(path))

    def _joined(self, path: bytes, child: _Node, above: bytes, left: int) -> _Node:
        """A child that its parent reaches by ``path`` alone: paths below one another are one."""
        opened = self._opened(child, above + path, left - len(path))
        return opened.reached_by(path)

    def _opened(self, node: _Node, above: bytes, left: int) -> _Open:
        """A node with its parts; ``left`` is how many nibbles of a key lie below ``above``."""
        if not isinstance(node, _Named):
            return node
        item = node.reference
        if isinstance(item, bytes):
            if item not in self._known:
                raise UnknownNode(above)
            item = rlp.decode(self._known[item], max_bytes=LIMITS.trie_node_bytes)
        return _read(item, left)


class _Encoded(ABC):
    """What nodes with parts share: an encoding, and how a parent names them."""

    @abstractmethod
    def items(self) -> list[rlp.Item]:
        """The parts of the node, in the order of the encoding."""

    @cached_property
    def reference(self) -> rlp.Item:
        """The hash, or the node itself where its encoding is shorter than one."""
        items = self.items()
        encoded = rlp.encode(items)
        return items if len(encoded) < 32 else keccak256(encoded)

    @abstractmethod
    def reached_by(self, path: bytes) -> _Open:
        """This node below ``path``."""


@dataclass(frozen=True, eq=False)
class _Named:
    """A node as its parent names it: by hash, or as a list that stands inside the parent."""

    reference: rlp.Item


@dataclass(frozen=True, eq=False)
class _Leaf(_Encoded):
    path: bytes
    value: bytes

    def items(self) -> list[rlp.Item]:
        return [packed(self.path, leaf=True), self.value]

    def reached_by(self, path: bytes) -> _Open:
        return _Leaf(path + self.path, self.value)

    def from_nibble(self, start: int) -> _Node:
        """What is below the path from ``start`` on."""
        return _Leaf(self.path[start:], self.value)


@dataclass(frozen=True, eq=False)
class _Extension(_Encoded):
    path: bytes
    child: _Node

    def items(self) -> list[rlp.Item]:
        return [packed(self.path, leaf=False), self.child.reference]

    def reached_by(self, path: bytes) -> _Open:
        return _Extension(path + self.path, self.child)

    def from_nibble(self, start: int) -> _Node:
        """What is below the path from ``start`` on."""
        return _Extension(self.path[start:], self.child) if self.path[start:] else self.child


@dataclass(frozen=True, eq=False)
class _Branch(_Encoded):
    children: tuple[_Node | None, ...]

    def items(self) -> list[rlp.Item]:
        return [*(b"" if child is None else child.reference for child in self.children), b""]

    def with_child(self, at: int, child: _Node | None) -> _Branch:
        """This branch with another child at one of its sixteen places."""
        return _Branch((*self.children[:at], child, *self.children[at + 1 :]))

    def reached_by(self, path: bytes) -> _Open:
        return _Extension(path, self) if path else self


_Open: TypeAlias = "_Leaf | _Extension | _Branch"
_Node: TypeAlias = "_Named | _Open"

_EMPTY_BRANCH = _Branch((None,) * 16)


def _read(item: rlp.Item, left: int) -> _Open:
    """A node from its items. Raises `ProofError` for what can stand in no trie of such keys."""
    if isinstance(item, list) and len(item) == 17 and left:
        children = tuple([None if child == b"" else _Named(child) for child in item[:16]])
        if item[16] == b"" and sum(child is not None for child in children) > 1:
            return _Branch(children)
    if isinstance(item, list) and len(item) == 2:
        path, is_leaf = unpacked(item[0])
        if is_leaf and len(path) == left and (value := string(item[1])):
            return _Leaf(path, value)
        if not is_leaf and 0 < len(path) < left:
            return _Extension(path, _Named(item[1]))
    raise ProofError("a trie node is neither leaf, extension nor branch here")


def _shared(first: bytes, second: bytes) -> int:
    """How many nibbles two paths begin with alike."""
    length = 0
    for a, b in zip(first, second, strict=False):
        if a != b:
            break
        length += 1
    return length
