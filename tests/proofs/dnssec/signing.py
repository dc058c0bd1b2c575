"""Zones' keys, and signatures by them.

What is signed is put together by dnspython, so that our canonical form is held against
another's; the signatures are `cryptography`'s.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from dns import dnssec
from dns.name import Name
from dns.rdata import from_text, from_wire
from dns.rdataclass import IN
from dns.rdatatype import DNSKEY as DNSKEY_TYPE
from dns.rdatatype import RRSIG as RRSIG_TYPE
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.RRSIG import RRSIG
from dns.rrset import RRset, from_rdata

ZONE_KEY = 257
REVOKED = 0x80

PrivateKey: TypeAlias = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
)


@dataclass(frozen=True)
class Key:
    """A zone's key, both halves."""

    private: PrivateKey
    public: DNSKEY

    def flagged(self, flags: int, protocol: int = 3) -> Key:
        """The same key, said to be another kind of one."""
        return Key(self.private, dnskey(self.public.algorithm, self.public.key, flags, protocol))


@cache
def key(algorithm: int = 15, seed: int = 1) -> Key:
    """A key of an algorithm, the same for the same seed; of RSA, one for the whole run."""
    private = _private(algorithm, seed)
    return Key(private, dnskey(algorithm, _public(private)))


def dnskey(algorithm: int, content: bytes, flags: int = ZONE_KEY, protocol: int = 3) -> DNSKEY:
    wire = struct.pack("!HBB", flags, protocol, algorithm) + content
    made = from_wire(IN, DNSKEY_TYPE, wire, 0, len(wire))
    assert isinstance(made, DNSKEY)
    return made


def signature(
    rrset: RRset,
    zone: Name,
    signer: Key,
    valid: tuple[float, float],
    **changes: int | Name | bytes,
) -> RRset:
    """The signature over an RRset, before it is signed changed in what is named."""
    labels = len(rrset.name.labels) - 1 - rrset.name.is_wild()
    start, end = (int(time) % 2**32 for time in valid)
    head = f"{rrset.rdtype.name} {int(signer.public.algorithm)} {labels} {rrset.ttl} {end} {start}"
    text = f"{head} {signer.public.key_id()} {zone} AA=="
    unsigned = from_text(IN, RRSIG_TYPE, text).replace(**changes)
    assert isinstance(unsigned, RRSIG)
    data = dnssec._make_rrsig_signature_data(rrset, unsigned)
    signed = unsigned.replace(signature=sign(signer, data))
    assert isinstance(signed, RRSIG)
    return from_rdata(rrset.name, rrset.ttl, signed)


def sign(signer: Key, data: bytes) -> bytes:
    """A key's signature over data, in the form of its algorithm."""
    private = signer.private
    if isinstance(private, rsa.RSAPrivateKey):
        function = hashes.SHA512() if signer.public.algorithm == 10 else hashes.SHA256()
        return private.sign(data, padding.PKCS1v15(), function)
    if isinstance(private, ec.EllipticCurvePrivateKey):
        size = private.key_size // 8
        kind = ec.ECDSA(hashes.SHA384() if size == 48 else hashes.SHA256())
        numbers = utils.decode_dss_signature(private.sign(data, kind))
        return b"".join(number.to_bytes(size, "big") for number in numbers)
    return private.sign(data)


def _private(algorithm: int, seed: int) -> PrivateKey:
    match algorithm:
        case 13:
            return ec.derive_private_key(seed, ec.SECP256R1())
        case 14:
            return ec.derive_private_key(seed, ec.SECP384R1())
        case 15:
            return ed25519.Ed25519PrivateKey.from_private_bytes(seed.to_bytes(32, "big"))
        case 16:
            return ed448.Ed448PrivateKey.from_private_bytes(seed.to_bytes(57, "big"))
        case _:
            return rsa.generate_private_key(65_537, 1024)


def _public(private: PrivateKey) -> bytes:
    public = private.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return b"\x03" + numbers.e.to_bytes(3, "big") + numbers.n.to_bytes(128, "big")
    if isinstance(public, ec.EllipticCurvePublicKey):
        return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)
