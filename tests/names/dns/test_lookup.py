"""Lookups through resolvers of every kind: what is proven, how it is refused, what it costs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import dns.message
import pytest
from dns.rcode import NXDOMAIN, SERVFAIL
from dns.rdatatype import NSEC, NSEC3, RRSIG
from dns.rrset import from_rdata
from dns.rrset import from_text as rrset

from tests.names.dns.world import CONTENT, OTHER, World, resolver, the_world
from tests.proofs.dnssec.signed_zone import HOUR, NOW, TTL, wire
from tests.proofs.dnssec.signing import key
from tests.sources.stand import hanging
from walkaway.errors import (
    InvalidRequest,
    SourceFault,
    TooMuch,
    Unproven,
    UnsignedName,
    Unsupported,
)
from walkaway.limits import LIMITS
from walkaway.names.dns.lookup import DnsLookup, dns_name
from walkaway.names.dns.verdict import Insecure, Secure
from walkaway.names.spelling import canonical
from walkaway.proofs.dnssec import Answer, NoData, NoSuchName, Records, prove_answer
from walkaway.sources.pool import Pool
from walkaway.sources.request import DnsRequest, Request
from walkaway.sources.standing import SourceState

NAME = "_dnslink.example.org"
SERVFAIL_SAID = "a DNS response is an error: SERVFAIL"


def forged(world: World) -> Callable[[Request], bytes]:
    """A resolver that gives another text, under the signature of the true one."""

    def say(request: Request) -> bytes:
        return world.resolver(request).replace(CONTENT.encode(), OTHER.encode())

    return say


def stripped(world: World) -> Callable[[Request], bytes]:
    """A resolver that knows nothing of DNSSEC."""

    def say(request: Request) -> bytes:
        assert isinstance(request, DnsRequest)
        reply = world.reply(request.name, request.rdtype)
        for section in (reply.answer, reply.authority):
            section[:] = [each for each in section if each.rdtype not in (RRSIG, NSEC, NSEC3)]
        return wire(reply)

    return say


def text_of(found: Secure | Insecure) -> str:
    assert isinstance(found, Secure)
    value: Answer = found.answer.value
    assert isinstance(value, Records)
    (rdata,) = value.rrset
    return rdata.to_text().strip('"')


async def test_records_are_proven_down_from_the_roots_key() -> None:
    world = the_world()
    found = await world.lookup().answer(NAME, "TXT")
    assert isinstance(found, Secure)
    assert text_of(found) == f"dnslink={CONTENT}"
    assert found.until == NOW + TTL
    assert found.answer.claim.subject == ("dns", f"{NAME}.", "TXT")
    assert [anchor.rule for anchor in found.answer.because.anchors()] == ["DNS root key"]


@pytest.mark.parametrize(
    ("name", "rdtype", "kind"),
    [
        ("any.wild.example.org", "TXT", Records),
        ("example.org", "A", NoData),
        ("wild.example.org", "TXT", NoData),
        ("nothing.example.org", "TXT", NoSuchName),
        ("nothing.at.all.org", "TXT", NoSuchName),
        ("example.org", "DS", Records),
        (".", "SOA", Records),
        ("org", "DNSKEY", Records),
    ],
)
async def test_what_stands_or_does_not_stand_at_a_name(name: str, rdtype: str, kind: type) -> None:
    found = await the_world().lookup().answer(name, rdtype)
    assert isinstance(found, Secure)
    assert type(found.answer.value) is kind


async def test_aliases_are_followed_each_proven() -> None:
    for name in ("alias.example.org", "_dnslink.moved.example.org"):
        found = await the_world().lookup().answer(name, "TXT")
        assert isinstance(found, Secure)
        assert text_of(found) == f"dnslink={OTHER}"
        assert len(found.aliases) == 1
        assert len(found.because) == 2


async def test_the_least_time_of_all_on_the_way_counts() -> None:
    world = the_world()
    world.example.put(rrset("a.example.org.", TTL // 5, "IN", "CNAME", "b.example.org."))
    world.example.add("b.example.org.", "CNAME", "_dnslink.example.org.")
    found = await world.lookup().answer("a.example.org", "TXT")
    assert found.until == NOW + TTL // 5


async def test_aliases_have_an_end() -> None:
    with pytest.raises(Unproven, match="more than 8 aliases"):
        await the_world().lookup().answer("ring.example.org", "TXT")


async def test_what_nobody_signs_is_the_word_of_resolvers() -> None:
    for name, steps in (("_dnslink.plain.org", 1), ("out.example.org", 2)):
        found = await the_world().lookup().answer(name, "TXT")
        assert isinstance(found, Insecure)
        assert [rdata[1:] for rdata in found.word.value.rdatas] == [b"dnslink=" + CONTENT.encode()]
        assert sorted(found.word.said_by) == ["a", "b"]
        assert len(found.because) == steps
        assert found.until == NOW + TTL
    with pytest.raises(UnsignedName, match=r"'out.example.org' is not signed: "):
        await the_world().lookup().proven("out.example.org", "TXT")


async def test_that_a_delegation_has_no_signer_leaves_the_word_on_it() -> None:
    found = await the_world().lookup().answer("plain.org", "DS")
    assert isinstance(found, Insecure)
    assert found.word.value.rdatas == ()
    assert "without a signature" in found.reason


async def test_the_order_of_records_that_nobody_signs_is_of_no_matter() -> None:
    world, other = the_world(), the_world()
    for each, texts in ((world, ('"a"', '"b"')), (other, ('"b"', '"a"'))):
        each.zone("plain.org.").add("plain.org.", "TXT", *texts)
    lookup = world.lookup(resolver("a", world.resolver), resolver("b", other.resolver))
    found = await lookup.answer("plain.org", "TXT")
    assert isinstance(found, Insecure)
    assert found.word.value.rdatas == (b"\x01a", b"\x01b")


async def test_a_resolver_without_signatures_is_told_from_one_with_wrong_ones() -> None:
    world = the_world()
    lookup = world.lookup(resolver("s", stripped(world)), resolver("f", forged(world)))
    with pytest.raises(Unproven) as raised:
        await lookup.answer(NAME, "TXT")
    assert raised.value.reasons["s"] == "gives no DNSSEC records"
    assert "no signature over TXT" in raised.value.reasons["f"]


@pytest.mark.parametrize(
    ("name", "why"),
    [("_dnslink.broken.org", "no key of the zone made it"), ("_dnslink.late.org", "has expired")],
)
async def test_a_broken_zone_is_refused_and_no_resolver_is_to_blame(name: str, why: str) -> None:
    world = the_world()
    sources = [resolver(each, world.resolver) for each in "abc"]
    pool = world.pool(sources)
    lookup = DnsLookup(pool, world.clock, world.anchors)
    for _ in range(6):
        with pytest.raises(Unproven, match=f"the DNS name '{name}' is not proven") as raised:
            await lookup.answer(name, "TXT")
        assert set(raised.value.reasons) == {"a", "b", "c"}
        assert all(why in reason for reason in raised.value.reasons.values())
        world.clock.seconds += LIMITS.dns_failure_seconds
    for status in pool.status():
        assert (status.state, status.lies, status.errors) == (SourceState.IN_USE, 0, 0)


def no_answer(request: Request) -> Exception:
    return SourceFault("connection refused")


def none_there(request: Request) -> bytes:
    assert isinstance(request, DnsRequest)
    asked = dns.message.make_query(request.name, request.rdtype)
    reply = dns.message.make_response(asked)
    reply.set_rcode(NXDOMAIN)
    return reply.to_wire()


def gave_up(request: Request) -> bytes:
    reply = dns.message.from_wire(none_there(request))
    reply.set_rcode(SERVFAIL)
    return reply.to_wire()


async def test_who_finds_no_answer_is_no_worse_than_others_that_find_none() -> None:
    world = the_world()
    pool = world.pool([resolver("a", gave_up), resolver("b", gave_up)])
    lookup = DnsLookup(pool, world.clock, world.anchors)
    with pytest.raises(Unproven) as raised:
        await lookup.answer(NAME, "TXT")
    assert raised.value.reasons == {"a": SERVFAIL_SAID, "b": SERVFAIL_SAID}
    assert [status.errors for status in pool.status()] == [0, 0]
    plain = world.lookup(
        *(resolver(each, world.resolver) for each in "ab"), resolver("c", failing_below(world))
    )
    found = await plain.answer("_dnslink.plain.org", "TXT")
    assert isinstance(found, Insecure)
    assert sorted(found.word.said_by) == sorted(found.word.asked) == ["a", "b"]


def failing_below(world: World) -> Callable[[Request], bytes]:
    """A resolver that finds no answers in a zone that nobody signs."""

    def say(request: Request) -> bytes:
        assert isinstance(request, DnsRequest)
        is_below = request.name.endswith("plain.org.") and request.rdtype == "TXT"
        return gave_up(request) if is_below else world.resolver(request)

    return say


@pytest.mark.parametrize(
    "liar",
    [forged, stripped, lambda _: none_there, lambda _: gave_up, lambda _: no_answer],
)
async def test_one_honest_resolver_is_enough(liar: Callable[[World], Callable[..., bytes]]) -> None:
    world = the_world()
    pool = world.pool([resolver("bad", liar(world)), resolver("good", world.resolver)])
    for seed in range(4):
        lookup = DnsLookup(
            Pool(
                [resolver("bad", liar(world)), resolver("good", world.resolver)],
                clock=world.clock,
                timer=world.clock,
                seed=seed,
            ),
            world.clock,
            world.anchors,
        )
        assert text_of(await lookup.answer(NAME, "TXT")) == f"dnslink={CONTENT}"
    await pool.close()


async def test_where_nobody_can_be_reached_nobody_is_asked_again() -> None:
    asked: list[Request] = []

    def away(request: Request) -> Exception:
        asked.append(request)
        return SourceFault("the name of its host does not resolve")

    world = the_world()
    lookup = world.lookup(resolver("a", away), limits=replace(LIMITS, retry_pause_seconds=0.0))
    with pytest.raises(Unproven) as raised:
        await lookup.proven(NAME, "TXT")
    assert set(raised.value.reasons) == {"a"}
    assert asked.count(DnsRequest(".", "DNSKEY")) == 1


async def test_who_is_outproved_is_at_fault_and_asked_later() -> None:
    world = the_world()
    bad, good = resolver("bad", forged(world)), resolver("good", world.resolver)
    pool = world.pool([bad, good])
    lookup = DnsLookup(pool, world.clock, world.anchors)
    for at in range(12):
        world.zone("example.org.").add(f"t{at}.example.org.", "TXT", f'"{CONTENT}"')
        assert text_of(await lookup.answer(f"t{at}.example.org", "TXT")) == CONTENT
    errors = {status.name: status.errors for status in pool.status()}
    assert errors["bad"] > 0
    assert errors["good"] == 0
    assert all(status.lies == 0 for status in pool.status())


async def test_what_trips_a_proof_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    trips = 2

    def tripping(*given: Any) -> object:
        nonlocal trips
        trips -= 1
        if trips >= 0:
            raise KeyError("no such thing")
        return prove_answer(*given)

    monkeypatch.setattr("walkaway.names.dns.lookup.prove_answer", tripping)
    assert text_of(await the_world().lookup().answer(NAME, "TXT")) == f"dnslink={CONTENT}"


async def test_a_hanging_resolver_is_not_waited_for() -> None:
    world = the_world()
    limits = replace(LIMITS, hedge_first_seconds=0.02, dns_lookup_seconds=2.0)
    lookup = world.lookup(resolver("h", hanging), resolver("g", world.resolver), limits=limits)
    assert text_of(await lookup.answer(NAME, "TXT")) == f"dnslink={CONTENT}"


async def test_a_hanging_resolver_delays_what_others_agree_on_by_a_moment() -> None:
    world = the_world()
    limits = replace(LIMITS, hedge_first_seconds=0.02, word_others_seconds=0.05)
    honest = (resolver(name, world.resolver) for name in "ab")
    lookup = world.lookup(resolver("h", hanging), *honest, limits=limits)
    async with asyncio.timeout(limits.newest_seconds / 2):
        found = await lookup.answer("_dnslink.plain.org", "TXT")
    assert isinstance(found, Insecure)
    assert set(found.word.said_by) == set("ab")


async def test_a_lookup_ends_in_time() -> None:
    world = the_world()
    limits = replace(LIMITS, dns_lookup_seconds=0.05)
    with pytest.raises(Unproven, match=r"took longer than 0\.05 s"):
        await world.lookup(resolver("h", hanging), limits=limits).answer(NAME, "TXT")


async def test_a_lookup_asks_no_more_than_it_may() -> None:
    world = the_world()
    limits = replace(LIMITS, dns_queries=4, dns_queries_ahead=2)
    with pytest.raises(Unproven, match="more questions than are asked"):
        await world.lookup(limits=limits).answer(NAME, "TXT")
    assert len(world.asked) == 4


def slow(world: World, seconds: float) -> Callable[[Request], Awaitable[bytes]]:
    async def late(request: Request) -> bytes:
        await asyncio.sleep(seconds)
        return world.resolver(request)

    return late


async def test_a_cold_lookup_takes_one_round_trip() -> None:
    world, asked_before_any_answer = the_world(), list[int]()

    async def say(request: Request) -> bytes:
        said = world.resolver(request)
        await asyncio.sleep(0.05)
        asked_before_any_answer.append(len(world.asked))
        return said

    await world.lookup(resolver("a", say)).answer(NAME, "TXT")
    assert asked_before_any_answer == [7] * 7


async def test_what_was_proven_is_kept_as_long_as_it_says() -> None:
    world = the_world()
    lookup = world.lookup()
    await lookup.answer(NAME, "TXT")
    world.asked.clear()
    await lookup.answer(NAME, "TXT")
    assert world.asked == []
    await lookup.answer("example.org", "SOA")
    assert world.asked == [DnsRequest("example.org.", "SOA")]
    world.clock.seconds += TTL
    world.asked.clear()
    await lookup.answer(NAME, "TXT")
    assert len(world.asked) == 7


async def test_what_could_not_be_proven_is_not_asked_for_again_at_once() -> None:
    world = the_world()
    lookup = world.lookup()
    for asked in (True, False, False):
        world.asked.clear()
        with pytest.raises(Unproven, match="no key of the zone made it"):
            await lookup.answer("_dnslink.broken.org", "TXT")
        assert bool(world.asked) is asked
    world.clock.seconds += LIMITS.dns_failure_seconds
    with pytest.raises(Unproven):
        await lookup.answer("_dnslink.broken.org", "TXT")
    assert world.asked


async def test_a_word_is_kept_as_long_as_it_says() -> None:
    world = the_world()
    lookup = world.lookup()
    first = await lookup.answer("_dnslink.plain.org", "TXT")
    world.asked.clear()
    assert await lookup.answer("_dnslink.plain.org", "TXT") is first
    with pytest.raises(UnsignedName, match="is not signed"):
        await lookup.proven("_dnslink.plain.org", "TXT")
    assert world.asked == []
    # Of another name there, no one is asked for what nobody signs but who gives their word.
    await lookup.answer("plain.org", "TXT")
    assert world.asked == [DnsRequest("plain.org.", "TXT")] * 2


async def test_no_word_is_kept_for_longer_than_an_hour() -> None:
    world = the_world()
    world.zone("plain.org.").put(rrset("plain.org.", 86_400, "IN", "TXT", '"x"'))
    found = await world.lookup().answer("plain.org", "TXT")
    assert isinstance(found, Insecure)
    assert found.until == NOW + 3600


async def test_no_more_is_kept_than_there_is_room_for() -> None:
    world = the_world()
    lookup = world.lookup(limits=replace(LIMITS, dns_answers=1, dns_zones=2))
    for name in (NAME, "_dnslink.deep.example.org", NAME):
        world.asked.clear()
        await lookup.answer(name, "TXT")
        assert len(world.asked) > 1


async def test_below_what_nobody_signs_no_proof_is_asked_for() -> None:
    world = the_world()
    top = world.zones[0]
    top.put(from_rdata(top.origin, 10, top.signer.public))
    lookup = world.lookup(resolver("a", slow(world, 0.0)))
    await lookup.answer("plain.org", "TXT")
    world.clock.seconds += 10
    world.asked.clear()
    await lookup.answer("a.b.plain.org", "TXT")
    # The root's keys have run out, but not that nobody signs below plain.org.
    assert DnsRequest(".", "DNSKEY") in world.asked
    assert {each.rdtype for each in world.asked if "plain" in each.name} == {"TXT"}


async def test_the_same_question_at_once_is_asked_once() -> None:
    world = the_world()
    lookup = world.lookup(resolver("a", slow(world, 0.01)))
    found = await asyncio.gather(*(lookup.answer(NAME, "TXT") for _ in range(5)))
    assert len({id(each) for each in found}) == 1
    assert len(world.asked) == 7


async def test_who_leaves_takes_nothing_from_who_waits_for_the_same_zones() -> None:
    world = the_world()
    lookup = world.lookup(resolver("a", slow(world, 0.02)))
    leaving = asyncio.create_task(lookup.answer(NAME, "TXT"))
    await asyncio.sleep(0.01)
    staying = asyncio.create_task(lookup.answer("_dnslink.deep.example.org", "TXT"))
    await asyncio.sleep(0)
    leaving.cancel()
    assert text_of(await staying) == f"dnslink={OTHER}"


async def test_a_zone_may_change_its_keys_before_the_old_ones_run_out() -> None:
    world = the_world()
    lookup = world.lookup()
    await lookup.answer(NAME, "TXT")
    zone = world.example
    zone.rekey(key(15, 9))
    world.zone("org.").delegate(zone)
    zone.add("new.example.org.", "TXT", f'"{CONTENT}"')
    with pytest.raises(Unproven, match="is not proven"):
        # What is quite new is not forgotten: nothing there could have changed.
        await lookup.answer("new.example.org", "TXT")
    world.clock.seconds += LIMITS.dns_fresh_seconds + 1
    assert text_of(await lookup.answer("new.example.org", "TXT")) == CONTENT


async def test_what_is_over_by_the_clock_is_refused() -> None:
    world = the_world()
    world.clock.seconds += HOUR + 1
    with pytest.raises(Unproven, match="has expired"):
        await world.lookup().answer(NAME, "TXT")


def test_names_are_brought_into_one_form() -> None:
    assert dns_name("Example.ORG").to_text() == "example.org."
    assert dns_name("bücher.example").to_text() == "xn--bcher-kva.example."
    assert dns_name(".").to_text() == "."
    for name in ("a.onion", "printer.local", "x.y.internal", "localhost"):
        with pytest.raises(Unsupported, match="no DNS resolver is asked"):
            dns_name(name)
    with pytest.raises(TooMuch, match="more than 40 labels"):
        dns_name("a." * 41 + "org")


@pytest.mark.parametrize("dot", ["\u3002", "\uff0e", "\uff61"])
def test_what_browsers_take_for_a_dot_is_one(dot: str) -> None:
    assert dns_name(f"example{dot}org") == dns_name("example.org")


@pytest.mark.parametrize(
    "name",
    [
        r"e\120ample.org",
        r"\101.org",
        r"example\.org",
        "example.org ",
        "a b.org",
        "a\tb.org",
        "a\0.org",
    ]
    + [f"a{mark}b.org" for mark in '"$();@\x7f'],
)
def test_no_name_has_a_second_way_to_be_written(name: str) -> None:
    with pytest.raises(InvalidRequest, match="characters"):
        dns_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "APP.org",
        "app.org.",
        "app\u3002org",
        "\uff41pp.org",
        "a\xadpp.org",
        "app\uff0eorg",
        "\u24d0pp.org",
    ],
)
def test_what_is_looked_up_is_what_a_name_is_known_by(name: str) -> None:
    assert canonical(name) == "app.org"
    assert dns_name(name) == dns_name("app.org")


@pytest.mark.parametrize(("name", "rdtype"), [("a..b", "TXT"), (NAME, "NONSENSE"), (NAME, "ANY")])
async def test_what_cannot_be_asked_is_refused(name: str, rdtype: str) -> None:
    world = the_world()
    with pytest.raises(InvalidRequest):
        await world.lookup().answer(name, rdtype)
    assert world.asked == []
