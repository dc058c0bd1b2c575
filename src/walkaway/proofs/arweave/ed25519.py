"""Ed25519, so strictly that one signature stands for one message (RFC 8032, 5.1.7).

Under a key of small order a signature holds for many messages, and verifiers differ
on points that are encoded in more than one way. Neither is taken here, for keys and
for the point in the signature.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from walkaway.errors import ProofError

__all__ = ["KEY_BYTES", "SIGNATURE_BYTES", "verify"]

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64

_PRIME: Final = 2**255 - 19
_ORDER_8: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER: Final = frozenset({0, 1, _PRIME - 1, _ORDER_8, _PRIME - _ORDER_8})
"""The y coordinates of the eight points whose order divides 8."""


def verify(key: bytes, message: bytes, signature: bytes) -> None:
    """Check a 64-byte signature under a 32-byte key. Raises `ProofError`."""
    _check_point(key, "key")
    _check_point(signature[:KEY_BYTES], "signature's point")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        raise ProofError("an Ed25519 signature does not hold", commitment="owner's key") from None


def _check_point(encoded: bytes, name: str) -> None:
    y = int.from_bytes(encoded, "little") & (1 << 255) - 1
    if y >= _PRIME:
        raise ProofError(f"an Ed25519 {name} is not in its one encoding", got=encoded)
    if y in _SMALL_ORDER:
        raise ProofError(f"an Ed25519 {name} is of small order", got=encoded)
