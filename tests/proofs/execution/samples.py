"""Structures to prove things about: made at random, signed with throw-away keys, as JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from coincurve import PrivateKey
from hypothesis import strategies as st

from walkaway.proofs import Claim, Evidence, Finality, Proven
from walkaway.proofs._seal import seal
from walkaway.proofs.execution.ancestry import header_from_given_hash
from walkaway.proofs.execution.header import EMPTY_OMMERS_HASH, Header
from walkaway.proofs.execution.receipts import Log, Receipt
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
from walkaway.proofs.execution.trie import EMPTY_ROOT
from walkaway.proofs.execution.withdrawals import Withdrawal

T = TypeVar("T")
Unsigned = TypeVar("Unsigned", bound=Transaction)

CHAIN_ID = 31337


def uints(bits: int) -> st.SearchStrategy[int]:
    """Unsigned integers, small ones often."""
    return st.integers(0, 300) | st.integers(0, 2**bits - 1)


def sized(size: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


ADDRESSES = sized(20)
HASHES = sized(32)
DATA = st.binary(max_size=80)

ACCESS_LISTS = st.lists(
    st.builds(AccessListEntry, ADDRESSES, st.lists(HASHES, max_size=2).map(tuple)), max_size=2
).map(tuple)
AUTHORIZATIONS = st.lists(
    st.builds(
        Authorization,
        chain_id=uints(64),
        address=ADDRESSES,
        nonce=uints(64),
        y_parity=st.integers(0, 1),
        r=uints(256),
        s=uints(256),
    ),
    max_size=2,
).map(tuple)

COMMON = {
    "nonce": uints(64),
    "gas_limit": uints(64),
    "value": uints(256),
    "data": DATA,
    "r": st.just(1),
    "s": st.just(1),
}
TYPED = COMMON | {
    "chain_id": uints(64),
    "access_list": ACCESS_LISTS,
    "y_parity": st.just(0),
}
MARKET = TYPED | {"max_priority_fee_per_gas": uints(256), "max_fee_per_gas": uints(256)}
ANY_TO = {"to": st.none() | ADDRESSES}
SOME_TO = {"to": ADDRESSES}

UNSIGNED: st.SearchStrategy[Transaction] = st.one_of(
    st.builds(
        LegacyTransaction, **COMMON, **ANY_TO, gas_price=uints(256), v=st.sampled_from([27, 37])
    ),
    st.builds(AccessListTransaction, **TYPED, **ANY_TO, gas_price=uints(256)),
    st.builds(FeeMarketTransaction, **MARKET, **ANY_TO),
    st.builds(
        BlobTransaction,
        **MARKET,
        **SOME_TO,
        max_fee_per_blob_gas=uints(256),
        blob_versioned_hashes=st.lists(HASHES, min_size=1, max_size=3).map(tuple),
    ),
    st.builds(SetCodeTransaction, **MARKET, **SOME_TO, authorization_list=AUTHORIZATIONS),
)


def sign(transaction: Unsigned, key: PrivateKey) -> Unsigned:
    """The transaction, signed by ``key``."""
    signature = key.sign_recoverable(transaction.signing_hash, hasher=None)
    r, s = (int.from_bytes(signature[at : at + 32], "big") for at in (0, 32))
    parity: dict[str, Any] = {"y_parity": signature[64]}
    if isinstance(transaction, LegacyTransaction):
        parity = {"v": transaction.v - (transaction.v + 1) % 2 + signature[64]}
    return replace(transaction, r=r, s=s, **parity)


KEYS = st.integers(1, 2**128).map(PrivateKey.from_int)
TRANSACTIONS: st.SearchStrategy[Transaction] = st.builds(sign, UNSIGNED, KEYS)

LOGS = st.builds(Log, ADDRESSES, st.lists(HASHES, max_size=4).map(tuple), DATA)
RECEIPTS = st.builds(
    Receipt,
    type=st.integers(0, 4),
    outcome=st.booleans() | HASHES,
    cumulative_gas_used=uints(64),
    logs=st.lists(LOGS, max_size=3).map(tuple),
)
WITHDRAWALS = st.builds(Withdrawal, uints(64), uints(64), ADDRESSES, uints(64))

FRONTIER = Header(
    parent_hash=b"\1" * 32,
    ommers_hash=EMPTY_OMMERS_HASH,
    coinbase=b"\2" * 20,
    state_root=EMPTY_ROOT,
    transactions_root=EMPTY_ROOT,
    receipts_root=EMPTY_ROOT,
    logs_bloom=bytes(256),
    difficulty=17_000_000_000,
    number=46_147,
    gas_limit=21_000,
    gas_used=0,
    timestamp=1_438_918_233,
    extra_data=b"a miner",
    prev_randao=b"\3" * 32,
    nonce=b"\4" * 8,
)
"""A header of the first fork: fifteen fields."""

ADDED: tuple[tuple[str, int | bytes], ...] = (
    ("base_fee_per_gas", 7),
    ("withdrawals_root", EMPTY_ROOT),
    ("blob_gas_used", 0),
    ("excess_blob_gas", 131_072),
    ("parent_beacon_block_root", b"\5" * 32),
    ("requests_hash", b"\6" * 32),
    ("block_access_list_hash", b"\7" * 32),
    ("slot_number", 12_345),
)
"""What later forks added, in order."""


def header(added: int = len(ADDED), /, **changes: int | bytes | None) -> Header:
    """A header with the first ``added`` of the added fields, and with changes."""
    fields: dict[str, Any] = {**dict(ADDED[:added]), **changes}
    return replace(FRONTIER, **fields)


def proven(value: Header, finality: Finality = Finality.GIVEN) -> Proven[Header]:
    """The header as a proven one: by its hash, or with another finality."""
    given = header_from_given_hash(CHAIN_ID, value.hash, value)
    if finality is Finality.GIVEN:
        return given
    return seal(value, replace(given.claim, finality=finality), given.because)


def sealed(
    value: T, *subject: str | int | bytes, block_hash: bytes | None = b"\1" * 32
) -> Proven[T]:
    """Any value, as if it were proven."""
    claim = Claim(CHAIN_ID, block_hash, subject, Finality.OPTIMISTIC)
    return seal(value, claim, Evidence("made for a test"))


def quantity(value: int) -> str:
    return hex(value)


def data(value: bytes) -> str:
    return "0x" + value.hex()


def transaction_json(transaction: Transaction) -> dict[str, object]:
    """What an honest source says about a transaction."""
    found: dict[str, object] = {
        "type": quantity(transaction.type),
        "hash": data(transaction.hash),
        "nonce": quantity(transaction.nonce),
        "gas": quantity(transaction.gas_limit),
        "to": None if transaction.to is None else data(transaction.to),
        "value": quantity(transaction.value),
        "input": data(transaction.data),
        "r": quantity(transaction.r),
        "s": quantity(transaction.s),
    }
    if isinstance(transaction, LegacyTransaction | AccessListTransaction):
        found["gasPrice"] = quantity(transaction.gas_price)
    if isinstance(transaction, LegacyTransaction):
        return found | {"v": quantity(transaction.v)}
    found |= {
        "chainId": quantity(transaction.chain_id),
        "yParity": quantity(transaction.y_parity),
        "v": quantity(transaction.y_parity),
        "accessList": [
            {"address": data(entry.address), "storageKeys": [data(k) for k in entry.storage_keys]}
            for entry in transaction.access_list
        ],
    }
    if isinstance(transaction, FeeMarketTransaction):
        found["maxPriorityFeePerGas"] = quantity(transaction.max_priority_fee_per_gas)
        found["maxFeePerGas"] = quantity(transaction.max_fee_per_gas)
    if isinstance(transaction, BlobTransaction):
        found["maxFeePerBlobGas"] = quantity(transaction.max_fee_per_blob_gas)
        found["blobVersionedHashes"] = [data(h) for h in transaction.blob_versioned_hashes]
    if isinstance(transaction, SetCodeTransaction):
        found["authorizationList"] = [
            {
                "chainId": quantity(item.chain_id),
                "address": data(item.address),
                "nonce": quantity(item.nonce),
                "yParity": quantity(item.y_parity),
                "r": quantity(item.r),
                "s": quantity(item.s),
            }
            for item in transaction.authorization_list
        ]
    return found


def receipt_json(receipt: Receipt) -> dict[str, object]:
    """What an honest source says about a receipt."""
    found: dict[str, object] = {
        "type": quantity(receipt.type),
        "cumulativeGasUsed": quantity(receipt.cumulative_gas_used),
        "logsBloom": data(receipt.bloom),
        "logs": [
            {
                "address": data(log.address),
                "topics": [data(topic) for topic in log.topics],
                "data": data(log.data),
            }
            for log in receipt.logs
        ],
    }
    if isinstance(receipt.outcome, bool):
        return found | {"status": quantity(int(receipt.outcome))}
    return found | {"root": data(receipt.outcome)}


def withdrawal_json(withdrawal: Withdrawal) -> dict[str, object]:
    """What an honest source says about a withdrawal."""
    return {
        "index": quantity(withdrawal.index),
        "validatorIndex": quantity(withdrawal.validator_index),
        "address": data(withdrawal.address),
        "amount": quantity(withdrawal.amount),
    }


HEADER_KEYS = (
    ("parentHash", "parent_hash"),
    ("sha3Uncles", "ommers_hash"),
    ("miner", "coinbase"),
    ("stateRoot", "state_root"),
    ("transactionsRoot", "transactions_root"),
    ("receiptsRoot", "receipts_root"),
    ("logsBloom", "logs_bloom"),
    ("difficulty", "difficulty"),
    ("number", "number"),
    ("gasLimit", "gas_limit"),
    ("gasUsed", "gas_used"),
    ("timestamp", "timestamp"),
    ("extraData", "extra_data"),
    ("mixHash", "prev_randao"),
    ("nonce", "nonce"),
    ("baseFeePerGas", "base_fee_per_gas"),
    ("withdrawalsRoot", "withdrawals_root"),
    ("blobGasUsed", "blob_gas_used"),
    ("excessBlobGas", "excess_blob_gas"),
    ("parentBeaconBlockRoot", "parent_beacon_block_root"),
    ("requestsHash", "requests_hash"),
    ("blockAccessListHash", "block_access_list_hash"),
    ("slotNumber", "slot_number"),
)


def header_json(value: Header) -> dict[str, object]:
    """What an honest source says about a header."""
    found: dict[str, object] = {"hash": data(value.hash)}
    for key, name in HEADER_KEYS:
        field: int | bytes | None = getattr(value, name)
        if field is not None:
            found[key] = quantity(field) if isinstance(field, int) else data(field)
    return found
