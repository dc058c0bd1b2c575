"""RSA as Arweave signs: 4096 bits, exponent 65537, PSS with SHA-256 and any salt.

``rsa_pss.erl`` of the Arweave node. A key is its modulus alone, so that nobody
chooses an exponent; of moduli, only those of just 4096 bits are taken.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from walkaway.errors import ProofError

__all__ = ["KEY_BYTES", "SIGNATURE_BYTES", "verify"]

KEY_BYTES: Final = 512
SIGNATURE_BYTES: Final = 512
_EXPONENT: Final = 65537
_PADDING: Final = PSS(mgf=MGF1(SHA256()), salt_length=PSS.AUTO)


def verify(key: bytes, message: bytes, signature: bytes) -> None:
    """Check a signature under a modulus, big-endian. Raises `ProofError`."""
    modulus = int.from_bytes(key, "big")
    if len(key) != KEY_BYTES or modulus.bit_length() != KEY_BYTES * 8 or not modulus % 2:
        raise ProofError("an RSA modulus is not an odd number of 4096 bits", got=key)
    public = RSAPublicNumbers(_EXPONENT, modulus).public_key()
    try:
        public.verify(signature, message, _PADDING, SHA256())
    except InvalidSignature:
        raise ProofError("an RSA signature does not hold", commitment="owner's key") from None
