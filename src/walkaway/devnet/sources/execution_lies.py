"""Execution nodes that lie in well-formed answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from ethereum_types.bytes import Bytes20

from walkaway.chain.block_id import Tag
from walkaway.devnet.execution.readable_chain import ReadableChain
from walkaway.devnet.execution.rpc import AnswersCalls
from walkaway.devnet.execution.world import Account
from walkaway.proofs.execution import rlp
from walkaway.rpc.encode import data_list, quantity
from walkaway.rpc.jsonrpc import Json, Received
from walkaway.rpc.params import Params

__all__ = [
    "Denial",
    "ForgedReceipt",
    "ForgedState",
    "LyingBalance",
    "LyingStorage",
    "OmittedReceipt",
]

GIFT = 10**18
"""What every lie about a balance adds: one ether, in wei."""
DENIED = ("eth_getBlock", "eth_getTransaction", "eth_getUncle")
"""How the methods begin that may answer null; a nonce is never denied."""


class LyingBalance:
    """Says that everybody is richer; in a proof it rewrites the leaf, and the stated balance."""

    def __init__(self, inner: AnswersCalls) -> None:
        self._inner = inner

    def answer(self, method: str, params: tuple[Received, ...]) -> Json:
        """See `AnswersCalls`."""
        result = self._inner.answer(method, params)
        if method == "eth_getBalance" and isinstance(result, str):
            return quantity(int(result, 16) + GIFT)
        if method == "eth_getProof" and isinstance(result, Mapping):
            return _richer(result)
        return result


class LyingStorage:
    """Says of every slot that holds something that it holds something else."""

    def __init__(self, inner: AnswersCalls) -> None:
        self._inner = inner

    def answer(self, method: str, params: tuple[Received, ...]) -> Json:
        """See `AnswersCalls`."""
        result = self._inner.answer(method, params)
        if method == "eth_getProof" and isinstance(result, Mapping):
            slots = cast("list[Mapping[str, Json]]", result["storageProof"])
            return dict(result) | {"storageProof": [_other_value(slot) for slot in slots]}
        return result


class ForgedState:
    """Proves a richer account soundly, in a whole state trie of its own making."""

    def __init__(self, inner: AnswersCalls, chain: ReadableChain) -> None:
        self._inner = inner
        self._chain = chain

    def answer(self, method: str, params: tuple[Received, ...]) -> Json:
        """See `AnswersCalls`."""
        result = self._inner.answer(method, params)
        if method != "eth_getProof" or not isinstance(result, Mapping):
            return result
        read = Params(params)
        address, keys = read.address(), [key.key for key in read.storage_keys()]
        named = read.block()
        block = self._chain.head if isinstance(named, Tag) else None
        if isinstance(named, int):
            block = self._chain.block_at(named)
        if isinstance(named, bytes):
            block = self._chain.block(named)
        world = None if block is None else self._chain.world(block)
        if world is None:
            return result
        account = world.account(address)
        richer = Account(account.nonce, account.balance + GIFT, account.code)
        forged = world.changed_to(
            dict(world.accounts) | {Bytes20(address): richer}, world.storage
        ).prove(address, keys)
        balance = {"balance": quantity(forged.account.balance)}
        return dict(result) | balance | {"accountProof": data_list(forged.nodes)}


class OmittedReceipt:
    """Leaves out the last receipt of a block, and the last log of a search."""

    def __init__(self, inner: AnswersCalls) -> None:
        self._inner = inner

    def answer(self, method: str, params: tuple[Received, ...]) -> Json:
        """See `AnswersCalls`."""
        result = self._inner.answer(method, params)
        if method in {"eth_getBlockReceipts", "eth_getLogs"} and isinstance(result, list):
            return result[:-1]
        return result


class ForgedReceipt:
    """Says that what succeeded had failed, and that what failed had succeeded."""

    def __init__(self, inner: AnswersCalls) -> None:
        self._inner = inner

    def answer(self, method: str, params: tuple[Received, ...]) -> Json:
        """See `AnswersCalls`."""
        result = self._inner.answer(method, params)
        if method == "eth_getBlockReceipts" and isinstance(result, list):
            return [_turned(receipt) for receipt in result]
        if method == "eth_getTransactionReceipt":
            return _turned(result)
        return result


class Denial:
    """Says of every block, receipt and transaction that there is none."""

    def __init__(self, inner: AnswersCalls) -> None:
        self._inner = inner

    def answer(self, method: str, params: tuple[Received, ...]) -> Json:
        """See `AnswersCalls`."""
        result = self._inner.answer(method, params)
        return None if method.startswith(DENIED) and not isinstance(result, str) else result


def _richer(proof: Mapping[str, Json]) -> Json:
    """The proof with one ether more in its leaf; nodes above it still name the old leaf."""
    nodes = [bytes.fromhex(node[2:]) for node in cast("list[str]", proof["accountProof"])]
    leaf = rlp.decode(nodes[-1]) if nodes else []
    value = rlp.decode(leaf[1]) if len(leaf) == 2 and isinstance(leaf[1], bytes) else []
    if not isinstance(leaf, list) or not isinstance(value, list) or len(value) != 4:
        return proof
    balance = rlp.integer(value[1], bits=256) + GIFT
    account = rlp.encode([value[0], balance, value[2], value[3]])
    nodes[-1] = rlp.encode([leaf[0], account])
    return dict(proof) | {"balance": quantity(balance), "accountProof": data_list(nodes)}


def _other_value(slot: Mapping[str, Json]) -> Json:
    """The slot with one more in its leaf; nodes above it still name the old leaf."""
    nodes = [bytes.fromhex(node[2:]) for node in cast("list[str]", slot["proof"])]
    leaf = rlp.decode(nodes[-1]) if nodes else []
    if not isinstance(leaf, list) or len(leaf) != 2 or not isinstance(leaf[1], bytes):
        return dict(slot)
    value = rlp.integer(rlp.decode(leaf[1]), bits=256) ^ 1
    nodes[-1] = rlp.encode([leaf[0], rlp.encode(value)])
    return dict(slot) | {"value": quantity(value), "proof": data_list(nodes)}


def _turned(receipt: Json) -> Json:
    if not isinstance(receipt, Mapping):
        return receipt
    return dict(receipt) | {"status": "0x0" if receipt["status"] == "0x1" else "0x1"}
