"""Transactions of every type: their encoding, hash, signer and price.

Yellow Paper 4.3 and EIP-155 (type 0), EIP-2930 (1), EIP-1559 (2),
EIP-4844 (3), EIP-7702 (4); the envelope is EIP-2718. `transaction_forms`
reads them from RLP and JSON.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, TypeAlias

from walkaway.errors import ProofError
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.signatures import recover_address

__all__ = [
    "GAS_PER_BLOB",
    "AccessListEntry",
    "AccessListTransaction",
    "Authorization",
    "BlobTransaction",
    "FeeMarketTransaction",
    "LegacyTransaction",
    "SetCodeTransaction",
    "SignedTransaction",
    "Transaction",
]

GAS_PER_BLOB = 2**17
"""Blob gas that each blob takes (EIP-4844)."""


@dataclass(frozen=True, slots=True)
class AccessListEntry:
    """An address (20 bytes) and the storage keys (32 bytes each) declared for it."""

    address: bytes
    storage_keys: tuple[bytes, ...]

    def items(self) -> list[rlp.Encodable]:
        """The parts in the order of the RLP encoding."""
        return [self.address, self.storage_keys]


@dataclass(frozen=True, slots=True)
class Authorization:
    """Somebody's leave to run the code at ``address`` as theirs (EIP-7702)."""

    chain_id: int
    address: bytes
    nonce: int
    y_parity: int
    r: int
    s: int

    def items(self) -> list[rlp.Encodable]:
        """The parts in the order of the RLP encoding."""
        return [self.chain_id, self.address, self.nonce, self.y_parity, self.r, self.s]

    @property
    def authority(self) -> bytes:
        """The 20-byte address whose leave it is. Raises `ProofError` if nobody's can be."""
        digest = keccak256(b"\x05" + rlp.encode([self.chain_id, self.address, self.nonce]))
        return recover_address(digest, y_parity=self.y_parity, r=self.r, s=self.s)


@dataclass(frozen=True)
class SignedTransaction(ABC):
    """What all transactions have. ``value`` and prices are wei; ``gas_limit`` is gas.

    ``to`` is 20 bytes, or None where the transaction creates a contract.
    """

    type: ClassVar[int]

    nonce: int
    gas_limit: int
    to: bytes | None
    value: int
    data: bytes
    r: int
    s: int

    @abstractmethod
    def encode(self) -> bytes:
        """The canonical encoding: the leaf of the transactions trie, without blobs."""

    @abstractmethod
    def effective_gas_price(self, base_fee: int | None) -> int:
        """Wei paid per gas in a block of this base fee (None before London)."""

    @property
    @abstractmethod
    def signing_hash(self) -> bytes:
        """The 32-byte digest that the sender signed."""

    @property
    @abstractmethod
    def sender(self) -> bytes:
        """The 20-byte address of the signer. Raises `ProofError` if there can be none."""

    @cached_property
    def hash(self) -> bytes:
        """The 32-byte transaction hash: Keccak-256 of the encoding."""
        return keccak256(self.encode())

    @property
    def blob_gas(self) -> int:
        """Blob gas used (EIP-4844): zero but for blob transactions."""
        return 0


@dataclass(frozen=True)
class LegacyTransaction(SignedTransaction):
    """Type 0. ``v`` is 27 or 28, or holds the chain id as EIP-155 says."""

    type = 0

    gas_price: int
    v: int

    @property
    def chain_id(self) -> int | None:
        """The chain it is bound to, or None where it is valid on any."""
        return (self.v - 35) // 2 if self.v >= 35 else None

    def _unsigned(self) -> list[rlp.Encodable]:
        to = self.to or b""
        return [self.nonce, self.gas_price, self.gas_limit, to, self.value, self.data]

    def encode(self) -> bytes:
        """See `SignedTransaction`."""
        return rlp.encode([*self._unsigned(), self.v, self.r, self.s])

    @property
    def signing_hash(self) -> bytes:
        """See `SignedTransaction`; with the chain id where it is bound to one (EIP-155)."""
        bound = [] if self.chain_id is None else [self.chain_id, 0, 0]
        return keccak256(rlp.encode([*self._unsigned(), *bound]))

    @cached_property
    def sender(self) -> bytes:
        """See `SignedTransaction`; Frontier's unbound transactions may have a high ``s``."""
        unbound = self.chain_id is None
        return recover_address(
            self.signing_hash,
            y_parity=self.v - 27 if unbound else (self.v - 35) % 2,
            r=self.r,
            s=self.s,
            high_s=unbound,
        )

    def effective_gas_price(self, base_fee: int | None) -> int:
        """See `SignedTransaction`."""
        del base_fee
        return self.gas_price


@dataclass(frozen=True)
class _TypedTransaction(SignedTransaction):
    """What types 1 to 4 share (EIP-2718, EIP-2930)."""

    chain_id: int
    access_list: tuple[AccessListEntry, ...]
    y_parity: int

    @abstractmethod
    def _unsigned(self) -> list[rlp.Encodable]:
        """The fields that are signed, in the order of the RLP encoding."""

    def _access_items(self) -> list[rlp.Encodable]:
        return [entry.items() for entry in self.access_list]

    def encode(self) -> bytes:
        """See `SignedTransaction`."""
        items = [*self._unsigned(), self.y_parity, self.r, self.s]
        return bytes((self.type,)) + rlp.encode(items)

    @property
    def signing_hash(self) -> bytes:
        """See `SignedTransaction`."""
        return keccak256(bytes((self.type,)) + rlp.encode(self._unsigned()))

    @cached_property
    def sender(self) -> bytes:
        """See `SignedTransaction`."""
        return recover_address(self.signing_hash, y_parity=self.y_parity, r=self.r, s=self.s)


@dataclass(frozen=True)
class AccessListTransaction(_TypedTransaction):
    """Type 1 (EIP-2930)."""

    type = 1

    gas_price: int

    def _unsigned(self) -> list[rlp.Encodable]:
        return [
            self.chain_id,
            self.nonce,
            self.gas_price,
            self.gas_limit,
            self.to or b"",
            self.value,
            self.data,
            self._access_items(),
        ]

    def effective_gas_price(self, base_fee: int | None) -> int:
        """See `SignedTransaction`."""
        del base_fee
        return self.gas_price


@dataclass(frozen=True)
class FeeMarketTransaction(_TypedTransaction):
    """Type 2 (EIP-1559)."""

    type = 2

    max_priority_fee_per_gas: int
    max_fee_per_gas: int

    def _unsigned(self) -> list[rlp.Encodable]:
        return [
            self.chain_id,
            self.nonce,
            self.max_priority_fee_per_gas,
            self.max_fee_per_gas,
            self.gas_limit,
            self.to or b"",
            self.value,
            self.data,
            self._access_items(),
        ]

    def effective_gas_price(self, base_fee: int | None) -> int:
        """See `SignedTransaction`. Raises `ProofError` for a block without a base fee."""
        if base_fee is None:
            raise ProofError("a fee market transaction stands in a block without a base fee")
        return min(self.max_fee_per_gas, base_fee + self.max_priority_fee_per_gas)


@dataclass(frozen=True)
class BlobTransaction(FeeMarketTransaction):
    """Type 3 (EIP-4844). ``blob_versioned_hashes`` are 32 bytes each; ``to`` is never None."""

    type = 3

    max_fee_per_blob_gas: int
    blob_versioned_hashes: tuple[bytes, ...]

    def _unsigned(self) -> list[rlp.Encodable]:
        return [*super()._unsigned(), self.max_fee_per_blob_gas, self.blob_versioned_hashes]

    @property
    def blob_gas(self) -> int:
        """See `SignedTransaction`."""
        return GAS_PER_BLOB * len(self.blob_versioned_hashes)


@dataclass(frozen=True)
class SetCodeTransaction(FeeMarketTransaction):
    """Type 4 (EIP-7702). ``to`` is never None."""

    type = 4

    authorization_list: tuple[Authorization, ...]

    def _unsigned(self) -> list[rlp.Encodable]:
        return [*super()._unsigned(), [item.items() for item in self.authorization_list]]


Transaction: TypeAlias = (
    LegacyTransaction
    | AccessListTransaction
    | FeeMarketTransaction
    | BlobTransaction
    | SetCodeTransaction
)
"""A transaction of any known type."""
