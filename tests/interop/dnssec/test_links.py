"""DNSLinks in the laboratory's zones, end to end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.interop.dnssec.asking import looking_up
from tests.interop.dnssec.laboratory import Laboratory
from tests.interop.dnssec.zones import LINK
from walkaway.chain.clock import SystemClock
from walkaway.errors import NoSuchName, Unproven, UnsignedName
from walkaway.names.dns.dnslink import DnsLinks
from walkaway.names.resolution import Standing

pytestmark = pytest.mark.interop


@asynccontextmanager
async def links(lab: Laboratory, *allowed: str) -> AsyncIterator[DnsLinks]:
    """DNSLinks by two resolvers: BIND over HTTPS, unbound over TLS."""
    async with looking_up(lab, lab.bind.addresses["https"], lab.unbound.addresses["tls"]) as lookup:
        yield DnsLinks(lookup, SystemClock(), allowed_unsigned=allowed)


@pytest.mark.parametrize(
    ("name", "pointer"),
    [
        ("linked.nsec.lab", f"/ipfs/{LINK}/docs"),
        ("linked.nsec3.lab", f"/ipfs/{LINK}/docs"),
        ("linked.signed.opt", f"/ipfs/{LINK}/docs"),
        ("many.nsec.lab", f"/ipfs/{LINK}"),
        ("long.salted.lab", "/ipns/linked.nsec.lab"),
        ("delegated.sub.nsec.lab", f"/ipfs/{LINK}/docs"),
    ],
)
async def test_a_signed_link_is_proven(lab: Laboratory, name: str, pointer: str) -> None:
    async with links(lab) as names:
        found = await names.resolve(name)
    assert (str(found.pointer), found.standing) == (pointer, Standing.PROVEN)
    assert found.seconds is not None
    assert 0 < found.seconds <= 300


@pytest.mark.parametrize(
    "name", ["linked.unsigned.lab", "linked.unsigned.opt", "crossing.nsec.lab"]
)
async def test_an_unsigned_link_counts_only_where_its_name_is_allowed(
    lab: Laboratory, name: str
) -> None:
    async with links(lab, "other.lab") as names:
        with pytest.raises(UnsignedName):
            await names.resolve(name)
    async with links(lab, name) as names:
        found = await names.resolve(name)
    assert (str(found.pointer), found.standing) == (f"/ipfs/{LINK}/docs", Standing.WORD)


@pytest.mark.parametrize("name", ["no-link.nsec.lab", "nowhere.nsec3.lab", "www.nsec.lab"])
async def test_that_there_is_no_link_is_proven(lab: Laboratory, name: str) -> None:
    async with links(lab, name) as names:
        with pytest.raises(NoSuchName):
            await names.resolve(name)


@pytest.mark.parametrize("name", ["www.expired.lab", "www.other-key.lab", "www.no-denial.lab"])
async def test_a_bogus_link_is_refused_even_where_unsigned_ones_are_allowed(
    lab: Laboratory, name: str
) -> None:
    async with links(lab, name) as names:
        with pytest.raises(Unproven) as caught:
            await names.resolve(name)
    assert not isinstance(caught.value, NoSuchName | UnsignedName)
    assert caught.value.reasons
