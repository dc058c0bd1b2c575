"""Values as the contract ABI encodes them, written, and read strictly and within bounds.

https://docs.soliditylang.org/en/latest/abi-spec.html. What contracts and gateways
give back may be built to confuse: nothing is read that lies outside, no value is read as
of a type that it does not fit, and whoever reads says how much there may be of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from walkaway.errors import ProofError

__all__ = ["WORD", "AbiTuple", "AbiValue", "encode_tuple"]

WORD: Final = 32
"""Bytes that every value begins with, or is padded to."""

AbiValue: TypeAlias = int | bytes | Sequence[bytes]
"""A number, or bytes of any length, or an array of those."""


class AbiTuple:
    """A tuple's values, by their place; offsets are counted from its first byte, ``start``.

    Every method raises `ProofError` where there is no such value of this type. Only a
    value that is read is copied, so that many tuples may overlap in few bytes.
    """

    def __init__(self, encoded: bytes, start: int = 0) -> None:
        self._encoded = encoded
        self._start = start

    def number(self, place: int) -> int:
        """A number of 256 bits."""
        return self._number(place * WORD)

    def flag(self, place: int) -> bool:
        """A truth value."""
        number = self.number(place)
        if number > 1:
            raise _malformed("a truth value is neither 0 nor 1")
        return number == 1

    def padded_left(self, place: int, size: int) -> bytes:
        """A value of ``size`` bytes at the end of its word, such as an address."""
        word = self._word(place * WORD)
        if any(word[:-size]):
            raise _malformed(f"a value of {size} bytes is longer")
        return word[-size:]

    def padded_right(self, place: int, size: int) -> bytes:
        """A value of ``size`` bytes at the beginning of its word, such as a selector."""
        word = self._word(place * WORD)
        if any(word[size:]):
            raise _malformed(f"a value of {size} bytes is longer")
        return word[:size]

    def bytes_at(self, place: int, limit: int | None = None) -> bytes:
        """A value of any length, of at most ``limit`` bytes."""
        at = self.number(place)
        length = self._number(at)
        if limit is not None and length > limit:
            raise _malformed(f"a value is over {limit} bytes")
        first = self._start + at + WORD
        value = self._encoded[first : first + length]
        if len(value) != length:
            raise _malformed("a value is cut short")
        return value

    def text_at(self, place: int, limit: int | None = None) -> str:
        """Text of at most ``limit`` bytes of UTF-8."""
        try:
            return self.bytes_at(place, limit).decode()
        except UnicodeDecodeError:
            raise _malformed("text is not UTF-8") from None

    def tuple_at(self, place: int) -> AbiTuple:
        """A tuple of no fixed size."""
        return AbiTuple(self._encoded, self._inside(self.number(place)))

    def array_at(self, place: int, most: int) -> tuple[int, AbiTuple]:
        """An array of at most ``most`` elements: how many it has, and these, by their place."""
        at = self.number(place)
        count = self._number(at)
        if count > most:
            raise _malformed(f"there are over {most} of a kind")
        return count, AbiTuple(self._encoded, self._start + at + WORD)

    def texts_at(self, place: int, most: int, limit: int) -> tuple[str, ...]:
        """An array of at most ``most`` texts, each of at most ``limit`` bytes."""
        count, elements = self.array_at(place, most)
        return tuple([elements.text_at(index, limit) for index in range(count)])

    def _number(self, at: int) -> int:
        return int.from_bytes(self._word(at), "big")

    def _word(self, at: int) -> bytes:
        word = self._encoded[self._start + at : self._start + at + WORD]
        if len(word) != WORD:
            raise _malformed("it is cut short")
        return word

    def _inside(self, at: int) -> int:
        if self._start + at > len(self._encoded):
            raise _malformed("an offset leads outside")
        return self._start + at


def encode_tuple(*values: AbiValue) -> bytes:
    """The values of a tuple, such as a function's arguments."""
    head, tail = [], b""
    for value in values:
        if isinstance(value, int):
            head.append(value)
        else:
            head.append(len(values) * WORD + len(tail))
            tail += _encode_bytes(value) if isinstance(value, bytes) else _encode_array(value)
    return b"".join(number.to_bytes(WORD) for number in head) + tail


def _encode_bytes(value: bytes) -> bytes:
    """A value of any length, as it stands where its offset leads."""
    return len(value).to_bytes(WORD, "big") + value + bytes(-len(value) % WORD)


def _encode_array(values: Sequence[bytes]) -> bytes:
    return len(values).to_bytes(WORD) + encode_tuple(*values)


def _malformed(reason: str) -> ProofError:
    return ProofError(f"a value is not encoded as the contract ABI has it: {reason}")
