"""An execution block as the payload of a beacon block, in the form of a fork."""

from __future__ import annotations

from typing import Any

from walkaway.devnet.beacon.containers import BeaconTypes, ExecutionRequests, Withdrawal
from walkaway.devnet.execution.block import ExecutionBlock

__all__ = ["execution_requests_of", "payload_header_of", "payload_of"]

# A view of remerkleable, which is not typed.
View = Any

_REQUEST_LISTS = ("deposits", "withdrawals", "consolidations")
"""Where the requests of each EIP-7685 type belong."""


def payload_of(types: BeaconTypes, block: ExecutionBlock) -> View:
    """The ExecutionPayload. What an execution block of before a fork lacks is zero."""
    return types.payload(
        **_shared(types, block),
        transactions=types.payload.fields()["transactions"](
            *(item.encode() for item in block.transactions)
        ),
        withdrawals=types.payload.fields()["withdrawals"](
            *(
                Withdrawal(
                    index=item.index,
                    validator_index=item.validator_index,
                    address=item.address,
                    amount=item.amount,
                )
                for item in block.withdrawals or ()
            )
        ),
    )


def payload_header_of(types: BeaconTypes, block: ExecutionBlock, payload: View) -> View:
    """The ExecutionPayloadHeader that the state keeps of a payload."""
    return types.payload_header(
        **_shared(types, block),
        transactions_root=payload.transactions.hash_tree_root(),
        withdrawals_root=payload.withdrawals.hash_tree_root(),
    )


def execution_requests_of(block: ExecutionBlock) -> View:
    """The ExecutionRequests: each request's data is the SSZ of one of the lists."""
    lists = ExecutionRequests.fields()
    found = {}
    for request in block.requests:
        name = _REQUEST_LISTS[request[0]]
        found[name] = lists[name].decode_bytes(request[1:])
    return ExecutionRequests(**found)


def _shared(types: BeaconTypes, block: ExecutionBlock) -> dict[str, object]:
    header = block.header
    fields: dict[str, object] = {
        "parent_hash": header.parent_hash,
        "fee_recipient": header.coinbase,
        "state_root": header.state_root,
        "receipts_root": header.receipts_root,
        "logs_bloom": header.logs_bloom,
        "prev_randao": header.prev_randao,
        "block_number": header.number,
        "gas_limit": header.gas_limit,
        "gas_used": header.gas_used,
        "timestamp": header.timestamp,
        "extra_data": header.extra_data,
        "base_fee_per_gas": header.base_fee_per_gas or 0,
        "block_hash": header.hash,
    }
    if "blob_gas_used" in types.payload.fields():
        fields["blob_gas_used"] = header.blob_gas_used or 0
        fields["excess_blob_gas"] = header.excess_blob_gas or 0
    return fields
