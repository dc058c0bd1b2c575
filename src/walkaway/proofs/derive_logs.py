"""Which logs of a block, or of a line of blocks, a filter means: all of them, always.

A log that was left out is found out as surely as one that was made up, since
of each block one of three things is shown: its header's bloom filter leaves no
room for a match, or its receipts, proven whole, hold none, or they and the
whole block yield the matches. For a range, the blocks are shown to be a line
without gaps, each the parent of the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from walkaway.errors import ProofError
from walkaway.proofs._seal import seal
from walkaway.proofs.execution.blocks import Block
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.log_filter import LogFilter
from walkaway.proofs.execution.receipts import Log, Receipt
from walkaway.proofs.proven import Claim, Evidence, Finality, Proven, Subject

__all__ = [
    "BlockLogs",
    "IncludedLog",
    "logs",
    "logs_in_line",
    "logs_subject",
    "no_logs_by_bloom",
    "no_logs_in_receipts",
]


@dataclass(frozen=True, slots=True)
class IncludedLog:
    """A log where it stands. ``index`` counts the logs from the block's beginning."""

    log: Log
    header: Header
    transaction_hash: bytes
    transaction_index: int
    index: int


@dataclass(frozen=True, slots=True)
class BlockLogs:
    """All logs of one block that a filter means, in order."""

    header: Header
    logs: tuple[IncludedLog, ...]


def logs_subject(wanted: LogFilter, line: tuple[int, int] | None = None) -> Subject:
    """What a claim about logs is about: of one block, or of a line from one number to another."""
    return ("logs", wanted.digest, *(line or ()))


def no_logs_by_bloom(header: Proven[Header], wanted: LogFilter) -> Proven[BlockLogs]:
    """None: the header's bloom filter excludes them. Raises `ProofError` where it does not."""
    if header.claim.subject != ("header",):
        raise ProofError("a bloom filter is a header's", got=header.claim.subject)
    if wanted.may_match(header.value.logs_bloom):
        raise ProofError("the bloom filter does not exclude the logs", commitment="logs bloom")
    rule = "the header's bloom filter leaves no room for the logs"
    return _sealed(header.claim, BlockLogs(header.value, ()), wanted, rule, (header.because,))


def no_logs_in_receipts(
    header: Proven[Header], receipts: Proven[tuple[Receipt, ...]], wanted: LogFilter
) -> Proven[BlockLogs]:
    """None: the block's receipts, all of them, hold none. Raises `ProofError` where they do."""
    _check_of_block("header", header.claim, receipts.claim)
    if any(wanted.matches(log) for receipt in receipts.value for log in receipt.logs):
        raise ProofError("the receipts hold logs that the filter means")
    rule = "none of the block's receipts holds such a log"
    return _sealed(header.claim, BlockLogs(header.value, ()), wanted, rule, (receipts.because,))


def logs(
    block: Proven[Block], receipts: Proven[tuple[Receipt, ...]], wanted: LogFilter
) -> Proven[BlockLogs]:
    """All logs of a block that the filter means.

    Raises `ProofError` where the receipts are not those of the block.
    """
    _check_of_block("block", block.claim, receipts.claim)
    transactions = block.value.body.transactions
    if [t.type for t in transactions] != [receipt.type for receipt in receipts.value]:
        raise ProofError("the block's receipts do not match its transactions")
    found: list[IncludedLog] = []
    position = 0
    for index, (transaction, receipt) in enumerate(zip(transactions, receipts.value, strict=True)):
        for log in receipt.logs:
            if wanted.matches(log):
                place = (block.value.header, transaction.hash, index, position)
                found.append(IncludedLog(log, *place))
            position += 1
    rule = "logs of all receipts, joined with the transactions of their block"
    because = (block.because, receipts.because)
    return _sealed(block.claim, BlockLogs(block.value.header, tuple(found)), wanted, rule, because)


def logs_in_line(
    blocks: Sequence[Proven[BlockLogs]], wanted: LogFilter
) -> Proven[tuple[IncludedLog, ...]]:
    """All logs of a line of blocks, oldest first, that the filter means.

    The claim is on the newest block, and as firm as the least firm of them.
    Raises `ProofError` where there is no block, where a part is of another
    filter or chain, or where a block is not the next one's parent.
    """
    if not blocks:
        raise ProofError("a line of no blocks")
    newest = blocks[-1]
    for part in blocks:
        expected = (newest.claim.chain_id, logs_subject(wanted))
        if (part.claim.chain_id, part.claim.subject) != expected:
            raise ProofError("a part of the line is another question's", got=part.claim)
    for parent, child in pairwise(blocks):
        if child.value.header.parent_hash != parent.value.header.hash:
            raise ProofError(
                "the blocks are no line: one is not the parent of the next",
                expected=child.value.header.parent_hash,
                got=parent.value.header.hash,
            )
    found = tuple(log for part in blocks for log in part.value.logs)
    ends = (blocks[0].value.header.number, newest.value.header.number)
    claim = Claim(
        newest.claim.chain_id,
        newest.claim.block_hash,
        logs_subject(wanted, ends),
        _least_firm([part.claim.finality for part in blocks]),
    )
    # The evidence keeps both ends and what holds logs; the line itself shows those between.
    kept = [p for p in reversed(blocks) if p.value.logs or p is newest or p is blocks[0]]
    facts = (
        ("first", ends[0]),
        ("last", ends[1]),
        ("logs", len(found)),
        ("blocks_without_logs_not_shown", len(blocks) - len(kept)),
    )
    rule = "every block of the line shown whole or excluded by its bloom filter"
    return seal(found, claim, Evidence(rule, facts, tuple(part.because for part in kept)))


_FIRMNESS = (Finality.GIVEN, Finality.OPTIMISTIC, Finality.FINALIZED)


def _least_firm(found: Sequence[Finality]) -> Finality:
    return min(found, key=_FIRMNESS.index)


def _check_of_block(kind: str, block: Claim, receipts: Claim) -> None:
    """The claims must be of one block: a header or a whole block, and its receipts."""
    if block.subject != (kind,):
        raise ProofError(f"logs are derived from a {kind}", got=block.subject)
    if receipts.subject != ("receipts",) or (receipts.chain_id, receipts.block_hash) != (
        block.chain_id,
        block.block_hash,
    ):
        raise ProofError("the receipts are not those of the block", got=receipts)


def _sealed(
    under: Claim,
    found: BlockLogs,
    wanted: LogFilter,
    rule: str,
    below: tuple[Evidence, ...],
) -> Proven[BlockLogs]:
    claim = Claim(under.chain_id, under.block_hash, logs_subject(wanted), under.finality)
    header = found.header
    facts = (("number", header.number), ("block_hash", header.hash), ("logs", len(found.logs)))
    return seal(found, claim, Evidence(rule, facts, below))
