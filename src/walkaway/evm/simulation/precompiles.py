"""Which precompile runs where, once the caller has moved some and put accounts in their place.

Whatever is overridden at a precompile's address takes its place; a precompile
that was moved runs at its new address, in that block alone.
"""

from __future__ import annotations

from walkaway.errors import CallFailed
from walkaway.evm.addresses import checksummed
from walkaway.evm.precompiles import displaced_precompiles, precompiles
from walkaway.evm.simulation.asked import AskedBlock

__all__ = ["moved_precompiles"]


def moved_precompiles(fork: str, block: AskedBlock) -> dict[bytes, bytes | None]:
    """At an address, the precompile that runs there, or None where none does any more.

    Raises `CallFailed` where there is none to move, or what it is moved to is overridden.
    """
    here = precompiles(fork)
    overridden = block.state.keys() | block.moved_precompiles.keys()
    moved: dict[bytes, bytes | None] = {**displaced_precompiles(fork, overridden)}
    for source, target in block.moved_precompiles.items():
        if source not in here:
            raise CallFailed(f"account {checksummed(source)} is not a precompile")
        if target in overridden:
            raise CallFailed(f"account {checksummed(target)} is already overridden")
        moved[target] = source
    return moved
