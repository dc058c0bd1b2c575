"""A FlatDirectory on the devnet, filled by its SDK through our own endpoint, with transactions
that bring blobs too, and read here over proven state. The blobs come from simulated nodes of
EthStorage, most of which lie.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from tests.interop.endpoint import Endpoint, endpoint
from tests.interop.ethstorage.directories import Step, filled, opened, opening, stored_by
from walkaway.chain.block_id import Tag
from walkaway.content.web3.contracts import Web3Content
from walkaway.devnet.content.es_node import EsNode, StoredBlob
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.ens import deploy
from walkaway.devnet.execution.compiled import contract
from walkaway.errors import Unproven

pytestmark = pytest.mark.interop

CHUNK = 24 * 1024 - 326
"""What the SDK puts into one contract."""
SHORTENED = random.Random(4).randbytes(30_000)
FIRST = {
    "index.html": b"<h1>on the devnet</h1>",
    "assets/three-chunks.txt": random.Random(1).randbytes(60_000),
    "rewritten.txt": b"the first text, which is longer than the second",
    "shortened.bin": SHORTENED,
    "removed.txt": b"here for a while",
    "blob.svg": b"<svg/>" * 999,
    "rewritten.blobs": random.Random(2).randbytes(140_000),
}
THEN = FIRST | {
    "rewritten.txt": b"the second text",
    "shortened.bin": SHORTENED[:CHUNK],
    "removed.txt": b"",
    "rewritten.blobs": random.Random(3).randbytes(70_000),
}
IN_BLOBS = ("blob.svg", "rewritten.blobs")


def upload(name: str, data: bytes) -> Step:
    return {"upload": name, "hex": data.hex(), "blobs": name in IN_BLOBS}


async def test_what_its_sdk_puts_there_is_read_here(tmp_path: Path) -> None:
    async with endpoint(tmp_path, seconds_per_slot=1) as made:
        storage = deploy(made.devnet, contract("BlobStore").creation)
        await mined(made)
        steps = [upload(name, data) for name, data in FIRST.items()]
        address = await filled(made.url, storage, [*steps, {"first": "index.html"}])
        before = kept(made, storage)
        assert len(before) == 3
        async with opening(made.node.chain, tmp_path, {"honest": EsNode(before)}) as content:
            await hold(content, made, address, FIRST)
        changes: list[Step] = [
            upload("rewritten.txt", THEN["rewritten.txt"]),
            {"truncate": "shortened.bin", "chunks": 1},
            {"remove": "removed.txt"},
            upload("rewritten.blobs", THEN["rewritten.blobs"]),
        ]
        await filled(made.url, storage, changes, address)
        await mined(made)
        blobs = kept(made, storage)
        assert blobs[1] != before[1]
        liars = {
            "tampers": EsNode(blobs, Manners(Manner.WRONG)),
            "cuts short": EsNode(blobs, Manners(Manner.SHORT)),
            "swaps": EsNode(swapped(blobs)),
            "is behind": EsNode(before),
            "has none": EsNode({}),
        }
        async with opening(made.node.chain, tmp_path, liars | {"honest": EsNode(blobs)}) as content:
            await hold(content, made, address, THEN | {"": THEN["index.html"]})
        async with opening(made.node.chain, tmp_path, liars) as content:
            with pytest.raises(Unproven) as failed:
                await hold(content, made, address, {"rewritten.blobs": b""})
            reasons = failed.value.reasons
            assert reasons.keys() == liars.keys()
            for liar in ("tampers", "swaps"):
                assert reasons[liar].startswith("lied: a blob does not have its hash")
            assert "cut short" in reasons["cuts short"]
            assert "commits not same" in reasons["is behind"]
            assert "kv not found" in reasons["has none"]
            await hold(content, made, address, {"shortened.bin": THEN["shortened.bin"]})


async def hold(content: Web3Content, made: Endpoint, address: str, files: dict[str, bytes]) -> None:
    """Each file is what it should be, byte for byte."""
    for name, data in files.items():
        assert await opened(content, address, made.devnet.spec.chain_id, name) == data, name


def kept(made: Endpoint, storage: bytes) -> dict[int, StoredBlob]:
    """What nodes of EthStorage keep by now."""
    chain = made.devnet.execution
    blocks = (chain.block_at(number) for number in range(chain.head.number + 1))
    return stored_by(storage, (block for block in blocks if block is not None))


def swapped(blobs: dict[int, StoredBlob]) -> dict[int, StoredBlob]:
    """Each blob under the name of another."""
    others = [*list(blobs.values())[1:], blobs[0]]
    pairs = zip(blobs.items(), others, strict=True)
    return {index: StoredBlob(stored.versioned_hash, by.blob) for (index, stored), by in pairs}


async def mined(made: Endpoint) -> None:
    """Wait until blocks hold all that our accounts sent, and our own node sees them."""
    while len(made.devnet.execution.mempool):  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    newest = made.devnet.execution.head.number
    while made.node.chain.head(Tag.LATEST).value.number < newest:  # noqa: ASYNC110
        await asyncio.sleep(0.1)
