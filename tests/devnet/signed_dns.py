"""A chain of signed zones, in the form in which contracts are given it (ENSIP-17).

The wire forms are written out here (RFC 4034), and the signatures made by the cryptography
package.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from itertools import pairwise

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

__all__ = ["DNSKEY", "DS", "TXT", "SignedZone", "chain", "record", "texts"]

DS, DNSKEY, TXT = 43, 48, 16
RSA_SHA256, P256_SHA256 = 8, 13
TTL = 300

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
SignedSet = tuple[bytes, bytes]
"""The data of an RRSIG without the signature, with the records; and the signature."""


def record(name: str, rtype: int, rdata: bytes) -> bytes:
    """One record in canonical form."""
    return _wire(name) + struct.pack(">HHIH", rtype, 1, TTL, len(rdata)) + rdata


def texts(name: str, *values: str) -> list[bytes]:
    """TXT records in their canonical order."""
    return [
        record(name, TXT, rdata)
        for rdata in sorted(bytes([len(value)]) + value.encode() for value in values)
    ]


class SignedZone:
    """A zone with one key for everything. ``name`` ends with a dot."""

    def __init__(
        self, name: str, algorithm: int = RSA_SHA256, *, key: PrivateKey | None = None
    ) -> None:
        self.name = name
        self.algorithm = algorithm
        self.key = key or _made(algorithm)
        material = _material(self.key)
        self.dnskey = struct.pack(">HBB", 257, 3, algorithm) + material
        self.tag = _tag(self.dnskey)

    def sign(
        self, name: str, rtype: int, records: Sequence[bytes], valid: tuple[int, int]
    ) -> SignedSet:
        """Sign records of one name and type; ``valid`` are unix seconds, from and until."""
        labels = len([label for label in name.split(".") if label])
        head = struct.pack(
            ">HBBIIIH", rtype, self.algorithm, labels, TTL, valid[1], valid[0], self.tag
        )
        data = head + _wire(self.name) + b"".join(records)
        if isinstance(self.key, rsa.RSAPrivateKey):
            return data, self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        r, s = utils.decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
        return data, r.to_bytes(32) + s.to_bytes(32)

    def keys(self) -> bytes:
        """Its DNSKEY record."""
        return record(self.name, DNSKEY, self.dnskey)

    def ds(self) -> bytes:
        """The DS record of its key."""
        digest = hashlib.sha256(_wire(self.name) + self.dnskey).digest()
        head = struct.pack(">HBB", self.tag, self.algorithm, 2)
        return record(self.name, DS, head + digest)


def chain(
    zones: Sequence[SignedZone],
    name: str,
    rtype: int,
    records: Sequence[bytes],
    valid: tuple[int, int],
) -> list[SignedSet]:
    """From the first zone's keys to records of the last zone: every step on the way."""
    steps = [zones[0].sign(zones[0].name, DNSKEY, [zones[0].keys()], valid)]
    for parent, zone in pairwise(zones):
        steps.append(parent.sign(zone.name, DS, [zone.ds()], valid))
        steps.append(zone.sign(zone.name, DNSKEY, [zone.keys()], valid))
    return [*steps, zones[-1].sign(name, rtype, records, valid)]


def _made(algorithm: int) -> PrivateKey:
    if algorithm == RSA_SHA256:
        return rsa.generate_private_key(65537, 2048)
    assert algorithm == P256_SHA256
    return ec.generate_private_key(ec.SECP256R1())


def _material(key: PrivateKey) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return b"\3\1\0\1" + key.public_key().public_numbers().n.to_bytes(256)
    point = key.public_key().public_numbers()
    return point.x.to_bytes(32) + point.y.to_bytes(32)


def _tag(dnskey: bytes) -> int:
    total = sum(byte << (0 if index % 2 else 8) for index, byte in enumerate(dnskey))
    return (total + (total >> 16)) & 0xFFFF


def _wire(name: str) -> bytes:
    labels = (label.encode() for label in name.split(".") if label)
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
