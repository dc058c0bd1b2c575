"""Reads the parameters of one call, in order, strictly.

The encodings are the execution API's: a quantity is ``0x`` and hex digits
without leading zeros, data is ``0x`` and two hex digits a byte
(https://ethereum.org/en/developers/docs/apis/json-rpc/#hex-encoding); a block
is a tag, a quantity, or the object of EIP-1898. What does not fit raises
`InvalidRequest`, whose message names the parameter.
"""

from __future__ import annotations

import re
from binascii import unhexlify
from dataclasses import dataclass

from walkaway.chain.block_id import BlockId, Tag
from walkaway.errors import InvalidRequest
from walkaway.limits import LIMITS
from walkaway.rpc.jsonrpc import Fraction, Received

__all__ = ["Params", "StorageKey"]

_QUANTITY = re.compile(r"0x(?:0|[1-9a-fA-F][0-9a-fA-F]*)")
_KEY = re.compile(r"0x[0-9a-fA-F]*")

_TAGS = {tag.value: tag for tag in Tag}


@dataclass(frozen=True, slots=True)
class StorageKey:
    """A storage key: its 32 bytes, and the form in which `eth_getProof` names it again.

    A caller who wrote all 32 bytes gets them back; a shorter key comes back as
    a quantity, as execution clients do.
    """

    key: bytes
    shown: str


class Params:
    """The parameters not yet read. Each ``take`` reads the next one; `end` allows no more."""

    def __init__(self, values: tuple[Received, ...]) -> None:
        self._values = values
        self._next = 0

    def end(self) -> None:
        """Refuse parameters that nobody read."""
        if len(self._values) > self._next:
            raise InvalidRequest(
                f"{len(self._values)} parameters came, this method takes at most {self._next}"
            )

    def address(self, name: str = "address") -> bytes:
        """20 bytes; upper and lower case alike."""
        return self._data(name, 20)

    def hash(self, name: str = "hash") -> bytes:
        """32 bytes."""
        return self._data(name, 32)

    def data(self, name: str = "data", *, at_most: int) -> bytes:
        """Bytes of any length up to ``at_most``."""
        text = self._text(name)
        if len(text) > 2 + 2 * at_most:
            raise InvalidRequest(f"{name}: longer than {at_most} bytes")
        return _bytes(name, text)

    def quantity(self, name: str, *, bits: int = 64) -> int:
        """A number of at most ``bits`` bits."""
        return _quantity(name, self._text(name), bits)

    def flag(self, name: str) -> bool:
        """True or false; false where it was left out."""
        value = self._take()
        if value is None:
            return False
        if not isinstance(value, bool):
            raise InvalidRequest(f"{name}: true or false")
        return value

    def text(self, name: str) -> str:
        """Any string."""
        return self._text(name)

    def values(self, name: str) -> tuple[Received, ...]:
        """An array of anything; empty where it was left out."""
        value = self._take()
        if value is None:
            return ()
        if not isinstance(value, list):
            raise InvalidRequest(f"{name}: an array")
        return tuple(value)

    def count(self, name: str, *, bits: int = 64) -> int:
        """A number of things: a quantity, or a plain JSON number as some clients send."""
        return _count(name, self._take(), bits)

    def some_count(self, name: str, *, bits: int = 64) -> int | None:
        """What `count` gives; None where it was left out."""
        value = self._take()
        return None if value is None else _count(name, value, bits)

    def numbers(self, name: str, *, at_most: int) -> tuple[float, ...]:
        """An array of JSON numbers, fractions included; empty where it was left out."""
        values = self.values(name)
        if len(values) > at_most:
            raise InvalidRequest(f"{name}: at most {at_most}")
        return tuple([_number(name, value) for value in values])

    def storage_key(self, name: str = "slot") -> StorageKey:
        """A storage key of at most 32 bytes, left-padded."""
        return _storage_key(name, self._text(name))

    def storage_keys(self, name: str = "storage keys") -> list[StorageKey]:
        """An array of storage keys, at most as many as one proof may hold."""
        values = self._take()
        if not isinstance(values, list):
            raise InvalidRequest(f"{name}: an array of storage keys")
        if len(values) > LIMITS.proof_slots:
            raise InvalidRequest(f"{name}: at most {LIMITS.proof_slots}")
        return [_storage_key(name, _string(name, value)) for value in values]

    def block(self, name: str = "block") -> BlockId:
        """A tag, a number, or an EIP-1898 object; latest where it was left out.

        ``requireCanonical`` changes nothing: a block that is not in the proven
        chain is refused in any case.
        """
        value = self._take()
        if value is None:
            return Tag.LATEST
        if isinstance(value, dict):
            return _block_object(name, value)
        return _tag_number_or_hash(name, _string(name, value))

    def block_number(self, name: str = "block") -> Tag | int:
        """A tag or a number, which must be there."""
        return _tag_or_number(name, self._text(name))

    def members(self, name: str) -> dict[str, Received]:
        """An object's members; none where it was left out."""
        value = self._take()
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise InvalidRequest(f"{name}: an object")
        return value

    def some_members(self, name: str) -> dict[str, Received]:
        """What `members` takes, but it must be there."""
        if self._next >= len(self._values) or self._values[self._next] is None:
            raise InvalidRequest(f"{name}: missing (parameter {self._next + 1})")
        return self.members(name)

    def some_block(self, name: str = "block") -> BlockId:
        """What `block` takes, but it must be there."""
        if self._next >= len(self._values) or self._values[self._next] is None:
            raise InvalidRequest(f"{name}: missing (parameter {self._next + 1})")
        return self.block(name)

    def _take(self) -> Received:
        position = self._next
        self._next += 1
        return self._values[position] if position < len(self._values) else None

    def _text(self, name: str) -> str:
        if self._next >= len(self._values):
            raise InvalidRequest(f"{name}: missing (parameter {self._next + 1})")
        return _string(name, self._take())

    def _data(self, name: str, length: int) -> bytes:
        value = self.data(name, at_most=length)
        if len(value) != length:
            raise InvalidRequest(f"{name}: {length} bytes are needed, {len(value)} came")
        return value


def _string(name: str, value: Received) -> str:
    if not isinstance(value, str):
        raise InvalidRequest(f"{name}: a string is needed")
    return value


def _count(name: str, value: Received, bits: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 0 or value.bit_length() > bits:
            raise InvalidRequest(f"{name}: not from 0 to 2**{bits} - 1")
        return value
    return _quantity(name, _string(name, value), bits)


def _number(name: str, value: Received) -> float:
    if isinstance(value, Fraction):
        return float(value.text)
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    raise InvalidRequest(f"{name}: numbers are needed")


def _bytes(name: str, text: str) -> bytes:
    try:
        if text.startswith("0x"):
            return unhexlify(text[2:])
    except ValueError:
        pass
    raise InvalidRequest(f"{name}: 0x and two hex digits a byte are needed")


def _quantity(name: str, text: str, bits: int) -> int:
    if len(text) > 2 + (bits + 3) // 4:
        raise InvalidRequest(f"{name}: larger than {bits} bits")
    if _QUANTITY.fullmatch(text) is None:
        raise InvalidRequest(f"{name}: 0x and hex digits without leading zeros are needed")
    value = int(text, 16)
    if value.bit_length() > bits:
        raise InvalidRequest(f"{name}: larger than {bits} bits")
    return value


def _storage_key(name: str, text: str) -> StorageKey:
    if len(text) > 2 + 64:
        raise InvalidRequest(f"{name}: longer than 32 bytes")
    if _KEY.fullmatch(text) is None:
        raise InvalidRequest(f"{name}: 0x and hex digits are needed")
    number = int(text[2:] or "0", 16)
    key = number.to_bytes(32, "big")
    return StorageKey(key, "0x" + key.hex() if len(text) == 66 else hex(number))


def _tag_or_number(name: str, text: str) -> Tag | int:
    tag = _TAGS.get(text)
    return tag if tag is not None else _quantity(name, text, 63)


def _tag_number_or_hash(name: str, text: str) -> BlockId:
    # A bare 32-byte hash is what execution clients accept beside EIP-1898's object.
    return _bytes(name, text) if len(text) == 66 else _tag_or_number(name, text)


def _block_object(name: str, value: dict[str, Received]) -> BlockId:
    number, block_hash = value.get("blockNumber"), value.get("blockHash")
    unknown = value.keys() - {"blockNumber", "blockHash", "requireCanonical"}
    if unknown:
        raise InvalidRequest(f"{name}: EIP-1898 knows no member {min(unknown)[:40]!r}")
    if not isinstance(value.get("requireCanonical", False), bool):
        raise InvalidRequest(f"{name}.requireCanonical: true or false")
    if (number is None) == (block_hash is None):
        raise InvalidRequest(f"{name}: either blockNumber or blockHash is needed")
    if number is not None:
        return _tag_or_number(name, _string(f"{name}.blockNumber", number))
    text = _string(f"{name}.blockHash", block_hash)
    if len(text) != 66:
        raise InvalidRequest(f"{name}.blockHash: 32 bytes are needed")
    return _bytes(f"{name}.blockHash", text)
