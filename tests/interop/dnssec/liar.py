"""A resolver that stands between an honest one and us, and lies, over TCP."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
import dns.zone
from dns.rdatatype import NSEC, NSEC3, RRSIG, TXT

from tests.interop.dnssec.laboratory import HOST, Resolver
from tests.interop.dnssec.questions import Question

__all__ = [
    "Lie", "answered_by", "changed_byte", "denied", "from_zone", "lying", "other_data", "told",
    "without_signatures",
]  # fmt: skip

Lie = Callable[[dns.message.Message], bytes]
"""From a true answer to the bytes of another."""

_HEADER_BYTES = 12
EVIL = dns.rdata.from_text("IN", TXT, '"dnslink=/ipns/evil.example"')


@asynccontextmanager
async def lying(honest: Resolver, lie: Lie) -> AsyncIterator[str]:
    """The address of a resolver that passes questions on to an honest one, and lies."""

    served: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with _connection(honest) as (from_there, to_there):
            try:
                while True:
                    to_there.write(_framed(await _message(reader)))
                    answer = dns.message.from_wire(await _message(from_there))
                    writer.write(_framed(lie(answer)))
                    await writer.drain()
            except (OSError, EOFError):
                pass  # Whoever asked has left.
            finally:
                writer.transport.abort()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(serve(reader, writer))
        served.add(task)
        task.add_done_callback(served.discard)

    async with await asyncio.start_server(begin, HOST) as server:
        yield f"dns://{HOST}:{server.sockets[0].getsockname()[1]}"
    for task in (left := list(served)):
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


async def told(resolver: Resolver, question: Question) -> dns.message.Message:
    """What a resolver answers, with all signatures."""
    query = dns.message.make_query(question.name, question.rdtype, want_dnssec=True)
    async with _connection(resolver) as (reader, writer):
        writer.write(_framed(query.to_wire()))
        return dns.message.from_wire(await _message(reader))


@asynccontextmanager
async def _connection(
    resolver: Resolver,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(HOST, resolver.tcp)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def changed_byte(seed: int) -> Lie:
    """One byte behind each answer's header is another."""
    dice = random.Random(seed)

    def lie(answer: dns.message.Message) -> bytes:
        wire = bytearray(_wire(answer))
        question = len(answer.question[0].name.to_wire() or b"") + 4
        wire[dice.randrange(_HEADER_BYTES + question, len(wire))] ^= dice.randrange(1, 256)
        return bytes(wire)

    return lie


def without_signatures(answer: dns.message.Message) -> bytes:
    """No signature, nor proof of absence, is passed on."""
    for section in (answer.answer, answer.authority):
        section[:] = [each for each in section if each.rdtype not in (RRSIG, NSEC, NSEC3)]
    return _wire(answer)


def other_data(answer: dns.message.Message) -> bytes:
    """Texts say something else, under the signatures of what they said."""
    for rrset in answer.answer:
        if rrset.rdtype == TXT:
            rrset.items = {EVIL: None}
    return _wire(answer)


def denied(answer: dns.message.Message) -> bytes:
    """There is nothing anywhere, and nothing that says so."""
    answer.answer.clear()
    answer.authority.clear()
    answer.set_rcode(dns.rcode.NXDOMAIN)
    return _wire(answer)


def answered_by(other: dns.message.Message, *rdtypes: str) -> Lie:
    """Questions for these types, or for all, get the true answer to another question."""

    def lie(answer: dns.message.Message) -> bytes:
        if not rdtypes or dns.rdatatype.to_text(answer.question[0].rdtype) in rdtypes:
            answer.answer[:], answer.authority[:] = other.answer, other.authority
            answer.set_rcode(other.rcode())
        return _wire(answer)

    return lie


def expanded_anywhere(wildcard: dns.message.Message) -> Lie:
    """Questions for texts get what a wildcard gave another name, as if it were for theirs."""

    def lie(answer: dns.message.Message) -> bytes:
        asked = answer.question[0]
        if asked.rdtype == TXT:
            answer.answer[:] = [
                dns.rrset.from_rdata_list(asked.name, each.ttl, list(each))
                for each in wildcard.answer
            ]
            answer.authority[:] = wildcard.authority
            answer.set_rcode(dns.rcode.NOERROR)
        return _wire(answer)

    return lie


def from_zone(text: str, origin: str) -> Lie:
    """Questions get what a zone's file holds at their very name, signatures too."""
    zone = dns.zone.from_text(text, origin=origin, relativize=False)

    def lie(answer: dns.message.Message) -> bytes:
        asked = answer.question[0]
        found = [zone.get_rrset(asked.name, asked.rdtype)] if _holds(zone, answer) else []
        if found and found[0] is not None:
            signatures = zone.get_rrset(asked.name, RRSIG, asked.rdtype)
            answer.answer[:] = [each for each in (*found, signatures) if each is not None]
        return _wire(answer)

    return lie


def _holds(zone: dns.zone.Zone, answer: dns.message.Message) -> bool:
    return zone.origin is not None and answer.question[0].name.is_subdomain(zone.origin)


def _wire(message: dns.message.Message) -> bytes:
    return message.to_wire(max_size=65535)


def _framed(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message


async def _message(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
