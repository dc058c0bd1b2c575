"""A FlatDirectory filled by its SDK on anvil, opened here as any page of a contract is: what is
in contracts by proven state alone, what is in blobs from simulated nodes of EthStorage too.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from tests.content.ethstorage.stand import kzg_process, standing
from tests.interop.anvil import AnvilEndpoint, anvil_endpoint
from tests.interop.ens.chains import SentToAnvil
from tests.interop.peers import node_package, run_client
from tests.names.ens.devnet_names import ens_on
from walkaway.chain.block_id import Tag
from walkaway.content.budget import Budget
from walkaway.content.web3.calls import ProvenCalls
from walkaway.content.web3.contracts import Web3Content
from walkaway.content.web3.url import read_url
from walkaway.devnet.content.es_node import EsNode, StoredBlob
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.ens import deploy
from walkaway.devnet.execution.accounts import NAMES_OWNER
from walkaway.devnet.execution.compiled import contract
from walkaway.errors import Unproven
from walkaway.proofs.blobs.encoding import COMPACT_BYTES

pytestmark = pytest.mark.interop

SCRIPTS = Path(__file__).parent / "scripts"
FILES = {
    "index.html": b"<h1>flat</h1>",
    "assets/three-chunks.txt": random.Random(1).randbytes(60_000),
    "blob.svg": b"<svg/>" * 999,
    "two-blobs.bin": random.Random(2).randbytes(140_000),
}
IN_BLOBS = ("blob.svg", "two-blobs.bin")


class Ground:
    """anvil as what contracts are put on."""

    def __init__(self, made: AnvilEndpoint) -> None:
        self.execution = SentToAnvil(made.anvil, made.network.spec.chain_id)


async def filled(made: AnvilEndpoint) -> tuple[str, dict[int, StoredBlob]]:
    """The directory's address, and the blobs by their index."""
    home = await node_package(SCRIPTS / "package.json")
    for name in ("encode.mjs", "fill.mjs"):
        (home / name).write_text((SCRIPTS / name).read_text())
    storage = deploy(Ground(made), contract("BlobStore").creation)
    blobs: list[StoredBlob] = []
    files: list[dict[str, object]] = []
    for name, data in FILES.items():
        if name not in IN_BLOBS:
            files.append({"name": name, "hex": data.hex()})
            continue
        told = await run_client("node", str(home / "encode.mjs"), facts={"hex": data.hex()})
        encoded = [stored(bytes.fromhex(blob)) for blob in told]
        hashes = ["0x" + blob.versioned_hash.hex() for blob in encoded]
        sizes = [len(data[at : at + COMPACT_BYTES]) for at in range(0, len(data), COMPACT_BYTES)]
        files.append({"name": name, "sizes": sizes, "hashes": hashes})
        blobs += encoded
    facts = {
        "rpc": made.anvil.url,
        "key": "0x" + NAMES_OWNER.key.hex(),
        "storage": "0x" + storage.hex(),
        "files": files,
    }
    told = await run_client("node", str(home / "fill.mjs"), facts=facts)
    assert told["failures"] == []
    assert len(blobs) == 3
    return told["address"], dict(enumerate(blobs))


def stored(blob: bytes) -> StoredBlob:
    return StoredBlob(b"\x01" + sha256(kzg_process().commitment(blob)).digest()[1:], blob)


@asynccontextmanager
async def opening(
    made: AnvilEndpoint, state: Path, nodes: Mapping[str, EsNode]
) -> AsyncIterator[Web3Content]:
    content = Web3Content("the chain", "not yet")
    async with ens_on(made.node.chain, state) as ens, standing(nodes) as stand:
        with content.led_by(ProvenCalls(made.node.chain, ens, stand.supply)):
            yield content


async def opened(content: Web3Content, address: str, chain_id: int, target: str) -> bytes:
    url = read_url(f"web3://{address}:{chain_id}/{target}")
    file = await content.open(url.pointer, Budget())
    return b"".join([piece async for piece in file.stream(0, None)])


async def test_what_its_sdk_puts_there_is_read_here(tmp_path: Path) -> None:
    async with anvil_endpoint(tmp_path) as made:
        chain_id = made.network.spec.chain_id
        address, blobs = await filled(made)
        mined = int(made.anvil.ask("eth_blockNumber"), 16)
        while made.node.chain.head(Tag.LATEST).value.number < mined:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
        nodes = {
            "tampers": EsNode(blobs, Manners(Manner.WRONG)),
            "has none": EsNode({}),
            "honest": EsNode(blobs),
        }
        async with opening(made, tmp_path, nodes) as content:
            for name, data in FILES.items():
                assert await opened(content, address, chain_id, name) == data
            assert await opened(content, address, chain_id, "") == FILES["index.html"]
        liars = {"tampers": EsNode(blobs, Manners(Manner.WRONG)), "has none": EsNode({})}
        async with opening(made, tmp_path, liars) as content:
            with pytest.raises(Unproven) as failed:
                await opened(content, address, chain_id, "blob.svg")
            assert "does not have its hash" in failed.value.reasons["tampers"]
            assert "kv not found" in failed.value.reasons["has none"]
            three = "assets/three-chunks.txt"
            assert await opened(content, address, chain_id, three) == FILES[three]
