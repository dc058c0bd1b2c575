"""Receipts and logs: their encoding and their bloom filter.

Yellow Paper 4.3.1 and 4.4.1; EIP-658 put a status where Frontier had the
state root after the transaction; the typed envelope is EIP-2718. The bloom
is always computed from the logs; one that a source states must equal it or
is never looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.fields import (
    Fields,
    JsonFields,
    hex_integer,
    json_object,
    read_rlp,
)
from walkaway.proofs.execution.keccak import keccak256

__all__ = ["Log", "Receipt", "bloom_bits", "decode_receipt", "logs_bloom", "receipt_from_json"]

_BLOOM_BYTES = 256
_FIRST_LIST_BYTE = 0xC0
_LAST_TYPE = 4


@dataclass(frozen=True, slots=True)
class Log:
    """One event. ``address`` is 20 bytes; up to four ``topics`` of 32 bytes each."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes

    def items(self) -> list[rlp.Encodable]:
        """The parts in the order of the RLP encoding."""
        return [self.address, self.topics, self.data]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The outcome of one transaction, as the receipts trie holds it.

    ``outcome`` is whether it succeeded, or, before Byzantium, the 32-byte state
    root after it. ``cumulative_gas_used`` counts from the block's beginning.
    """

    type: int
    outcome: bool | bytes
    cumulative_gas_used: int
    logs: tuple[Log, ...]

    @property
    def succeeded(self) -> bool | None:
        """Whether the transaction succeeded; None before Byzantium, when nobody wrote it down."""
        return self.outcome if isinstance(self.outcome, bool) else None

    @property
    def bloom(self) -> bytes:
        """The 256-byte bloom filter over the logs."""
        return logs_bloom(self.logs)

    def encode(self) -> bytes:
        """The leaf of the receipts trie."""
        outcome = int(self.outcome) if isinstance(self.outcome, bool) else self.outcome
        logs = [log.items() for log in self.logs]
        content = rlp.encode([outcome, self.cumulative_gas_used, self.bloom, logs])
        return bytes((self.type,)) + content if self.type else content


def logs_bloom(logs: Iterable[Log]) -> bytes:
    """The 256-byte bloom filter over addresses and topics (Yellow Paper 4.3.1, M)."""
    bits = 0
    for log in logs:
        bits |= bloom_bits(log.address)
        for topic in log.topics:
            bits |= bloom_bits(topic)
    return bits.to_bytes(_BLOOM_BYTES, "big")


@lru_cache(maxsize=4096)
def bloom_bits(entry: bytes) -> int:
    """What an address or a topic sets in a bloom filter, as a number of 2,048 bits.

    Three bits, each named by eleven bits of the hash's first three pairs of bytes.
    """
    digest = keccak256(entry)
    bits = 0
    for pair in (0, 2, 4):
        bits |= 1 << (int.from_bytes(digest[pair : pair + 2], "big") & 0x7FF)
    return bits


def decode_receipt(data: bytes) -> Receipt:
    """Read a receipt from its canonical encoding. Raises `ProofError`."""
    kind = 0
    if data[:1] < bytes((_FIRST_LIST_BYTE,)):
        kind, data = _known_type(int.from_bytes(data[:1], "big")), data[1:]
        if not kind:
            raise ProofError("a receipt of type 0 has no type byte")

    def read(fields: Fields) -> tuple[Receipt, bytes]:
        outcome = _outcome(fields.data("status", 32))
        gas = fields.integer("cumulativeGasUsed", bits=64)
        bloom = fields.fixed("logsBloom", _BLOOM_BYTES)
        return Receipt(kind, outcome, gas, _read_logs(fields)), bloom

    receipt, bloom = read_rlp(data, "receipt", read, LIMITS.rlp_item_bytes)
    if receipt.bloom != bloom:
        raise ProofError("a receipt's bloom is not that of its logs", commitment="logs bloom")
    return receipt


def receipt_from_json(value: object) -> Receipt:
    """Read a receipt from a JSON-RPC object that nobody vouches for.

    Only what the receipts trie holds is read; the rest (gas used, contract
    address, log indexes, ...) is derived later. Raises `ProofError`.
    """
    fields = JsonFields(value, "receipt")
    stated = json_object(value, "receipt").get("type")
    return Receipt(
        type=0 if stated is None else _known_type(hex_integer(stated, "type", bits=8)),
        outcome=_json_outcome(fields),
        cumulative_gas_used=fields.integer("cumulativeGasUsed", bits=64),
        logs=_read_logs(fields),
    )


def _json_outcome(fields: JsonFields) -> bool | bytes:
    if fields.has("status"):
        return bool(fields.integer("status", bits=1))
    return fields.fixed("root", 32)


def _outcome(field: bytes) -> bool | bytes:
    if len(field) == 32:
        return field
    if field not in {b"", b"\1"}:
        raise ProofError("a receipt's status is neither 0, 1 nor a state root", got=field)
    return bool(field)


def _known_type(kind: int) -> int:
    if kind > _LAST_TYPE:
        raise ProofError(f"receipt type {kind} is not known")
    return kind


def _read_logs(fields: Fields) -> tuple[Log, ...]:
    return fields.records("logs", _read_log, LIMITS.receipt_logs)


def _read_log(fields: Fields) -> Log:
    return Log(
        address=fields.fixed("address", 20),
        topics=fields.fixed_list("topics", 32, LIMITS.log_topics),
        data=fields.data("data", LIMITS.rlp_item_bytes),
    )
