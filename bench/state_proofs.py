"""What checking a source's state proofs costs, beside py-trie, the library that one would pick.

One balance is proven from a recorded mainnet proof where the recordings are
beside the repository, else from the devnet's own, smaller state; 500 slots of
one account, as a call over many balances needs them, from storage made up here.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from importlib import import_module
from typing import Any

import aiohttp

from bench.busy_block import RECORDED
from bench.figures import Figure, cpu_ms
from bench.json_rpc import ask
from tests.chain.devnet_chain import devnet_of
from tests.evm.token_world import environment
from walkaway.devnet.execution.accounts import dev_account
from walkaway.devnet.execution.genesis import TOKEN
from walkaway.devnet.execution.trie import Node, insert, prove, root_hash
from walkaway.proofs import derive
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.accounts import (
    Account,
    prove_account,
    prove_slot,
    state_proof_from_json,
)
from walkaway.proofs.execution.ancestry import header_from_given_hash
from walkaway.proofs.execution.header import Header, header_from_json
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.trie import usual_node

__all__ = ["state_proof_figures"]

SLOTS = 20_000
"""Slots of the storage that is made up; the first of them are proven."""
PROVEN = 500


def state_proof_figures() -> list[Figure]:
    """CPU time of one balance's proof, and of 500 slots' in one answer."""
    return [_balance(), _slots()]


def _balance() -> Figure:
    header, proof, kind = _recorded() if RECORDED.exists() else asyncio.run(_from_devnet())
    proven = header_from_given_hash(1, header.hash, header)
    address = bytes.fromhex(proof["address"][2:])

    def ours() -> int:
        usual_node.cache_clear()
        nodes = state_proof_from_json(proof).account_nodes
        return derive.balance(prove_account(proven, address, nodes)).value

    def theirs() -> int:
        leaf = _leaf_by_py_trie(header.state_root, address, proof["accountProof"])
        return int.from_bytes(leaf[1], "big")

    assert ours() == theirs()
    value, peer_value = cpu_ms(ours, rounds=200), cpu_ms(theirs, rounds=50)
    return Figure(f"balance proof, {kind}", value, "ms CPU", "py-trie", peer_value)


def _slots() -> Figure:
    header, proof, root = _made_up()
    proven = header_from_given_hash(1, header.hash, header)

    def ours() -> list[int]:
        usual_node.cache_clear()
        nodes = state_proof_from_json(proof)
        account = prove_account(proven, TOKEN, nodes.account_nodes)
        return [prove_slot(account, key, path).value for key, path in nodes.slot_nodes.items()]

    def theirs() -> list[int]:
        return [
            int.from_bytes(
                _leaf_by_py_trie(root, bytes.fromhex(slot["key"][2:]), slot["proof"]), "big"
            )
            for slot in proof["storageProof"]
        ]

    assert ours() == theirs() == list(range(1, PROVEN + 1))
    value, peer_value = cpu_ms(ours, rounds=10), cpu_ms(theirs, rounds=5)
    return Figure(f"{PROVEN} slots of {SLOTS}", value, "ms CPU", "py-trie", peer_value)


def _leaf_by_py_trie(root: bytes, key: bytes, nodes: list[str]) -> Any:
    decode, trie = import_module("rlp").decode, import_module("trie").HexaryTrie
    parts = [decode(bytes.fromhex(node[2:])) for node in nodes]
    return decode(trie.get_from_proof(root, keccak256(key), parts))


def _recorded() -> tuple[Header, dict[str, Any], str]:
    block = json.loads((RECORDED / "block.json").read_text())
    proof = json.loads((RECORDED / "proof.json").read_text())
    return header_from_json(block), proof, "recorded mainnet"


async def _from_devnet() -> tuple[Header, dict[str, Any], str]:
    async with devnet_of() as devnet, aiohttp.ClientSession() as session:
        url = devnet.sources[0].url
        where = hex(devnet.execution.head.number)
        params = ["0x" + dev_account(0).address.hex(), [], where]
        proof = await ask(session, url, "eth_getProof", params)
        return devnet.execution.head.header, proof, "devnet"


def _made_up() -> tuple[Header, dict[str, Any], bytes]:
    """A header, the proof of some slots of the one account under it, and their storage root."""
    keys = [index.to_bytes(32) for index in range(SLOTS)]
    storage: Node | None = None
    for value, key in enumerate(keys, start=1):
        storage = insert(storage, keccak256(key), rlp.encode(value))
    root = root_hash(storage)
    state = insert(None, keccak256(TOKEN), Account(1, 0, root).encode())
    proof = {
        "accountProof": _shown(prove(state, keccak256(TOKEN))),
        "storageProof": [
            {"key": "0x" + key.hex(), "proof": _shown(prove(storage, keccak256(key)))}
            for key in keys[:PROVEN]
        ],
    }
    return replace(environment().header, state_root=root_hash(state)), proof, root


def _shown(nodes: list[bytes]) -> list[str]:
    return ["0x" + node.hex() for node in nodes]
