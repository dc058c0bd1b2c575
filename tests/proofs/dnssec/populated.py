"""A zone with one of everything, under a root that delegates to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from dns.message import Message
from dns.name import from_text
from dns.rdatatype import RdataType

from tests.proofs.dnssec.signed_zone import NOW, Hashing, SignedZone, keys_of, wire
from tests.proofs.dnssec.signing import key
from walkaway.proofs import Proven
from walkaway.proofs.dnssec import Answer, Delegation, ZoneKeys, prove_answer, prove_delegation

NSEC3 = Hashing()
OPT_OUT = Hashing(salt="", iterations=0, opt_out=True)


@dataclass(frozen=True)
class Populated:
    """The zone, and its proven keys."""

    zone: SignedZone
    keys: Proven[ZoneKeys]

    def answer(self, name: str, rdtype: str, message: Message | bytes | None = None) -> Answer:
        """What is proven of a name, by the zone's own response or another."""
        given = self.zone.response(name, rdtype) if message is None else message
        data = given if isinstance(given, bytes) else wire(given)
        kind = RdataType.make(rdtype)
        return prove_answer(self.keys, from_text(name), kind, data, NOW).value

    def delegation(self, name: str, message: Message | bytes | None = None) -> Delegation:
        """What is proven of a name below, by the zone's own response or another."""
        given = self.zone.response(name, "DS") if message is None else message
        data = given if isinstance(given, bytes) else wire(given)
        return prove_delegation(self.keys, from_text(name), data, NOW).value


@cache
def populated(hashing: Hashing | None = None) -> Populated:
    """The zone ``test.``, which lists its names by NSEC or hashes them."""
    root, zone = SignedZone("."), SignedZone("test.", signer=key(seed=2), hashing=hashing)
    root.delegate(zone)
    fill(zone)
    return Populated(zone, keys_of(root, zone))


def fill(zone: SignedZone) -> None:
    zone.add("a.test.", "A", "192.0.2.1", "192.0.2.2")
    zone.add("txt.test.", "TXT", '"one"', '"TWO"')
    zone.add("www.test.", "CNAME", "A.test.")
    zone.add("*.wild.test.", "TXT", '"wild"')
    zone.add("host.wild.test.", "A", "192.0.2.3")
    zone.add("*.alias.test.", "CNAME", "a.test.")
    zone.add("deep.ent.test.", "TXT", '"deep"')
    zone.add("old.test.", "DNAME", "new.other.")
    zone.delegate(SignedZone("signed.test.", signer=key(13, seed=3)))
    zone.add("open.test.", "NS", "ns.other.")
