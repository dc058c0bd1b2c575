"""What every engine can hold, and what a fork knows: asked before any engine runs."""

from __future__ import annotations

from walkaway.errors import InvalidRequest
from walkaway.evm.engine import BlockEnvironment, Call, Manner

__all__ = ["check_bounds"]

BEFORE_BLOBS = frozenset({"paris", "shanghai"})
BEFORE_AUTHORIZATIONS = BEFORE_BLOBS | {"cancun"}


def check_bounds(call: Call, environment: BlockEnvironment) -> None:
    """Raises `InvalidRequest` for what no engine holds, or the block's fork does not know."""
    header = environment.header
    for name, value, bits in (
        ("gas", call.gas_limit, 64),
        ("gas price", call.gas_price, 128),
        ("value", call.value, 256),
        ("max fee per blob gas", call.max_fee_per_blob_gas, 128),
        ("block number", header.number, 64),
        ("block time", header.timestamp, 64),
        ("block gas limit", header.gas_limit, 64),
        ("base fee per gas", header.base_fee_per_gas or 0, 64),
        ("blob base fee", environment.blob_base_fee, 128),
    ):
        if value < 0 or value.bit_length() > bits:
            raise InvalidRequest(f"{name}: not from 0 to 2**{bits} - 1")
    if call.manner is Manner.SYSTEM:
        if call.to is None:
            raise InvalidRequest("the system creates no contract")
        return
    fork = environment.fork
    if call.authorizations and fork in BEFORE_AUTHORIZATIONS:
        raise InvalidRequest(f"authorizations came with Prague, the block is {fork}")
    if (call.blob_hashes or call.max_fee_per_blob_gas) and fork in BEFORE_BLOBS:
        raise InvalidRequest(f"blobs came with Cancun, the block is {fork}")
    if call.to is None and (call.authorizations or call.blob_hashes):
        raise InvalidRequest("a call with authorizations or blobs cannot create a contract")
