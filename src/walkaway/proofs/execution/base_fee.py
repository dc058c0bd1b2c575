"""The base fee of the block to come, which its parent alone decides (EIP-1559)."""

from __future__ import annotations

from walkaway.errors import ProofError
from walkaway.proofs.execution.header import Header

__all__ = ["next_base_fee"]

_ELASTICITY_MULTIPLIER = 2
_MAX_CHANGE_DENOMINATOR = 8


def next_base_fee(header: Header) -> int:
    """Wei per gas in the block after ``header``'s.

    Raises `ProofError` before London, when there was none.
    """
    base_fee = header.base_fee_per_gas
    if base_fee is None:
        raise ProofError("a block before London has no base fee")
    target = header.gas_limit // _ELASTICITY_MULTIPLIER
    if header.gas_used == target:
        return base_fee
    distance = abs(header.gas_used - target)
    change = base_fee * distance // max(target, 1) // _MAX_CHANGE_DENOMINATOR
    return base_fee + max(change, 1) if header.gas_used > target else base_fee - change
