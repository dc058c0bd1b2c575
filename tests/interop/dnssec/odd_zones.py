"""Zones that BIND's signer refuses to make: hashed too often, or a trap of keys (KeyTrap)."""

from __future__ import annotations

import base64
import secrets
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.zone
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from dns.rdtypes.ANY.DNSKEY import DNSKEY

__all__ = ["key_trap", "often_hashed"]

ITERATIONS = 500
FALSE_KEYS, FALSE_SIGNATURES = 3, 100
"""Whoever tries each signature with each key works 400 times for one answer. More keys, and
unbound could not prove the zone's own; more signatures, and BIND would not serve them."""
DAY = 86400
TTL = 300
MODULUS_BYTES = 256
EXPONENT = b"\x03\x01\x00\x01"
"""65537, as a DNSKEY holds it (RFC 3110, section 2): its length comes first."""
ZONE_AND_ENTRY = 257
RSASHA256 = 8
NO_SIGNATURE = "AA=="
"""One byte in place of the signature that is to come."""

T = TypeVar("T")


def often_hashed(text: str, origin: str) -> tuple[str, str]:
    """The zone, signed, with far too many iterations of NSEC3's hash; and its DS record."""
    zone, key = _zone_with_key(text, origin)
    _add(zone, origin, "NSEC3PARAM", f"1 0 {ITERATIONS} -")
    types = {
        dns.dnssec.nsec3_hash(name, b"", ITERATIONS, 1): held for name, held in _types(zone).items()
    }
    for hashed, following in _each_with_next(sorted(types)):
        denial = f"1 0 {ITERATIONS} - {following} {types[hashed]} RRSIG"
        _add(zone, f"{hashed}.{origin}", "NSEC3", denial)
    _sign(zone, key)
    return zone.to_text(), key.delegation_signer


def key_trap(text: str, origin: str) -> tuple[str, str]:
    """The zone with keys that share one tag, and are signed, and false signatures of its data."""
    zone, key = _zone_with_key(text, origin)
    for _ in range(FALSE_KEYS):
        _add(zone, origin, "DNSKEY", _key_of_same_tag(key.dnskey).to_text())
    types = _types(zone)
    for name, following in _each_with_next(sorted(types)):
        _add(zone, name.to_text(), "NSEC", f"{following} {types[name]} RRSIG NSEC")
    _sign(zone, key)
    for covered in (dns.rdatatype.A, dns.rdatatype.TXT):
        for _, signatures in zone.iterate_rdatasets(dns.rdatatype.RRSIG, covered):
            true = signatures[0]
            signatures.items = {_forged(true): None for _ in range(FALSE_SIGNATURES)}
    return zone.to_text(), key.delegation_signer


def _types(zone: dns.zone.Zone) -> dict[dns.name.Name, str]:
    """The types that each name has, as a list of types in a denial is written."""
    found: dict[dns.name.Name, str] = {}
    for name, rdataset in zone.iterate_rdatasets():
        found[name] = f"{found.get(name, '')} {dns.rdatatype.to_text(rdataset.rdtype)}".strip()
    return found


def _each_with_next(names: Sequence[T]) -> Iterator[tuple[T, T]]:
    return zip(names, [*names[1:], *names[:1]], strict=True)


@dataclass(frozen=True, slots=True)
class _Key:
    origin: dns.name.Name
    private: rsa.RSAPrivateKey
    dnskey: DNSKEY

    @property
    def delegation_signer(self) -> str:
        ds = dns.dnssec.make_ds(self.origin, self.dnskey, "SHA256")
        return f"{self.origin} IN DS {ds.to_text()}\n"

    def signature(self, name: dns.name.Name, rdataset: dns.rdataset.Rdataset) -> dns.rdata.Rdata:
        """RFC 4034, section 3.1.8.1."""
        now = int(time.time())
        unsigned = dns.rdata.from_text(
            "IN",
            "RRSIG",
            f"{dns.rdatatype.to_text(rdataset.rdtype)} {RSASHA256} {len(name) - 1} {TTL}"
            f" {now + 30 * DAY} {now - DAY} {dns.dnssec.key_id(self.dnskey)} {self.origin}"
            f" {NO_SIGNATURE}",
        )
        owner = name.to_digestable()
        head = struct.pack("!HHI", rdataset.rdtype, rdataset.rdclass, TTL)
        signed = unsigned.to_digestable()[:-1]
        for each in sorted(rdata.to_digestable() for rdata in rdataset):
            signed += owner + head + struct.pack("!H", len(each)) + each
        signature = self.private.sign(signed, padding.PKCS1v15(), SHA256())
        return unsigned.replace(signature=signature)


def _forged(signature: dns.rdata.Rdata) -> dns.rdata.Rdata:
    return signature.replace(signature=secrets.token_bytes(MODULUS_BYTES))


def _zone_with_key(text: str, origin: str) -> tuple[dns.zone.Zone, _Key]:
    private = rsa.generate_private_key(65537, MODULUS_BYTES * 8)
    modulus = private.public_key().public_numbers().n.to_bytes(MODULUS_BYTES, "big")
    dnskey = _key_of(EXPONENT + modulus)
    zone = dns.zone.from_text(text, origin=origin, relativize=False)
    _add(zone, origin, "DNSKEY", dnskey.to_text())
    return zone, _Key(dns.name.from_text(origin), private, dnskey)


def _sign(zone: dns.zone.Zone, key: _Key) -> None:
    for name, rdataset in list(zone.iterate_rdatasets()):
        signatures = zone.find_rdataset(name, "RRSIG", rdataset.rdtype, create=True)
        signatures.add(key.signature(name, rdataset), ttl=TTL)


def _add(zone: dns.zone.Zone, name: str, rdtype: str, text: str) -> None:
    rdataset = zone.find_rdataset(dns.name.from_text(name), rdtype, create=True)
    rdataset.add(dns.rdata.from_text("IN", rdtype, text), ttl=TTL)


def _key_of_same_tag(like: DNSKEY) -> DNSKEY:
    """Another key, made up: two of its bytes make up what its tag lacks (RFC 4034, appendix B)."""
    tag, place = dns.dnssec.key_id(like), 120
    while True:
        made = bytearray(EXPONENT + secrets.token_bytes(MODULUS_BYTES))
        made[4] |= 0x80
        made[-1] |= 1
        made[place : place + 2] = b"\0\0"
        lacking = (tag - dns.dnssec.key_id(_key_of(made))) % 0xFFFF
        made[place : place + 2] = lacking.to_bytes(2, "big")
        key = _key_of(made)
        if dns.dnssec.key_id(key) == tag:
            return key


def _key_of(key: bytes | bytearray) -> DNSKEY:
    text = f"{ZONE_AND_ENTRY} 3 {RSASHA256} {base64.b64encode(key).decode()}"
    made = dns.rdata.from_text("IN", "DNSKEY", text)
    assert isinstance(made, DNSKEY)
    return made
