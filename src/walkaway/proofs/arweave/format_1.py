"""Transactions of format 1, of the years before 2020: one signature over header and data.

``ar_tx.erl`` of the Arweave node (``signature_data_segment_v1``). The fields are signed run
together, with nothing that says where one ends: owner, target, data, quantity, reward, last
transaction, tags. So whoever passes a transaction on can move bytes between the data and
what stands beside them, under the same signature and id. Taken are only those that can
be read in one way: to nobody and of no quantity, as uploads are, with one place alone
where the data could end, and with data that could hold neither a recipient (under 32
bytes) nor an amount (a digit at the end). Their tags, which cannot be told apart either,
are not given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from walkaway.errors import ProofError, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs._seal import seal
from walkaway.proofs.arweave import rsa_pss
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.header import Header, read_header
from walkaway.proofs.arweave.transaction import transaction_subject
from walkaway.proofs.ipfs.block import NO_CHAIN
from walkaway.proofs.proven import Claim, Evidence, Finality, Proven

__all__ = ["OldTransaction", "prove_format_1"]

_TARGET_BYTES: Final = 32
_DATA_END: Final = re.compile(rb"(?=0[1-9])")
"""A quantity of nothing, and a reward of something, begin."""
_LONGEST_TAIL: Final = 1 + 21 + 48 + LIMITS.arweave_header_tag_bytes
"""Quantity 0, 21 digits of a reward, a last transaction, and tags."""


@dataclass(frozen=True, slots=True)
class OldTransaction:
    """A transaction of format 1 whose signature holds, and its data."""

    id: ArweaveId
    owner: bytes
    data: bytes


def prove_format_1(transaction_id: ArweaveId, header: bytes, data: bytes) -> Proven[OldTransaction]:
    """Prove a transaction of format 1 from its header, JSON as gateways give it, and its data.

    What the header itself holds as data is passed over. Raises `ProofError`; `Unsupported`
    where the signature does not say where the data begin or end, and for other formats.
    """
    if len(data) > LIMITS.arweave_format_1_bytes:
        raise ProofError(f"data are over {LIMITS.arweave_format_1_bytes} bytes", got=len(data))
    read = read_header(header)
    transaction_id.hold(read.signature)
    if read.format != 1 or read.denomination:
        raise Unsupported("a transaction is not of format 1, or of a denomination later than it")
    tail = _tail(read)
    rsa_pss.verify(read.owner, read.owner + read.target + data + tail, read.signature)
    _check_one_reading(read, data, tail)
    return _sealed(OldTransaction(transaction_id, read.owner, data))


def _tail(header: Header) -> bytes:
    """What is signed behind the data."""
    tags = b"".join(tag.name + tag.value for tag in header.tags)
    return b"%d%d" % (header.quantity, header.reward) + header.last_tx + tags


def _check_one_reading(header: Header, data: bytes, tail: bytes) -> None:
    if header.target or header.quantity or not header.reward:
        raise Unsupported(
            "the data of a transaction of format 1 that pays somebody cannot be told from the rest"
        )
    ends = _DATA_END.findall((data + tail)[-_LONGEST_TAIL:])
    if len(ends) != 1:
        raise Unsupported(
            f"the data of a transaction of format 1 could end at {len(ends)} places "
            "under its signature"
        )
    # Who sent it to somebody signed the same bytes, the recipient before the data and the
    # amount behind them.
    if len(data) >= _TARGET_BYTES or data[-1:].isdigit():
        raise Unsupported(
            "the data of a transaction of format 1 cannot be told from a recipient or an amount"
        )


def _sealed(transaction: OldTransaction) -> Proven[OldTransaction]:
    return seal(
        transaction,
        Claim(NO_CHAIN, None, transaction_subject(transaction.id), Finality.GIVEN),
        Evidence(
            "the owner's key signed header and data run together, which read in one way only, "
            "and the id is the hash of that signature",
            (("owner", transaction.owner), ("bytes", len(transaction.data))),
            (Evidence("Arweave id that was asked for", (("id", str(transaction.id)),)),),
        ),
    )
