"""Block headers of every fork, and the hash that names them.

Yellow Paper 4.4.3; later fields: EIP-1559, 4895, 4844, 4788, 7685, 7928, 7843.
The hash is always computed from the fields; a ``hash`` that a source states
is never looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.fields import Fields, JsonFields, read_rlp
from walkaway.proofs.execution.keccak import keccak256

__all__ = ["EMPTY_OMMERS_HASH", "Header", "decode_header", "header_from_json", "read_header"]

EMPTY_OMMERS_HASH = keccak256(rlp.encode([]))
"""The ommers hash of a block without ommers: every block since the Merge."""


@dataclass(frozen=True)
class Header:
    """One block header. Hashes and roots are 32 bytes, big-endian; gas prices are wei.

    Fields that a later fork added are None before it. They are encoded in the
    order given here, so none may be set behind one that is None.
    """

    parent_hash: bytes
    ommers_hash: bytes
    coinbase: bytes
    """Who receives the priority fees: 20 bytes (JSON-RPC calls it ``miner``)."""
    state_root: bytes
    transactions_root: bytes
    receipts_root: bytes
    logs_bloom: bytes
    """256 bytes."""
    difficulty: int
    number: int
    gas_limit: int
    gas_used: int
    timestamp: int
    """Seconds since the Unix epoch."""
    extra_data: bytes
    prev_randao: bytes
    """32 bytes; the ``mixHash`` of proof of work."""
    nonce: bytes
    """8 bytes."""
    base_fee_per_gas: int | None = None
    """Since London (EIP-1559)."""
    withdrawals_root: bytes | None = None
    """Since Shanghai (EIP-4895)."""
    blob_gas_used: int | None = None
    """Since Cancun (EIP-4844), as are the next (EIP-4844) and the one after (EIP-4788)."""
    excess_blob_gas: int | None = None
    parent_beacon_block_root: bytes | None = None
    requests_hash: bytes | None = None
    """Since Prague (EIP-7685)."""
    block_access_list_hash: bytes | None = None
    """Since Amsterdam (EIP-7928), as is the next (EIP-7843)."""
    slot_number: int | None = None

    def rlp(self) -> bytes:
        """The canonical encoding. Raises `ProofError` when a field is set behind a None."""
        items: list[bytes | int] = [
            self.parent_hash,
            self.ommers_hash,
            self.coinbase,
            self.state_root,
            self.transactions_root,
            self.receipts_root,
            self.logs_bloom,
            self.difficulty,
            self.number,
            self.gas_limit,
            self.gas_used,
            self.timestamp,
            self.extra_data,
            self.prev_randao,
            self.nonce,
        ]
        added = [
            self.base_fee_per_gas,
            self.withdrawals_root,
            self.blob_gas_used,
            self.excess_blob_gas,
            self.parent_beacon_block_root,
            self.requests_hash,
            self.block_access_list_hash,
            self.slot_number,
        ]
        present = [item for item in added if item is not None]
        if any(item is None for item in added[: len(present)]):
            raise ProofError("a header lacks a field that an earlier fork added")
        return rlp.encode(items + present)

    @cached_property
    def hash(self) -> bytes:
        """The 32-byte block hash: Keccak-256 of the encoding."""
        return keccak256(self.rlp())


def decode_header(data: bytes) -> Header:
    """Read a header from its RLP encoding. Raises `ProofError`."""
    return read_rlp(data, "header", read_header, LIMITS.header_bytes)


def header_from_json(block: object) -> Header:
    """Rebuild a header from a JSON-RPC block object that nobody vouches for.

    Raises `ProofError` for what is malformed. What comes back is only a claim
    until its ``hash`` is held against one that is proven.
    """
    header = read_header(JsonFields(block, "block"))
    header.rlp()
    return header


def read_header(fields: Fields) -> Header:
    """Read a header's fields, from either form."""
    return Header(
        parent_hash=fields.fixed("parentHash", 32),
        ommers_hash=fields.fixed("sha3Uncles", 32),
        coinbase=fields.fixed("miner", 20),
        state_root=fields.fixed("stateRoot", 32),
        transactions_root=fields.fixed("transactionsRoot", 32),
        receipts_root=fields.fixed("receiptsRoot", 32),
        logs_bloom=fields.fixed("logsBloom", 256),
        difficulty=fields.integer("difficulty", bits=256),
        number=fields.integer("number", bits=64),
        gas_limit=fields.integer("gasLimit", bits=64),
        gas_used=fields.integer("gasUsed", bits=64),
        timestamp=fields.integer("timestamp", bits=64),
        extra_data=fields.data("extraData", LIMITS.header_bytes),
        prev_randao=fields.fixed("mixHash", 32),
        nonce=fields.fixed("nonce", 8),
        base_fee_per_gas=_added_integer(fields, "baseFeePerGas", 256),
        withdrawals_root=_added_hash(fields, "withdrawalsRoot"),
        blob_gas_used=_added_integer(fields, "blobGasUsed", 64),
        excess_blob_gas=_added_integer(fields, "excessBlobGas", 64),
        parent_beacon_block_root=_added_hash(fields, "parentBeaconBlockRoot"),
        requests_hash=_added_hash(fields, "requestsHash"),
        block_access_list_hash=_added_hash(fields, "blockAccessListHash"),
        slot_number=_added_integer(fields, "slotNumber", 64),
    )


def _added_integer(fields: Fields, name: str, bits: int) -> int | None:
    return fields.integer(name, bits=bits) if fields.has(name) else None


def _added_hash(fields: Fields, name: str) -> bytes | None:
    return fields.fixed(name, 32) if fields.has(name) else None
