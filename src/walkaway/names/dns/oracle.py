"""The DNSSEC gateway that ENS asks for DNS names (ENSIP-17), on this machine.

ENS's resolver for DNS names that were not imported reverts with ``OffchainLookup`` for
``resolve(bytes name, uint16 qtype)`` and verifies in its callback what comes: the signed
RRsets from the root's keys down to the record. Whose gateway gave them is all the same to
it, so that none has to be asked: this walks itself.
https://docs.ens.domains/ensip/17
"""

from __future__ import annotations

import dns.exception
import dns.name
import dns.rdatatype
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from walkaway.errors import InvalidRequest
from walkaway.names.dns.lookup import DnsLookup

__all__ = ["RESOLVE", "DnsProofs"]

RESOLVE = bytes.fromhex("31b137b9")
"""The selector of ``resolve(bytes,uint16)``, which the gateway is asked with."""

_QUESTION = ("bytes", "uint16")
_ANSWER = ("(bytes,bytes)[]",)


class DnsProofs:
    """Answers a DNSSEC gateway's questions out of lookups of its own."""

    def __init__(self, lookup: DnsLookup) -> None:
        self._lookup = lookup

    async def answer(self, call_data: bytes) -> bytes:
        """The ABI encoding of ``(bytes rrset, bytes sig)[]`` for a call of ``resolve``.

        ``rrset`` is the data of a signature without the signature, followed by the records
        in canonical form.

        Raises:
            InvalidRequest: it is no such call.
            UnsignedName, NoSuchName, Unproven: as `DnsLookup.chain_for_oracle` does.
        """
        name, rdtype = _question(call_data)
        return encode(_ANSWER, [await self._lookup.chain_for_oracle(name, rdtype)])


def _question(call_data: bytes) -> tuple[str, str]:
    if call_data[:4] != RESOLVE:
        raise InvalidRequest("the DNSSEC gateway answers resolve(bytes,uint16) alone")
    try:
        wire, qtype = decode(_QUESTION, call_data[4:])
        name, length = dns.name.from_wire(wire, 0)
    except (DecodingError, dns.exception.DNSException, ValueError, OverflowError):
        raise InvalidRequest("no DNS name and type in what the DNSSEC gateway is asked") from None
    if length != len(wire):
        raise InvalidRequest("bytes are left over after a DNS name")
    return name.to_text(), dns.rdatatype.to_text(qtype)
