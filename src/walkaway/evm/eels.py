"""The executable specification (EELS): its packages, one a fork, and what speeds them up.

EELS defines its modules anew for every fork (``ethereum.forks.prague``), in
the same layout. What is done to them here changes no result; the devnet, which
builds blocks with the same packages, shares it.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from types import ModuleType

from ethereum_types.numeric import U64, Uint

__all__ = ["FORKS", "PricedExcess", "eels_module", "remember_jump_destinations", "take_given_price"]

FORKS = ("paris", "shanghai", "cancun", "prague", "osaka", "bpo1", "bpo2")
"""The forks whose calls walkaway runs, in order."""

JUMP_SCANS_KEPT = 256


class PricedExcess(U64):
    """A block's excess blob gas that brings its price along, in wei per blob gas."""

    price: Uint


def eels_module(fork: str, name: str) -> ModuleType:
    """A module of a fork's EELS package, e.g. ``("prague", "vm.gas")``."""
    return import_module(f"ethereum.forks.{fork}.{name}")


def remember_jump_destinations(interpreter: ModuleType) -> None:
    """Let EELS scan each code for jump targets once; at every call is a fifth of its time."""
    scan = interpreter.get_valid_jump_destinations
    if not hasattr(scan, "cache_info"):
        setattr(interpreter, _SCAN, lru_cache(maxsize=JUMP_SCANS_KEPT)(scan))


def take_given_price(environment_opcodes: ModuleType) -> None:
    """Let BLOBBASEFEE give the price that a `PricedExcess` brings, where there is one.

    EELS knows the price by the constants of its own fork; the caller knows it
    from the chain spec's schedule, which may be a newer or a private one.
    """
    computed = getattr(environment_opcodes, _PRICE, None)
    if computed is None or hasattr(computed, "computed"):
        return

    def price(excess: U64) -> Uint:
        return excess.price if isinstance(excess, PricedExcess) else computed(excess)

    setattr(price, "computed", computed)  # noqa: B010
    setattr(environment_opcodes, _PRICE, price)


_SCAN = "get_valid_jump_destinations"
_PRICE = "calculate_blob_gas_price"
