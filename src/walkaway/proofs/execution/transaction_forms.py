"""Transactions as they arrive: in a block, from JSON-RPC, or sent by a wallet.

`decode_transaction` reads the canonical form (EIP-2718). A wallet sends a
blob transaction together with its blobs; `decode_submission` unwraps that
(EIP-4844 and EIP-7594, "Networking") and gives the transaction inside, whose
hash is the one that counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.fields import (
    Fields,
    JsonFields,
    RlpFields,
    hex_integer,
    json_object,
    read_item,
    read_rlp,
)
from walkaway.proofs.execution.transactions import (
    AccessListEntry,
    AccessListTransaction,
    Authorization,
    BlobTransaction,
    FeeMarketTransaction,
    LegacyTransaction,
    SetCodeTransaction,
    Transaction,
)

__all__ = ["decode_submission", "decode_transaction", "transaction_from_json"]

_LIMIT = LIMITS.transaction_bytes
_FIRST_LIST_BYTE = 0xC0

_BYTES_PER_BLOB = 4096 * 32
_BYTES_PER_COMMITMENT = _BYTES_PER_PROOF = 48
_CELLS_PER_EXT_BLOB = 128
_VERSIONED_HASH_VERSION_KZG = b"\x01"
_CELL_PROOFS_WRAPPER = 1


def decode_transaction(data: bytes) -> Transaction:
    """Read a transaction from its canonical encoding. Raises `ProofError`."""
    if data[:1] >= bytes((_FIRST_LIST_BYTE,)):
        return read_rlp(data, "transaction", _read_legacy, _LIMIT)
    read = _reader(int.from_bytes(data[:1], "big"))
    return read_rlp(data[1:], "transaction", read, _LIMIT)


def transaction_from_json(value: object) -> Transaction:
    """Read a transaction from a JSON-RPC object that nobody vouches for.

    An absent ``type`` means type 0. The stated hash and sender are never
    looked at. Raises `ProofError`.
    """
    stated = json_object(value, "transaction").get("type")
    kind = 0 if stated is None else hex_integer(stated, "type", bits=8)
    return (_reader(kind) if kind else _read_legacy)(JsonFields(value, "transaction"))


def decode_submission(data: bytes) -> Transaction:
    """Read what `eth_sendRawTransaction` takes. Raises `ProofError`.

    Blobs, where they come along, must be as many as the transaction names, and
    each commitment must hash to the name; the KZG proofs are left to the nodes
    that receive them.
    """
    if data[:1] != bytes((BlobTransaction.type,)):
        return decode_transaction(data)
    wrapper = rlp.decode(data[1:], max_bytes=_LIMIT)
    if not isinstance(wrapper, list) or not wrapper or not isinstance(wrapper[0], list):
        return decode_transaction(data)
    transaction = read_item(wrapper[0], "transaction", _read_blob)
    _check_blobs(RlpFields(wrapper[1:], "blob wrapper"), len(wrapper), transaction)
    return transaction


def _check_blobs(fields: RlpFields, parts: int, transaction: BlobTransaction) -> None:
    names = transaction.blob_versioned_hashes
    proofs_per_blob = 1
    if parts == 5:
        proofs_per_blob = _CELLS_PER_EXT_BLOB
        if fields.integer("wrapper_version", bits=8) != _CELL_PROOFS_WRAPPER:
            raise ProofError("the blob wrapper's version is not known")
    blobs = fields.fixed_list("blobs", _BYTES_PER_BLOB, len(names))
    commitments = fields.fixed_list("commitments", _BYTES_PER_COMMITMENT, len(names))
    proofs = fields.fixed_list("proofs", _BYTES_PER_PROOF, len(names) * proofs_per_blob)
    fields.finish()
    if len(blobs) != len(names) or len(proofs) != len(names) * proofs_per_blob:
        raise ProofError("the blob wrapper lacks blobs or proofs that the transaction needs")
    if tuple(_versioned_hash(commitment) for commitment in commitments) != names:
        raise ProofError("the blob wrapper's commitments are not those of the transaction")


def _versioned_hash(commitment: bytes) -> bytes:
    return _VERSIONED_HASH_VERSION_KZG + hashlib.sha256(commitment).digest()[1:]


def _reader(kind: int) -> Callable[[Fields], Transaction]:
    read = _TYPED_READERS.get(kind)
    if read is None:
        raise ProofError(f"transaction type {kind} is not known")
    return read


def _read_legacy(fields: Fields) -> LegacyTransaction:
    return LegacyTransaction(
        nonce=fields.integer("nonce", bits=64),
        gas_price=fields.integer("gasPrice", bits=256),
        gas_limit=fields.integer("gas", bits=64),
        to=fields.fixed_or_empty("to", 20),
        value=fields.integer("value", bits=256),
        data=_data(fields),
        v=fields.integer("v", bits=256),
        r=fields.integer("r", bits=256),
        s=fields.integer("s", bits=256),
    )


def _read_access_list(fields: Fields) -> AccessListTransaction:
    return AccessListTransaction(
        chain_id=_chain_id(fields),
        nonce=fields.integer("nonce", bits=64),
        gas_price=fields.integer("gasPrice", bits=256),
        gas_limit=fields.integer("gas", bits=64),
        to=fields.fixed_or_empty("to", 20),
        value=fields.integer("value", bits=256),
        data=_data(fields),
        access_list=_access_list(fields),
        y_parity=_y_parity(fields),
        r=fields.integer("r", bits=256),
        s=fields.integer("s", bits=256),
    )


def _read_fee_market(fields: Fields) -> FeeMarketTransaction:
    return FeeMarketTransaction(
        chain_id=_chain_id(fields),
        nonce=fields.integer("nonce", bits=64),
        max_priority_fee_per_gas=fields.integer("maxPriorityFeePerGas", bits=256),
        max_fee_per_gas=fields.integer("maxFeePerGas", bits=256),
        gas_limit=fields.integer("gas", bits=64),
        to=fields.fixed_or_empty("to", 20),
        value=fields.integer("value", bits=256),
        data=_data(fields),
        access_list=_access_list(fields),
        y_parity=_y_parity(fields),
        r=fields.integer("r", bits=256),
        s=fields.integer("s", bits=256),
    )


def _read_blob(fields: Fields) -> BlobTransaction:
    return BlobTransaction(
        chain_id=_chain_id(fields),
        nonce=fields.integer("nonce", bits=64),
        max_priority_fee_per_gas=fields.integer("maxPriorityFeePerGas", bits=256),
        max_fee_per_gas=fields.integer("maxFeePerGas", bits=256),
        gas_limit=fields.integer("gas", bits=64),
        to=fields.fixed("to", 20),
        value=fields.integer("value", bits=256),
        data=_data(fields),
        access_list=_access_list(fields),
        max_fee_per_blob_gas=fields.integer("maxFeePerBlobGas", bits=256),
        blob_versioned_hashes=fields.fixed_list("blobVersionedHashes", 32, _LIMIT),
        y_parity=_y_parity(fields),
        r=fields.integer("r", bits=256),
        s=fields.integer("s", bits=256),
    )


def _read_set_code(fields: Fields) -> SetCodeTransaction:
    return SetCodeTransaction(
        chain_id=_chain_id(fields),
        nonce=fields.integer("nonce", bits=64),
        max_priority_fee_per_gas=fields.integer("maxPriorityFeePerGas", bits=256),
        max_fee_per_gas=fields.integer("maxFeePerGas", bits=256),
        gas_limit=fields.integer("gas", bits=64),
        to=fields.fixed("to", 20),
        value=fields.integer("value", bits=256),
        data=_data(fields),
        access_list=_access_list(fields),
        authorization_list=fields.records("authorizationList", _read_authorization, _LIMIT),
        y_parity=_y_parity(fields),
        r=fields.integer("r", bits=256),
        s=fields.integer("s", bits=256),
    )


_TYPED_READERS: Mapping[int, Callable[[Fields], Transaction]] = {
    AccessListTransaction.type: _read_access_list,
    FeeMarketTransaction.type: _read_fee_market,
    BlobTransaction.type: _read_blob,
    SetCodeTransaction.type: _read_set_code,
}


def _chain_id(fields: Fields) -> int:
    return fields.integer("chainId", bits=256)


def _data(fields: Fields) -> bytes:
    return fields.data("input", _LIMIT)


def _y_parity(fields: Fields) -> int:
    return fields.integer("yParity", "v", bits=8)


def _access_list(fields: Fields) -> tuple[AccessListEntry, ...]:
    return fields.records("accessList", _read_access_list_entry, _LIMIT)


def _read_access_list_entry(fields: Fields) -> AccessListEntry:
    return AccessListEntry(
        address=fields.fixed("address", 20),
        storage_keys=fields.fixed_list("storageKeys", 32, _LIMIT),
    )


def _read_authorization(fields: Fields) -> Authorization:
    return Authorization(
        chain_id=_chain_id(fields),
        address=fields.fixed("address", 20),
        nonce=fields.integer("nonce", bits=64),
        y_parity=_y_parity(fields),
        r=fields.integer("r", bits=256),
        s=fields.integer("s", bits=256),
    )
