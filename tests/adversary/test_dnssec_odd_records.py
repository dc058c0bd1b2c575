"""A zone whose owner signs what no zone should hold: odd records, and keys that are none.

All of it is signed by keys that are believed, so that it is looked at to the end. What comes
is a value or a `ProofError`, of each function, and never another exception.
"""

from __future__ import annotations

import contextlib
import random
import struct
from collections.abc import Iterator

import pytest
from dns.dnssec import make_ds
from dns.exception import DNSException
from dns.message import make_query, make_response
from dns.name import Name
from dns.name import root as name_of_root
from dns.rdata import Rdata, from_wire
from dns.rdataclass import IN
from dns.rdatatype import CNAME, DNAME, DS, NSEC, NSEC3, SOA, TXT, RdataType
from dns.rdatatype import DNSKEY as KEYS
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rrset import RRset, from_rdata, from_text

from tests.proofs.dnssec.signed_zone import NOW, TTL, SignedZone, anchors_of, keys_of, secure, wire
from tests.proofs.dnssec.signing import ZONE_KEY, dnskey
from walkaway.errors import ProofError, SourceFault
from walkaway.names.dns.unsigned import read_unsigned
from walkaway.proofs.dnssec import (
    algorithms,
    prove_answer,
    prove_delegation,
    prove_signed_rrsets,
    root_keys,
    zone_keys,
)

pytestmark = pytest.mark.adversary

TURNS = 250
LONGEST = ".".join(letter * 60 for letter in "abcd") + "."
"""Below it no name of 32 characters is short enough."""
ORIGINS = ["test.", LONGEST]
TYPES = [CNAME, DNAME, KEYS, DS, NSEC, NSEC3, SOA, TXT]
LABELS = [b"*", b"a", b"\0", b"0" * 32, b"v" * 32, b"z" * 32, b"c" * 63]
ALGORITHMS = sorted(algorithms.ALGORITHMS)
MAPS = [b"", b"\0\x01\x40", b"\0\x06\x40\0\0\0\0\x03", b"\xff\x20" + b"\xff" * 32]


class Odd:
    """Chooses odd records of a zone, the same for the same seed."""

    def __init__(self, zone: SignedZone, seed: int) -> None:
        self._zone = zone
        self._dice = random.Random(seed)

    def name(self) -> Name:
        """The zone's name, or one below it."""
        name = self._zone.origin
        for _ in range(self._dice.choice([0, 0, 1, 1, 2])):
            with contextlib.suppress(DNSException):
                name = Name((self._dice.choice(LABELS), *name.labels))
        return name

    def rrset(self, name: Name, rdtype: RdataType) -> RRset:
        """One or two records of a type."""
        count = self._dice.choice([1, 1, 2])
        return from_rdata(name, TTL, *(self._rdata(rdtype) for _ in range(count)))

    def signed(self, *rdtypes: RdataType) -> Iterator[RRset]:
        """Records of one of these types and their signature, sometimes as if of a wildcard."""
        rrset = self.rrset(self.name(), self._dice.choice(rdtypes))
        yield rrset
        if rrset.name.is_wild() or self._dice.random() < 0.75:
            yield self._zone.signature(rrset)
        else:
            yield self._zone.signature(rrset, labels=len(self._zone.origin) - 1)

    def message(self, name: Name, rdtype: RdataType) -> bytes:
        """An answer of which all is signed."""
        response = make_response(make_query(name, rdtype, want_dnssec=True))
        rrset = self.rrset(name, rdtype)
        if self._dice.random() < 0.5:
            response.answer += [rrset, self._zone.signature(rrset)]
        else:
            response.answer.extend(self.signed(CNAME, DNAME))
        response.authority.extend(self.signed(NSEC, NSEC3, SOA))
        response.authority.extend(self.signed(NSEC, NSEC3))
        return wire(response)

    def octets(self) -> bytes:
        """No byte, few, or as many as keys and digests have."""
        size = self._dice.choice([0, 1, 2, 3, 4, 20, 32, 48, 64, 65, 97, 132, 260])
        return bytes(self._dice.choice([0, 1, 2, 3, 64, 255]) for _ in range(size))

    def _rdata(self, rdtype: RdataType) -> Rdata:
        while True:
            content = self._content(rdtype)
            with contextlib.suppress(DNSException):
                return from_wire(IN, rdtype, content, 0, len(content))

    def _content(self, rdtype: RdataType) -> bytes:
        pick, name = self._dice.choice, self.name().to_wire() or b""
        algorithm = pick([*ALGORITHMS, 0, 1, 253])
        contents = {
            CNAME: name,
            DNAME: name,
            KEYS: struct.pack("!HBB", ZONE_KEY, 3, algorithm) + self.octets(),
            DS: struct.pack("!HBB", pick([0, 1]), algorithm, pick([0, 1, 2, 4])) + self.octets(),
            NSEC: name + pick(MAPS),
            NSEC3: bytes([pick([0, 1]), pick([0, 1, 2]), 0, pick([0, 1, 200]), 0])
            + pick([b"\0", b"\x01a", b"\x14" + bytes(20), b"\x14" + b"\xff" * 20])
            + pick(MAPS),
            SOA: name * 2 + bytes(20),
        }
        return contents.get(rdtype, b"") if pick([True, True, False]) else self.octets()


@pytest.mark.parametrize("origin", ORIGINS, ids=["short", "longest"])
def test_odd_records(origin: str) -> None:
    root, zone = SignedZone("."), SignedZone(origin)
    root.delegate(zone)
    keys, odd, ends = keys_of(root, zone), Odd(zone, 1), dict.fromkeys(["value", "refusal"], 0)
    for turn in range(TURNS):
        name, rdtype = odd.name(), TYPES[turn % len(TYPES)]
        if rdtype == DS and name == zone.origin:
            continue
        message = odd.message(name, rdtype)
        try:
            prove_answer(keys, name, rdtype, message, NOW)
            ends["value"] += 1
        except ProofError:
            ends["refusal"] += 1
        if name != zone.origin:
            with contextlib.suppress(ProofError):
                prove_delegation(keys, name, message, NOW)
        with contextlib.suppress(SourceFault):
            read_unsigned(message)
    assert min(ends.values()) > TURNS // 20, ends


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_keys_that_are_none(algorithm: int) -> None:
    """Among a zone's keys is one that is none, which a delegation names, and which signs."""
    root, zone = SignedZone("."), SignedZone("test.")
    odd = Odd(zone, algorithm)
    top = root_keys(anchors_of(root), root.ask(".", "DNSKEY"), NOW)
    for _ in range(60):
        bad = dnskey(algorithm, odd.octets())
        keys = from_rdata(zone.origin, TTL, zone.signer.public, bad)
        ds = [make_ds(zone.origin, each, "SHA256") for each in (zone.signer.public, bad)]
        root.put(from_rdata(zone.origin, TTL, *ds))
        delegation = secure(prove_delegation(top, zone.origin, root.ask("test.", "DS"), NOW))
        with pytest.raises(ProofError, match="no key of the zone made it"):
            zone_keys(delegation, answer(keys, forged(zone, keys, bad, odd.octets())), NOW)
        proven = zone_keys(delegation, answer(keys, zone.signature(keys)), NOW)
        assert bad in proven.value.keys
        text = from_text("test.", TTL, "IN", TXT, '"x"')
        message = answer(text, forged(zone, text, bad, odd.octets()))
        with pytest.raises(ProofError, match="no key of the zone made it"):
            prove_answer(proven, zone.origin, TXT, message, NOW)


def answer(*rrsets: RRset) -> bytes:
    """A response that holds these."""
    response = make_response(make_query(rrsets[0].name, rrsets[0].rdtype, want_dnssec=True))
    response.answer.extend(rrsets)
    return wire(response)


def forged(zone: SignedZone, rrset: RRset, key: DNSKEY, signature: bytes) -> RRset:
    """A signature that is said to be a key's."""
    (rrsig,) = zone.signature(rrset, algorithm=key.algorithm, key_tag=key.key_id())
    return from_rdata(rrset.name, TTL, rrsig.replace(signature=signature))


@pytest.mark.parametrize("cut", [0, 1, 10, 18, 19, 40])
def test_links_of_a_chain_that_are_cut_or_odd(cut: int) -> None:
    root, dice = SignedZone("."), random.Random(cut)
    keys = root_keys(anchors_of(root), root.ask(".", "DNSKEY"), NOW).value.rrset
    top = (keys.signed_data(), keys.rrsig.signature)
    for rdtype in range(300):
        head = top[0][: 18 + 1] + b"\0" + struct.pack("!HHI", rdtype, IN, TTL)
        content = dice.randbytes(cut)
        last = (head + struct.pack("!H", cut) + content, dice.randbytes(64))
        for chain in ([top, last], [top, (top[0][:cut], top[1])], [(top[0], b""), last]):
            with pytest.raises(ProofError):
                prove_signed_rrsets(anchors_of(root), chain, name_of_root, TXT, NOW)
