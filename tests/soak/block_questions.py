"""Questions about blocks and what is in them: transactions, receipts, logs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.soak.draw import Draw, Place
from tests.soak.question import Null, Question, Reply, shown
from walkaway.devnet.execution.accounts import DEV_ACCOUNTS, dev_account
from walkaway.devnet.execution.block import ExecutionBlock
from walkaway.devnet.execution.genesis import COUNTER, TOKEN
from walkaway.proofs.execution.keccak import keccak256
from walkaway.rpc.jsonrpc import Received

__all__ = ["BlockQuestions"]

LOG_BLOCKS = 30
BODY = frozenset({"size", "transactions", "uncles", "withdrawals"})
"""The members of a block that are not its header's."""

Show = Callable[[ExecutionBlock], Any]
"""What a block is told as."""


class BlockQuestions:
    """``kinds`` draws one each."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._truth = draw.truth
        self.kinds: tuple[Callable[[], Question], ...] = (
            self._latest,
            self._height,
            self._block,
            self._header,
            self._count,
            self._uncle_count,
            self._uncle,
            self._at_index,
            self._receipts,
            self._receipt,
            self._transaction,
            self._raw,
            self._raw_transaction,
            self._logs,
            self._nothing,
        )

    def _latest(self) -> Question:
        place = self._draw.latest()

        def is_true(reply: Reply) -> bool:
            for block in place.blocks():
                if reply.get("result") == self._whole(block, full=False):
                    self._draw.known_head = max(self._draw.known_head, block.number)
                    return True
            return False

        return Question("eth_getBlockByNumber", ("latest", False), is_true)

    def _height(self) -> Question:
        place = self._draw.latest()

        def is_true(reply: Reply) -> bool:
            return any(int(reply["result"], 16) == block.number for block in place.blocks())

        return Question("eth_blockNumber", (), is_true)

    def _block(self) -> Question:
        full = self._draw.rng.random() < 0.5
        return self._by_either(
            "eth_getBlockBy{}", lambda block: self._whole(block, full=full), full
        )

    def _header(self) -> Question:
        """A block without what its header commits to."""

        def header(block: ExecutionBlock) -> Any:
            whole = self._whole(block, full=False)
            return {name: value for name, value in whole.items() if name not in BODY}

        return self._by_either("eth_getHeaderBy{}", header)

    def _count(self) -> Question:
        return self._by_either(
            "eth_getBlockTransactionCountBy{}", lambda block: hex(len(block.transactions))
        )

    def _uncle_count(self) -> Question:
        return self._by_either("eth_getUncleCountByBlock{}", lambda block: hex(len(block.ommers)))

    def _uncle(self) -> Question:
        return self._by_either("eth_getUncleByBlock{}AndIndex", lambda _: None, "0x0")

    def _at_index(self) -> Question:
        """The transaction at an index, or that there is none."""
        index = self._draw.rng.randrange(4)

        def at(block: ExecutionBlock) -> Any:
            held = self._truth.held("eth_getTransactionByHash", block)
            return held[index] if index < len(held) else None

        return self._by_either("eth_getTransactionByBlock{}AndIndex", at, hex(index))

    def _receipts(self) -> Question:
        def receipts(block: ExecutionBlock) -> Any:
            return self._truth.held("eth_getTransactionReceipt", block)

        return self._of_block("eth_getBlockReceipts", self._draw.place(), receipts)

    def _raw(self) -> Question:
        """A block's parts in the bytes that are hashed."""
        method, show = self._draw.rng.choice(RAW)
        return self._of_block(method, self._draw.place(), show)

    def _receipt(self) -> Question:
        return self._of_transaction("eth_getTransactionReceipt")

    def _transaction(self) -> Question:
        return self._of_transaction("eth_getTransactionByHash")

    def _raw_transaction(self) -> Question:
        method = self._draw.rng.choice(("debug_getRawTransaction", "eth_getRawTransactionByHash"))
        if (drawn := self._draw.transaction()) is None:
            return self._block()
        block, index = drawn
        wanted = shown(block.transactions[index].hash)

        def is_true(reply: Reply) -> bool:
            return shown(keccak256(bytes.fromhex(reply["result"][2:]))) == wanted

        return Question(method, (wanted,), is_true, self._null_of(block))

    def _nothing(self) -> Question:
        """By a hash that nothing has."""
        method, *rest = self._draw.rng.choice(BY_HASH)
        unheard_of = shown(self._draw.rng.randbytes(32))
        params = (unheard_of, *rest)
        return Question(method, params, lambda _: False, lambda: Null.POSSIBLE)

    def _logs(self) -> Question:
        """The logs of some blocks: all of them, and in the order of one branch."""
        rng = self._draw.rng
        last = self._draw.number()
        first = max(0, last - rng.randrange(LOG_BLOCKS))
        wanted: dict[str, Received] = {}
        if rng.random() < 0.7:
            wanted["address"] = shown(rng.choice([COUNTER, TOKEN]))
        if rng.random() < 0.5:
            sender = dev_account(rng.randrange(DEV_ACCOUNTS)).address.rjust(32, b"\0")
            wanted["topics"] = [None, shown(sender)]

        def is_true(reply: Reply) -> bool:
            return any(
                reply.get("result") == self._truth.logs(tip, first, wanted)
                for tip in self._truth.at_height(last)
            )

        ends: dict[str, Received] = {"fromBlock": hex(first), "toBlock": hex(last)}
        return Question("eth_getLogs", (wanted | ends,), is_true)

    def _by_either(self, method: str, show: Show, *rest: Received) -> Question:
        """By number or tag, or by hash; the method's name says which."""
        if self._draw.rng.random() < 0.5:
            return self._of_block(method.format("Number"), self._draw.by_number(), show, rest)
        return self._of_block(method.format("Hash"), self._draw.by_hash(), show, rest)

    @staticmethod
    def _of_block(
        method: str, place: Place, show: Show, rest: tuple[Received, ...] = ()
    ) -> Question:
        def is_true(reply: Reply) -> bool:
            return any(reply["result"] == show(block) for block in place.blocks())

        return Question(method, (place.written, *rest), is_true, place.null)

    def _of_transaction(self, method: str) -> Question:
        """A transaction of a recent block; a reorg may have put it into another one."""
        if (drawn := self._draw.transaction()) is None:
            return self._block()
        block, index = drawn

        def is_true(reply: Reply) -> bool:
            told = reply["result"]
            holder = self._truth.block(told["blockHash"])
            wanted = block.transactions[index].hash
            return holder is not None and any(
                told == self._truth.held(method, holder)[place]
                for place, held in enumerate(holder.transactions)
                if held.hash == wanted
            )

        wanted = shown(block.transactions[index].hash)
        return Question(method, (wanted,), is_true, self._null_of(block))

    def _null_of(self, block: ExecutionBlock) -> Callable[[], Null]:
        """What null is of a transaction in a block that the endpoint has reached."""

        def null() -> Null:
            is_settled = self._truth.is_settled(block)
            return Null.FALSE_BESIDE_HONEST if is_settled else Null.POSSIBLE

        return null

    def _whole(self, block: ExecutionBlock, *, full: bool) -> Any:
        return self._truth.answer("eth_getBlockByHash", shown(block.hash), full)


RAW: tuple[tuple[str, Show], ...] = (
    ("debug_getRawHeader", lambda block: shown(block.header.rlp())),
    ("debug_getRawBlock", lambda block: shown(block.whole.encode())),
    (
        "debug_getRawReceipts",
        lambda block: [shown(receipt.encode()) for receipt in block.receipts],
    ),
)

BY_HASH: tuple[tuple[str, *tuple[Received, ...]], ...] = (
    ("eth_getBlockByHash", False),
    ("eth_getBlockTransactionCountByHash",),
    ("eth_getTransactionByHash",),
    ("eth_getTransactionReceipt",),
    ("debug_getRawTransaction",),
)
