"""One app on IPFS, on Arweave, in contracts and in blobs; of each network one source lies."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.content.importer.memory_store import MemoryStore
from tests.interop.peers import run_client
from tests.interop.stores_browser.directories import Directories, put_directories
from tests.interop.stores_browser.resources import put_resources
from tests.interop.stores_browser.tides import INDEX, app_files, media_type, write_app
from walkaway.chain.chain import ChainSettings
from walkaway.cli.gateway import GatewayPlan, open_gateway
from walkaway.cli.names import NamesPlan
from walkaway.cli.node import Listen, Plan, open_node
from walkaway.content.importer.run import import_path
from walkaway.content.service import ContentPlan
from walkaway.devnet import ens
from walkaway.devnet.content.arweave import ArweaveSource
from walkaway.devnet.content.arweave_publisher import ArweavePublisher
from walkaway.devnet.content.es_node import EsNode
from walkaway.devnet.content.loopback import LoopbackSource
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.content.source import ContentSource
from walkaway.devnet.content.weave import Weave
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import BEACON, EXECUTION, DevnetSettings, SourcePlan
from walkaway.devnet.sources.behaviours import Behaviour
from walkaway.names.pointer import Pointer
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.multibase import BASE32
from walkaway.sources.defaults import ListedSource
from walkaway.sources.pool import Pool
from walkaway.sources.request import Kind

__all__ = ["LIARS", "StoresWorld", "stores_world"]

LIARS: Final = frozenset({"larch", "ivy", "aspen", "sumac"})
"""Who lies about the state of contracts, about blocks, about items of Arweave, about blobs."""

_SCRIPT: Final = Path(__file__).parent / "scripts" / "flat_directory.mjs"
_CHAIN_SOURCES: Final = (
    SourcePlan("alder", EXECUTION | BEACON),
    SourcePlan("larch", EXECUTION, Behaviour.LYING_STORAGE),
)
_SECONDS_PER_SLOT: Final = 2
_SLOTS: Final = 64

# The honest ones are slower, so that nobody is left unasked.
_HONEST: Final = Manners(begins_after=0.05)
_WRONG: Final = Manners(Manner.WRONG)


@dataclass
class StoresWorld:
    """A running gateway and what it opens: ``roots`` are the app's hosts, by network, ``named``
    those of names that lead there.
    """

    port: int
    roots: dict[str, str]
    named: dict[str, str]
    files: dict[str, bytes]
    devnet: Devnet
    pools: tuple[Pool, ...]
    supply: list[LoopbackSource] = field(default_factory=list)

    def origin(self, network: str) -> str:
        """Where the app stands of a network."""
        return f"http://{self.roots[network]}.localhost:{self.port}"

    def caught(self) -> set[str]:
        """The names of the sources that were caught lying."""
        return {status.name for pool in self.pools for status in pool.status() if status.lies}

    async def leave(self, sources: str) -> None:
        """Let all sources of ``content`` go, or all of the ``chain``."""
        if sources == "chain":
            await self.devnet.stop()
            return
        for source in self.supply:
            await source.stop()


@asynccontextmanager
async def stores_world(folder: Path, packages: Path) -> AsyncIterator[StoresWorld]:
    """The app, published five times, and a gateway that opens it; ``packages`` is where what it
    needs of npm is installed.
    """
    write_app(folder / "app", packages)
    files = app_files(folder / "app")
    shutil.copy(_SCRIPT, packages)
    told = await run_client("node", _SCRIPT.name, facts={}, cwd=packages)
    blocks = MemoryStore()
    cid = await import_path(folder / "app", blocks)
    by_multihash = {cid.multihash: block.value for cid, block in blocks.blocks.items()}
    weave = Weave()
    item = _publish(weave, files)
    creation = bytes.fromhex(told["creation"])
    devnet, directories, resources = await asyncio.to_thread(_network, creation, files, cid, item)
    supply: dict[str, tuple[Kind, LoopbackSource]] = {
        "hazel": ("content", ContentSource(by_multihash, _HONEST)),
        "ivy": ("content", ContentSource(by_multihash, _WRONG)),
        "oak": ("arweave", ArweaveSource(weave, _HONEST)),
        "aspen": ("arweave", ArweaveSource(weave, _WRONG, byte=-1)),
        "pine": ("blobs", EsNode(directories.kept, _HONEST)),
        "sumac": ("blobs", EsNode(directories.kept, _WRONG)),
    }
    async with AsyncExitStack() as stack:
        await devnet.start(real_time=True)
        stack.push_async_callback(devnet.stop)
        listed = [
            ListedSource(source.name, source.operator, tuple(sorted(source.kinds)), source.url)
            for source in devnet.sources
        ]
        node = await stack.enter_async_context(
            open_node(devnet.spec, listed, _node(folder, devnet))
        )
        asked: list[ListedSource] = []
        for name, (kind, source) in supply.items():
            asked.append(ListedSource(name, name, (kind,), await source.start()))
            stack.push_async_callback(source.stop)
        gateway = await stack.enter_async_context(open_gateway(_gateway(folder, asked)))
        stack.enter_context(gateway.by_chain(node))
        chain = devnet.spec.chain_id
        roots = {
            "ipfs": f"{cid}.ipfs",
            "arweave": f"{BASE32.encode(item.digest)}.ar",
            "contract": f"0x{directories.contracts.hex()}.{chain}.web3",
            "resources": f"0x{resources.hex()}.{chain}.web3",
            "blobs": f"0x{directories.blobs.hex()}.{chain}.web3",
        }
        named = {"ipfs": "dag-eth", "arweave": "weave-eth", "contract": f"code-eth.{chain}.web3"}
        pools = (node.pool, gateway.content.pool, *gateway.content.others)
        sources = [source for _, source in supply.values()]
        yield StoresWorld(gateway.server.port, roots, named, files, devnet, pools, sources)


def _network(
    creation: bytes, files: dict[str, bytes], cid: Cid, item: ArweaveId
) -> tuple[Devnet, Directories, bytes]:
    """The devnet with the app in FlatDirectories and in a contract of resources, and names."""
    settings = DevnetSettings(
        seconds_per_slot=_SECONDS_PER_SLOT, transactions_per_block=0, sources=_CHAIN_SOURCES
    )
    past = (settings.warm_slots + _SLOTS) * _SECONDS_PER_SLOT
    devnet = Devnet(settings, genesis_time=int(time.time()) - past)
    directories = put_directories(devnet, creation, files)
    resources = put_resources(devnet, files)
    for name in ("dag.eth", "weave.eth", "code.eth"):
        ens.register(devnet, name)
    ens.set_contenthash(devnet, "dag.eth", Pointer("ipfs", str(cid)))
    ens.set_contenthash(devnet, "weave.eth", Pointer("ar", str(item)))
    ens.set_text(devnet, "code.eth", "contentcontract", f"0x{directories.contracts.hex()}")
    devnet.advance(_SLOTS)
    return devnet, directories, resources


def _publish(weave: Weave, files: dict[str, bytes]) -> ArweaveId:
    """The app as publishers put it on Arweave: a folder is a path of its own, where it has
    an index.
    """
    paths = {path: (data, media_type(path)) for path, data in files.items()}
    folders = {
        path.removesuffix(INDEX): file for path, file in paths.items() if path.endswith(f"/{INDEX}")
    }
    return ArweaveId.parse(ArweavePublisher(weave).website(paths | folders, INDEX))


def _node(folder: Path, devnet: Devnet) -> Plan:
    home = folder / "viewer"
    return Plan(
        chain=ChainSettings(checkpoint=devnet.checkpoint.root, state_directory=home),
        listen=Listen(port=0),
        evidence=home / "evidence",
        serves_endpoint=False,
    )


def _gateway(folder: Path, supply: list[ListedSource]) -> GatewayPlan:
    home = folder / "viewer"
    return GatewayPlan(
        content=ContentPlan(home / "store", home / "evidence", sources=tuple(supply)),
        names=NamesPlan(home),
        listen=Listen(port=0),
        peer_key=home / "peer.key",
    )
