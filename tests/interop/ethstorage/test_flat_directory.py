"""A FlatDirectory filled by its SDK on anvil, opened here as any page of a contract is: what is
in contracts by proven state alone, what is in blobs from simulated nodes of EthStorage too.

anvil makes no sound block of a transaction with blobs, so that here the storage contract is told
of them; `test_devnet` has such transactions.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from tests.interop.anvil import AnvilEndpoint, anvil_endpoint
from tests.interop.ens.chains import SentToAnvil
from tests.interop.ethstorage.directories import Step, encoded, filled, opened, opening
from walkaway.chain.block_id import Tag
from walkaway.devnet.content.es_node import EsNode, StoredBlob
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.ens import deploy
from walkaway.devnet.execution.compiled import contract
from walkaway.errors import Unproven
from walkaway.proofs.blobs.encoding import COMPACT_BYTES

pytestmark = pytest.mark.interop

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


async def put_there(made: AnvilEndpoint) -> tuple[str, dict[int, StoredBlob]]:
    """The directory's address, and the blobs by their index."""
    storage = deploy(Ground(made), contract("BlobStore").creation)
    blobs: list[StoredBlob] = []
    steps: list[Step] = []
    for name, data in FILES.items():
        if name not in IN_BLOBS:
            steps.append({"upload": name, "hex": data.hex(), "blobs": False})
            continue
        made_of = await encoded(data)
        hashes = ["0x" + blob.versioned_hash.hex() for blob in made_of]
        sizes = [len(data[at : at + COMPACT_BYTES]) for at in range(0, len(data), COMPACT_BYTES)]
        steps.append({"name": name, "sizes": sizes, "hashes": hashes})
        blobs += made_of
    assert len(blobs) == 3
    steps.append({"first": "index.html"})
    return await filled(made.anvil.url, storage, steps), dict(enumerate(blobs))


async def test_what_its_sdk_puts_there_is_read_here(tmp_path: Path) -> None:
    async with anvil_endpoint(tmp_path) as made:
        chain_id = made.network.spec.chain_id
        address, blobs = await put_there(made)
        mined = int(made.anvil.ask("eth_blockNumber"), 16)
        while made.node.chain.head(Tag.LATEST).value.number < mined:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
        nodes = {
            "tampers": EsNode(blobs, Manners(Manner.WRONG)),
            "has none": EsNode({}),
            "honest": EsNode(blobs),
        }
        async with opening(made.node.chain, tmp_path, nodes) as content:
            for name, data in FILES.items():
                assert await opened(content, address, chain_id, name) == data
            assert await opened(content, address, chain_id, "") == FILES["index.html"]
        liars = {"tampers": EsNode(blobs, Manners(Manner.WRONG)), "has none": EsNode({})}
        async with opening(made.node.chain, tmp_path, liars) as content:
            with pytest.raises(Unproven) as failed:
                await opened(content, address, chain_id, "blob.svg")
            assert "does not have its hash" in failed.value.reasons["tampers"]
            assert "kv not found" in failed.value.reasons["has none"]
            three = "assets/three-chunks.txt"
            assert await opened(content, address, chain_id, three) == FILES[three]
