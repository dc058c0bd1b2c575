"""Compiled contracts, from ``contracts/`` at the root of the repository.

``contracts/compile.mjs`` writes them: one file for each folder there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TypedDict

__all__ = ["Contract", "contract"]

_FILES = ("contracts.json", "names.contracts.json", "web3.contracts.json")
_WORD = 32


@dataclass(frozen=True, slots=True)
class Contract:
    """A compiled contract: its runtime code, the slots of its variables by name, and the code
    that creates it. ``immutables`` are the offsets in the code at which a constructor puts
    what never changes afterwards."""

    code: bytes
    slots: dict[str, int]
    creation: bytes
    immutables: dict[str, list[int]]

    def made_with(self, values: Mapping[str, bytes]) -> Contract:
        """The contract with these immutables, of at most 32 bytes each, as addresses are padded."""
        code = bytearray(self.code)
        for name, value in values.items():
            for offset in self.immutables[name]:
                code[offset : offset + _WORD] = value.rjust(_WORD, b"\0")
        return replace(self, code=bytes(code))


class _Entry(TypedDict, total=False):
    code: str
    creation: str
    slots: dict[str, int]
    immutables: dict[str, list[int]]


@cache
def contract(name: str) -> Contract:
    """A compiled contract by its Solidity name."""
    entry = _compiled()[name]
    code, creation = bytes.fromhex(entry["code"][2:]), bytes.fromhex(entry["creation"][2:])
    return Contract(code, entry["slots"], creation, entry.get("immutables", {}))


@cache
def _compiled() -> dict[str, _Entry]:
    entries: dict[str, _Entry] = {}
    for file in _FILES:
        entries |= json.loads(files(__package__).joinpath(file).read_bytes())["contracts"]
    return entries
