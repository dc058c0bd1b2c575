"""An app with a name on the devnet, sources that lie about both, and the gateway that opens it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.content.exporter.dags import Dag
from tests.interop.names_browser.releases import evil_release, write_app
from tests.interop.peers import free_port
from tests.interop.walkaway_process import Walkaway
from tests.proofs.ipfs.test_car import read
from walkaway.chain.chain import ChainSettings
from walkaway.cli.gateway import GatewayPlan, OpenGateway, open_gateway
from walkaway.cli.names import NamesPlan
from walkaway.cli.node import Listen, Node, Plan, open_node
from walkaway.content.service import ContentPlan
from walkaway.devnet import ens
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.content.source import ContentSource
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import BEACON, EXECUTION, DevnetSettings, SourcePlan
from walkaway.devnet.sources.behaviours import Behaviour
from walkaway.names.hold import HoldPolicy
from walkaway.names.pointer import Pointer, parse_pointer
from walkaway.sources.defaults import ListedSource

__all__ = ["LIARS", "AppWorld", "app_world"]

LIARS: Final = ("larch", "ivy")
"""Who lies about the resolver's storage, and who about blocks."""

_SOURCES: Final = (
    SourcePlan("alder", EXECUTION | BEACON),
    SourcePlan("larch", EXECUTION, Behaviour.LYING_STORAGE),
)
_SECONDS_PER_SLOT: Final = 2
_SLOTS: Final = 64
_DAY: Final = 86_400.0
_LOOKS: Final = 200


class AppWorld:
    """Names that can be hijacked and given back by transactions, and the gateway's port."""

    def __init__(self, devnet: Devnet, versions: dict[str, Pointer]) -> None:
        self.devnet = devnet
        self.versions = versions
        self.port = 0
        self.node: Node | None = None

    async def change(self, name: str, version: str) -> None:
        """Have the name say something else, and wait until its proven head says so."""
        pointer = self.versions[version]
        if version == "evil":
            ens.hijack(self.devnet, name, pointer)
        else:
            ens.register(self.devnet, name)
            ens.set_contenthash(self.devnet, name, pointer)
        assert self.node is not None
        for _ in range(_LOOKS):
            if (await self.node.ens.resolve(name)).pointer == pointer:
                return
            await asyncio.sleep(0.2)
        pytest.fail(f"the proven head does not say within {_LOOKS / 5:g} seconds that it changed")

    def caught(self, gateway: OpenGateway) -> set[str]:
        """The names of the sources that were caught lying."""
        assert self.node is not None
        pools = (self.node.pool, gateway.content.pool)
        return {status.name for pool in pools for status in pool.status() if status.lies}


@asynccontextmanager
async def app_world(folder: Path) -> AsyncIterator[tuple[AppWorld, OpenGateway]]:
    """The app in a store of its publisher, named ``app.eth`` and ``held.eth``, and a gateway
    of somebody else, who holds changes of the second for a day. Of its sources one lies about
    storage, one about blocks, and two are down.
    """
    good, blocks = await _published(folder)
    dag = Dag()
    versions = {"good": good, "evil": evil_release(dag)}
    blocks |= {cid.multihash: data for cid, data in dag.held.items()}
    world = await asyncio.to_thread(_network, versions)
    checkpoint = world.devnet.checkpoint.root
    async with AsyncExitStack() as stack:
        await world.devnet.start(real_time=True)
        stack.push_async_callback(world.devnet.stop)
        listed = [
            ListedSource(source.name, source.operator, tuple(sorted(source.kinds)), source.url)
            for source in world.devnet.sources
        ]
        down = f"http://127.0.0.1:{free_port()}"
        listed.append(ListedSource("elm", "elm", ("beacon", "execution"), down))
        node = await stack.enter_async_context(
            open_node(world.devnet.spec, listed, _node_plan(folder, checkpoint))
        )
        supply = [ListedSource("oak", "oak", ("content",), down)]
        # The honest one is slower, so that nobody is left unasked.
        for name, manners in (
            ("hazel", Manners(begins_after=0.05)),
            ("ivy", Manners(Manner.WRONG)),
        ):
            source = ContentSource(blocks, manners)
            supply.append(ListedSource(name, name, ("content",), await source.start()))
            stack.push_async_callback(source.stop)
        gateway = await stack.enter_async_context(open_gateway(_gateway_plan(folder, supply)))
        stack.enter_context(gateway.by_chain(node))
        world.node, world.port = node, gateway.server.port
        yield world, gateway


async def _published(folder: Path) -> tuple[Pointer, dict[bytes, bytes]]:
    """The app, added to a store by the command, and its blocks by multihash."""
    write_app(folder / "app")
    publisher = Walkaway(folder / "publisher")
    cid = await publisher.add(folder / "app")
    archive = folder / "app.car"
    await publisher.run("car", "export", cid, "-o", str(archive))
    blocks = {block.multihash: data for block, data in read(archive.read_bytes())[1]}
    return parse_pointer(f"/ipfs/{cid}"), blocks


def _network(versions: dict[str, Pointer]) -> AppWorld:
    settings = DevnetSettings(
        seconds_per_slot=_SECONDS_PER_SLOT, transactions_per_block=0, sources=_SOURCES
    )
    past = settings.warm_slots + _SLOTS
    devnet = Devnet(settings, genesis_time=int(time.time()) - past * _SECONDS_PER_SLOT)
    for name in ("held.eth", "evil.eth"):
        ens.register(devnet, name)
    for name in ("app.eth", "held.eth", "evil.eth"):
        ens.set_contenthash(devnet, name, versions["good"])
    devnet.advance(_SLOTS)
    return AppWorld(devnet, versions)


def _node_plan(folder: Path, checkpoint: bytes) -> Plan:
    return Plan(
        chain=ChainSettings(checkpoint=checkpoint, state_directory=folder / "viewer"),
        listen=Listen(port=0),
        evidence=folder / "viewer" / "evidence",
        serves_endpoint=False,
    )


def _gateway_plan(folder: Path, supply: list[ListedSource]) -> GatewayPlan:
    home = folder / "viewer"
    return GatewayPlan(
        content=ContentPlan(home / "store", home / "evidence", sources=tuple(supply)),
        names=NamesPlan(home, holds=HoldPolicy(by_name={"held.eth": _DAY})),
        listen=Listen(port=0),
        peer_key=home / "peer.key",
    )
