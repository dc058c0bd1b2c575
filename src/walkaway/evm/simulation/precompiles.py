"""Which precompile runs where, once the caller has moved some and put accounts in their place.

Whatever is overridden at a precompile's address takes its place; a precompile
that was moved runs at its new address, in that block alone.
"""

from __future__ import annotations

from walkaway.errors import CallFailed
from walkaway.evm.eels import FORKS
from walkaway.evm.simulation.addresses import checksummed
from walkaway.evm.simulation.asked import AskedBlock

__all__ = ["moved_precompiles", "precompiles"]

_LAST = {"paris": 0x09, "shanghai": 0x09, "cancun": 0x0A}
_LAST_SINCE_PRAGUE = 0x11
_P256_VERIFY = 0x100
"""Since Osaka (EIP-7951)."""


def precompiles(fork: str) -> frozenset[bytes]:
    """The 20-byte addresses of a fork's precompiles."""
    numbers = [*range(1, _LAST.get(fork, _LAST_SINCE_PRAGUE) + 1)]
    if FORKS.index(fork) >= FORKS.index("osaka"):
        numbers.append(_P256_VERIFY)
    return frozenset(number.to_bytes(20, "big") for number in numbers)


def moved_precompiles(fork: str, block: AskedBlock) -> dict[bytes, bytes | None]:
    """At an address, the precompile that runs there, or None where none does any more.

    Raises `CallFailed` where there is none to move, or what it is moved to is overridden.
    """
    here = precompiles(fork)
    moved: dict[bytes, bytes | None] = {}
    overridden = block.state.keys() | block.moved_precompiles.keys()
    for address in overridden & here:
        moved[address] = None
    for source, target in block.moved_precompiles.items():
        if source not in here:
            raise CallFailed(f"account {checksummed(source)} is not a precompile")
        if target in overridden:
            raise CallFailed(f"account {checksummed(target)} is already overridden")
        moved[target] = source
    return moved
