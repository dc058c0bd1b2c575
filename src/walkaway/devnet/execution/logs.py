"""`eth_getLogs` as a plain source answers it: walk the blocks, match address and topics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from walkaway.devnet.execution.block import ExecutionBlock
from walkaway.errors import InvalidRequest
from walkaway.proofs.derive import IncludedReceipt, IncludedTransaction
from walkaway.proofs.execution.receipts import Log
from walkaway.rpc.encode import receipt_members
from walkaway.rpc.jsonrpc import Json, Received

__all__ = ["LogFilter", "included_receipts", "matching_logs"]


def included_receipts(block: ExecutionBlock) -> Iterator[IncludedReceipt]:
    """The receipts of a block, each with its place in it."""
    gas_before, logs_before = 0, 0
    pairs = zip(block.transactions, block.receipts, strict=True)
    for index, (transaction, receipt) in enumerate(pairs):
        yield IncludedReceipt(
            receipt=receipt,
            included=IncludedTransaction(transaction, block.header, index),
            gas_used=receipt.cumulative_gas_used - gas_before,
            first_log_index=logs_before,
            blob_gas_price=block.blob_base_fee if transaction.blob_gas else None,
        )
        gas_before = receipt.cumulative_gas_used
        logs_before += len(receipt.logs)


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which logs are meant. An empty set means any; topics go by position."""

    addresses: frozenset[bytes]
    topics: tuple[frozenset[bytes], ...]

    @classmethod
    def read(cls, members: dict[str, Received]) -> LogFilter:
        """Read the ``address`` and ``topics`` of a filter object. Raises `InvalidRequest`."""
        topics = members.get("topics") or []
        if not isinstance(topics, list):
            raise InvalidRequest("topics: an array is needed")
        return cls(_choices(members.get("address")), tuple(_choices(item) for item in topics))

    def matches(self, log: Log) -> bool:
        """Whether a log is meant."""
        if self.addresses and log.address not in self.addresses:
            return False
        if len(self.topics) > len(log.topics):
            return False
        pairs = zip(self.topics, log.topics, strict=False)
        return all(not wanted or topic in wanted for wanted, topic in pairs)


def matching_logs(blocks: Iterable[ExecutionBlock], wanted: LogFilter) -> list[Json]:
    """The logs of some blocks that match, in order, as JSON."""
    found: list[Json] = []
    for block in blocks:
        for receipt in included_receipts(block):
            shown = receipt_members(receipt)["logs"]
            assert isinstance(shown, list)
            pairs = zip(receipt.receipt.logs, shown, strict=True)
            found += [document for log, document in pairs if wanted.matches(log)]
    return found


def _choices(value: Received) -> frozenset[bytes]:
    """One value, several of which any will do, or None for any at all."""
    if value is None:
        return frozenset()
    values = value if isinstance(value, list) else [value]
    try:
        return frozenset(bytes.fromhex(str(item).removeprefix("0x")) for item in values)
    except ValueError as error:
        raise InvalidRequest("an address or topic is not hex") from error
