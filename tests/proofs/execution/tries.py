"""A Merkle Patricia trie that gives proofs, written apart from the code under test.

It follows the Yellow Paper's appendix D by recursion over a dict and keeps
every node, so that a proof is the nodes met on the way down.
"""

from __future__ import annotations

from collections.abc import Mapping

from ethereum_rlp import rlp as reference_rlp
from ethereum_rlp.rlp import Extended
from sha3 import keccak_256

Node = list[Extended] | bytes

__all__ = ["ProvingTrie"]


def digest(data: bytes) -> bytes:
    return bytes(keccak_256(data).digest())


def halves(key: bytes) -> str:
    return key.hex()


def hex_prefix(path: str, leaf: bool) -> bytes:
    flag = (2 if leaf else 0) + len(path) % 2
    return bytes.fromhex(f"{flag:x}" + ("" if len(path) % 2 else "0") + path)


class ProvingTrie:
    """Over ``leaves``, from whole keys to values that are not empty."""

    def __init__(self, leaves: Mapping[bytes, bytes]) -> None:
        self.leaves = {halves(key): value for key, value in leaves.items()}
        self.node = self._node(dict(self.leaves))
        self.root = digest(reference_rlp.encode(self.node))

    def _node(self, leaves: dict[str, bytes]) -> Node:
        if not leaves:
            return b""
        if len(leaves) == 1:
            [(path, value)] = leaves.items()
            return [hex_prefix(path, True), value]
        shared = 0
        first, last = min(leaves), max(leaves)
        while shared < len(first) and first[shared] == last[shared]:
            shared += 1
        if shared:
            below = {path[shared:]: value for path, value in leaves.items()}
            return [hex_prefix(first[:shared], False), self._reference(below)]
        branch: list[Extended] = []
        for nibble in "0123456789abcdef":
            below = {path[1:]: v for path, v in leaves.items() if path[:1] == nibble}
            branch.append(self._reference(below))
        return [*branch, leaves.get("", b"")]

    def _reference(self, leaves: dict[str, bytes]) -> Extended:
        node = self._node(leaves)
        encoded = reference_rlp.encode(node)
        return node if len(encoded) < 32 else digest(encoded)

    def proof(self, key: bytes, *, list_embedded: bool = False) -> list[bytes]:
        """The nodes on the way to ``key``, or to where the way ends."""
        if not self.leaves:
            return []
        leaves, path = dict(self.leaves), halves(key)
        nodes: list[bytes] = []
        while leaves:
            node = self._node(leaves)
            encoded = reference_rlp.encode(node)
            if not nodes or len(encoded) >= 32 or list_embedded:
                nodes.append(encoded)
            assert isinstance(node, list)
            if len(node) == 17:
                if not path:
                    break
                leaves = {p[1:]: v for p, v in leaves.items() if p[:1] == path[0]}
                path = path[1:]
                continue
            if len(leaves) == 1:
                break
            first, last = min(leaves), max(leaves)
            shared = 0
            while shared < len(first) and first[shared] == last[shared]:
                shared += 1
            if not path.startswith(first[:shared]):
                break
            leaves = {p[shared:]: v for p, v in leaves.items()}
            path = path[shared:]
        return nodes
