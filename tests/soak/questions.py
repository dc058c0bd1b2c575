"""Random questions, each with a judge who knows the answer."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests.soak.truth import Truth
from walkaway.devnet.execution.accounts import DEV_ACCOUNTS, dev_account
from walkaway.devnet.execution.block import ExecutionBlock
from walkaway.devnet.execution.engine import MessageCall
from walkaway.devnet.execution.genesis import ANY_ANSWERS, COUNTER, TOKEN, contract
from walkaway.devnet.network import Devnet
from walkaway.proofs.execution.keccak import keccak256
from walkaway.rpc.error_codes import REVERTED
from walkaway.rpc.jsonrpc import Received

__all__ = ["Question", "Questions"]

Reply = dict[str, Any]
"""A JSON-RPC reply that is no refusal."""

RECENT_BLOCKS = 60
LOG_BLOCKS = 30
CALL_GAS = 5_000_000
STRANGER = b"\x77" * 20
SENDERS = range(DEV_ACCOUNTS // 2)
"""The accounts that the devnet's own traffic leaves alone."""


@dataclass(frozen=True, slots=True)
class Question:
    """A call, and whether a reply to it is true, asked when the reply has come.

    ``null_is_word``: where nothing is found, that is somebody's word, and no proof.
    """

    method: str
    params: tuple[Received, ...]
    is_true: Callable[[Reply], bool]
    null_is_word: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """A block as a question names it, and the blocks that this may mean."""

    written: Received
    blocks: Callable[[], Iterable[ExecutionBlock]]


class Questions:
    """Draws questions. ``oldest_head`` is how many seconds old a head may be that is served.

    ``known_head`` is the highest block that the endpoint has told of.
    """

    def __init__(
        self, devnet: Devnet, truth: Truth, rng: random.Random, oldest_head: float
    ) -> None:
        self._devnet = devnet
        self._truth = truth
        self._rng = rng
        self._oldest_head = oldest_head
        self.known_head = truth.finalized.number
        self._kinds: tuple[Callable[[], Question], ...] = (
            self._latest_block,
            self._balance,
            self._nonce,
            self._code,
            self._slot,
            self._proof,
            self._token_balance,
            self._failing_call,
            self._simulation,
            self._estimate,
            self._logs,
            self._block,
            self._receipts,
            self._receipt,
            self._transaction,
            self._fee_history,
            self._send,
        )

    def one(self) -> Question:
        """A question of any kind."""
        return self._rng.choice(self._kinds)()

    def _place(self) -> _Place:
        truth, asked_at = self._truth, time.time()
        head, final = truth.head.number, truth.finalized.number
        kind = self._rng.randrange(4)
        if kind == 0:
            block = truth.canonical(head - self._rng.randrange(1, min(head, RECENT_BLOCKS)))
            return _Place({"blockHash": "0x" + block.hash.hex()}, lambda: (block,))
        if kind == 1:
            number = self._number()
            return _Place(hex(number), lambda: truth.at_height(number))
        if kind == 2:
            oldest = asked_at - self._oldest_head
            return _Place("latest", lambda: truth.between(oldest, time.time()))
        heights = range(final, max(0, final - 4 * RECENT_BLOCKS), -1)
        return _Place(
            "finalized",
            lambda: (
                block
                for number in (*range(truth.finalized.number, final, -1), *heights)
                for block in truth.at_height(number)
            ),
        )

    def _number(self) -> int:
        return max(1, self.known_head - self._rng.randrange(RECENT_BLOCKS))

    def _account(self) -> bytes:
        accounts = [dev_account(index).address for index in range(DEV_ACCOUNTS)]
        return self._rng.choice([*accounts, COUNTER, TOKEN, ANY_ANSWERS, STRANGER])

    def _of_state(self, method: str, *params: Received) -> Question:
        place = self._place()

        def is_true(reply: Reply) -> bool:
            return any(
                reply.get("result")
                == self._truth.answer(method, *params, {"blockHash": "0x" + block.hash.hex()})
                for block in place.blocks()
            )

        return Question(method, (*params, place.written), is_true)

    def _balance(self) -> Question:
        return self._of_state("eth_getBalance", _hex(self._account()))

    def _nonce(self) -> Question:
        return self._of_state("eth_getTransactionCount", _hex(self._account()))

    def _code(self) -> Question:
        return self._of_state("eth_getCode", _hex(self._account()))

    def _slot(self) -> Question:
        slot = contract("Token").slots["balanceOf"].to_bytes(32)
        key = self._rng.choice([bytes(32), keccak256(self._account().rjust(32, b"\0") + slot)])
        return self._of_state(
            "eth_getStorageAt", _hex(self._rng.choice([COUNTER, TOKEN])), _hex(key)
        )

    def _proof(self) -> Question:
        return self._of_state("eth_getProof", _hex(self._account()), [_hex(bytes(32))])

    def _token_balance(self) -> Question:
        data = keccak256(b"balanceOf(address)")[:4] + self._account().rjust(32, b"\0")
        return self._call(MessageCall(STRANGER, TOKEN, data, 0, CALL_GAS))

    def _failing_call(self) -> Question:
        data = keccak256(b"transfer(address,uint256)")[:4] + STRANGER.rjust(32, b"\0")
        return self._call(MessageCall(STRANGER, TOKEN, data + (1).to_bytes(32), 0, CALL_GAS))

    def _call(self, call: MessageCall) -> Question:
        place = self._place()

        def is_true(reply: Reply) -> bool:
            return any(
                _told(reply) == (outcome.error == "", _hex(outcome.output))
                for outcome in (self._truth.call(block, call) for block in place.blocks())
            )

        return Question("eth_call", (_object(call), place.written), is_true)

    def _simulation(self) -> Question:
        """A transfer, and then the balance that it leaves."""
        place, sender = self._place(), dev_account(self._rng.randrange(DEV_ACCOUNTS)).address
        transfer = keccak256(b"transfer(address,uint256)")[:4] + STRANGER.rjust(32, b"\0")
        data = keccak256(b"balanceOf(address)")[:4] + STRANGER.rjust(32, b"\0")
        paying = MessageCall(sender, TOKEN, transfer + (1).to_bytes(32), 0, CALL_GAS)
        looking = MessageCall(STRANGER, TOKEN, data, 0, CALL_GAS)

        def is_true(reply: Reply) -> bool:
            paid, seen = reply["result"][0]["calls"]
            return paid["status"] == seen["status"] == "0x1" and any(
                int(seen["returnData"], 16)
                == int.from_bytes(self._truth.call(block, looking).output) + 1
                for block in place.blocks()
            )

        calls: list[Received] = [_object(paying), _object(looking)]
        asked: Received = {"blockStateCalls": [{"calls": calls}]}
        return Question("eth_simulateV1", (asked, place.written), is_true)

    def _estimate(self) -> Question:
        """Enough, and five in a hundred less is not."""
        place = self._place()
        data = keccak256(b"increment()")[:4]
        intrinsic = 21_000 + sum(16 if byte else 4 for byte in data)

        def runs(block: ExecutionBlock, gas: int) -> bool:
            call = MessageCall(STRANGER, COUNTER, data, 0, gas - intrinsic)
            return not self._truth.call(block, call).error

        def is_true(reply: Reply) -> bool:
            gas = int(reply.get("result", "0x0"), 16)
            return gas > intrinsic * 1.06 and any(
                runs(block, gas) and not runs(block, gas * 95 // 100) for block in place.blocks()
            )

        asked = MessageCall(STRANGER, COUNTER, data, 0, CALL_GAS)
        return Question("eth_estimateGas", (_object(asked), place.written), is_true)

    def _logs(self) -> Question:
        """The logs of some blocks: all of them, and in the order of one branch."""
        last = self._number()
        first = max(0, last - self._rng.randrange(LOG_BLOCKS))
        wanted: dict[str, Received] = {}
        if self._rng.random() < 0.7:
            wanted["address"] = _hex(self._rng.choice([COUNTER, TOKEN]))
        if self._rng.random() < 0.5:
            sender = dev_account(self._rng.randrange(DEV_ACCOUNTS)).address.rjust(32, b"\0")
            wanted["topics"] = [None, _hex(sender)]

        def is_true(reply: Reply) -> bool:
            return any(
                reply.get("result") == self._truth.logs(tip, first, wanted)
                for tip in self._truth.at_height(last)
            )

        ends: dict[str, Received] = {"fromBlock": hex(first), "toBlock": hex(last)}
        return Question("eth_getLogs", (wanted | ends,), is_true)

    def _latest_block(self) -> Question:
        oldest = time.time() - self._oldest_head

        def is_true(reply: Reply) -> bool:
            told = reply.get("result") or {}
            block = self._truth.block(told["hash"])
            if block is None or block.header.timestamp < oldest:
                return False
            self.known_head = max(self.known_head, block.number)
            return bool(told == self._truth.answer("eth_getBlockByHash", told["hash"], False))

        return Question("eth_getBlockByNumber", ("latest", False), is_true)

    def _block(self) -> Question:
        number, full = self._number(), self._rng.random() < 0.5
        return self._of_blocks("eth_getBlockByNumber", (hex(number), full), number, full=full)

    def _of_blocks(
        self, method: str, params: tuple[Received, ...], number: int, *, full: bool
    ) -> Question:
        def is_true(reply: Reply) -> bool:
            return any(
                reply.get("result") == self._truth.answer("eth_getBlockByHash", _hash(block), full)
                for block in self._truth.at_height(number)
            )

        return Question(method, params, is_true, null_is_word=True)

    def _receipts(self) -> Question:
        number = self._number()

        def is_true(reply: Reply) -> bool:
            return any(
                reply.get("result") == self._truth.answer("eth_getBlockReceipts", _hash(block))
                for block in self._truth.at_height(number)
            )

        return Question("eth_getBlockReceipts", (hex(number),), is_true, null_is_word=True)

    def _receipt(self) -> Question:
        return self._of_transaction("eth_getTransactionReceipt")

    def _transaction(self) -> Question:
        return self._of_transaction("eth_getTransactionByHash")

    def _of_transaction(self, method: str) -> Question:
        """A transaction of a recent block; a reorg may have put it into another one."""
        block = self._truth.canonical(self._number())
        if not block.transactions:
            return self._block()
        wanted = _hex(self._rng.choice(block.transactions).hash)

        def is_true(reply: Reply) -> bool:
            told = reply.get("result") or {}
            if told.get("blockHash") is None:
                return False
            holder = self._truth.block(told["blockHash"])
            return holder is not None and told in self._truth.held(method, holder)

        return Question(method, (wanted,), is_true, null_is_word=True)

    def _fee_history(self) -> Question:
        count, newest = self._rng.randrange(1, 12), self._number()

        def is_true(reply: Reply) -> bool:
            told = reply.get("result") or {}
            return any(
                _fees(self._truth.branch(tip, count))
                == (told["baseFeePerGas"][:-1], told["gasUsedRatio"])
                for tip in self._truth.at_height(newest)
            )

        return Question("eth_feeHistory", (hex(count), hex(newest)), is_true)

    def _send(self) -> Question:
        account = dev_account(self._rng.choice(SENDERS))
        raw = account.sign(
            {
                "chainId": self._devnet.spec.chain_id,
                "nonce": self._devnet.execution.next_nonce(account.address),
                "gas": 21_000,
                "to": STRANGER,
                "value": self._rng.randrange(1, 10**9),
                "maxFeePerGas": 20 * 10**9,
                "maxPriorityFeePerGas": 10**9,
            }
        )
        sent = _hex(keccak256(raw))
        return Question(
            "eth_sendRawTransaction", (_hex(raw),), lambda reply: reply.get("result") == sent
        )


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _hash(block: ExecutionBlock) -> str:
    return _hex(block.hash)


def _object(call: MessageCall) -> dict[str, Received]:
    return {"from": _hex(call.sender), "to": _hex(call.to), "data": _hex(call.data)}


def _told(reply: Reply) -> tuple[bool, str]:
    """Whether a call succeeded, and what it gave back."""
    if "result" in reply:
        return True, reply["result"]
    error = reply["error"]
    return False, error.get("data", "") if error["code"] == REVERTED else ""


def _fees(blocks: list[ExecutionBlock]) -> tuple[list[str], list[float]]:
    headers = [block.header for block in blocks]
    return (
        [hex(header.base_fee_per_gas or 0) for header in headers],
        [header.gas_used / header.gas_limit for header in headers],
    )
