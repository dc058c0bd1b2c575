"""Short names of chains (ERC-3770), such as stand before an address: ``eth:0x...``.

https://eips.ethereum.org/EIPS/eip-3770. They are those of the list that chains are entered
in; one that is not here is not guessed at.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["SHORT_NAMES"]

SHORT_NAMES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "eth": 1,
        "oeth": 10,
        "bnb": 56,
        "gno": 100,
        "pol": 137,
        "zksync": 324,
        "w3q-g": 3334,
        "base": 8453,
        "holesky": 17000,
        "arb1": 42161,
        "arb-nova": 42170,
        "celo": 42220,
        "avax": 43114,
        "linea": 59144,
        "scr": 534352,
        "hoe": 560048,
        "sep": 11155111,
    }
)
"""The chain's id by its short name."""
