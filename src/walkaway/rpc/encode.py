"""Proven values as JSON, in the forms that execution clients give.

The member names and their presence by fork and type follow the execution
API's specification (https://ethereum.github.io/execution-apis/) as go-ethereum
answers it. Everything is computed from what was proven; nothing that a source
wrote about it (sizes, senders, hashes) comes through.
"""

from __future__ import annotations

from binascii import hexlify
from collections.abc import Iterable

from walkaway.proofs.derive import IncludedReceipt
from walkaway.proofs.derive_logs import IncludedLog
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.receipts import Log
from walkaway.proofs.execution.transactions import (
    AccessListEntry,
    Authorization,
    BlobTransaction,
    FeeMarketTransaction,
    LegacyTransaction,
    SetCodeTransaction,
    Transaction,
)
from walkaway.proofs.execution.withdrawals import Withdrawal
from walkaway.rpc.jsonrpc import Encoded, Json

__all__ = [
    "block_members",
    "data",
    "data_list",
    "data_text",
    "header_members",
    "included_transaction",
    "log_members",
    "pending_transaction",
    "quantity",
    "receipt_members",
    "simulated_transaction",
    "word",
]


def quantity(number: int) -> str:
    """A number: hex without leading zeros."""
    return hex(number)


def data(value: bytes) -> str:
    """Bytes: two hex digits each."""
    return "0x" + value.hex()


def data_text(value: bytes) -> Encoded:
    """Bytes as `data` has them, as JSON text at once: for what may be large."""
    return Encoded(b'"0x%b"' % hexlify(value))


def word(number: int) -> str:
    """A number as 32 bytes."""
    return f"0x{number:064x}"


def data_list(values: Iterable[bytes]) -> list[Json]:
    """Each of the values as `data`."""
    return [data(value) for value in values]


def block_members(
    header: Header, *, size: int, withdrawals: tuple[Withdrawal, ...] | None, ommers: list[Json]
) -> dict[str, Json]:
    """A block without its transactions. ``size`` is bytes of the block's RLP."""
    members = header_members(header) | {"size": quantity(size), "uncles": ommers}
    if withdrawals is not None:
        members["withdrawals"] = [_withdrawal(withdrawal) for withdrawal in withdrawals]
    return members


def header_members(header: Header) -> dict[str, Json]:
    """A header alone, also as subscribers to new heads get it."""
    members: dict[str, Json] = {
        "number": quantity(header.number),
        "hash": data(header.hash),
        "parentHash": data(header.parent_hash),
        "nonce": data(header.nonce),
        "mixHash": data(header.prev_randao),
        "sha3Uncles": data(header.ommers_hash),
        "logsBloom": data(header.logs_bloom),
        "transactionsRoot": data(header.transactions_root),
        "stateRoot": data(header.state_root),
        "receiptsRoot": data(header.receipts_root),
        "miner": data(header.coinbase),
        "difficulty": quantity(header.difficulty),
        "extraData": data(header.extra_data),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "timestamp": quantity(header.timestamp),
    }
    return members | _present(
        baseFeePerGas=header.base_fee_per_gas,
        withdrawalsRoot=header.withdrawals_root,
        blobGasUsed=header.blob_gas_used,
        excessBlobGas=header.excess_blob_gas,
        parentBeaconBlockRoot=header.parent_beacon_block_root,
        requestsHash=header.requests_hash,
        blockAccessListHash=header.block_access_list_hash,
        slotNumber=header.slot_number,
    )


def included_transaction(transaction: Transaction, header: Header, index: int) -> dict[str, Json]:
    """A transaction of a block. Recovers the sender, which takes a while."""
    members = simulated_transaction(transaction, transaction.sender, header, index)
    return {"blockHash": data(header.hash)} | members


def simulated_transaction(
    transaction: Transaction, sender: bytes, header: Header, index: int
) -> dict[str, Json]:
    """A transaction that ``sender`` need not have signed, in a block whose hash is not said."""
    place: dict[str, Json] = {
        "blockNumber": quantity(header.number),
        "blockTimestamp": quantity(header.timestamp),
        "transactionIndex": quantity(index),
    }
    price = transaction.effective_gas_price(header.base_fee_per_gas)
    return place | _transaction(transaction, sender, price)


def pending_transaction(transaction: Transaction) -> dict[str, Json]:
    """A transaction that is in no block yet; its gas price is the most it would pay."""
    place: dict[str, Json] = dict.fromkeys(
        ("blockHash", "blockNumber", "blockTimestamp", "transactionIndex")
    )
    if isinstance(transaction, FeeMarketTransaction):
        return place | _transaction(transaction, transaction.sender, transaction.max_fee_per_gas)
    return place | _transaction(transaction, transaction.sender, transaction.gas_price)


def receipt_members(receipt: IncludedReceipt) -> dict[str, Json]:
    """A receipt with its logs. Recovers the sender, which takes a while."""
    included, outcome = receipt.included, receipt.receipt.outcome
    transaction, header = included.transaction, included.header
    created = receipt.contract_address
    place = _place(header, transaction.hash, included.index)
    log_place = place | {"blockTimestamp": quantity(header.timestamp), "removed": False}
    members: dict[str, Json] = place | {
        "type": quantity(transaction.type),
        "from": data(transaction.sender),
        "to": None if transaction.to is None else data(transaction.to),
        "contractAddress": None if created is None else data(created),
        "cumulativeGasUsed": quantity(receipt.receipt.cumulative_gas_used),
        "gasUsed": quantity(receipt.gas_used),
        "effectiveGasPrice": quantity(included.effective_gas_price),
        "logsBloom": data(receipt.receipt.bloom),
        "logs": [
            log_place | _log(log, receipt.first_log_index + position)
            for position, log in enumerate(receipt.receipt.logs)
        ],
    }
    if isinstance(outcome, bool):
        members["status"] = quantity(outcome)
    else:
        members["root"] = data(outcome)
    if receipt.blob_gas_price is not None:
        members["blobGasUsed"] = quantity(transaction.blob_gas)
        members["blobGasPrice"] = quantity(receipt.blob_gas_price)
    return members


def log_members(included: IncludedLog, *, removed: bool = False) -> dict[str, Json]:
    """A log where it stands; ``removed`` where a reorg took its block out of the chain."""
    header = included.header
    place = _place(header, included.transaction_hash, included.transaction_index)
    place |= {"blockTimestamp": quantity(header.timestamp), "removed": removed}
    return place | _log(included.log, included.index)


def _place(header: Header, transaction_hash: bytes, index: int) -> dict[str, Json]:
    return {
        "blockHash": data(header.hash),
        "blockNumber": quantity(header.number),
        "transactionHash": data(transaction_hash),
        "transactionIndex": quantity(index),
    }


def _log(log: Log, index: int) -> dict[str, Json]:
    return {
        "address": data(log.address),
        "topics": data_list(log.topics),
        "data": data(log.data),
        "logIndex": quantity(index),
    }


def _transaction(transaction: Transaction, sender: bytes, gas_price: int) -> dict[str, Json]:
    members: dict[str, Json] = {
        "hash": data(transaction.hash),
        "from": data(sender),
        "to": None if transaction.to is None else data(transaction.to),
        "type": quantity(transaction.type),
        "nonce": quantity(transaction.nonce),
        "gas": quantity(transaction.gas_limit),
        "gasPrice": quantity(gas_price),
        "value": quantity(transaction.value),
        "input": data(transaction.data),
        "r": quantity(transaction.r),
        "s": quantity(transaction.s),
    }
    if isinstance(transaction, LegacyTransaction):
        return members | {"v": quantity(transaction.v)} | _present(chainId=transaction.chain_id)
    members |= {
        "v": quantity(transaction.y_parity),
        "yParity": quantity(transaction.y_parity),
        "chainId": quantity(transaction.chain_id),
        "accessList": [_access(entry) for entry in transaction.access_list],
    }
    if isinstance(transaction, FeeMarketTransaction):
        members["maxFeePerGas"] = quantity(transaction.max_fee_per_gas)
        members["maxPriorityFeePerGas"] = quantity(transaction.max_priority_fee_per_gas)
    if isinstance(transaction, BlobTransaction):
        members["maxFeePerBlobGas"] = quantity(transaction.max_fee_per_blob_gas)
        members["blobVersionedHashes"] = data_list(transaction.blob_versioned_hashes)
    if isinstance(transaction, SetCodeTransaction):
        members["authorizationList"] = [_authorization(a) for a in transaction.authorization_list]
    return members


def _access(entry: AccessListEntry) -> Json:
    return {"address": data(entry.address), "storageKeys": data_list(entry.storage_keys)}


def _authorization(authorization: Authorization) -> Json:
    return {
        "chainId": quantity(authorization.chain_id),
        "address": data(authorization.address),
        "nonce": quantity(authorization.nonce),
        "yParity": quantity(authorization.y_parity),
        "r": quantity(authorization.r),
        "s": quantity(authorization.s),
    }


def _withdrawal(withdrawal: Withdrawal) -> Json:
    return {
        "index": quantity(withdrawal.index),
        "validatorIndex": quantity(withdrawal.validator_index),
        "address": data(withdrawal.address),
        "amount": quantity(withdrawal.amount),
    }


def _present(**members: int | bytes | None) -> dict[str, Json]:
    return {
        name: data(value) if isinstance(value, bytes) else quantity(value)
        for name, value in members.items()
        if value is not None
    }
