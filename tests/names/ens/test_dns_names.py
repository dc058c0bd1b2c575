"""Names of the DNS in ENS (ENSIP-17): signed records that this machine finds itself, which the
contract proves from the root's key on before it takes what they say."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from dns import dnssec

from tests.chain.devnet_chain import devnet_of, following
from tests.names.dns.world import World, resolver
from tests.names.ens.devnet_names import IPFS
from tests.proofs.dnssec.signed_zone import SignedZone
from tests.proofs.dnssec.signing import key
from walkaway.devnet import ens as names
from walkaway.devnet.execution.names import RESOLVER
from walkaway.devnet.network import Devnet
from walkaway.errors import NoSuchName, Unproven
from walkaway.evm import native
from walkaway.evm.offchain_lookup import OffchainLookup
from walkaway.names.dns.lookup import DnsLookup
from walkaway.names.dns.oracle import DnsProofs
from walkaway.names.ens.batch_gateway import OwnGateway
from walkaway.names.ens.ens import Ens
from walkaway.names.ens.resolver_record import ResolverRecord
from walkaway.names.resolution import Standing
from walkaway.sources.gateways import GatewayAnswer, PartAnswer

pytestmark = pytest.mark.skipif(
    not native.available(), reason="millions of gas for each signature: the kernel is not built"
)

P256 = 13
NAME = "www.zone.test"
HOUR = 3600


def zones(now: float) -> list[SignedZone]:
    """The root, and two zones below it, whose signatures hold at a time."""
    valid = (now - HOUR, now + HOUR)
    root, test, zone = (
        SignedZone(origin, signer=key(P256, seed), valid=valid)
        for seed, origin in enumerate((".", "test.", "zone.test."), start=21)
    )
    root.delegate(test)
    test.delegate(zone)
    zone.add(NAME + ".", "TXT", f'"ENS1 0x{RESOLVER.hex()}"')
    zone.add("none.zone.test.", "TXT", '"v=spf1 -all"')
    return [root, test, zone]


def anchor(root: SignedZone) -> bytes:
    """The DS record of the root's key, in wire form."""
    data = dnssec.make_ds(".", root.signer.public, "SHA256").to_digestable()
    return b"\0" + struct.pack("!HHIH", 43, 1, HOUR, len(data)) + data


class NobodyElse:
    """Gateways that are never asked."""

    async def fetch(
        self, lookup: OffchainLookup, refused: Sequence[PartAnswer] = ()
    ) -> GatewayAnswer:
        """Fails the test."""
        raise AssertionError(lookup.urls)


@asynccontextmanager
async def dns_names(devnet: Devnet, lookup: DnsLookup, directory: Path) -> AsyncIterator[Ens]:
    """ENS on a devnet, with the DNS walked through a lookup, and no gateway at all."""
    async with following(devnet) as chain:
        record = ResolverRecord(directory, chain.spec.network)
        own = OwnGateway(NobodyElse(), DnsProofs(lookup))
        yield Ens(chain, own, chain.spec, record)


def settle(devnet: Devnet, root: SignedZone) -> None:
    dns_resolver = names.deploy_dns_resolver(devnet, anchor(root), ["https://dnssec.invalid/"])
    names.register(devnet, "test", resolver=dns_resolver)
    devnet.advance()
    names.register(devnet, "zone.test", resolver=bytes(20))
    devnet.advance()
    names.register(devnet, NAME, resolver=bytes(20))
    devnet.advance()
    names.set_contenthash(devnet, NAME, IPFS)
    devnet.advance(2)


async def test_a_name_of_the_dns_is_walked_from_here_and_proven_by_its_contract(
    tmp_path: Path,
) -> None:
    async with devnet_of() as devnet:
        world = World(zones(devnet.now()))
        settle(devnet, world.zones[0])
        lookup = DnsLookup(world.pool([resolver("a", world.resolver)]), devnet, world.anchors)
        async with dns_names(devnet, lookup, tmp_path) as ens:
            resolved = await ens.resolve(NAME)
            assert (resolved.pointer, resolved.standing) == (IPFS, Standing.ACCEPTED)
            assert "this machine (DNSSEC)" in str(resolved.because)
            with pytest.raises(Unproven, match="not accepted"):
                await ens.resolve("none.zone.test")
            with pytest.raises(Unproven) as absent:
                await ens.resolve("gone.zone.test")
            assert not isinstance(absent.value, NoSuchName)
