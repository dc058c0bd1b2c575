"""The algorithms of signatures and digests that count here (RFC 8624, RFC 9905).

Zones that are signed with none of them are not bogus but insecure. RSA over SHA-1
is among those since RFC 9905. A digest of SHA-1 is used only where a delegation
has no better one (RFC 4509, 3): nobody but the zone's owner could choose what is
digested, so that collisions do not help.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, utils
from dns.name import Name
from dns.rdtypes.ANY.DNSKEY import DNSKEY

__all__ = ["ALGORITHMS", "BEST_DIGESTS", "DIGESTS", "digest_of", "verify"]

_Check: TypeAlias = Callable[[bytes, bytes, bytes], None]
"""Takes a DNSKEY's key, a signature and data; raises where the signature is wrong."""

_RSA_BITS: Final = range(512, 4096 + 1)
_EXPONENT_BITS: Final = 64
"""As signers use them; greater ones only make each verification slow."""


def verify(key: DNSKEY, signature: bytes, data: bytes) -> bool:
    """Whether a key has made a signature over data. Malformed keys have made none."""
    check = ALGORITHMS.get(key.algorithm)
    if check is None:
        return False
    try:
        check(key.key, signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def digest_of(name: Name, key: DNSKEY, digest_type: int) -> bytes:
    """The digest of a zone's key as DS records hold it (RFC 4034, 5.1.4)."""
    return DIGESTS[digest_type](name.to_digestable() + key.to_digestable()).digest()


def _rsa(function: hashes.HashAlgorithm, key: bytes, signature: bytes, data: bytes) -> None:
    """RFC 3110, 2; RFC 5702."""
    # One byte of length, or where that is zero two more; a key may be too short for either.
    at = 3 if key[:1] == b"\0" else 1
    size = int.from_bytes(key[:at], "big")
    exponent = int.from_bytes(key[at : at + size], "big")
    modulus = int.from_bytes(key[at + size :], "big")
    if modulus.bit_length() not in _RSA_BITS or exponent.bit_length() > _EXPONENT_BITS:
        raise ValueError("an RSA key is of no size that is verified")
    public = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    public.verify(signature, data, padding.PKCS1v15(), function)


def _ecdsa(
    curve: ec.EllipticCurve,
    function: hashes.HashAlgorithm,
    key: bytes,
    signature: bytes,
    data: bytes,
) -> None:
    """RFC 6605, 4."""
    size = curve.key_size // 8
    if len(signature) != 2 * size:
        raise InvalidSignature
    public = ec.EllipticCurvePublicKey.from_encoded_point(curve, b"\x04" + key)
    r, s = (int.from_bytes(half, "big") for half in (signature[:size], signature[size:]))
    public.verify(utils.encode_dss_signature(r, s), data, ec.ECDSA(function))


def _ed25519(key: bytes, signature: bytes, data: bytes) -> None:
    """RFC 8080."""
    ed25519.Ed25519PublicKey.from_public_bytes(key).verify(signature, data)


def _ed448(key: bytes, signature: bytes, data: bytes) -> None:
    """RFC 8080."""
    ed448.Ed448PublicKey.from_public_bytes(key).verify(signature, data)


ALGORITHMS: Final[Mapping[int, _Check]] = MappingProxyType(
    {
        8: partial(_rsa, hashes.SHA256()),
        10: partial(_rsa, hashes.SHA512()),
        13: partial(_ecdsa, ec.SECP256R1(), hashes.SHA256()),
        14: partial(_ecdsa, ec.SECP384R1(), hashes.SHA384()),
        15: _ed25519,
        16: _ed448,
    }
)
"""How a signature is verified, by the number of its algorithm."""

DIGESTS: Final = MappingProxyType({1: hashlib.sha1, 2: hashlib.sha256, 4: hashlib.sha384})
"""The functions of DS digests, by number."""

BEST_DIGESTS: Final = frozenset({2, 4})
"""Those beside which a digest of SHA-1 does not count."""
