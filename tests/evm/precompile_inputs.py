"""Inputs that each precompiled contract accepts.

Addresses are integers, as the proposals number them. The quick ones are quick
in the specification's own Python too, where a pairing takes about a second.
"""

from __future__ import annotations

import hashlib
from typing import TypeAlias

from coincurve import PrivateKey
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from py_ecc.optimized_bls12_381.optimized_curve import G1, G2, multiply, normalize
from py_ecc.optimized_bn128.optimized_curve import G1 as BN_G1
from py_ecc.optimized_bn128.optimized_curve import G2 as BN_G2
from py_ecc.optimized_bn128.optimized_curve import neg
from py_ecc.optimized_bn128.optimized_curve import normalize as bn_normalize

__all__ = ["QUICK_INPUTS", "SLOW_INPUTS"]

Input: TypeAlias = tuple[int, bytes]

DIGEST = hashlib.sha256(b"walkaway").digest()


def _words(*values: int, size: int = 32) -> bytes:
    return b"".join(value.to_bytes(size, "big") for value in values)


def _ecrecover() -> bytes:
    """ECRECOVER (Yellow Paper, appendix E): digest, v, r, s."""
    signature = PrivateKey(b"\x07" * 32).sign_recoverable(DIGEST, hasher=None)
    return DIGEST + _words(signature[64] + 27) + signature[:64]


def _modexp(base: int, exponent: int, modulus: int, size: int) -> bytes:
    """MODEXP (EIP-198): three lengths, three numbers."""
    return _words(size, size, size) + _words(base, exponent, modulus, size=size)


def _blake2f() -> bytes:
    """BLAKE2F (EIP-152): rounds, state, message, offsets, last-block flag."""
    return _words(12, size=4) + hashlib.shake_256(b"blake").digest(208) + b"\x01"


def _p256() -> bytes:
    """P256VERIFY (EIP-7951): digest, r, s, x, y."""
    key = ec.derive_private_key(12345, ec.SECP256R1())
    r, s = decode_dss_signature(key.sign(DIGEST, ec.ECDSA(Prehashed(hashes.SHA256()))))
    public = key.public_key().public_numbers()
    return DIGEST + _words(r, s, public.x, public.y)


def _kzg() -> bytes:
    """Point evaluation (EIP-4844): the zero polynomial is zero at any point."""
    infinity = b"\xc0" + bytes(47)
    versioned = b"\x01" + hashlib.sha256(infinity).digest()[1:]
    return versioned + _words(5, 0) + infinity + infinity


def _g1(scalar: int) -> bytes:
    """A G1 point of BLS12-381 as EIP-2537 encodes it."""
    x, y = normalize(multiply(G1, scalar))
    return _words(x.n, y.n, size=64)


def _g2(scalar: int) -> bytes:
    x, y = normalize(multiply(G2, scalar))
    return _words(*(int(part) for part in (*x.coeffs, *y.coeffs)), size=64)


def _bn_pairing() -> bytes:
    """e(P, Q) e(-P, Q), which is one (EIP-197; imaginary parts first)."""
    x, y = bn_normalize(BN_G2)
    second = _words(*(int(part) for part in (*x.coeffs[::-1], *y.coeffs[::-1])))
    pairs = b""
    for point in (BN_G1, neg(BN_G1)):
        at = bn_normalize(point)
        pairs += _words(at[0].n, at[1].n) + second
    return pairs


QUICK_INPUTS: tuple[Input, ...] = (
    (0x01, _ecrecover()),
    (0x02, b"abc" * 30),
    (0x03, b"abc" * 30),
    (0x04, bytes(range(100))),
    (0x05, _modexp(3, 5, 7, 1)),
    (0x05, _modexp(3, 2**255, 2**256 - 189, 32)),
    (0x05, _modexp(2**500 + 1, 65537, 2**511, 64)),
    (0x05, _modexp(3, 5, 0, 32)),
    (0x05, _words(2**64, 1, 1)),
    (0x06, _words(1, 2, 1, 2)),
    (0x06, _words(0, 0, 1, 2)),
    (0x07, _words(1, 2, 2**255)),
    (0x08, b""),
    (0x09, _blake2f()),
    (0x0B, _g1(1) + _g1(5)),
    (0x0B, _g1(1) + bytes(128)),
    (0x0C, _g1(3) + _words(7)),
    (0x0D, _g2(1) + _g2(5)),
    (0x10, _words(77, size=64)),
    (0x100, _p256()),
)

SLOW_INPUTS: tuple[Input, ...] = (
    (0x08, _bn_pairing()),
    (0x0A, _kzg()),
    (0x0C, _g1(3) + _words(7) + _g1(4) + _words(2**255)),
    (0x0E, _g2(3) + _words(7)),
    (0x0F, _g1(1) + _g2(1) + _g1(2) + _g2(3)),
    (0x11, _words(77, 78, size=64)),
)
