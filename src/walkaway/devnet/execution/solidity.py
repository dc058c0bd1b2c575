"""Where Solidity keeps what, so that a genesis state can hold it.

https://docs.soliditylang.org, "Layout of State Variables in Storage".
"""

from __future__ import annotations

from ethereum_types.bytes import Bytes32
from ethereum_types.numeric import U256

from walkaway.proofs.execution.keccak import keccak256

__all__ = ["mapped", "stored_bytes", "word"]

_WORD = 32


def word(value: int | bytes) -> Bytes32:
    """A number or an address as a word."""
    number = value if isinstance(value, int) else int.from_bytes(value, "big")
    return Bytes32(number.to_bytes(_WORD, "big"))


def mapped(slot: int | bytes, key: bytes | str) -> Bytes32:
    """The slot of a mapping's value. A string stands for itself, other keys are words."""
    told = key.encode() if isinstance(key, str) else word(key)
    return Bytes32(keccak256(told + word(slot)))


def stored_bytes(slot: int | bytes, value: bytes) -> dict[Bytes32, U256]:
    """The slots that a variable of type ``bytes`` or ``string`` takes."""
    if len(value) < _WORD:
        padded = value.ljust(_WORD - 1, b"\0") + bytes([2 * len(value)])
        return {word(slot): U256.from_be_bytes(padded)}
    first = int.from_bytes(keccak256(word(slot)), "big")
    slots = {word(slot): U256(2 * len(value) + 1)}
    for index in range(0, len(value), _WORD):
        part = value[index : index + _WORD].ljust(_WORD, b"\0")
        slots[word(first + index // _WORD)] = U256.from_be_bytes(part)
    return slots
