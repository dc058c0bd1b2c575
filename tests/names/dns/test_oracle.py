"""The DNSSEC gateway of ENSIP-17, answered on this machine."""

from __future__ import annotations

import pytest
from dns.name import from_text
from dns.rdatatype import TXT
from eth_abi.abi import decode, encode

from tests.names.dns.world import the_world
from tests.proofs.dnssec.signed_zone import NOW, anchors_of
from walkaway.errors import InvalidRequest, NoSuchName, Unproven, UnsignedName
from walkaway.names.dns.oracle import RESOLVE, DnsProofs
from walkaway.proofs.dnssec import prove_signed_rrsets
from walkaway.proofs.execution.keccak import keccak256


def asked(name: str, qtype: int = 16, *, more: bytes = b"") -> bytes:
    """The call that ENS's resolver for DNS names makes."""
    wire = from_text(name).to_digestable() + more
    return RESOLVE + encode(("bytes", "uint16"), (wire, qtype))


def test_the_selector_is_that_of_the_gateway() -> None:
    assert keccak256(b"resolve(bytes,uint16)")[:4] == RESOLVE


async def test_the_chain_that_is_given_proves_the_records() -> None:
    world = the_world()
    said = await DnsProofs(world.lookup()).answer(asked("_dnslink.deep.example.org"))
    ((chain),) = decode(("(bytes,bytes)[]",), said)
    # Keys of the root, then digests and keys of three zones, then the record.
    assert len(chain) == 8
    name = from_text("_dnslink.deep.example.org")
    records = prove_signed_rrsets(anchors_of(world.zones[0]), chain, name, TXT, NOW)
    assert b"dnslink=/ipfs/" in records.value.rrset.rdatas[0].to_digestable()


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (asked("alias.example.org"), NoSuchName, "no records TXT at 'alias.example.org.' itself"),
        (asked("nothing.example.org"), NoSuchName, "no records TXT"),
        (asked("example.org", 1), NoSuchName, "no records A "),
        (asked("_dnslink.plain.org"), UnsignedName, "is not signed"),
        (asked("_dnslink.broken.org"), Unproven, "is not proven"),
        (b"\x00" * 4 + asked("example.org")[4:], InvalidRequest, "resolve"),
        (asked("example.org")[:-1], InvalidRequest, "no DNS name and type"),
        (asked("example.org", more=b"\x00"), InvalidRequest, "left over"),
        (RESOLVE + encode(("bytes", "uint16"), (b"\x05abc", 16)), InvalidRequest, "no DNS name"),
        (RESOLVE, InvalidRequest, "no DNS name and type"),
    ],
)
async def test_what_cannot_be_answered_is_refused(
    call: bytes, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        await DnsProofs(the_world().lookup()).answer(call)
