"""What a transaction costs, derived from proven blocks by named rules.

The rules are go-ethereum's, so that wallets see the figures they know, but
without its memory: the same proven blocks always give the same figures.

- The suggested tip is a percentile of what the cheapest transactions of recent
  blocks paid (`suggested_tip` has the numbers). The gas price is that tip on top
  of the head's base fee.
- The next block's base fee follows from the head alone (EIP-1559).
- The fee history follows
  https://ethereum.github.io/execution-apis/api/methods/eth_feeHistory: the reward
  at a percentile is the tip of the transaction that used the block's gas at
  that percentile, counted from the lowest tip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from walkaway.anchors.spec import BlobBaseFee
from walkaway.errors import ProofError, Unsupported
from walkaway.proofs._seal import seal
from walkaway.proofs.execution import base_fee, blob_fees
from walkaway.proofs.execution.blocks import Block
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.receipts import Receipt
from walkaway.proofs.execution.transactions import Transaction
from walkaway.proofs.proven import Claim, Evidence, Proven, Subject

__all__ = [
    "SAMPLED_BLOCKS",
    "SEARCHED_BLOCKS",
    "BlobFees",
    "BlockTips",
    "FeeHistory",
    "TipSample",
    "enough_samples",
    "fee_history",
    "fee_history_subject",
    "gas_price",
    "next_base_fee",
    "suggested_tip",
    "tip_sample",
    "tips",
]

T = TypeVar("T")

SAMPLED_BLOCKS = 20
"""Blocks with a sample that a suggestion is made from."""
SEARCHED_BLOCKS = 40
"""Blocks that are looked through for them, from the head down."""

_TIPS_PER_BLOCK = 3
_LEAST_TIP = 2
_PERCENTILE = 60
_MOST_SUGGESTED = 500 * 10**9
_SUGGESTED_WITHOUT_SAMPLE = 10**6


@dataclass(frozen=True, slots=True)
class TipSample:
    """The block's cheapest tips in wei per gas, ascending, and the header they stand under."""

    header: Header
    tips: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BlockTips:
    """Each transaction's tip in wei per gas with the gas it used, ascending by tip."""

    header: Header
    paid: tuple[tuple[int, int], ...]

    def at(self, percentile: float) -> int:
        """The tip at a percentile (0 to 100) of the gas used; zero for an empty block."""
        threshold = int(self.header.gas_used * percentile / 100)
        gas = 0
        for tip, used in self.paid:
            gas += used
            if gas >= threshold:
                return tip
        return self.paid[-1][0] if self.paid else 0


@dataclass(frozen=True, slots=True)
class BlobFees:
    """Wei per blob gas of each block and the next, and the share of blob gas each used."""

    base_fees: tuple[int, ...]
    used_ratios: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FeeHistory:
    """Fees of consecutive blocks from ``oldest`` on.

    ``base_fees`` is wei per gas of each block and of the next one, zero before
    London. ``rewards`` holds for each block the tips at the percentiles asked
    for, or is None. ``blobs`` is None where the chain spec's blob schedule does
    not explain the headers.
    """

    oldest: int
    base_fees: tuple[int, ...]
    gas_used_ratios: tuple[float, ...]
    rewards: tuple[tuple[int, ...], ...] | None
    blobs: BlobFees | None


def next_base_fee(header: Proven[Header]) -> Proven[int]:
    """Wei per gas in the block after this one. Raises `ProofError` before London."""
    _check(header, ("header",))
    value = base_fee.next_base_fee(header.value)
    return _sealed(value, header, "next base fee", "the next base fee follows from this header")


def tip_sample(block: Proven[Block]) -> Proven[TipSample]:
    """The three lowest tips of the block.

    Not counted are tips below 2 wei and what the block's own fee recipient sent,
    which say nothing about what others must pay.
    """
    _check(block, ("block",))
    header = block.value.header
    ascending = sorted(
        ((_tip(transaction, header), transaction) for transaction in block.value.body.transactions),
        key=lambda entry: entry[0],
    )
    found: list[int] = []
    for tip, transaction in ascending:
        if len(found) == _TIPS_PER_BLOCK:
            break
        if tip >= _LEAST_TIP and transaction.sender != header.coinbase:
            found.append(tip)
    return _sealed(TipSample(header, tuple(found)), block, "tip sample", "tips of the block")


def enough_samples(samples: Sequence[TipSample]) -> bool:
    """Whether consecutive samples, newest first, are what a suggestion is made from."""
    filled = sum(1 for sample in samples if sample.tips)
    return bool(samples) and (
        filled >= SAMPLED_BLOCKS
        or len(samples) >= SEARCHED_BLOCKS
        or samples[-1].header.number == 0
    )


def suggested_tip(samples: Sequence[Proven[TipSample]]) -> Proven[int]:
    """A tip in wei per gas that was enough lately, as of the newest block of ``samples``.

    The 60th percentile of the samples of the newest 20 blocks that have any,
    among the newest 40; at most 500 gwei, and 0.001 gwei where there is none.
    ``samples`` are of consecutive blocks, newest first.

    Raises `ProofError` where they are not, or are too few.
    """
    for sample in samples:
        _check(sample, ("tip sample",))
    if not enough_samples([sample.value for sample in samples]):
        raise ProofError("a suggested tip needs the samples of more blocks")
    for newer, older in pairwise(samples):
        if newer.value.header.parent_hash != older.claim.block_hash:
            raise ProofError("the samples are not of consecutive blocks")
        _same_chain(newer.claim, older.claim)
    filled = [sample for sample in samples if sample.value.tips][:SAMPLED_BLOCKS]
    paid = sorted(tip for sample in filled for tip in sample.value.tips)
    value = paid[(len(paid) - 1) * _PERCENTILE // 100] if paid else _SUGGESTED_WITHOUT_SAMPLE
    facts = (("blocks", len(filled)), ("tips", len(paid)), ("percentile", _PERCENTILE))
    rule = "a percentile of the lowest tips of recent blocks"
    because = Evidence(rule, facts, tuple(sample.because for sample in samples))
    return seal(min(value, _MOST_SUGGESTED), _claim(samples[0].claim, ("suggested tip",)), because)


def gas_price(header: Proven[Header], tip: Proven[int]) -> Proven[int]:
    """The block's base fee and a suggested tip together, in wei per gas.

    Raises `ProofError` where the tip was suggested for another block.
    """
    _check(header, ("header",))
    _check(tip, ("suggested tip",))
    if tip.claim != _claim(header.claim, ("suggested tip",)):
        raise ProofError("the tip was suggested as of another block")
    value = (header.value.base_fee_per_gas or 0) + tip.value
    rule = "the block's base fee and the suggested tip"
    because = Evidence(rule, (), (header.because, tip.because))
    return seal(value, _claim(header.claim, ("gas price",)), because)


def tips(block: Proven[Block], bare: Proven[tuple[Receipt, ...]]) -> Proven[BlockTips]:
    """What each transaction of a block paid to its fee recipient, by the gas it used.

    ``bare`` comes from `prove_receipts`. Raises `ProofError` where the two are
    not of one block.
    """
    _check(block, ("block",))
    if bare.claim != _claim(block.claim, ("receipts",)):
        raise ProofError("the receipts are not those of the block", got=bare.claim)
    header, paid, before = block.value.header, [], 0
    for transaction, receipt in zip(block.value.body.transactions, bare.value, strict=True):
        paid.append((_tip(transaction, header), receipt.cumulative_gas_used - before))
        before = receipt.cumulative_gas_used
    because = Evidence("tips by the gas used", (), (block.because, bare.because))
    value = BlockTips(header, tuple(sorted(paid)))
    return seal(value, _claim(block.claim, ("tips",)), because)


def fee_history_subject(count: int, percentiles: Sequence[float]) -> Subject:
    """What the claim of a `fee_history` is about."""
    return ("fee history", count, *[repr(float(percentile)) for percentile in percentiles])


def fee_history(
    headers: Sequence[Proven[Header]],
    schedule: Sequence[BlobBaseFee],
    *,
    before: Proven[Header] | None = None,
    percentiles: Sequence[float] = (),
    paid: Sequence[Proven[BlockTips]] = (),
) -> Proven[FeeHistory]:
    """The fees of consecutive blocks, oldest first, claimed at the newest.

    ``before`` is the parent of the oldest, which is needed from Cancun on;
    ``paid`` holds the `tips` of each block where ``percentiles`` are asked for.
    Raises `ProofError` where these do not belong together.
    """
    line = [*([] if before is None else [before]), *headers]
    for header in line:
        _check(header, ("header",))
    for parent, child in pairwise(line):
        if child.value.parent_hash != parent.value.hash:
            raise ProofError("a fee history is of consecutive blocks")
        _same_chain(parent.claim, child.claim)
    if not headers:
        raise ProofError("a fee history is of at least one block")
    values, newest = [header.value for header in headers], headers[-1]
    base_fees = [value.base_fee_per_gas or 0 for value in values]
    after = 0 if newest.value.base_fee_per_gas is None else base_fee.next_base_fee(newest.value)
    history = FeeHistory(
        oldest=values[0].number,
        base_fees=(*base_fees, after),
        gas_used_ratios=tuple(_ratio(value.gas_used, value.gas_limit) for value in values),
        rewards=_rewards(headers, percentiles, paid),
        blobs=_blob_fees(None if before is None else before.value, values, schedule),
    )
    facts = (("oldest", values[0].number), ("newest", newest.value.number))
    rule = "fees of consecutive blocks, as their headers and transactions state them"
    below = (newest.because, *[tip.because for tip in paid])
    claim = _claim(newest.claim, fee_history_subject(len(headers), percentiles))
    return seal(history, claim, Evidence(rule, facts, below))


def _rewards(
    headers: Sequence[Proven[Header]],
    percentiles: Sequence[float],
    paid: Sequence[Proven[BlockTips]],
) -> tuple[tuple[int, ...], ...] | None:
    if not percentiles:
        return None
    if len(paid) != len(headers):
        raise ProofError("rewards need the tips of each block")
    for header, block in zip(headers, paid, strict=True):
        _check(block, ("tips",))
        if (block.claim.chain_id, block.claim.block_hash) != (
            header.claim.chain_id,
            header.claim.block_hash,
        ):
            raise ProofError("the tips are not those of the block", got=block.claim)
    return tuple(tuple(block.value.at(p) for p in percentiles) for block in paid)


def _blob_fees(
    before: Header | None, headers: Sequence[Header], schedule: Sequence[BlobBaseFee]
) -> BlobFees | None:
    """None where the schedule does not explain a header: no figure rather than a wrong one."""
    fees: list[int] = []
    ratios: list[float] = []
    parent = before
    try:
        for header in headers:
            if header.excess_blob_gas is None:
                fee, ratio = 0, 0.0
            elif parent is None:
                return None
            else:
                fee = blob_fees.blob_base_fee(parent, header, schedule)
                limit = blob_fees.blob_gas_limit(header, schedule)
                ratio = _ratio(header.blob_gas_used or 0, limit)
            fees.append(fee)
            ratios.append(ratio)
            parent = header
        newest = headers[-1]
        blobs = newest.excess_blob_gas is not None
        fees.append(blob_fees.next_blob_base_fee(newest, schedule) if blobs else 0)
    except Unsupported:
        return None
    return BlobFees(tuple(fees), tuple(ratios))


def _tip(transaction: Transaction, header: Header) -> int:
    fee = header.base_fee_per_gas
    return transaction.effective_gas_price(fee) - (fee or 0)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _check(part: Proven[object], subject: Subject) -> None:
    if part.claim.subject != subject:
        raise ProofError(
            "not the part that this is derived from", expected=subject, got=part.claim.subject
        )


def _same_chain(one: Claim, other: Claim) -> None:
    if one.chain_id != other.chain_id:
        raise ProofError("the blocks are of two chains")


def _sealed(value: T, under: Proven[object], kind: str, rule: str) -> Proven[T]:
    facts = (("block_hash", under.claim.block_hash or b""),)
    return seal(value, _claim(under.claim, (kind,)), Evidence(rule, facts, (under.because,)))


def _claim(under: Claim, subject: Subject) -> Claim:
    return Claim(under.chain_id, under.block_hash, subject, under.finality)
