"""The suite's names out of a network: records that a router gives, DNSLinks that are signed."""

from __future__ import annotations

import time
from pathlib import Path

from tests.gateway.conformance.fixture import dnslinks, records
from tests.names.dns.world import World
from tests.names.ipns.signing import Router, pool_of
from tests.proofs.dnssec.signed_zone import SignedZone
from walkaway.chain.clock import FixedClock
from walkaway.errors import NotKnown
from walkaway.names.dns.dnslink import DnsLinks
from walkaway.names.every_kind import NamesOfEveryKind
from walkaway.names.held import HeldNames
from walkaway.names.ipns.find import IpnsNames
from walkaway.names.late import LateNames
from walkaway.proofs.ipfs.ipns_name import parse_name
from walkaway.sources.request import Answer, IpnsRequest, Request

__all__ = ["names_of_the_network"]


class SuitesRouter(Router):
    """Gives every record of the suite, the broken ones too."""

    def say(self, request: Request) -> object:
        """The record of a name, if it is one of the suite's."""
        assert isinstance(request, IpnsRequest)
        for path in records():
            if parse_name(path.name.split(".")[0].split("_")[0]) == request.name:
                return Answer(self.name, path.read_bytes())
        return NotKnown("does not have it")


def names_of_the_network(folder: Path) -> NamesOfEveryKind:
    """Names of which nothing is held in the folder yet."""
    clock = FixedClock(time.time())
    held = HeldNames(folder, clock)
    pool = pool_of([SuitesRouter("router")], clock)
    root = SignedZone(".")
    for name, path in dnslinks().items():
        root.add(f"_dnslink.{name}.", "TXT", f'"dnslink={path}"')
    world = World([root])
    nobody = LateNames("nobody", "is asked here")
    return NamesOfEveryKind(
        held,
        IpnsNames(held, [pool], clock=clock),
        nobody,
        nobody,
        DnsLinks(world.lookup(), world.clock),
        nobody,
    )
