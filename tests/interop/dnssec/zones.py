"""The zones of the laboratory, from the root down, and what is wrong with some of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["ZONES", "Denial", "Fault", "Zone", "parent_of"]


class Denial(Enum):
    """How a signed zone proves what it does not hold; the value is `dnssec-signzone`'s options."""

    NSEC = ()
    NSEC3 = ("-3", "-", "-H", "0")
    SALTED_NSEC3 = ("-3", "c0ffee", "-H", "5")
    OPT_OUT = ("-3", "-", "-H", "0", "-A")


class Fault(Enum):
    """What is wrong with a zone."""

    NONE = "nothing"
    CHANGED = "a record was changed after it was signed"
    OTHER_KEY = "its parent's DS is of another key"
    EXPIRED = "its signatures have ended"
    EARLY = "its signatures do not hold yet"
    UNSIGNED_THOUGH_DELEGATED = "its parent has a DS, but it holds no signature"
    NO_DENIAL = "the proofs of what it does not hold are missing"
    UNKNOWN_ALGORITHM = "its only DS is of an algorithm that nobody knows"
    UNKNOWN_DIGEST = "its only DS is of a digest that nobody knows"
    ITERATIONS = "it hashes names so often that nobody should follow"
    KEY_TRAP = "many keys share a tag, and many signatures are of none of them"


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone: its name with the last dot, and its records as a master file has them.

    ``algorithm`` is a mnemonic of `dnssec-keygen`, None for an unsigned zone.
    """

    name: str
    records: str = ""
    algorithm: str | None = "ECDSAP256SHA256"
    denial: Denial = Denial.NSEC
    fault: Fault = Fault.NONE


LINK = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"
"""What the links of signed zones point to."""

WWW = 'www A 192.0.2.1\nwww TXT "here"\n'

ORDINARY = f"""\
{WWW}
www AAAA 2001:db8::1
alias CNAME www
chain CNAME alias
to-nowhere CNAME nowhere
to-nsec CNAME www.nsec.lab.
to-nsec3 CNAME www.nsec3.lab.
to-unsigned CNAME www.unsigned.lab.
to-bogus CNAME changed.changed.lab.
loop CNAME pool
pool CNAME loop
*.wild TXT "any"
known.wild A 192.0.2.2
*.wild-alias CNAME www
*.below.wild-none TXT "below"
a.b.c.empty TXT "deep"
moved DNAME new
www.new TXT "moved"
far DNAME nsec.lab.
_dnslink.linked TXT "dnslink=/ipfs/{LINK}/docs"
_dnslink.many TXT "other=1"
_dnslink.many TXT "dnslink=/ipfs/{LINK}"
_dnslink.long TXT "dnslink=" "/ipns/linked.nsec.lab"
_dnslink.delegated CNAME _dnslink.linked
_dnslink.crossing CNAME _dnslink.linked.unsigned.lab.
_dnslink.no-link TXT "something else"
"""

ZONES = (
    Zone(".", algorithm="RSASHA256"),
    Zone("lab.", "ns A 127.0.0.1\n", algorithm="RSASHA256"),
    Zone("opt.", "www TXT \"here\"\nzz TXT \"last\"\n", denial=Denial.OPT_OUT),
    Zone("nsec.lab.", ORDINARY),
    Zone("nsec3.lab.", ORDINARY, denial=Denial.NSEC3),
    Zone("salted.lab.", ORDINARY, algorithm="RSASHA256", denial=Denial.SALTED_NSEC3),
    Zone("sub.nsec.lab.", ORDINARY, denial=Denial.NSEC3),
    Zone("deep.down.sub.nsec.lab.", WWW),
    Zone("plain.nsec.lab.", WWW, algorithm=None),
    Zone("below.plain.nsec.lab.", WWW),
    Zone("plain.nsec3.lab.", WWW, algorithm=None),
    Zone("p384.lab.", WWW, algorithm="ECDSAP384SHA384"),
    Zone("ed25519.lab.", WWW, algorithm="ED25519"),
    Zone("rsa512.lab.", WWW, algorithm="RSASHA512"),
    Zone("unsigned.lab.", ORDINARY, algorithm=None),
    Zone("signed.opt.", ORDINARY, denial=Denial.OPT_OUT),
    Zone("unsigned.opt.", ORDINARY, algorithm=None),
    Zone("changed.lab.", WWW + "changed TXT \"before\"\n", fault=Fault.CHANGED),
    Zone("other-key.lab.", WWW, fault=Fault.OTHER_KEY),
    Zone("expired.lab.", WWW, fault=Fault.EXPIRED),
    Zone("early.lab.", WWW, fault=Fault.EARLY),
    Zone("bare.lab.", WWW, fault=Fault.UNSIGNED_THOUGH_DELEGATED),
    Zone("no-denial.lab.", WWW, fault=Fault.NO_DENIAL),
    Zone("unknown.lab.", WWW, fault=Fault.UNKNOWN_ALGORITHM),
    Zone("undigested.lab.", WWW, fault=Fault.UNKNOWN_DIGEST),
    Zone("often.lab.", WWW, denial=Denial.NSEC3, fault=Fault.ITERATIONS),
    Zone("trap.lab.", WWW, algorithm="RSASHA256", fault=Fault.KEY_TRAP),
)  # fmt: skip


def parent_of(zone: Zone) -> Zone | None:
    """The zone that delegates to it; None for the root."""
    above = [
        other
        for other in ZONES
        if other is not zone and (other.name == "." or zone.name.endswith("." + other.name))
    ]
    return max(above, key=lambda other: other.name.count(".") * (other.name != "."), default=None)
