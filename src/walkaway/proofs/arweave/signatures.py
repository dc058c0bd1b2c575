"""Who signed a data item: the signature types of ANS-104 and what each signs.

Types 1 to 4 are ANS-104's; 5 to 7 are as arbundles, which made them, writes them.
An id names one content only where a signature holds for one message alone, so each
is checked more strictly than there: see `ed25519`, `rsa_pss`, and `_multi_aptos`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from coincurve import PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from walkaway.errors import ProofError
from walkaway.proofs.arweave import ed25519, rsa_pss
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.signatures import recover_address

__all__ = ["SIGNATURE_TYPES", "SignatureType"]

_Check: TypeAlias = Callable[[bytes, bytes, bytes], None]
"""Takes an owner, a 48-byte deep hash and a signature; raises `ProofError`."""

_MULTI_KEYS: Final = 32
_BITMAP_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class SignatureType:
    """A way to sign: its name, how long its signatures and owners are, and its check.

    ``verify`` takes the owner, the deep hash that is signed, and the signature; it
    raises `ProofError` where the signature does not hold.
    """

    name: str
    signature_bytes: int
    owner_bytes: int
    verify: _Check


def _solana(owner: bytes, message: bytes, signature: bytes) -> None:
    ed25519.verify(owner, message.hex().encode(), signature)


def _aptos(owner: bytes, message: bytes, signature: bytes) -> None:
    text = f"APTOS\nmessage: {message.hex()}\nnonce: bundlr"
    ed25519.verify(owner, text.encode(), signature)


def _multi_aptos(owner: bytes, message: bytes, signature: bytes) -> None:
    """32 places for keys and the threshold; as many for signatures, and a bitmap of those taken.

    The bitmap's first place is its highest bit. A place without a key holds zeros,
    which is a point of small order, so that none can be signed for there.
    """
    threshold, bitmap = owner[-1], int.from_bytes(signature[-_BITMAP_BYTES:], "big")
    if not 1 <= threshold <= _MULTI_KEYS:
        raise ProofError("a multi-signature's threshold is out of range", got=threshold)
    if bitmap.bit_count() < threshold:
        raise ProofError(
            "a multi-signature does not reach its threshold",
            expected=threshold,
            got=bitmap.bit_count(),
        )
    for place in range(_MULTI_KEYS):
        own = _slice(signature, place, ed25519.SIGNATURE_BYTES)
        if bitmap >> (_MULTI_KEYS - 1 - place) & 1:
            ed25519.verify(_slice(owner, place, ed25519.KEY_BYTES), message, own)
        elif any(own):
            raise ProofError("a multi-signature has bytes where nobody signed", got=own)


def _slice(data: bytes, place: int, size: int) -> bytes:
    return data[place * size : (place + 1) * size]


def _ethereum(owner: bytes, message: bytes, signature: bytes) -> None:
    """EIP-191 over the deep hash. The last byte only helps to find a key that stands here."""
    digest = keccak256(b"\x19Ethereum Signed Message:\n%d" % len(message) + message)
    r, s = _halves(signature)
    try:
        # Of the two values of s that hold, coincurve takes the lower alone (EIP-2).
        holds = owner[0] == _UNCOMPRESSED and PublicKey(owner).verify(
            encode_dss_signature(r, s), digest, hasher=None
        )
    except ValueError:
        raise ProofError("an Ethereum owner is no key, or its signature none") from None
    if not holds:
        raise ProofError("an Ethereum signature does not hold", commitment="owner's key")


def _typed_ethereum(owner: bytes, message: bytes, signature: bytes) -> None:
    """EIP-712 over the deep hash and the owner, which is the text of an address."""
    if not _ADDRESS.fullmatch(owner):
        raise ProofError("an owner is not the text of an address", got=owner)
    address = bytes.fromhex(owner[2:].decode())
    struct = keccak256(_STRUCT_TYPE + keccak256(message) + address.rjust(32, b"\0"))
    r, s = _halves(signature)
    parity = _PARITIES.get(signature[-1])
    if parity is None:
        raise ProofError("a signature's recovery byte is out of range", got=signature[-1])
    digest = keccak256(b"\x19\x01" + _DOMAIN + struct)
    if recover_address(digest, y_parity=parity, r=r, s=s) != address:
        raise ProofError("an Ethereum signature does not hold", commitment="owner's address")


def _halves(signature: bytes) -> tuple[int, int]:
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")


_UNCOMPRESSED: Final = 4
_ADDRESS: Final = re.compile(rb"0x[0-9a-fA-F]{40}")
_PARITIES: Final = MappingProxyType({0: 0, 1: 1, 27: 0, 28: 1})
_DOMAIN: Final = keccak256(
    keccak256(b"EIP712Domain(string name,string version)") + keccak256(b"Bundlr") + keccak256(b"1")
)
_STRUCT_TYPE: Final = keccak256(b"Bundlr(bytes Transaction hash,address address)")
_MULTI_SIGNATURE_BYTES: Final = _MULTI_KEYS * ed25519.SIGNATURE_BYTES + _BITMAP_BYTES
_MULTI_OWNER_BYTES: Final = _MULTI_KEYS * ed25519.KEY_BYTES + 1

SIGNATURE_TYPES: Final[Mapping[int, SignatureType]] = MappingProxyType(
    {
        1: SignatureType("arweave", rsa_pss.SIGNATURE_BYTES, rsa_pss.KEY_BYTES, rsa_pss.verify),
        2: SignatureType("ed25519", 64, 32, ed25519.verify),
        3: SignatureType("ethereum", 65, 65, _ethereum),
        4: SignatureType("solana", 64, 32, _solana),
        5: SignatureType("injectedAptos", 64, 32, _aptos),
        6: SignatureType("multiAptos", _MULTI_SIGNATURE_BYTES, _MULTI_OWNER_BYTES, _multi_aptos),
        7: SignatureType("typedEthereum", 65, 42, _typed_ethereum),
    }
)
"""The types that are known, by number, under the names that arbundles gives them."""
