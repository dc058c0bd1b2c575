"""Piece commitments in plain Python: the kernel's twin, and what answers where it is not built."""

from __future__ import annotations

from walkaway.proofs.filecoin.fr32 import QUAD_BYTES, expanded
from walkaway.proofs.filecoin.piece_tree import LEAST_HEIGHT, parents, raised

__all__ = ["ReferencePieceHasher"]

_BLOCK_HEIGHT = 12
_BLOCK_BYTES = QUAD_BYTES << (_BLOCK_HEIGHT - LEAST_HEIGHT)


class ReferencePieceHasher:
    """A payload's commitment, of which parts come one after another, in bounded memory."""

    def __init__(self) -> None:
        self._unread = bytearray()
        # Roots of whole subtrees from the left to the right, each less high than the one before.
        self._edge: list[tuple[int, bytes]] = []

    def update(self, payload: bytes) -> None:
        """Take the next part."""
        self._unread += payload
        whole = len(self._unread) // _BLOCK_BYTES * _BLOCK_BYTES
        for at in range(0, whole, _BLOCK_BYTES):
            _push(self._edge, *_reduced(bytes(self._unread[at : at + _BLOCK_BYTES])))
        del self._unread[:whole]

    def root(self) -> tuple[int, bytes]:
        """The height and the root over what has come; more may still come."""
        edge = self._edge
        if self._unread or not edge:
            edge = edge.copy()
            _push(edge, *_reduced(bytes(self._unread)))
        height, root = edge[-1]
        for beside, left in reversed(edge[:-1]):
            root = bytes(parents(left + raised(root, height, beside)))
            height = beside + 1
        return height, root


def _reduced(payload: bytes) -> tuple[int, bytes]:
    """The least tree over a payload: its height and its root."""
    quads = max(-(-len(payload) // QUAD_BYTES), 1)
    level = bytearray(expanded(payload.ljust(quads * QUAD_BYTES, b"\0")))
    height = 0
    while len(level) > 32:
        if len(level) % 64:
            level += raised(bytes(32), 0, height)
        level = parents(level)
        height += 1
    return height, bytes(level)


def _push(edge: list[tuple[int, bytes]], height: int, root: bytes) -> None:
    while edge and edge[-1][0] == height:
        root = bytes(parents(edge.pop()[1] + root))
        height += 1
    edge.append((height, root))
