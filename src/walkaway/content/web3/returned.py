"""Values of the types that ``returns=`` names, read from what a contract gave back (ERC-6860).

The types are the person's, the bytes a stranger's: neither may cost more than
`walkaway.limits` allows, however the one nests and the offsets of the other overlap.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from walkaway.content.web3.answer import Json
from walkaway.errors import InvalidRequest, ProofError, TooMuch
from walkaway.evm.abi import AbiTuple
from walkaway.limits import LIMITS, Limits

__all__ = ["Array", "Bytes", "Kind", "Tuple", "Word", "read_kinds", "read_values"]

_BASE: Final = re.compile(r"(uint|int|bytes|address|string|bool)([1-9][0-9]{0,2})?", re.ASCII)
_TOKEN: Final = re.compile(r"[(),]|\[(?:[1-9][0-9]{0,8})?\]|[a-z0-9]+", re.ASCII)

_ANY_COUNT: Final = 1 << 256
"""Elements are counted as they are read."""


@dataclass(frozen=True, slots=True)
class Word:
    """A value of one word: ``base`` with so many bits (uint, int), or bytes (bytes)."""

    base: str
    size: int = 0
    words: int = 1
    is_dynamic: bool = False


@dataclass(frozen=True, slots=True)
class Bytes:
    """Bytes of any length; ``is_text`` says that they are UTF-8."""

    is_text: bool
    words: int = 1
    is_dynamic: bool = True


@dataclass(frozen=True, slots=True)
class Array:
    """So many values of one kind; ``count`` None where the value itself tells."""

    of: Kind
    count: int | None

    @property
    def is_dynamic(self) -> bool:
        """Whether an offset stands in its place."""
        return self.count is None or self.of.is_dynamic

    @property
    def words(self) -> int:
        """How many words stand in its place."""
        return 1 if self.count is None or self.of.is_dynamic else self.count * self.of.words


@dataclass(frozen=True, slots=True)
class Tuple:
    """Values of these kinds."""

    parts: tuple[Kind, ...]

    @property
    def is_dynamic(self) -> bool:
        """Whether an offset stands in its place."""
        return any(part.is_dynamic for part in self.parts)

    @property
    def words(self) -> int:
        """How many words stand in its place."""
        return 1 if self.is_dynamic else sum(part.words for part in self.parts)


Kind: TypeAlias = Word | Bytes | Array | Tuple


def read_kinds(text: str, limits: Limits = LIMITS) -> tuple[Kind, ...]:
    """The kinds of ``(type,type,...)``; none for ``()``.

    Raises:
        InvalidRequest: it is no list of types.
        TooMuch: there are more of them, or they are nested deeper, than is read.
    """
    if text == "()":
        return ()
    return _Kinds(text, limits).whole()


def read_values(kinds: Sequence[Kind], output: bytes, limits: Limits = LIMITS) -> list[Json]:
    """The values in what a contract gave back, as JSON-RPC writes them.

    Numbers are hex without leading zeros, ``-0x1`` for those below zero; bytes and addresses
    hex in lower case; tuples and arrays lists.

    Raises:
        ProofError: there are no such values.
        TooMuch: they come to more than is read.
    """
    return _Reading(limits).run(kinds, AbiTuple(output), 0)


class _Kinds:
    """Reads types from left to right."""

    def __init__(self, text: str, limits: Limits) -> None:
        self._limits = limits
        self._left = limits.web3_types
        self._tokens = list(_TOKEN.finditer(text))
        self._at = 0
        if "".join(token[0] for token in self._tokens) != text:
            raise InvalidRequest(f"no types of values: {text[:100]!r}")

    def whole(self) -> tuple[Kind, ...]:
        parts = self._tuple(0)
        if self._at != len(self._tokens):
            raise InvalidRequest("something follows on the types of values")
        return parts

    def _tuple(self, depth: int) -> tuple[Kind, ...]:
        if self._next() != "(":
            raise InvalidRequest("types of values stand in brackets")
        if depth > self._limits.web3_type_depth:
            raise TooMuch(f"types nest over {self._limits.web3_type_depth} deep")
        parts = list[Kind]()
        while True:
            parts.append(self._kind(depth))
            match self._next():
                case ")":
                    return tuple(parts)
                case ",":
                    continue
                case other:
                    raise InvalidRequest(f"no types of values: {other!r} stands there")

    def _kind(self, depth: int) -> Kind:
        self._left -= 1
        if self._left < 0:
            raise TooMuch(f"there are over {self._limits.web3_types} types of values")
        kind: Kind = Tuple(self._tuple(depth + 1)) if self._peek() == "(" else _base(self._next())
        while self._peek().startswith("["):
            count, depth = self._next()[1:-1], depth + 1
            if depth > self._limits.web3_type_depth:
                raise TooMuch(f"types nest over {self._limits.web3_type_depth} deep")
            kind = Array(kind, int(count) if count else None)
        return kind

    def _peek(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self._at += 1
        return token


def _base(text: str) -> Kind:
    found = _BASE.fullmatch(text)
    base, size = (found[1], int(found[2] or 0)) if found else ("", 0)
    if base in ("uint", "int") and size % 8 == 0 and size <= 256:
        return Word(base, size or 256)
    if base == "bytes" and size <= 32:
        return Word(base, size) if size else Bytes(is_text=False)
    if base in ("address", "bool") and not size:
        return Word(base)
    if base == "string" and not size:
        return Bytes(is_text=True)
    raise InvalidRequest(f"no type of a value: {text[:100]!r}" if text else "a type is missing")


class _Reading:
    """Reads values, and counts them and their bytes."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._values = limits.web3_values
        self._bytes = limits.web3_answer_bytes

    def run(self, kinds: Iterable[Kind], values: AbiTuple, place: int) -> list[Json]:
        """Values of these kinds, one behind the other from a place on."""
        found = list[Json]()
        for kind in kinds:
            found.append(self._value(kind, values, place))
            place += kind.words
        return found

    def _value(self, kind: Kind, values: AbiTuple, place: int) -> Json:
        self._values -= 1
        if self._values < 0:
            raise TooMuch(f"the contract gives back over {self._limits.web3_values} values")
        match kind:
            case Word():
                return _word(kind, values, place)
            case Bytes():
                return self._any_length(kind, values, place)
            case Array():
                return self._array(kind, values, place)
            case Tuple():
                return self._in_place(kind.parts, kind, values, place)

    def _array(self, kind: Array, values: AbiTuple, place: int) -> Json:
        if kind.count is None:
            count, inner = values.array_at(place, _ANY_COUNT)
            return self.run(_repeated(kind.of, count), inner, 0)
        return self._in_place(_repeated(kind.of, kind.count), kind, values, place)

    def _in_place(
        self, parts: Iterable[Kind], kind: Array | Tuple, values: AbiTuple, place: int
    ) -> Json:
        """Parts that stand where they are, or where an offset leads."""
        if kind.is_dynamic:
            return self.run(parts, values.tuple_at(place), 0)
        return self.run(parts, values, place)

    def _any_length(self, kind: Bytes, values: AbiTuple, place: int) -> Json:
        data = values.bytes_at(place)
        self._bytes -= len(data)
        if self._bytes < 0:
            most = self._limits.web3_answer_bytes
            raise TooMuch(f"the contract gives back values of over {most} bytes")
        return values.text_at(place) if kind.is_text else f"0x{data.hex()}"


def _repeated(kind: Kind, count: int) -> Iterator[Kind]:
    return (kind for _ in range(count))


def _word(kind: Word, values: AbiTuple, place: int) -> Json:
    match kind.base:
        case "bool":
            return values.flag(place)
        case "address":
            return f"0x{values.padded_left(place, 20).hex()}"
        case "bytes":
            return f"0x{values.padded_right(place, kind.size).hex()}"
        case "uint":
            number = values.number(place)
        case _:
            number = values.number(place)
            number -= (number >> 255) << 256
    least, most = (0, kind.size) if kind.base == "uint" else (-1 << kind.size - 1, kind.size - 1)
    if not least <= number < 1 << most:
        raise ProofError(f"a value is not encoded as {kind.base}{kind.size}", got=number)
    return hex(number)
