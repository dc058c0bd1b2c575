"""Blobs that come along with transactions, and stay beside the block that names them.

Specification: EIP-4844 and EIP-7594 (``Networking``).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.transaction_forms import decode_submission
from walkaway.proofs.execution.transactions import BlobTransaction, Transaction

__all__ = ["CarriedBlob", "decode_carried"]

_BLOBS_FROM_THE_END, _COMMITMENTS_FROM_THE_END = -3, -2
"""Where a wrapper of either version has them, its proofs last."""


@dataclass(frozen=True, slots=True)
class CarriedBlob:
    """A blob of 131,072 bytes, and its KZG commitment of 48."""

    blob: bytes
    commitment: bytes

    @property
    def versioned_hash(self) -> bytes:
        """The 32 bytes by which transactions name it."""
        return b"\x01" + sha256(self.commitment).digest()[1:]


def decode_carried(raw: bytes) -> tuple[Transaction, tuple[CarriedBlob, ...]]:
    """What `eth_sendRawTransaction` takes: a transaction, and the blobs that it brings.

    That the commitments are those of the blobs is their sender's word: nobody of this
    network samples blobs. Raises `ProofError` where they are not as many as the transaction
    names, or their commitments are others.
    """
    transaction = decode_submission(raw)
    if not isinstance(transaction, BlobTransaction) or transaction.encode() == raw:
        return transaction, ()
    wrapper = rlp.decode(raw[1:], max_bytes=len(raw))
    assert isinstance(wrapper, list)
    blobs, commitments = (
        _strings(wrapper[at]) for at in (_BLOBS_FROM_THE_END, _COMMITMENTS_FROM_THE_END)
    )
    return transaction, tuple(map(CarriedBlob, blobs, commitments))


def _strings(items: rlp.Item) -> list[bytes]:
    assert isinstance(items, list)
    return [item for item in items if isinstance(item, bytes)]
