"""A contract that is no FlatDirectory, and reads a blob in its own way, is opened all the same."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from eth_abi.abi import encode

from tests.chain.devnet_chain import devnet_of, following
from tests.content.ethstorage.stand import kzg_process, standing
from tests.devnet.execution.test_blobs import submission
from tests.names.ens.devnet_names import ens_on
from tests.proofs.blobs.encode import padded
from walkaway.content.budget import Budget
from walkaway.content.web3.calls import ProvenCalls
from walkaway.content.web3.contracts import Web3Content
from walkaway.content.web3.url import read_url
from walkaway.devnet.content.es_node import EsNode, StoredBlob
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.ens import deploy
from walkaway.devnet.execution.blobs import CarriedBlob, decode_carried
from walkaway.devnet.execution.compiled import contract
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import DevnetSettings
from walkaway.errors import Unproven
from walkaway.proofs.execution.keccak import keccak256

Segments = tuple[str, ...]
PAGES: Mapping[Segments, bytes] = {
    ("index.html",): b"<h1>one behind another</h1>" * 400,
    **{("docs", f"{number}.txt"): bytes([number]) * 1000 for number in range(34)},
    ("docs", "last.bin"): bytes(range(1, 256)) * 100,
}


def joined(pages: Mapping[Segments, bytes]) -> bytes:
    """What `BlobPages` keeps in its blob."""
    return b"".join(
        keccak256(encode(["string[]"], [list(path)])) + len(page).to_bytes(4) + page
        for path, page in pages.items()
    )


def put(devnet: Devnet) -> tuple[bytes, StoredBlob]:
    """The contract's address, filled by a transaction that brings its blob."""
    storage = deploy(devnet, contract("BlobStore").creation)
    pages = deploy(devnet, contract("BlobPages").creation + encode(["address"], [storage]))
    devnet.advance()
    data = joined(PAGES)
    blob = padded(data)
    carried = CarriedBlob(blob, kzg_process().commitment(blob))
    call = keccak256(b"put(uint256)")[:4] + encode(["uint256"], [len(data)])
    raw = submission(0, (carried,), to=pages, data=call, gas=500_000)
    devnet.execution.submit(*decode_carried(raw))
    devnet.advance(2)
    return pages, StoredBlob(carried.versioned_hash, blob)


async def test_reads_that_follow_from_reads(tmp_path: Path) -> None:
    content = Web3Content("the chain", "not yet")

    async def opened(pages: bytes, *path: str) -> bytes:
        url = read_url(f"web3://0x{pages.hex()}:1337/{'/'.join(path)}")
        file = await content.open(url.pointer, Budget())
        return b"".join([piece async for piece in file.stream(0, None)])

    async with devnet_of(settings=DevnetSettings(transactions_per_block=0)) as devnet:
        pages, stored = put(devnet)
        liar = EsNode({0: stored}, Manners(Manner.WRONG))
        nodes = {"tampers": liar, "honest": EsNode({0: stored})}
        async with following(devnet) as chain, ens_on(chain, tmp_path) as ens:
            async with standing(nodes) as stand:
                with content.led_by(ProvenCalls(chain, ens, stand.supply)):
                    for path in (("index.html",), ("docs", "last.bin")):
                        assert await opened(pages, *path) == PAGES[path]
                    assert await opened(pages, "none") == b"there is no such page"
            async with standing({"tampers": liar}) as stand:
                with content.led_by(ProvenCalls(chain, ens, stand.supply)):
                    with pytest.raises(Unproven) as failed:
                        await opened(pages, "index.html")
                    assert "does not have its hash" in failed.value.reasons["tampers"]
