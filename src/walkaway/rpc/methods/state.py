"""Accounts, storage and code, each proven under a header's state root."""

from __future__ import annotations

import asyncio

from walkaway.chain.block_id import Tag
from walkaway.chain.unknown import unknown_block
from walkaway.errors import InvalidRequest
from walkaway.limits import LIMITS
from walkaway.proofs import derive
from walkaway.proofs.execution.accounts import Account
from walkaway.proofs.execution.keccak import EMPTY_HASH
from walkaway.rpc.ask import Ask
from walkaway.rpc.encode import data, data_list, quantity, word
from walkaway.rpc.jsonrpc import Json
from walkaway.rpc.methods.method import Answer, Method
from walkaway.rpc.params import Params
from walkaway.sources.word import Word

__all__ = ["METHODS"]

ABSENT = Account(nonce=0, balance=0, code_hash=EMPTY_HASH)
"""What an account that is proven absent looks like."""


async def get_balance(ask: Ask, params: Params) -> Answer:
    address, block = params.address(), params.block()
    params.end()
    balance = derive.balance(await ask.chain.account(address, block))
    return quantity(await ask.take(balance, ("balance", address), block))


async def get_transaction_count(ask: Ask, params: Params) -> Answer:
    address, block = params.address(), params.block()
    params.end()
    nonce = derive.nonce(await ask.chain.account(address, block))
    proven = await ask.take(nonce, ("nonce", address), block)
    if block is Tag.PENDING:
        return quantity(max(proven, await ask.chain.pending_nonce(address)))
    return quantity(proven)


async def get_code(ask: Ask, params: Params) -> Answer:
    address, block = params.address(), params.block()
    params.end()
    code = await ask.chain.code(address, block)
    return data(await ask.take(code, ("code", address), block))


async def get_storage_at(ask: Ask, params: Params) -> Answer:
    address, slot, block = params.address(), params.storage_key(), params.block()
    params.end()
    _, (value,) = await ask.chain.slots(address, [slot.key], block)
    return word(await ask.take(value, ("slot", address, slot.key), block))


async def get_storage_values(ask: Ask, params: Params) -> Answer:
    wanted, block = _slots_by_address(params), params.block()
    params.end()
    header = await ask.chain.header(block)
    if isinstance(header, Word):
        raise unknown_block(block, header)
    at = header.value.hash  # so that no two accounts come from two heads
    asked = await asyncio.gather(
        *(ask.chain.slots(address, keys, at) for address, keys in wanted.items())
    )
    answer: dict[str, Json] = {}
    for (address, keys), (_, slots) in zip(wanted.items(), asked, strict=True):
        pairs = zip(keys, slots, strict=True)
        answer[data(address)] = [
            word(await ask.take(value, ("slot", address, key), block)) for key, value in pairs
        ]
    return answer


async def get_proof(ask: Ask, params: Params) -> Answer:
    address, keys, block = params.address(), params.storage_keys(), params.block()
    params.end()
    proof = await ask.chain.proof(address, [key.key for key in keys], block)
    account = await ask.take(proof.account, ("account", address), block) or ABSENT
    slots: list[Json] = []
    for key, slot in zip(keys, proof.slots, strict=True):
        value = await ask.take(slot, ("slot", address, key.key), block)
        nodes = proof.nodes.slot_nodes[key.key]
        slots.append({"key": key.shown, "value": quantity(value), "proof": data_list(nodes)})
    return {
        "address": data(address),
        "accountProof": data_list(proof.nodes.account_nodes),
        "balance": quantity(account.balance),
        "codeHash": data(account.code_hash),
        "nonce": quantity(account.nonce),
        "storageHash": data(account.storage_root),
        "storageProof": slots,
    }


def _slots_by_address(params: Params) -> dict[bytes, list[bytes]]:
    """The keys under each address; at most as many in all as one proof may hold."""
    wanted: dict[bytes, list[bytes]] = {}
    for name, keys in params.some_members("slots by address").items():
        address = Params((name,)).address()
        read = Params((keys,)).storage_keys()
        wanted.setdefault(address, []).extend(key.key for key in read)
    count = sum(len(keys) for keys in wanted.values())
    if not 0 < count <= LIMITS.proof_slots:
        raise InvalidRequest(f"slots by address: 1 to {LIMITS.proof_slots} slots, {count} came")
    return wanted


STATE_PROOF = "a Merkle Patricia proof under the header's state root"
SLOT_PROOF = "the account's proof, and one under its storage root"

METHODS = (
    Method("eth_getBalance", "address, block = latest", STATE_PROOF, get_balance),
    Method(
        "eth_getTransactionCount",
        "address, block = latest",
        f"{STATE_PROOF}; `pending` counts what was sent from here",
        get_transaction_count,
    ),
    Method(
        "eth_getCode",
        "address, block = latest",
        "the account's proof, and its code hash",
        get_code,
    ),
    Method("eth_getStorageAt", "address, slot, block = latest", SLOT_PROOF, get_storage_at),
    Method(
        "eth_getStorageValues",
        "slots by address, block = latest",
        SLOT_PROOF,
        get_storage_values,
    ),
    Method("eth_getProof", "address, storage keys, block = latest", SLOT_PROOF, get_proof),
)
