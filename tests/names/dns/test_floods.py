"""Names by the hundred, answers of any size, resolvers of junk: others are served all the same."""

from __future__ import annotations

import asyncio
import os
import struct
import tracemalloc
from collections.abc import Awaitable, Callable
from dataclasses import replace

import dns.rdata
import dns.rrset
import pytest
from dns.name import from_text
from dns.rdataclass import IN
from dns.rdatatype import TXT, RdataType

from tests.names.dns.world import CONTENT, World, resolver, the_world
from tests.proofs.dnssec.signed_zone import NOW, SignedZone, keys_of
from walkaway.errors import Unproven
from walkaway.limits import LIMITS
from walkaway.names.dns.lookup import DnsLookup
from walkaway.names.dns.questions import OutOfQuestions, Questions
from walkaway.names.dns.verdict import Insecure, Secure, UnsignedRecords
from walkaway.names.dns.weight import weight_of_found
from walkaway.names.dns.zones import SignedZone as FoundZone
from walkaway.names.dns.zones import Zones
from walkaway.proofs.dnssec import prove_answer
from walkaway.sources.request import DnsRequest, Request
from walkaway.sources.word import Word

NAME = "_dnslink.example.org"


def slow(world: World, seconds: float) -> Callable[[Request], Awaitable[bytes]]:
    async def say(request: Request) -> bytes:
        await asyncio.sleep(seconds)
        return world.resolver(request)

    return say


def junk(records: int) -> Callable[[Request], bytes]:
    """A resolver that gives signatures without end, and nothing that they sign."""

    def say(request: Request) -> bytes:
        assert isinstance(request, DnsRequest)
        covered = int(RdataType.make(request.rdtype))
        head = struct.pack("!6H", 0, 0x8400, 1, records, 0, 0)
        head += from_text(request.name).to_digestable()
        record = b"\xc0\x0c" + struct.pack("!HHIH", 46, 1, 300, 50)
        record += struct.pack("!HBBIIIH", covered, 15, 1, 300, 2**31 - 1, 1, 1) + b"\0"
        asked = struct.pack("!HH", covered, 1)
        return head + asked + b"".join(record + os.urandom(31) for _ in range(records))

    return say


async def test_whoever_waits_for_the_same_zone_has_questions_of_its_own() -> None:
    world = the_world()
    few = replace(LIMITS, dns_queries=4, dns_queries_ahead=0)
    pool = world.pool([resolver("a", slow(world, 0.02))])
    zones = Zones(world.anchors, world.clock, LIMITS)
    spender, other = Questions(pool, world.clock, few), Questions(pool, world.clock, LIMITS)
    name = from_text("example.org")
    spent, found = await asyncio.gather(
        zones.holding(name, spender), zones.holding(name, other), return_exceptions=True
    )
    assert isinstance(spent, OutOfQuestions)
    assert isinstance(found, FoundZone)


async def test_resolvers_of_junk_neither_gain_by_it_nor_shut_out_the_honest_one() -> None:
    world = the_world()
    for at in range(12):
        world.example.add(f"n{at}.example.org.", "TXT", f'"{CONTENT}"')
    liars = [resolver(name, junk(40)) for name in ("l1", "l2")]
    limits = replace(LIMITS, request_seconds=0.5)
    pool = world.pool([*liars, resolver("h", slow(world, 0.02))], limits)
    lookup = DnsLookup(pool, world.clock, world.anchors)
    names = [f"n{at}.example.org" for at in range(12)]
    found = await asyncio.gather(*(lookup.proven(name, "TXT") for name in names))
    assert all(isinstance(each, Secure) for each in found)
    stood = {status.name: (status.answers, status.errors) for status in pool.status()}
    assert stood["h"][0] > 0
    assert stood["h"][1] == 0
    for name in ("l1", "l2"):
        assert stood[name][0] == 0, "what proved nothing speaks for nobody"
        assert stood[name][1] > 0


async def test_names_of_one_take_turns_with_names_of_others() -> None:
    world = the_world()
    limits = replace(LIMITS, dns_lookups=2)
    lookup = world.lookup(resolver("a", slow(world, 0.005)), limits=limits)
    ended: list[str] = []

    async def ask(name: str) -> None:
        await lookup.proven(name, "TXT")
        ended.append(name)

    many = [asyncio.create_task(ask(f"n{at}.example.org")) for at in range(20)]
    await asyncio.sleep(0)
    await ask("nothing.org")
    assert len(ended) < 6
    await asyncio.gather(*many)
    assert len(ended) == 21


async def test_whose_turn_does_not_come_is_told_so() -> None:
    world = the_world()
    limits = replace(LIMITS, dns_lookups=1, dns_wait_seconds=0.01)
    lookup = world.lookup(resolver("a", slow(world, 0.05)), limits=limits)
    first = asyncio.create_task(lookup.proven(NAME, "TXT"))
    await asyncio.sleep(0)
    with pytest.raises(Unproven, match="too many others"):
        await lookup.proven("deep.example.org", "TXT")
    await first
    assert isinstance(await lookup.proven("deep.example.org", "TXT"), Secure)


@pytest.mark.parametrize("part", [b"\2ab", b"\1a", b"\0", b"\xff" + bytes(255)])
def test_no_record_takes_more_memory_than_is_counted(part: bytes) -> None:
    root, zone = SignedZone("."), SignedZone("big.")
    root.delegate(zone)
    keys, name = keys_of(root, zone), from_text("a.big.")
    data = part * (16_000 // len(part))
    rdata = dns.rdata.from_wire(IN, TXT, data, 0, len(data))
    zone.put(dns.rrset.from_rdata(name, 300, rdata))
    message = zone.ask("a.big.", "TXT")
    tracemalloc.start()
    try:
        answer = prove_answer(keys, name, TXT, message, NOW)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert weight_of_found(Secure(answer, (), (), 0.0)) > taken


async def test_what_is_kept_is_bounded_by_its_weight() -> None:
    world = the_world()
    for at in range(4):
        world.example.add(f"n{at}.example.org.", "TXT", " ".join(['"abcd"'] * 500))
    limits = replace(LIMITS, dns_answers_bytes=200_000)
    lookup = world.lookup(limits=limits)
    for at in range(4):
        await lookup.proven(f"n{at}.example.org", "TXT")
    world.asked.clear()
    await lookup.proven("n3.example.org", "TXT")
    assert world.asked == []
    await lookup.proven("n0.example.org", "TXT")
    assert world.asked


async def test_keys_of_zones_are_bounded_by_their_weight() -> None:
    world = the_world()
    lookup = world.lookup(limits=replace(LIMITS, dns_zones_bytes=1, dns_answers_bytes=1))
    for _ in range(2):
        world.asked.clear()
        assert isinstance(await lookup.proven(NAME, "TXT"), Secure)
        assert DnsRequest("org.", "DNSKEY") in world.asked


def test_words_and_reasons_weigh_as_much_as_was_said() -> None:
    said, other = UnsignedRecords((bytes(5000),)), UnsignedRecords((bytes(7000), b""))
    word = Word(said, said_by=("a",), asked=("a", "b"), dissent=((other, ("b",)),))
    assert weight_of_found(Insecure(word, "", (), 0.0)) > 12_000
    assert weight_of_found(Unproven("no", reasons={"a": "x" * 3000})) > 12_000
