"""Keys of libp2p: a public key from its message, a signature checked, a name from a key.

https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md. Ed25519 and RSA,
as each implementation must read them, and secp256k1 and ECDSA. Only Ed25519 signs.
"""

from __future__ import annotations

import hashlib
from typing import Final, TypeAlias, final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256K1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from walkaway.errors import InvalidRequest, ProofError, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs, multihash, protobuf

__all__ = ["SigningKey", "key_multihash", "plain_key", "verify"]

_RSA, _ED25519, _SECP256K1, _ECDSA = range(4)
_TYPE, _DATA = 1, 2
_SEED_BYTES: Final = 32
_INLINED_BYTES: Final = 42
"""A key whose message is no longer stands in its name whole."""
_RSA_BITS: Final = range(2048, 8192 + 1)

_PublicKey: TypeAlias = "Ed25519PublicKey | RSAPublicKey | EllipticCurvePublicKey"


@final
class SigningKey:
    """An Ed25519 key that signs. Made from its 32-byte seed, which it never shows."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != _SEED_BYTES:
            raise InvalidRequest(f"an Ed25519 seed is of {_SEED_BYTES} bytes, not {len(seed)}")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public_key(self) -> bytes:
        """The public key in its message."""
        raw = self._key.public_key().public_bytes_raw()
        return protobuf.field(_TYPE, _ED25519) + protobuf.field(_DATA, raw)

    def sign(self, message: bytes) -> bytes:
        """The signature of a message, 64 bytes (RFC 8032)."""
        return self._key.sign(message)


def key_multihash(public_key: bytes) -> bytes:
    """The multihash that names a key, given in its message: itself if short, else SHA2-256."""
    if len(public_key) <= _INLINED_BYTES:
        return multihash.encode(codecs.IDENTITY, public_key)
    return multihash.encode(codecs.SHA2_256, hashlib.sha256(public_key).digest())


def verify(public_key: bytes, message: bytes, signature: bytes) -> None:
    """Check a signature under a public key, given in its message.

    Raises `ProofError` where it does not hold or the key is none, `Unsupported`
    for a key of another type.
    """
    key = _public_key(public_key)
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, message)
        elif isinstance(key, RSAPublicKey):
            key.verify(signature, message, PKCS1v15(), SHA256())
        else:
            key.verify(signature, message, ECDSA(SHA256()))
    except InvalidSignature:
        raise ProofError("a signature does not hold", commitment="public key") from None


def plain_key(message: bytes) -> bytes:
    """The message of a public key with nothing in it that says nothing.

    Raises `ProofError` where it is no such message.
    """
    kind, data = _parts(message)
    return protobuf.field(_TYPE, kind) + protobuf.field(_DATA, data)


def _parts(message: bytes) -> tuple[int, bytes]:
    """A key's type, and its data in the form of that."""
    if len(message) > LIMITS.ipns_key_bytes:
        raise ProofError(f"a public key is over {LIMITS.ipns_key_bytes} bytes", got=len(message))
    fields = {number: value for number, _, value in protobuf.read(message)}
    kind, data = fields.get(_TYPE), fields.get(_DATA)
    if not isinstance(kind, int) or not isinstance(data, bytes):
        raise ProofError("a public key lacks its type or its data", got=message)
    return kind, data


def _public_key(message: bytes) -> _PublicKey:
    kind, data = _parts(message)
    try:
        if kind == _ED25519:
            return Ed25519PublicKey.from_public_bytes(data)
        if kind == _SECP256K1:
            return EllipticCurvePublicKey.from_encoded_point(SECP256K1(), data)
        key = load_der_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise ProofError("a public key is not in the form of its type", got=data) from None
    if kind == _RSA and isinstance(key, RSAPublicKey) and key.key_size in _RSA_BITS:
        return key
    if kind == _ECDSA and isinstance(key, EllipticCurvePublicKey):
        return key
    raise Unsupported(f"no signature is checked under a key of type {kind} in this form")
