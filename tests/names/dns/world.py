"""A small world of DNS in memory: a root, zones below it, and resolvers that pass it on.

``example.org`` is signed, ``plain.org`` is not; ``broken.org`` is delegated to with a key
that it does not have, and what ``late.org`` has signed is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dns.message import Message
from dns.name import Name, from_text
from dns.rdatatype import CNAME, NSEC, NSEC3, RRSIG
from dns.rrset import from_rdata

from tests.proofs.dnssec.signed_zone import (
    HOUR,
    NOW,
    TTL,
    Hashing,
    SignedZone,
    anchors_of,
    wire,
)
from tests.proofs.dnssec.signing import Key, key
from tests.sources.stand import HandClock, Say, source
from walkaway.anchors.dns_root import RootAnchors
from walkaway.limits import LIMITS, Limits
from walkaway.names.dns.lookup import DnsLookup
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, DnsRequest, Request
from walkaway.sources.source import Source

__all__ = ["CONTENT", "OTHER", "World", "resolver", "the_world"]

CONTENT = "/ipfs/bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"
OTHER = "/ipfs/bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4"


class ChangingZone(SignedZone):
    """A zone that can change its key."""

    def rekey(self, signer: Key) -> None:
        self.signer = signer
        self.put(from_rdata(self.origin, TTL, signer.public))


class UnsignedZone(SignedZone):
    """A zone that nobody signs."""

    def response(self, name: str, rdtype: str) -> Message:
        response = super().response(name, rdtype)
        for section in (response.answer, response.authority):
            section[:] = [each for each in section if each.rdtype not in (RRSIG, NSEC, NSEC3)]
        return response


@dataclass
class World:
    """Zones, the root first, and the time. ``asked`` is what all resolvers were asked."""

    zones: list[SignedZone]
    clock: HandClock = field(default_factory=lambda: HandClock(NOW))
    asked: list[DnsRequest] = field(default_factory=list)

    def resolver(self, request: Request) -> bytes:
        """What an honest resolver says."""
        assert isinstance(request, DnsRequest)
        self.asked.append(request)
        return wire(self.reply(request.name, request.rdtype))

    def reply(self, name: str, rdtype: str) -> Message:
        """The answer to a question, and what stands where aliases lead to."""
        reply = self._zone(from_text(name), rdtype).response(name, rdtype)
        for _ in range(16):
            end = reply.answer[-1] if reply.answer else None
            aliases = [each for each in reply.answer if each.rdtype == CNAME]
            if end is None or not aliases or rdtype == "CNAME":
                break
            target = aliases[-1][0].target
            if any(each.name == target for each in reply.answer):
                break
            reply.answer.extend(
                self._zone(target, rdtype).response(target.to_text(), rdtype).answer
            )
        return reply

    @property
    def example(self) -> ChangingZone:
        """The zone ``example.org``."""
        return next(zone for zone in self.zones if isinstance(zone, ChangingZone))

    def zone(self, origin: str) -> SignedZone:
        """The zone of a name."""
        return next(zone for zone in self.zones if zone.origin == from_text(origin))

    @property
    def anchors(self) -> RootAnchors:
        """The root's key, believed."""
        return anchors_of(self.zones[0])

    def pool(self, sources: Sequence[Source], limits: Limits = LIMITS) -> Pool:
        """The resolvers as a pool, asked in an order that is always the same."""
        return Pool(sources, clock=self.clock, timer=self.clock, seed=1, limits=limits)

    def lookup(
        self, *sources: Source, limits: Limits = LIMITS, agree: int | None = None
    ) -> DnsLookup:
        """Lookups through some resolvers; through two honest ones where none are given."""
        asked = sources or (resolver("a", self.resolver), resolver("b", self.resolver))
        anchors = anchors_of(self.zones[0])
        return DnsLookup(self.pool(asked, limits), self.clock, anchors, limits=limits, agree=agree)

    def _zone(self, name: Name, rdtype: str) -> SignedZone:
        """The zone that answers; for a delegation, the one above."""
        holding = [zone for zone in self.zones if name.is_subdomain(zone.origin)]
        if rdtype == "DS" and len(holding) > 1:
            holding = [zone for zone in holding if zone.origin != name]
        return max(holding, key=lambda zone: len(zone.origin.labels))


def resolver(name: str, say: Say, *, operator: str | None = None) -> Source:
    """A resolver that says what a function says."""

    def signed(request: Request) -> object:
        said = say(request)
        return Answer(name, said, content=said) if isinstance(said, bytes) else said

    return source(name, signed, operator=operator, kinds=frozenset({"dns"}))


def the_world() -> World:
    """The zones, each time with the same keys."""
    root, org = SignedZone("."), SignedZone("org.", signer=key(13, 2), hashing=Hashing())
    example = ChangingZone("example.org.", signer=key(15, 3))
    deep = SignedZone("deep.example.org.", signer=key(15, 4))
    plain = UnsignedZone("plain.org.")
    broken = SignedZone("broken.org.", signer=key(15, 5))
    late = SignedZone("late.org.", signer=key(15, 6), valid=(NOW - 2 * HOUR, NOW - HOUR))
    root.delegate(org)
    for child in (example, broken, late):
        org.delegate(child)
    example.delegate(deep)
    org.add("plain.org.", "NS", "ns.other.")
    broken.signer = key(15, 7)
    for name in ("example", "broken", "late", "plain"):
        zone = {"example": example, "broken": broken, "late": late, "plain": plain}[name]
        zone.add(f"_dnslink.{name}.org.", "TXT", f'"dnslink={CONTENT}"')
    example.add("deep.example.org.", "NS", "ns.other.")
    example.add("*.wild.example.org.", "TXT", '"dnslink=/ipns/wild.example"')
    example.add("alias.example.org.", "CNAME", "_dnslink.deep.example.org.")
    example.add("out.example.org.", "CNAME", "_dnslink.plain.org.")
    example.add("ring.example.org.", "CNAME", "round.example.org.")
    example.add("round.example.org.", "CNAME", "ring.example.org.")
    example.add("moved.example.org.", "DNAME", "deep.example.org.")
    deep.add("_dnslink.deep.example.org.", "TXT", f'"dnslink={OTHER}"')
    return World([root, org, example, deep, plain, broken, late])
