"""FlatDirectories that their own SDK fills, and how they are read here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.content.ethstorage.stand import kzg_process, standing
from tests.interop.peers import node_package, run_client
from tests.names.ens.devnet_names import ens_on
from walkaway.chain.chain import Chain
from walkaway.content.budget import Budget
from walkaway.content.web3.calls import ProvenCalls
from walkaway.content.web3.contracts import Web3Content
from walkaway.content.web3.url import read_url
from walkaway.devnet.content.es_node import EsNode, StoredBlob
from walkaway.devnet.execution.accounts import NAMES_OWNER
from walkaway.devnet.execution.block import ExecutionBlock
from walkaway.proofs.execution.keccak import keccak256

__all__ = ["Step", "encoded", "filled", "opened", "opening", "stored_by"]

SCRIPTS = Path(__file__).parent / "scripts"
PUT_BLOB = keccak256(b"PutBlob(uint256,uint256,bytes32)")

Step = dict[str, Any]
"""One of the steps that ``scripts/fill.mjs`` tells of."""


async def filled(rpc: str, storage: bytes, steps: Sequence[Step], address: str = "") -> str:
    """The address of a directory, by default a new one over a storage contract, after all steps."""
    facts = {
        "rpc": rpc,
        "key": "0x" + NAMES_OWNER.key.hex(),
        "storage": "0x" + storage.hex(),
        "steps": steps,
        "address": address,
    }
    told = await run_client("node", str(await _script("fill.mjs")), facts=facts)
    assert told["failures"] == []
    return str(told["address"])


async def encoded(data: bytes) -> list[StoredBlob]:
    """The blobs that the SDK's encoder makes of this."""
    facts = {"hex": data.hex()}
    told = await run_client("node", str(await _script("encode.mjs")), facts=facts)
    return [_stored(bytes.fromhex(blob)) for blob in told]


def stored_by(storage: bytes, blocks: Iterable[ExecutionBlock]) -> dict[int, StoredBlob]:
    """What nodes of EthStorage keep of these blocks' blobs, by index: the newest at each."""
    kept: dict[int, StoredBlob] = {}
    for block in blocks:
        brought = {item.versioned_hash: item.blob for item in block.blobs}
        for log in (log for receipt in block.receipts for log in receipt.logs):
            if log.address == storage and log.topics[0] == PUT_BLOB:
                index, named = int.from_bytes(log.topics[1]), log.topics[3]
                kept[index] = StoredBlob(named, brought[named])
    return kept


@asynccontextmanager
async def opening(
    chain: Chain, state: Path, nodes: Mapping[str, EsNode]
) -> AsyncIterator[Web3Content]:
    """Pages of contracts by this chain, and their blobs from these nodes."""
    content = Web3Content("the chain", "not yet")
    async with ens_on(chain, state) as ens, standing(nodes) as stand:
        with content.led_by(ProvenCalls(chain, ens, stand.supply)):
            yield content


async def opened(content: Web3Content, address: str, chain_id: int, target: str) -> bytes:
    """A file of a directory, whole."""
    url = read_url(f"web3://{address}:{chain_id}/{target}")
    file = await content.open(url.pointer, Budget())
    return b"".join([piece async for piece in file.stream(0, None)])


async def _script(name: str) -> Path:
    home = await node_package(SCRIPTS / "package.json")
    (home / name).write_text((SCRIPTS / name).read_text())
    return home / name


def _stored(blob: bytes) -> StoredBlob:
    return StoredBlob(b"\x01" + sha256(kzg_process().commitment(blob)).digest()[1:], blob)
