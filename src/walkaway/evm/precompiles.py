"""Where a fork has its precompiles, and which of them make way for an override."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from walkaway.evm.eels import FORKS

__all__ = ["displaced_precompiles", "precompiles"]

_LAST = {"paris": 0x09, "shanghai": 0x09, "cancun": 0x0A}
_LAST_SINCE_PRAGUE = 0x11
_P256_VERIFY = 0x100
"""Since Osaka (EIP-7951)."""


@cache
def precompiles(fork: str) -> frozenset[bytes]:
    """The 20-byte addresses of a fork's precompiles."""
    numbers = [*range(1, _LAST.get(fork, _LAST_SINCE_PRAGUE) + 1)]
    if FORKS.index(fork) >= FORKS.index("osaka"):
        numbers.append(_P256_VERIFY)
    return frozenset(number.to_bytes(20, "big") for number in numbers)


def displaced_precompiles(fork: str, overridden: Iterable[bytes]) -> dict[bytes, None]:
    """What an override puts out of place, as `BlockEnvironment.precompiles` says it.

    As in go-ethereum, an account of which anything is overridden is an account
    like any other.
    """
    return dict.fromkeys(precompiles(fork).intersection(overridden))
