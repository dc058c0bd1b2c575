"""What of a block the caller of `eth_call` or `eth_simulateV1` wants to be otherwise."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from walkaway.proofs.execution.header import Header

__all__ = ["BlockOverrides"]


@dataclass(frozen=True, slots=True)
class BlockOverrides:
    """What of the block the caller wants to be otherwise; None leaves it as it is.

    Times are unix seconds, prices wei.
    """

    number: int | None = None
    timestamp: int | None = None
    gas_limit: int | None = None
    coinbase: bytes | None = None
    prev_randao: bytes | None = None
    base_fee_per_gas: int | None = None
    blob_base_fee: int | None = None

    def header(self, header: Header) -> Header:
        """The header as the caller wants it; no header holds a blob base fee."""
        wanted = {
            item.name: value
            for item in fields(self)
            if item.name != "blob_base_fee" and (value := getattr(self, item.name)) is not None
        }
        return replace(header, **wanted)
