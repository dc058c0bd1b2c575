"""Resolvers that lie in every message: what they achieve is a refusal, never another answer."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import dns.message
import pytest
from dns.flags import AD
from dns.rdatatype import RRSIG

from tests.names.dns.world import CONTENT, World, resolver, the_world
from walkaway.errors import Unproven, UnsignedName
from walkaway.names.dns.verdict import Secure
from walkaway.proofs.dnssec import NoData, NoSuchName, Records
from walkaway.sources.request import DnsRequest, Request

pytestmark = pytest.mark.adversary

Messages = dict[DnsRequest, bytes]

NAMES = (
    "_dnslink.example.org",
    "any.wild.example.org",
    "nothing.example.org",
    "alias.example.org",
    "_dnslink.plain.org",
)
FLIPS = 5
"""Bytes of each message that are tried, at random but always the same."""


async def true_messages(world: World, name: str) -> tuple[Messages, str]:
    """All that an honest resolver is asked and says for a name, and what that comes to."""
    said: Messages = {}

    def note(request: Request) -> bytes:
        assert isinstance(request, DnsRequest)
        said[request] = world.resolver(request)
        return said[request]

    return said, await outcome(world, name, note)


async def outcome(world: World, name: str, *resolvers: Callable[[Request], bytes]) -> str:
    """What a lookup comes to: the value in words, or that there is none."""
    sources = [resolver(f"r{at}", say) for at, say in enumerate(resolvers)]
    try:
        found = await world.lookup(*sources).proven(name, "TXT")
    except UnsignedName:
        return "nobody signs it"
    except Unproven:
        return "unproven"
    return in_words(found)


def in_words(found: Secure) -> str:
    value = found.answer.value
    if isinstance(value, Records):
        return " ".join(rdata.to_text() for rdata in value.rrset)
    assert isinstance(value, NoData | NoSuchName)
    return type(value).__name__


def saying(messages: Messages) -> Callable[[Request], bytes]:
    def say(request: Request) -> bytes:
        assert isinstance(request, DnsRequest)
        return messages.get(request, b"")

    return say


def flipped(messages: Messages) -> Iterator[Messages]:
    """Each message with one bit of it turned."""
    chosen = random.Random(7)
    for request, message in messages.items():
        for at in chosen.sample(range(12, len(message)), min(FLIPS, len(message) - 12)):
            lie = bytearray(message)
            lie[at] ^= 1 << chosen.randrange(8)
            yield {**messages, request: bytes(lie)}


def rewritten(messages: Messages) -> Iterator[Messages]:
    """Messages without one of their RRsets, without signatures, cut short, or of others."""
    for request, message in messages.items():
        read = dns.message.from_wire(message)
        for section in ("answer", "authority"):
            for left_out in getattr(read, section):
                lie = dns.message.from_wire(message)
                setattr(lie, section, [each for each in getattr(lie, section) if each != left_out])
                yield {**messages, request: lie.to_wire()}
        bare = dns.message.from_wire(message)
        bare.answer = [each for each in bare.answer if each.rdtype != RRSIG]
        bare.authority = [each for each in bare.authority if each.rdtype != RRSIG]
        bare.flags |= AD
        yield {**messages, request: bare.to_wire()}
        yield {**messages, request: message[: len(message) // 2]}
        for other in [*messages.values()][::3]:
            yield {**messages, request: other}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lies", [flipped, rewritten])
async def test_no_lie_makes_another_answer(
    name: str, lies: Callable[[Messages], Iterator[Messages]]
) -> None:
    world = the_world()
    messages, truth = await true_messages(world, name)
    assert truth != "unproven"
    outcomes = {truth: 0, "unproven": 0}
    for said in lies(messages):
        found = await outcome(world, name, saying(said))
        assert found in outcomes, said
        outcomes[found] += 1
    # Most lies are seen; the others turn what nobody reads.
    assert outcomes["unproven"] > outcomes[truth]


@pytest.mark.parametrize("name", NAMES[:2])
async def test_beside_one_honest_resolver_no_lie_makes_any_difference(name: str) -> None:
    world = the_world()
    messages, truth = await true_messages(world, name)
    for said in [*flipped(messages), *rewritten(messages)][::9]:
        assert await outcome(world, name, saying(said), saying(messages)) == truth


async def test_times_that_a_resolver_makes_longer_are_not_believed() -> None:
    world = the_world()
    messages, _ = await true_messages(world, NAMES[0])
    for request, message in messages.items():
        lie = dns.message.from_wire(message)
        for rrset in (*lie.answer, *lie.authority):
            rrset.ttl = 2**31 - 1
        messages[request] = lie.to_wire()
    lookup = world.lookup(resolver("r", saying(messages)))
    found = await lookup.answer(NAMES[0], "TXT")
    assert isinstance(found, Secure)
    assert CONTENT in in_words(found)
    assert found.until - world.clock.now() <= 300
