"""What is asked of the laboratory, and what validators must make of each answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["EXPECTED", "STRICTER", "Finding", "Question", "Verdict"]


class Finding(Enum):
    """What a validator says of an answer (RFC 4033, section 5), and of what, if it is secure."""

    RECORDS = "secure records"
    NO_DATA = "secure, no such records"
    NO_NAME = "secure, no such name"
    INSECURE = "insecure"
    REFUSED = "bogus, or without end"


@dataclass(frozen=True, slots=True)
class Question:
    """A name with its last dot, and a type."""

    name: str
    rdtype: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A finding, and the data of the records in canonical form, where it is not refused."""

    finding: Finding
    records: frozenset[bytes] = frozenset()


_TABLE = {
    Finding.RECORDS: """
        www.nsec TXT, WWW.NSEC TXT, www.nsec3 TXT, www.salted AAAA, a.b.c.empty.nsec3 TXT,
        alias.nsec TXT, chain.nsec AAAA, to-nsec3.nsec TXT, to-nsec.nsec3 TXT,
        x.wild.nsec TXT, x.y.wild.nsec TXT, x.wild.nsec3 TXT, x.y.wild.salted TXT,
        *.wild.nsec TXT, x.wild-alias.nsec TXT, x.wild-alias.nsec3 TXT,
        x.below.wild-none.nsec TXT, www.moved.nsec TXT, www.moved.nsec3 TXT, www.far.nsec3 TXT,
        www.sub.nsec TXT, www.deep.down.sub.nsec TXT, x.wild.sub.nsec TXT,
        www.p384 TXT, www.ed25519 TXT, www.rsa512 TXT, www.changed TXT, www.often TXT,
        nsec DS, sub.nsec DS, nsec DNSKEY, nsec SOA, salted SOA, trap SOA,
        _dnslink.linked.nsec TXT, _dnslink.delegated.nsec3 TXT""",
    Finding.NO_DATA: """
        www.nsec MX, www.nsec3 MX, www.salted MX, c.empty.nsec A, c.empty.nsec3 A, empty.nsec A,
        empty.nsec3 TXT, alias.nsec MX, x.wild.nsec A, x.wild.nsec3 A, known.wild.nsec TXT,
        known.wild.nsec3 TXT, moved.nsec TXT, down.sub.nsec TXT, unsigned DS, www.nsec DS,
        www.nsec3 DS, nsec MX, www.trap MX""",
    Finding.NO_NAME: """
        nowhere A, nowhere.nsec A, nowhere.nsec3 A, nowhere.salted A, a.b.nowhere.nsec A,
        a.b.nowhere.nsec3 A, to-nowhere.nsec A, to-nowhere.nsec3 A, x.known.wild.nsec TXT,
        x.known.wild.nsec3 TXT, x.wild-none.nsec TXT, nowhere.far.nsec3 TXT,
        nowhere.sub.nsec TXT, nowhere.ed25519 TXT, _dnslink.nowhere.nsec TXT""",
    Finding.INSECURE: """
        to-unsigned.nsec TXT, to-unsigned.nsec3 TXT, to-nsec.unsigned TXT, www.plain.nsec TXT,
        nowhere.plain.nsec TXT, www.plain.nsec3 TXT, www.below.plain.nsec TXT, www.unsigned TXT,
        alias.unsigned TXT, nowhere.unsigned TXT, www.unknown TXT, www.undigested TXT,
        nowhere.often TXT, www.often MX, _dnslink.crossing.nsec TXT""",
    Finding.REFUSED: """
        to-bogus.nsec TXT, loop.nsec A, changed.changed TXT, www.other-key TXT, www.expired TXT,
        nowhere.expired TXT, www.early TXT, www.bare TXT, www.no-denial TXT, www.no-denial MX,
        nowhere.no-denial TXT, www.trap TXT, www.trap A""",
}
"""Below ``lab.``; a type follows each name."""

_OPTING_OUT = {
    Finding.RECORDS: "www TXT, www.signed TXT",
    Finding.NO_DATA: "www MX, www.signed MX",
    Finding.INSECURE: """
        nowhere TXT, www.unsigned TXT, unsigned DS, nowhere.signed TXT, x.wild.signed TXT,
        to-unsigned.signed TXT""",
}
"""Below ``opt.``, whose proofs of absence leave unsigned delegations out (RFC 5155, section 6)."""


def _read(table: dict[Finding, str], above: str) -> dict[Question, Finding]:
    return {
        Question(f"{name}.{above}", rdtype): finding
        for finding, listed in table.items()
        for name, rdtype in (each.split() for each in listed.split(","))
    }


EXPECTED = _read(_TABLE, "lab.") | _read(_OPTING_OUT, "opt.")
"""By hand, from what the zones hold."""

STRICTER = frozenset({Question("www.often.lab.", "TXT"), Question("unsigned.lab.", "DS")})
"""What we call insecure, and unbound secure.

That no zone is cut out at a signed name takes a proof here, which none can be where names
are hashed too often; unbound takes the signer's name for it. And of an unsigned delegation
we say that it is one, where unbound says that it has no DS.
"""
