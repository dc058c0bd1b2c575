"""What a proven answer costs: the proof alone, and requests a second over HTTP.

The proof is a recorded mainnet one where the recordings are beside the
repository, else one from the devnet's own, smaller state; its peer is py-trie,
the library that one would pick. Requests go to an endpoint over a devnet and,
in the same run, straight to the source behind it, which proves nothing; calls
over many balances, and small questions, to one over anvil (`multicall.py`).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any
from unittest import mock

import aiohttp
import sha3

from bench.figures import Figure, cpu_ms
from bench.json_rpc import ask as call
from bench.multicall import multicall_figures
from tests.chain.devnet_chain import devnet_of, following
from tests.rpc.recorded_mainnet import colibri_recording
from tests.rpc.test_recordings import served
from tests.vectors import ROOT
from walkaway.chain.block_id import Tag
from walkaway.chain.chain import Chain
from walkaway.devnet.execution.accounts import dev_account
from walkaway.devnet.network import Devnet
from walkaway.evm.running import fastest_engine
from walkaway.proofs import derive
from walkaway.proofs.execution.accounts import prove_account, state_proof_from_json
from walkaway.proofs.execution.ancestry import header_from_given_hash
from walkaway.proofs.execution.header import Header, header_from_json
from walkaway.proofs.execution.trie import usual_node
from walkaway.rpc.server import RpcServer

__all__ = ["figures"]

RECORDED = ROOT / "execution" / "mainnet-21925176"
BUSY_BLOCK = ROOT / "mainnet-recordings" / "eth_getTransactionReceipt1"
CONNECTIONS = 16
SECONDS = 3.0
STRANGERS = 100_000
"""Addresses that nobody asked for before, so that each answer is proven anew."""


def figures() -> list[Figure]:
    """The proof of a balance, requests a second, calls, and how long the loop is held."""
    held = [asyncio.run(_loop_held())] if BUSY_BLOCK.exists() else []
    over_anvil = asyncio.run(multicall_figures())
    return [_balance_proof(), *asyncio.run(_requests()), *over_anvil, *held]


async def _loop_held() -> Figure:
    """The longest that one step holds the event loop while a busy block's receipts are proven."""
    recording = colibri_recording(BUSY_BLOCK)
    (answer,) = BUSY_BLOCK.glob("eth_getBlockReceipts_*.json")
    receipts = json.loads(answer.read_text())["result"]
    block_hash = "0x" + recording.head.header.hash.hex()
    recording.rpc_answer("eth_getBlockReceipts", (block_hash,), receipts)
    steps: list[float] = []
    run = asyncio.Handle._run

    def measured(handle: asyncio.Handle) -> None:
        began = time.thread_time()
        run(handle)
        steps.append(time.thread_time() - began)

    async with served(recording, fastest_engine()) as endpoint:
        await endpoint.call("eth_chainId")
        with mock.patch.object(asyncio.Handle, "_run", measured):
            for receipt in receipts[-3:]:
                if receipt["type"] != "0x3":
                    await endpoint.call("eth_getTransactionReceipt", receipt["transactionHash"])
            await endpoint.call("eth_getBlockByNumber", "latest", True)
    name = f"loop held at most, {len(receipts)} receipts proven"
    return Figure(name, 1000 * max(steps), "ms CPU", "the design's aim", 5.0)


def _balance_proof() -> Figure:
    header, proof, kind = _recorded() if RECORDED.exists() else asyncio.run(_from_devnet())
    proven = header_from_given_hash(1, header.hash, header)
    address = bytes.fromhex(proof["address"][2:])

    def ours() -> int:
        usual_node.cache_clear()
        nodes = state_proof_from_json(proof).account_nodes
        return derive.balance(prove_account(proven, address, nodes)).value

    rlp, trie = import_module("rlp"), import_module("trie")

    def theirs() -> int:
        nodes = [rlp.decode(bytes.fromhex(node[2:])) for node in proof["accountProof"]]
        key = sha3.keccak_256(address).digest()
        leaf = trie.HexaryTrie.get_from_proof(header.state_root, key, nodes)
        return int.from_bytes(rlp.decode(leaf)[1], "big")

    assert ours() == theirs()
    value, peer_value = cpu_ms(ours, rounds=200), cpu_ms(theirs, rounds=50)
    return Figure(f"balance proof, {kind}", value, "ms CPU", "py-trie", peer_value)


def _recorded() -> tuple[Header, dict[str, Any], str]:
    block = json.loads((RECORDED / "block.json").read_text())
    proof = json.loads((RECORDED / "proof.json").read_text())
    return header_from_json(block), proof, "recorded mainnet"


async def _from_devnet() -> tuple[Header, dict[str, Any], str]:
    async with devnet_of() as devnet, aiohttp.ClientSession() as session:
        url = devnet.sources[0].url
        where = hex(devnet.execution.head.number)
        params: list[object] = ["0x" + dev_account(0).address.hex(), [], where]
        proof = await call(session, url, "eth_getProof", params)
        return devnet.execution.head.header, proof, "devnet"


async def _requests() -> list[Figure]:
    async with (
        devnet_of() as devnet,
        following(devnet) as chain,
        RpcServer(chain, port=0) as server,
        aiohttp.ClientSession() as session,
    ):
        return [
            await _rate("warm balance", _known_balance, session, devnet, server),
            await _rate("cold balance", _new_balance(), session, devnet, server),
            await _rate("warm block", _block(chain), session, devnet, server),
        ]


Question = Callable[[], tuple[str, list[object]]]


def _known_balance() -> tuple[str, list[object]]:
    return "eth_getBalance", ["0x" + dev_account(0).address.hex(), "latest"]


def _new_balance() -> Question:
    asked = iter(range(1, STRANGERS))

    def question() -> tuple[str, list[object]]:
        return "eth_getBalance", [f"0x{next(asked):040x}", "latest"]

    return question


def _block(chain: Chain) -> Question:
    number = hex(chain.head(Tag.LATEST).value.number)
    return lambda: ("eth_getBlockByNumber", [number, True])


async def _rate(
    name: str,
    question: Question,
    session: aiohttp.ClientSession,
    devnet: Devnet,
    server: RpcServer,
) -> Figure:
    async def ask(url: str) -> None:
        await call(session, url, *question())

    ours = await _a_second(lambda: ask(server.url))
    theirs = await _a_second(lambda: ask(devnet.sources[0].url))
    return Figure(name, ours, "requests/s", "the same source asked directly", theirs)


async def _a_second(ask: Callable[[], Awaitable[None]]) -> float:
    """How many times ``ask`` ends in a second, over some connections at once."""
    await ask()
    began = time.perf_counter()

    async def repeat() -> int:
        done = 0
        while time.perf_counter() < began + SECONDS:
            await ask()
            done += 1
        return done

    done = sum(await asyncio.gather(*(repeat() for _ in range(CONNECTIONS))))
    return done / (time.perf_counter() - began)
