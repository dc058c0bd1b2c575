"""What is true, as the devnet knows it: every block that ever was the chain's, and its state."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from walkaway.devnet.execution.block import ExecutionBlock
from walkaway.devnet.execution.engine import CallOutcome, MessageCall
from walkaway.devnet.execution.logs import LogFilter, matching_logs
from walkaway.devnet.execution.rpc import ExecutionRpc, RpcFailure
from walkaway.devnet.network import Devnet
from walkaway.rpc.jsonrpc import Json, Received, encode

__all__ = ["Truth"]

Document = Any
"""A JSON document."""


class Truth:
    """Call `note` whenever the devnet's head may have changed.

    Blocks that liars make beside the chain are the devnet's too, and are not true.
    """

    def __init__(self, devnet: Devnet) -> None:
        self._chain = devnet.execution
        self._rpc = ExecutionRpc(devnet.execution)
        self._known: dict[bytes, ExecutionBlock] = {}
        self._heights: dict[int, list[ExecutionBlock]] = {}
        self.note()

    def note(self) -> None:
        """Take up the blocks of the head's branch that are new."""
        block: ExecutionBlock | None = self.head
        while block is not None and block.hash not in self._known:
            self._known[block.hash] = block
            self._heights.setdefault(block.number, []).append(block)
            block = self._chain.block(block.header.parent_hash)

    @property
    def head(self) -> ExecutionBlock:
        """The newest block."""
        return self._chain.head

    @property
    def finalized(self) -> ExecutionBlock:
        """The newest block that is final."""
        return self._chain.finalized

    def canonical(self, number: int) -> ExecutionBlock:
        """The block of a height on the head's branch."""
        block = self._chain.block_at(number)
        assert block is not None
        return block

    def block(self, block_hash: str) -> ExecutionBlock | None:
        """A block that is or was the chain's."""
        return self._known.get(bytes.fromhex(block_hash[2:]))

    def at_height(self, number: int) -> list[ExecutionBlock]:
        """Every block of a height that is or was the chain's, newest made first."""
        return self._heights.get(number, [])[::-1]

    def is_settled(self, block: ExecutionBlock) -> bool:
        """Whether the chain never had another block of this height.

        Then a head that once was this block, or above it, has always been so since.
        """
        return self.at_height(block.number) == [block] and self._chain.is_canonical(block)

    def between(self, first: float, last: float) -> Iterator[ExecutionBlock]:
        """Every block whose time lies within these unix seconds, highest first."""
        for number in sorted(self._heights, reverse=True):
            for block in self.at_height(number):
                if block.header.timestamp < first:
                    return
                if block.header.timestamp <= last:
                    yield block

    def answer(self, method: str, *params: Received) -> Document:
        """What an honest node answers; None where it has nothing, or refuses."""
        try:
            return _parsed(self._rpc.answer(method, params))
        except RpcFailure:
            return None

    def call(self, block: ExecutionBlock, call: MessageCall) -> CallOutcome:
        """What a message call on the state after a block gives."""
        return self._chain.call(block, call)

    def fork(self, block: ExecutionBlock) -> str:
        """The EELS fork whose rules a block follows."""
        return self._chain.rules(block.header.timestamp).fork

    def eels_header(self, block: ExecutionBlock) -> Any:
        """A block's header as its fork's EELS has it."""
        return self._chain.rules(block.header.timestamp).forms.header(block.header)

    def held(self, method: str, block: ExecutionBlock) -> list[Document]:
        """What a block holds, as ``method`` tells of one transaction in it."""
        named = "0x" + block.hash.hex()
        if method == "eth_getTransactionReceipt":
            return list(self.answer("eth_getBlockReceipts", named))
        return list(self.answer("eth_getBlockByHash", named, True)["transactions"])

    def branch(self, tip: ExecutionBlock, count: int) -> list[ExecutionBlock]:
        """So many blocks up to one, along its own branch, oldest first."""
        found: list[ExecutionBlock] = []
        block: ExecutionBlock | None = tip
        while block is not None and len(found) < count:
            found.append(block)
            block = self._chain.block(block.header.parent_hash)
        return found[::-1]

    def logs(self, tip: ExecutionBlock, first: int, wanted: dict[str, Received]) -> list[Document]:
        """The logs from a height up to a block, along its own branch."""
        blocks = self.branch(tip, tip.number - first + 1)
        return [_parsed(document) for document in matching_logs(blocks, LogFilter.read(wanted))]


def _parsed(document: Json) -> Document:
    """A document as it comes out of a JSON parser."""
    return json.loads(encode(document))
