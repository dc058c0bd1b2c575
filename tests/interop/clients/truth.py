"""What the node that executes says when it is asked directly, to hold a client's words against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from walkaway.rpc.jsonrpc import Json

__all__ = ["Ask", "Truth"]

Ask = Callable[..., Any]
"""Puts a method and its parameters to a node of another make; the ``result``."""


class Truth:
    """A node's own answers, in the words of the clients."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask

    def receipt(self, seen: dict[str, Any], status: str = "success") -> dict[str, Any]:
        """Hold a receipt against the node's; the node's transaction."""
        true = self.ask("eth_getTransactionReceipt", seen["hash"])
        assert seen["status"] == status
        assert true["status"] == ("0x1" if status == "success" else "0x0")
        assert seen["type"] == int(true["type"], 16)
        assert int(seen["gasUsed"]) == int(true["gasUsed"], 16)
        assert int(seen["price"]) == int(true["effectiveGasPrice"], 16)
        assert int(seen["block"]) == int(true["blockNumber"], 16)
        assert _lower(seen["contract"]) == true["contractAddress"]
        self.logs(seen["logs"], true["logs"])
        transaction: dict[str, Any] = self.ask("eth_getTransactionByHash", seen["hash"])
        return transaction

    def logs(self, seen: list[dict[str, Any]], true: list[dict[str, Any]]) -> None:
        """Hold logs against the node's."""
        assert len(seen) == len(true)
        for ours, theirs in zip(seen, true, strict=True):
            assert _lower(ours["address"]) == theirs["address"]
            assert int(ours["logIndex"]) == int(theirs["logIndex"], 16)
            for name in ("topics", "data", "blockHash", "transactionHash"):
                assert ours[name] == theirs[name], name
            assert ours.get("removed", False) is False

    def logs_in(self, number: int, address: str | None = None) -> list[dict[str, Any]]:
        """The logs in one block, of one contract where it is given."""
        where: dict[str, Json] = {"fromBlock": hex(number), "toBlock": hex(number)}
        if address is not None:
            where["address"] = address
        found: list[dict[str, Any]] = self.ask("eth_getLogs", where)
        return found

    def balance(self, address: str, number: int) -> int:
        """Wei after a block."""
        return int(self.ask("eth_getBalance", address, hex(number)), 16)

    def base_fee(self, number: int) -> int:
        """Wei per gas in a block."""
        return int(self.ask("eth_getBlockByNumber", hex(number), False)["baseFeePerGas"], 16)

    def block_hash(self, number: int) -> str:
        """The hash of a block on the node's branch."""
        return str(self.ask("eth_getBlockByNumber", hex(number), False)["hash"])


def _lower(address: str | None) -> str | None:
    """An address without the capitals of its checksum (EIP-55)."""
    return address and address.lower()
