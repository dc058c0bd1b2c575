"""RRsets: as somebody says they are, and as a zone's key has signed them.

The canonical form, over which a signature is made: RFC 4034, sections 3.1.8.1 and 6.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from dns.name import Name
from dns.rdata import Rdata
from dns.rdataclass import IN
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.RRSIG import RRSIG

__all__ = ["ClaimedRRset", "SignedRRset", "label_count", "signed_data", "wildcard_at"]


@dataclass(frozen=True, slots=True)
class ClaimedRRset:
    """The records of one type at a name, with the signatures said to be over them.

    ``ttl`` is in seconds, as whoever sent them says.
    """

    name: Name
    rdtype: RdataType
    rdatas: tuple[Rdata, ...]
    ttl: int
    rrsigs: tuple[RRSIG, ...]


@dataclass(frozen=True, slots=True)
class SignedRRset:
    """The records of one type at a name, and the signature over them that was verified.

    Iterating gives the records' data in canonical order; ``ttl`` is in seconds and
    no longer than what was signed.
    """

    name: Name
    rdtype: RdataType
    rdatas: tuple[Rdata, ...]
    ttl: int
    rrsig: RRSIG

    def __iter__(self) -> Iterator[Rdata]:
        return iter(self.rdatas)

    def __len__(self) -> int:
        return len(self.rdatas)

    @property
    def wildcard(self) -> Name | None:
        """The wildcard that the records are an expansion of, if they are one."""
        if self.rrsig.labels == label_count(self.name):
            return None
        return wildcard_at(self.name.split(self.rrsig.labels + 1)[1])

    def signed_data(self) -> bytes:
        """What the signature was made over."""
        return signed_data(self.name, self.rdtype, self.rdatas, self.rrsig)


def label_count(name: Name) -> int:
    """The labels of a name as RRSIGs count them: without the root and a wildcard's star."""
    return len(name.labels) - 1 - (name.labels[0] == b"*")


def wildcard_at(encloser: Name) -> Name:
    """The wildcard directly below a name."""
    return Name((b"*", *encloser.labels))


def signed_data(name: Name, rdtype: RdataType, rdatas: tuple[Rdata, ...], rrsig: RRSIG) -> bytes:
    """The data of a signature without the signature, and the records in canonical form.

    A signature with fewer labels than the name was made over a wildcard.
    """
    head = struct.pack(
        "!HBBIIIH",
        rrsig.type_covered,
        rrsig.algorithm,
        rrsig.labels,
        rrsig.original_ttl,
        rrsig.expiration,
        rrsig.inception,
        rrsig.key_tag,
    )
    if rrsig.labels < label_count(name):
        name = wildcard_at(name.split(rrsig.labels + 1)[1])
    owner = name.to_digestable() + struct.pack("!HHI", rdtype, IN, rrsig.original_ttl)
    contents = sorted({rdata.to_digestable() for rdata in rdatas})
    records = [owner + struct.pack("!H", len(content)) + content for content in contents]
    return b"".join([head, rrsig.signer.to_digestable(), *records])
