"""Who signed: secp256k1 public-key recovery to an address (Yellow Paper, appendix F)."""

from __future__ import annotations

from coincurve import PublicKey

from walkaway.errors import ProofError
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.keccak import keccak256

__all__ = ["CURVE_ORDER", "created_address", "recover_address"]

CURVE_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
"""The order of the secp256k1 group, ``secp256k1n``."""


def recover_address(digest: bytes, *, y_parity: int, r: int, s: int, high_s: bool = False) -> bytes:
    """The 20-byte address whose key signed the 32-byte ``digest``.

    ``s`` must lie in the lower half of the group (EIP-2) unless ``high_s``
    allows what Frontier allowed. Raises `ProofError` where no key could have
    made the signature.
    """
    highest_s = CURVE_ORDER - 1 if high_s else CURVE_ORDER // 2
    if y_parity not in {0, 1} or not 0 < r < CURVE_ORDER or not 0 < s <= highest_s:
        raise ProofError("a signature's values are out of range")
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes((y_parity,))
    try:
        key = PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except Exception as error:
        raise ProofError("a signature belongs to no key", got=signature) from error
    return keccak256(key.format(compressed=False)[1:])[12:]


def created_address(sender: bytes, nonce: int) -> bytes:
    """The 20-byte address of the contract that ``sender``'s transaction ``nonce`` creates."""
    return keccak256(rlp.encode([sender, nonce]))[12:]
