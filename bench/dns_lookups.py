"""A DNSLink, proven from the root's keys down, beside unbound, which validates too.

Both ask the same BIND, 30 ms away, over TCP. Cold is a resolver that has just begun; warm is
the same question again; and beside it is another name of the same zone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import dns.asyncquery
import dns.flags
import dns.message

from bench.far_away import Asked, FarAway, far_away
from bench.figures import Figure
from tests.interop.dnssec.asking import looking_up
from tests.interop.dnssec.laboratory import HOST, Laboratory, laboratory, validating
from walkaway.chain.clock import SystemClock
from walkaway.names.dns.dnslink import DnsLinks

__all__ = ["dns_figures"]

PEER = "unbound, forwarding to the same BIND"
ROUNDS = 5
SECONDS = 10
ZONE = "nsec.lab"
ASKED = {"cold": f"linked.{ZONE}", "warm": f"linked.{ZONE}", "beside it": f"many.{ZONE}"}

Ask = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Took:
    """Milliseconds from the question to the answer, and what BIND was asked for it."""

    milliseconds: float
    asked: Asked


def dns_figures() -> list[Figure]:
    """Times, and of those that ask BIND at all, round trips and questions."""
    with TemporaryDirectory(prefix="dns-") as folder, laboratory(Path(folder)) as lab:
        return asyncio.run(_figures(lab))


async def _figures(lab: Laboratory) -> list[Figure]:
    async with far_away(lab.bind.addresses["tcp"]) as bind:
        ours = await _best(lambda: _our_round(lab, bind))
        theirs = await _best(lambda: _their_round(lab, bind))
    found = []
    for when, took in ours.items():
        name, peers = f"DNSLink, {when}", theirs[when]
        found.append(Figure(name, took.milliseconds, "ms", PEER, peers.milliseconds))
        if peers.asked.requests:
            mine, their = took.asked, peers.asked
            found += [
                Figure(name, mine.round_trips, "round trips", PEER, their.round_trips),
                Figure(name, mine.requests, "questions", PEER, their.requests),
            ]
    return found


async def _best(one_round: Callable[[], Awaitable[dict[str, _Took]]]) -> dict[str, _Took]:
    rounds = [await one_round() for _ in range(ROUNDS)]
    return {when: min((each[when] for each in rounds), key=_milliseconds) for when in ASKED}


def _milliseconds(took: _Took) -> float:
    return took.milliseconds


async def _our_round(lab: Laboratory, bind: FarAway) -> dict[str, _Took]:
    async with looking_up(lab, bind.url) as lookup:
        links = DnsLinks(lookup, SystemClock())

        async def ask(name: str) -> None:
            assert (await links.resolve(name)).proven

        return await _asked(ask, bind)


async def _their_round(lab: Laboratory, bind: FarAway) -> dict[str, _Took]:
    port = int(bind.url.rpartition(":")[2])
    with validating(lab.folder, port, over_tcp=True) as unbound:

        async def ask(name: str) -> None:
            query = dns.message.make_query(f"_dnslink.{name}.", "TXT", want_dnssec=True)
            reply = await dns.asyncquery.tcp(query, HOST, SECONDS, unbound.tcp)
            assert reply.flags & dns.flags.AD

        return await _asked(ask, bind)


async def _asked(ask: Ask, bind: FarAway) -> dict[str, _Took]:
    await bind.asked()
    found = {}
    for when, name in ASKED.items():
        began = time.perf_counter()
        await ask(name)
        took = 1000 * (time.perf_counter() - began)
        found[when] = _Took(took, await bind.asked())
    return found
