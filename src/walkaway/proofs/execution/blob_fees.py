"""The price of blob gas in a block, and whether the schedule we know explains it.

EIP-4844 (the price), EIP-7840 and EIP-7892 (parameters by time), EIP-7918 (the
reserve price). A blob-parameter fork changes numbers that no header states.
So a price is given only where the header's excess blob gas follows from its
parent's under the schedule: otherwise the schedule is out of date, and any
price computed from it would be wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

from walkaway.anchors.spec import BlobBaseFee
from walkaway.errors import ProofError, Unsupported
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.transactions import GAS_PER_BLOB

__all__ = [
    "blob_base_fee",
    "blob_gas_limit",
    "blob_rule",
    "excess_blob_gas",
    "fake_exponential",
    "next_blob_base_fee",
    "scheduled_blob_base_fee",
]

_MIN_BASE_FEE_PER_BLOB_GAS = 1
_BLOB_BASE_COST = 2**13
"""Execution gas that EIP-7918 sets against one blob."""


def blob_base_fee(parent: Header, header: Header, schedule: Sequence[BlobBaseFee]) -> int:
    """Wei per blob gas in ``header``'s block; ``parent`` is its parent.

    Raises `Unsupported` where the schedule does not explain the header, and
    `ProofError` where ``parent`` is not the parent or the block has no blobs
    yet (before Cancun).
    """
    if parent.hash != header.parent_hash:
        raise ProofError("a blob base fee needs the block's own parent", got=parent.hash)
    if header.excess_blob_gas is None or header.blob_gas_used is None:
        raise ProofError("a block before Cancun has no blob base fee")
    rule = blob_rule(header.timestamp, schedule)
    if (
        header.blob_gas_used > rule.max * GAS_PER_BLOB
        or excess_blob_gas(parent, rule) != header.excess_blob_gas
    ):
        raise _out_of_date()
    return _price(header.excess_blob_gas, rule)


def scheduled_blob_base_fee(header: Header, schedule: Sequence[BlobBaseFee]) -> int:
    """Wei per blob gas in ``header``'s block, if the schedule is the one that it follows.

    Whether it is, only `blob_base_fee` tells, which needs the parent. Raises
    `Unsupported` where the schedule has no rule for the block.
    """
    return _price(header.excess_blob_gas or 0, blob_rule(header.timestamp, schedule))


def next_blob_base_fee(header: Header, schedule: Sequence[BlobBaseFee]) -> int:
    """Wei per blob gas in the block after ``header``'s, under the rule that holds for ``header``.

    Raises `Unsupported` where the schedule has none.
    """
    rule = blob_rule(header.timestamp, schedule)
    return _price(excess_blob_gas(header, rule), rule)


def blob_gas_limit(header: Header, schedule: Sequence[BlobBaseFee]) -> int:
    """The most blob gas that the block may use.

    Raises `Unsupported` where the schedule has no rule for it.
    """
    return blob_rule(header.timestamp, schedule).max * GAS_PER_BLOB


def excess_blob_gas(parent: Header, rule: BlobBaseFee) -> int:
    """The excess blob gas of the block after ``parent`` under ``rule``."""
    excess, used = parent.excess_blob_gas or 0, parent.blob_gas_used or 0
    total, target = excess + used, rule.target * GAS_PER_BLOB
    if total < target:
        return 0
    if rule.reserve_price:
        reserve = _BLOB_BASE_COST * (parent.base_fee_per_gas or 0)
        if reserve > GAS_PER_BLOB * _price(excess, rule):
            return excess + used * (rule.max - rule.target) // rule.max
    return total - target


def blob_rule(timestamp: int, schedule: Sequence[BlobBaseFee]) -> BlobBaseFee:
    """The rule that holds at a unix time. Raises `Unsupported` where there is none."""
    known = [rule for rule in schedule if rule.timestamp <= timestamp]
    if not known:
        raise _out_of_date()
    return known[-1]


def fake_exponential(factor: int, numerator: int, denominator: int) -> int:
    """``factor * e ** (numerator / denominator)`` by Taylor expansion, in integers (EIP-4844)."""
    step, output = 1, 0
    term = factor * denominator
    while term > 0:
        output += term
        term = term * numerator // (denominator * step)
        step += 1
    return output // denominator


def _price(excess: int, rule: BlobBaseFee) -> int:
    return fake_exponential(_MIN_BASE_FEE_PER_BLOB_GAS, excess, rule.update_fraction)


def _out_of_date() -> Unsupported:
    return Unsupported(
        "the block's blob gas does not follow from the chain spec's blob schedule",
        advice="The chain spec is out of date: update walkaway.",
    )
