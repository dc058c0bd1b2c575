"""Addresses as messages show them."""

from __future__ import annotations

from walkaway.proofs.execution.keccak import keccak256

__all__ = ["checksummed"]


def checksummed(address: bytes) -> str:
    """A 20-byte address in the mixed case of EIP-55."""
    digits = address.hex()
    digest = keccak256(digits.encode()).hex()
    return "0x" + "".join(
        [digit.upper() if int(mark, 16) > 7 else digit for digit, mark in zip(digits, digest)]  # noqa: B905
    )
