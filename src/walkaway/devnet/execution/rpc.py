"""The JSON-RPC methods that a plain execution node has, over a chain.

Answers are honest; whoever wants a lie puts one of ``devnet.sources`` in front.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from walkaway.chain.block_id import BlockId, Tag
from walkaway.devnet.execution.blobs import decode_carried
from walkaway.devnet.execution.block import ExecutionBlock, TransactionPlace
from walkaway.devnet.execution.engine import MessageCall
from walkaway.devnet.execution.logs import LogFilter, included_receipts, matching_logs
from walkaway.devnet.execution.readable_chain import ReadableChain
from walkaway.devnet.execution.world import WorldState
from walkaway.errors import InvalidRequest, WalkawayError
from walkaway.limits import LIMITS
from walkaway.rpc.encode import (
    block_members,
    data,
    data_list,
    header_members,
    included_transaction,
    pending_transaction,
    quantity,
    receipt_members,
    word,
)
from walkaway.rpc.error_codes import INVALID_PARAMS, METHOD_NOT_FOUND
from walkaway.rpc.jsonrpc import Call, Json, Malformed, Received, encode, failure, parse, success
from walkaway.rpc.params import Params

__all__ = ["AnswersCalls", "ExecutionRpc", "RpcFailure", "reply"]

EXECUTION_REVERTED = 3
SERVER_ERROR = -32000
CALL_GAS = 10_000_000


class RpcFailure(Exception):
    """An error that goes to the caller as JSON-RPC: a code, a message, and maybe data."""

    def __init__(self, code: int, message: str, error_data: Json = None) -> None:
        super().__init__(message)
        self.code = code
        self.error_data = error_data


class AnswersCalls(Protocol):
    """Anything that gives the result of one call: the honest node, or a liar in its place."""

    def answer(self, method: str, params: tuple[Received, ...]) -> Json:
        """The ``result``. Raises `RpcFailure`."""


class ExecutionRpc:
    """The methods, by name. With ``behind``, a node that has not seen the newest blocks yet."""

    def __init__(self, chain: ReadableChain, behind: int = 0) -> None:
        self._chain = chain
        self._behind = behind
        self._methods: dict[str, Callable[[Params], Json]] = {
            "eth_blockNumber": self._block_number,
            "eth_chainId": self._chain_id,
            "eth_getBalance": self._balance,
            "eth_getBlockByHash": self._block_by_hash,
            "eth_getBlockByNumber": self._block_by_number,
            "eth_getBlockReceipts": self._block_receipts,
            "eth_getCode": self._code,
            "eth_getProof": self._proof,
            "eth_getStorageAt": self._storage_at,
            "eth_getTransactionByHash": self._transaction_by_hash,
            "eth_getTransactionCount": self._transaction_count,
            "eth_getTransactionReceipt": self._receipt,
            "eth_getUncleByBlockHashAndIndex": self._ommer,
            "eth_sendRawTransaction": self._send,
            "net_version": self._network_id,
        }
        self._methods_of_an_object: dict[str, Callable[[dict[str, Received], Params], Json]] = {
            "eth_call": self._call,
            "eth_getLogs": self._logs,
        }

    def answer(self, method: str, params: tuple[Received, ...]) -> Json:
        """The result of one call. Raises `RpcFailure`."""
        try:
            if method in self._methods:
                return self._methods[method](Params(params))
            if method in self._methods_of_an_object:
                first = params[0] if params and isinstance(params[0], dict) else {}
                return self._methods_of_an_object[method](first, Params(params[1:]))
        except InvalidRequest as error:
            raise RpcFailure(INVALID_PARAMS, str(error)) from error
        except WalkawayError as error:
            raise RpcFailure(SERVER_ERROR, str(error)) from error
        raise RpcFailure(METHOD_NOT_FOUND, f"the method {method} does not exist")

    def _chain_id(self, params: Params) -> Json:
        params.end()
        return quantity(self._chain.chain_id)

    def _network_id(self, params: Params) -> Json:
        params.end()
        return str(self._chain.chain_id)

    def _block_number(self, params: Params) -> Json:
        params.end()
        return quantity(self._head.number)

    def _balance(self, params: Params) -> Json:
        address = params.address()
        return quantity(self._world(params).account(address).balance)

    def _transaction_count(self, params: Params) -> Json:
        address, block = params.address(), params.block()
        if block is Tag.PENDING:
            return quantity(self._chain.next_nonce(address))
        return quantity(self._world_at(block).account(address).nonce)

    def _code(self, params: Params) -> Json:
        address = params.address()
        return data(self._world(params).account(address).code)

    def _storage_at(self, params: Params) -> Json:
        address, slot = params.address(), params.storage_key()
        return word(self._world(params).slot(address, slot.key))

    def _proof(self, params: Params) -> Json:
        address, keys = params.address(), params.storage_keys()
        proof = self._world(params).prove(address, [key.key for key in keys])
        return {
            "address": data(address),
            "accountProof": data_list(proof.nodes),
            "balance": quantity(proof.account.balance),
            "nonce": quantity(proof.account.nonce),
            "codeHash": data(proof.code_hash),
            "storageHash": data(proof.storage_root),
            "storageProof": [
                {"key": key.shown, "value": quantity(value), "proof": data_list(nodes)}
                for key, (_, value, nodes) in zip(keys, proof.slots, strict=True)
            ],
        }

    def _block_by_number(self, params: Params) -> Json:
        block = self._find(params.block_number())
        return self._shown(block, full=params.flag("full transactions"))

    def _block_by_hash(self, params: Params) -> Json:
        block = self._find(params.hash())
        return self._shown(block, full=params.flag("full transactions"))

    def _ommer(self, params: Params) -> Json:
        block, index = self._find(params.hash()), params.quantity("index")
        if block is None or index >= len(block.ommers):
            return None
        return header_members(block.ommers[index])

    def _block_receipts(self, params: Params) -> Json:
        block = self._find(params.block())
        if block is None:
            return None
        return [receipt_members(receipt) for receipt in included_receipts(block)]

    def _transaction_by_hash(self, params: Params) -> Json:
        wanted = params.hash()
        place = self._place(wanted)
        if place is not None:
            transaction = place.block.transactions[place.index]
            return included_transaction(transaction, place.block.header, place.index)
        waiting = self._chain.waiting(wanted)
        return None if waiting is None else pending_transaction(waiting)

    def _receipt(self, params: Params) -> Json:
        place = self._place(params.hash())
        if place is None:
            return None
        return receipt_members(list(included_receipts(place.block))[place.index])

    def _send(self, params: Params) -> Json:
        raw = params.data("transaction", at_most=LIMITS.transaction_bytes)
        transaction, blobs = decode_carried(raw)
        self._chain.submit(transaction, blobs)
        return data(transaction.hash)

    def _call(self, members: dict[str, Received], params: Params) -> Json:
        fields = Params((members.get("from", "0x" + "00" * 20), members.get("to")))
        sender, to = fields.address("from"), fields.address("to")
        given = members.get("input", members.get("data", "0x"))
        call_data = Params((given,)).data(at_most=LIMITS.rpc_request_bytes)
        numbers = Params((members.get("value", "0x0"), members.get("gas", hex(CALL_GAS))))
        value, gas = numbers.quantity("value", bits=256), numbers.quantity("gas")
        call = MessageCall(sender, to, call_data, value, min(gas, CALL_GAS))
        outcome = self._chain.call(self._known(params.block()), call)
        if outcome.error == "Revert":
            raise RpcFailure(EXECUTION_REVERTED, "execution reverted", data(outcome.output))
        if outcome.error:
            raise RpcFailure(SERVER_ERROR, outcome.error)
        return data(outcome.output)

    def _logs(self, members: dict[str, Received], params: Params) -> Json:
        params.end()
        wanted = LogFilter.read(members)
        if "blockHash" in members:
            return matching_logs([self._known(Params((members["blockHash"],)).hash())], wanted)
        ends = [
            self._known(Params((members.get(name, "latest"),)).block_number()).number
            for name in ("fromBlock", "toBlock")
        ]
        blocks = (self._chain.block_at(number) for number in range(ends[0], ends[1] + 1))
        return matching_logs((block for block in blocks if block is not None), wanted)

    def _world(self, params: Params) -> WorldState:
        return self._world_at(params.block())

    def _world_at(self, wanted: BlockId) -> WorldState:
        block = self._known(wanted)
        world = self._chain.world(block)
        if world is None:
            raise RpcFailure(SERVER_ERROR, "missing trie node: the state is no longer kept")
        return world

    def _known(self, block: BlockId) -> ExecutionBlock:
        found = self._find(block)
        if found is None:
            raise RpcFailure(SERVER_ERROR, "header not found")
        return found

    @property
    def _head(self) -> ExecutionBlock:
        seen = self._chain.block_at(self._chain.head.number - self._behind)
        return seen or self._chain.genesis

    def _find(self, block: BlockId) -> ExecutionBlock | None:
        found: ExecutionBlock | None
        if isinstance(block, bytes):
            found = self._chain.block(block)
        elif isinstance(block, int):
            found = self._chain.block_at(block)
        elif block is Tag.EARLIEST:
            found = self._chain.genesis
        elif block in {Tag.FINALIZED, Tag.SAFE}:
            found = self._chain.finalized
        else:
            found = self._head
        return None if found is None or found.number > self._head.number else found

    def _place(self, transaction_hash: bytes) -> TransactionPlace | None:
        place = self._chain.place(transaction_hash)
        return None if place is None or place.block.number > self._head.number else place

    def _shown(self, block: ExecutionBlock | None, *, full: bool) -> Json:
        if block is None:
            return None
        members = block_members(
            block.header,
            size=block.whole.size,
            withdrawals=block.withdrawals,
            ommers=data_list(ommer.hash for ommer in block.ommers),
        )
        transactions: list[Json] = [
            included_transaction(item, block.header, index) if full else data(item.hash)
            for index, item in enumerate(block.transactions)
        ]
        return members | {"transactions": transactions}


def reply(rpc: AnswersCalls, body: bytes) -> bytes:
    """The reply to one HTTP body, which may be a batch."""
    message = parse(body)
    if isinstance(message, list):
        return b"[" + b",".join(_one(rpc, call) for call in message) + b"]"
    return _one(rpc, message)


def _one(rpc: AnswersCalls, call: Call | Malformed) -> bytes:
    if isinstance(call, Malformed):
        return failure(call.id or "null", call.code, call.message)
    name = call.id or "null"
    try:
        return success(name, encode(rpc.answer(call.method, call.params)))
    except RpcFailure as error:
        return failure(name, error.code, str(error), error.error_data)
