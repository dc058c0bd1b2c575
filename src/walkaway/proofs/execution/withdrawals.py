"""Withdrawals from the beacon chain, as execution blocks list them (EIP-4895)."""

from __future__ import annotations

from dataclasses import dataclass

from walkaway.limits import LIMITS
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.fields import Fields, JsonFields, read_rlp

__all__ = ["Withdrawal", "decode_withdrawal", "read_withdrawal", "withdrawal_from_json"]


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """One withdrawal. ``address`` is 20 bytes; ``amount`` is gwei."""

    index: int
    validator_index: int
    address: bytes
    amount: int

    def encode(self) -> bytes:
        """The leaf of the withdrawals trie: RLP."""
        return rlp.encode([self.index, self.validator_index, self.address, self.amount])


def decode_withdrawal(data: bytes) -> Withdrawal:
    """Read a withdrawal from its RLP encoding. Raises `ProofError`."""
    return read_rlp(data, "withdrawal", read_withdrawal, LIMITS.header_bytes)


def withdrawal_from_json(value: object) -> Withdrawal:
    """Read a withdrawal from a JSON-RPC block object's list. Raises `ProofError`."""
    return read_withdrawal(JsonFields(value, "withdrawal"))


def read_withdrawal(fields: Fields) -> Withdrawal:
    """Read a withdrawal's fields, from either form."""
    return Withdrawal(
        index=fields.integer("index", bits=64),
        validator_index=fields.integer("validatorIndex", bits=64),
        address=fields.fixed("address", 20),
        amount=fields.integer("amount", bits=64),
    )
