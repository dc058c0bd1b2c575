"""The same question put to unbound and to ourselves, and both verdicts in one form."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dns.asyncquery
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from tests.interop.dnssec.laboratory import HOST, Laboratory
from tests.interop.dnssec.questions import Finding, Question, Verdict
from walkaway.anchors.dns_root import RootAnchors, root_anchor
from walkaway.chain.clock import SystemClock
from walkaway.errors import Unproven
from walkaway.names.dns.lookup import DnsLookup
from walkaway.names.dns.verdict import Insecure
from walkaway.proofs.dnssec import NoData, Records
from walkaway.sources.defaults import ListedSource
from walkaway.sources.listed import open_sources
from walkaway.sources.pool import Pool
from walkaway.sources.request import Kind
from walkaway.sources.transports.http_client import HttpClient

__all__ = ["anchors", "looking_up", "our_verdict", "their_verdict"]

SECONDS = 10


def anchors(laboratory: Laboratory) -> RootAnchors:
    """The laboratory's root key as what is believed."""
    return RootAnchors((root_anchor(laboratory.anchor.split(maxsplit=3)[3]),))


@asynccontextmanager
async def looking_up(laboratory: Laboratory, *addresses: str) -> AsyncIterator[DnsLookup]:
    """Lookups by the resolvers at these addresses, which know nothing yet."""
    kinds: tuple[Kind] = ("dns",)
    listed = [
        ListedSource(name=f"resolver {at}", operator=f"operator {at}", kinds=kinds, url=url)
        for at, url in enumerate(addresses)
    ]
    clock, client = SystemClock(), HttpClient()
    async with Pool(open_sources(listed, kinds, client), clock=clock, seed=1) as pool:
        yield DnsLookup(pool, clock, anchors(laboratory))


async def our_verdict(lookup: DnsLookup, question: Question) -> Verdict:
    """What we make of a question's answer."""
    try:
        verdict = await lookup.answer(question.name, question.rdtype)
    except Unproven:
        return Verdict(Finding.REFUSED)
    if isinstance(verdict, Insecure):
        return Verdict(Finding.INSECURE, frozenset(verdict.word.value.rdatas))
    answer = verdict.answer.value
    if isinstance(answer, Records):
        data = frozenset(rdata.to_digestable() for rdata in answer.rrset)
        return Verdict(Finding.RECORDS, data)
    return Verdict(Finding.NO_DATA if isinstance(answer, NoData) else Finding.NO_NAME)


async def their_verdict(laboratory: Laboratory, question: Question) -> Verdict:
    """What unbound makes of it: AD says secure, and SERVFAIL bogus or without end."""
    query = dns.message.make_query(question.name, question.rdtype, want_dnssec=True)
    reply = await dns.asyncquery.tcp(query, HOST, SECONDS, laboratory.unbound.tcp)
    if reply.rcode() == dns.rcode.SERVFAIL:
        return Verdict(Finding.REFUSED)
    assert isinstance(reply, dns.message.QueryMessage)
    found = reply.resolve_chaining().answer
    records = frozenset(rdata.to_digestable() for rdata in found or ())
    if not reply.flags & dns.flags.AD:
        return Verdict(Finding.INSECURE, records)
    if records:
        return Verdict(Finding.RECORDS, records)
    is_gone = reply.rcode() == dns.rcode.NXDOMAIN
    return Verdict(Finding.NO_NAME if is_gone else Finding.NO_DATA)
