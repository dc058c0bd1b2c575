"""DNS records, proven: asked of any resolver, believed of none.

A lookup walks from the root's keys down to the zone that a name stands in (`zones.py`),
proves there what stands at the name, or that nothing does, and follows aliases. It ends in
one of three ways, as RFC 4033, section 5, tells them apart: secure, insecure (nobody
signs it, which is proven: the word of resolvers that agree), or bogus, which raises.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

import dns.exception
import dns.name
from dns.name import Name, root
from dns.rdatatype import DS, RdataType, is_metatype, to_text

from walkaway.anchors.dns_root import RootAnchors, dns_root_anchors
from walkaway.chain.single_flight import SingleFlight
from walkaway.errors import InvalidRequest, NoSuchName, TooMuch, Unproven, UnsignedName, Unsupported
from walkaway.evm.turns import Turns
from walkaway.limits import LIMITS, Limits
from walkaway.names.dns.questions import Questions
from walkaway.names.dns.unsigned import read_unsigned
from walkaway.names.dns.verdict import Insecure, Secure, UnsignedRecords, Verdict
from walkaway.names.dns.weight import weight_of_found
from walkaway.names.dns.zones import SignedZone, UnsignedZone, Zones
from walkaway.names.weighed import Weighed
from walkaway.proofs.dnssec import (
    Alias,
    Answer,
    InsecureAnswer,
    Link,
    Records,
    prove_answer,
)
from walkaway.proofs.proven import Evidence, Proven
from walkaway.sources.clock import Clock
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer as SourceAnswer
from walkaway.sources.request import DnsRequest

__all__ = ["DnsLookup", "dns_name"]


_ELSEWHERE = frozenset((b"alt", b"internal", b"invalid", b"local", b"localhost", b"onion"))
"""Names below these are not DNS's, or nobody else's business (RFC 6761, 6762, 7686, 9476)."""


_UNSHOWN = re.compile(r"[\x00-\x20\x7f\"$();@\\]")
"""What names of hosts have not. Escapes (RFC 1035, section 5.1) would be another way to write a
name that is known by its letters, and lead past what holds it.
"""


def dns_name(text: str) -> Name:
    """A DNS name, absolute and in lower case; international ones by IDNA 2008.

    Raises:
        InvalidRequest: it is none, or is written with escapes, spaces or control characters.
        TooMuch: it has more labels than are looked up.
        Unsupported: it is none that resolvers are to be asked for.
    """
    if _UNSHOWN.search(text):
        raise InvalidRequest(f"{text[:100]!r} is no DNS name: it has characters that none has")
    try:
        name = dns.name.from_text(text, idna_codec=dns.name.IDNA_2008_Practical).canonicalize()
    except (dns.exception.DNSException, ValueError):
        raise InvalidRequest(f"{text[:100]!r} is no DNS name") from None
    if len(name.labels) > LIMITS.dns_labels:
        raise TooMuch(f"a DNS name has more than {LIMITS.dns_labels} labels")
    if name != root and name.labels[-2] in _ELSEWHERE:
        raise Unsupported(f"no DNS resolver is asked for names like {text[:100]!r}")
    return name


def _record_type(text: str) -> RdataType:
    try:
        rdtype = RdataType.make(text)
    except (dns.exception.DNSException, ValueError):
        raise InvalidRequest(f"{text[:32]!r} is no type of DNS records") from None
    if is_metatype(rdtype):
        raise InvalidRequest(f"no DNS record is of the type {text[:32]!r}")
    return rdtype


class DnsLookup:
    """Looks names up through a pool of resolvers (sources of kind ``dns``).

    ``agree`` is how many operators must say the same of what nobody signs, or all of them
    where they are fewer.
    """

    def __init__(
        self,
        pool: Pool,
        clock: Clock,
        anchors: RootAnchors | None = None,
        *,
        limits: Limits = LIMITS,
        agree: int | None = None,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._limits = limits
        self._agree = limits.dns_operators if agree is None else agree
        self._zones = Zones(anchors or dns_root_anchors(), clock, limits)
        self._kept: Weighed[tuple[Name, RdataType], _Kept] = Weighed(
            limits.dns_answers, limits.dns_answers_bytes
        )
        self._turns = Turns(limits.dns_lookups)
        self._flights: SingleFlight[Secure | _Unsigned] = SingleFlight()

    async def answer(self, name: str, rdtype: str) -> Verdict:
        """The records of one type at a name, or their absence.

        Raises:
            Unproven: it is bogus, or nobody could supply a proof; says why, resolver by
                resolver. Or resolvers do not agree on what nobody signs.
            InvalidRequest, Unsupported: it is no DNS name.
        """
        asked, kind = dns_name(name), _record_type(rdtype)
        found = await self._found(asked, kind)
        if not isinstance(found, _Unsigned):
            return found
        word = await self._word(asked, kind, found)
        self._keep(asked, kind, word, word.until)
        return word

    async def proven(self, name: str, rdtype: str) -> Secure:
        """The records of one type at a name, or their absence, but nobody's word.

        Raises:
            UnsignedName: nobody signs it, which is proven.
            Unproven, InvalidRequest: as `answer` does.
        """
        found = await self._found(dns_name(name), _record_type(rdtype))
        if isinstance(found, Secure):
            return found
        raise UnsignedName(f"the DNS name {_shown(name)} is not signed: {found.reason}", reasons={})

    async def chain_for_oracle(self, name: str, rdtype: str) -> list[Link]:
        """The signed RRsets that prove the records of one type at a name, from the root's
        keys down, as contracts verify them.

        Raises:
            UnsignedName: nobody signs it.
            NoSuchName: there are no such records at this very name, which is proven.
            Unproven, InvalidRequest: as `answer` does.
        """
        secure = await self.proven(name, rdtype)
        answer = secure.answer.value
        if secure.aliases or not isinstance(answer, Records):
            raise NoSuchName(f"there are no records {rdtype} at {_shown(name)} itself", reasons={})
        signed = [*(step.value.rrset for step in secure.steps), answer.rrset]
        return [(rrset.signed_data(), rrset.rrsig.signature) for rrset in signed]

    async def _found(self, name: Name, rdtype: RdataType) -> Verdict | _Unsigned:
        kept = self._kept.get((name, rdtype))
        if kept is None or kept.until <= self._clock.now():
            return await self._flights.run((name, rdtype), lambda: self._look_up(name, rdtype))
        if isinstance(kept.found, Unproven):
            raise _again(kept.found)
        return kept.found

    async def _look_up(self, name: Name, rdtype: RdataType) -> Secure | _Unsigned:
        """What a lookup finds once it is its turn: names below one and the same, of which
        somebody may have made thousands, are one after the other's.
        """
        below = name.split(min(3, len(name.labels)))[1]
        try:
            async with self._turns.place(below, self._limits.dns_wait_seconds):
                return await self._looked_up(name, rdtype)
        except TimeoutError:
            why = f"too many others were looked up for {self._limits.dns_wait_seconds:g} s"
            raise _unproven(name, why) from None

    async def _looked_up(self, name: Name, rdtype: RdataType) -> Secure | _Unsigned:
        questions = Questions(self._pool, self._clock, self._limits)
        try:
            async with asyncio.timeout(self._limits.dns_lookup_seconds):
                found = await self._follow(name, rdtype, questions)
        except TimeoutError:
            seconds = self._limits.dns_lookup_seconds
            raise _unproven(name, f"its proof took longer than {seconds:g} s") from None
        except Unproven as error:
            # Who asks for a broken name at once again is not to ask all resolvers again.
            failed_until = self._clock.now() + self._limits.dns_failure_seconds
            self._keep(name, rdtype, _again(error), failed_until)
            raise
        finally:
            await questions.close()
        if isinstance(found, Secure):
            self._keep(name, rdtype, found, found.until)
        return found

    async def _follow(
        self, name: Name, rdtype: RdataType, questions: Questions
    ) -> Secure | _Unsigned:
        """What stands at a name, or at the one that it is an alias of."""
        aliases: list[Proven[Answer]] = []
        until = self._clock.now() + self._limits.dns_longest_seconds
        at = name
        while True:
            found = await self._prove(at, rdtype, questions)
            if isinstance(found, UnsignedZone):
                because = (found.because, *(alias.because for alias in aliases))
                return _Unsigned(found.reason, because)
            zone, proven = found
            until = min(until, self._clock.now() + proven.value.seconds)
            if not isinstance(proven.value, Alias):
                return Secure(proven, tuple(aliases), zone.steps, until)
            aliases.append(proven)
            at = proven.value.target
            if len(aliases) > self._limits.dns_aliases:
                raise _unproven(name, f"more than {self._limits.dns_aliases} aliases")

    async def _prove(
        self, name: Name, rdtype: RdataType, questions: Questions
    ) -> tuple[SignedZone, Proven[Answer]] | UnsignedZone:
        """What stands at a name; where that is not proven by keys that were kept, by new ones."""
        try:
            return await self._prove_once(name, rdtype, questions)
        except Unproven as error:
            if not self._zones.forget(name):
                raise _unproven(name, error.summary, error) from None
        try:
            return await self._prove_once(name, rdtype, questions)
        except Unproven as error:
            raise _unproven(name, error.summary, error) from None

    async def _prove_once(
        self, name: Name, rdtype: RdataType, questions: Questions
    ) -> tuple[SignedZone, Proven[Answer]] | UnsignedZone:
        holder = name.parent() if rdtype == DS and name != root else name
        questions.ask_ahead(name, rdtype)
        zone = await self._zones.holding(holder, questions)
        if isinstance(zone, UnsignedZone):
            return zone
        keys = zone.keys
        proven = await questions.prove(
            name, rdtype, lambda message, now: prove_answer(keys, name, rdtype, message, now)
        )
        if isinstance(proven.value, InsecureAnswer):
            return UnsignedZone(proven.value.reason, proven.because)
        return zone, proven

    async def _word(self, name: Name, rdtype: RdataType, unsigned: _Unsigned) -> Insecure:
        """What resolvers say alike of a name that nobody signs."""
        lasting: dict[UnsignedRecords, int] = {}

        def said(answer: SourceAnswer) -> UnsignedRecords:
            records, ttl = read_unsigned(answer.body)
            lasting[records] = min(ttl, lasting.get(records, ttl))
            return records

        operators = {status.operator for status in self._pool.status()}
        try:
            word = await self._pool.agreed(
                DnsRequest(name.to_text(), to_text(rdtype)),
                said,
                k=min(self._agree, len(operators)),
                deadline=self._limits.newest_seconds,
                others_seconds=self._limits.word_others_seconds,
                heavy=True,
            )
        except Unproven as error:
            summary = f"nobody signs it, and {error.summary}"
            raise _unproven(name, summary, error) from None
        until = self._clock.now() + min(lasting[word.value], self._limits.dns_word_seconds)
        return Insecure(word, unsigned.reason, unsigned.because, until)

    def _keep(self, name: Name, rdtype: RdataType, found: Verdict | Unproven, until: float) -> None:
        self._kept.put((name, rdtype), _Kept(found, until), weight_of_found(found))


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a lookup ended with, and the unix time up to which it is kept."""

    found: Verdict | Unproven
    until: float


@dataclass(frozen=True, slots=True)
class _Unsigned:
    """That nobody signs a name, why, and on what that stands."""

    reason: str
    because: tuple[Evidence, ...]


def _again(error: Unproven) -> Unproven:
    """The same once more: an exception that was raised holds on to what raised it."""
    return Unproven(error.summary, reasons=error.reasons, advice=error.advice)


def _unproven(name: Name, why: str, error: Unproven | None = None) -> Unproven:
    return Unproven(
        f"the DNS name {_shown(name.to_text(omit_final_dot=True))} is not proven: {why}",
        reasons=error.reasons if error else {},
        advice=error.advice if error else "",
    )


def _shown(name: str) -> str:
    return repr(name[:100])
