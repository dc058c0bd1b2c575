"""fr32: a payload as leaves of 254 bits, so that each is an element of a field.

Specification: Filecoin specification, "Piece commitment" (Fr32 padding).
"""

from __future__ import annotations

from typing import Final

__all__ = ["QUAD_BYTES", "expanded"]

QUAD_BYTES: Final = 127
"""What of a payload makes four leaves: 1016 bits, four times 254."""

_LEAVES_BYTES = 128
_LEAF = (1 << 254) - 1


def expanded(payload: bytes) -> bytes:
    """The leaves of a payload of whole quads, 128 bytes for each 127."""
    return b"".join(
        [
            _leaves(int.from_bytes(payload[at : at + QUAD_BYTES], "little"))
            for at in range(0, len(payload), QUAD_BYTES)
        ]
    )


def _leaves(quad: int) -> bytes:
    """Bits from the least significant on; two zeros follow on each 254 of them."""
    spaced = (
        quad & _LEAF
        | (quad >> 254 & _LEAF) << 256
        | (quad >> 508 & _LEAF) << 512
        | quad >> 762 << 768
    )
    return spaced.to_bytes(_LEAVES_BYTES, "little")
