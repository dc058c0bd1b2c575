"""The arguments of a method as a path spells them in auto mode (ERC-6860): ``[type!]value``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from eth_abi.abi import encode

from walkaway.content.web3.url import unescaped
from walkaway.errors import InvalidRequest

__all__ = ["Argument", "Name", "encode_arguments", "read_argument"]

_TYPE: Final = re.compile(r"(uint|int|bytes|address|string|bool)([1-9][0-9]{0,2})?", re.ASCII)
_DIGITS: Final = re.compile(r"[0-9]{1,78}", re.ASCII)
_SIGNED_DIGITS: Final = re.compile(r"-?[0-9]{1,78}", re.ASCII)
_HEX: Final = re.compile(r"0x((?:[0-9a-fA-F]{2})*)", re.ASCII)
_ADDRESS_BYTES: Final = 20
_WORD_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Name:
    """A name whose address is meant."""

    name: str


Value: TypeAlias = int | bytes | str | Name


@dataclass(frozen=True, slots=True)
class Argument:
    """A value and its ABI type, such as ``uint256``; a flag is an int of type ``bool``."""

    kind: str
    value: Value


def read_argument(text: str) -> Argument:
    """Read one segment of a path.

    Raises `InvalidRequest` where it is of no type, or not of the one that it names.
    """
    said = unescaped(text)
    kind, divided, value = said.partition("!")
    return _typed(kind, value) if divided else _untyped(said)


def encode_arguments(arguments: Sequence[Argument], addresses: Mapping[str, bytes]) -> bytes:
    """The arguments as calldata holds them; ``addresses`` are of each name, 20 bytes."""
    values = [
        addresses[argument.value.name] if isinstance(argument.value, Name) else argument.value
        for argument in arguments
    ]
    return encode([argument.kind for argument in arguments], values)


def _typed(kind: str, value: str) -> Argument:
    found = _TYPE.fullmatch(kind)
    if found is None:
        raise InvalidRequest(f"no type of an argument: {kind[:100]!r}")
    base, size = found[1], int(found[2] or 0)
    if base in ("uint", "int") and size % 8 == 0 and size <= 256:
        return _number(base, size or 256, value)
    if base == "bytes" and size <= _WORD_BYTES:
        return _bytes(kind, size, value)
    if not size and base == "address":
        return Argument("address", _address(value))
    if not size and base == "string":
        return Argument("string", value)
    if not size and base == "bool":
        if value not in ("true", "false"):
            raise InvalidRequest(f"neither true nor false: {value[:100]!r}")
        return Argument("bool", value == "true")
    raise InvalidRequest(f"no type of an argument: {kind!r}")


def _untyped(value: str) -> Argument:
    if _DIGITS.fullmatch(value):
        return _number("uint", 256, value)
    if (digits := _HEX.fullmatch(value)) is not None:
        data = bytes.fromhex(digits[1])
        kinds = {_WORD_BYTES: "bytes32", _ADDRESS_BYTES: "address"}
        return Argument(kinds.get(len(data), "bytes"), data)
    if value in ("true", "false"):
        return Argument("bool", value == "true")
    return Argument("address", _address(value))


def _number(base: str, bits: int, text: str) -> Argument:
    if not (_DIGITS if base == "uint" else _SIGNED_DIGITS).fullmatch(text):
        raise InvalidRequest(f"no number of type {base}{bits}: {text[:100]!r}")
    number = int(text)
    least, most = (0, 1 << bits) if base == "uint" else (-1 << bits - 1, 1 << bits - 1)
    if not least <= number < most:
        raise InvalidRequest(f"no number of type {base}{bits}: {text}")
    return Argument(f"{base}{bits}", number)


def _bytes(kind: str, size: int, text: str) -> Argument:
    digits = _HEX.fullmatch(text)
    if digits is None:
        raise InvalidRequest(f"no bytes in hex after 0x: {text[:100]!r}")
    data = bytes.fromhex(digits[1])
    if size and len(data) != size:
        raise InvalidRequest(f"{kind} has {size} bytes, not {len(data)}")
    return Argument(kind, data)


def _address(text: str) -> bytes | Name:
    digits = _HEX.fullmatch(text)
    if digits is not None and len(digits[1]) == 2 * _ADDRESS_BYTES:
        return bytes.fromhex(digits[1])
    if not all(text.split(".")) or "." not in text:
        raise InvalidRequest(f"neither an address nor a name: {text[:100]!r}")
    return Name(text)
