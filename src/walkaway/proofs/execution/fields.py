"""One way to read a structure, whichever form it came in: RLP or a JSON object.

Each structure (header, transaction, receipt, ...) is read by one function
that asks a `Fields` for its parts in the order of the RLP encoding and under
the names of the JSON-RPC schemas. `RlpFields` goes by the order, `JsonFields`
by the names. What a source adds to a JSON object is never looked at.

JSON is read more leniently than the schemas say where that cannot matter:
letters of either case, quantities with leading zeros, ``null`` for an empty
list. The commitment that the structure is then held against binds the value,
not its spelling. Everything malformed is a `ProofError`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from walkaway.errors import ProofError
from walkaway.proofs.execution import rlp

__all__ = [
    "Fields",
    "JsonFields",
    "RlpFields",
    "hex_bytes",
    "hex_integer",
    "json_list",
    "json_object",
    "read_item",
    "read_rlp",
]

T = TypeVar("T")

_HEX = re.compile(r"0[xX][0-9a-fA-F]*")


class Fields(Protocol):
    """The parts of one structure. ``name`` is the JSON key, with other keys it goes by."""

    def integer(self, *name: str, bits: int) -> int:
        """An unsigned integer of at most ``bits`` bits."""

    def fixed(self, name: str, size: int) -> bytes:
        """Exactly ``size`` bytes."""

    def fixed_or_empty(self, name: str, size: int) -> bytes | None:
        """Exactly ``size`` bytes, or None for empty bytes or ``null``."""

    def data(self, name: str, limit: int) -> bytes:
        """At most ``limit`` bytes."""

    def has(self, name: str) -> bool:
        """Whether there is a further field here: for those that later forks added."""

    def fixed_list(self, name: str, size: int, limit: int) -> tuple[bytes, ...]:
        """At most ``limit`` byte strings of ``size`` bytes each."""

    def records(self, name: str, read: Callable[[Fields], T], limit: int) -> tuple[T, ...]:
        """At most ``limit`` structures, each read by ``read``."""


class RlpFields:
    """The items of one RLP list, taken in order."""

    def __init__(self, item: rlp.Item, what: str) -> None:
        if not isinstance(item, list):
            raise ProofError(f"{what}: RLP bytes stand where a list should")
        self._items = item
        self._next = 0
        self._what = what

    def _take(self, name: str) -> rlp.Item:
        if self._next >= len(self._items):
            raise ProofError(f"{self._what}: RLP ends before {name}")
        item = self._items[self._next]
        self._next += 1
        return item

    def integer(self, *name: str, bits: int) -> int:
        """See `Fields`."""
        return rlp.integer(self._take(name[0]), bits=bits)

    def fixed(self, name: str, size: int) -> bytes:
        """See `Fields`."""
        return _sized(self.data(name, size), name, size)

    def fixed_or_empty(self, name: str, size: int) -> bytes | None:
        """See `Fields`."""
        value = self.data(name, size)
        return _sized(value, name, size) if value else None

    def data(self, name: str, limit: int) -> bytes:
        """See `Fields`."""
        item = self._take(name)
        if not isinstance(item, bytes):
            raise ProofError(f"{name}: a list stands where RLP bytes should")
        return _limited(item, name, limit)

    def has(self, name: str) -> bool:
        """See `Fields`; the order decides, so ``name`` is not needed."""
        del name
        return self._next < len(self._items)

    def fixed_list(self, name: str, size: int, limit: int) -> tuple[bytes, ...]:
        """See `Fields`."""
        inner = self._list(name, limit)
        return tuple([inner.fixed(name, size) for _ in inner._items])

    def records(self, name: str, read: Callable[[Fields], T], limit: int) -> tuple[T, ...]:
        """See `Fields`."""
        items = self._list(name, limit)._items
        return tuple([read_item(item, name, read) for item in items])

    def _list(self, name: str, limit: int) -> RlpFields:
        inner = RlpFields(self._take(name), name)
        _limited(inner._items, name, limit)
        return inner

    def finish(self) -> None:
        """Refuse items that nobody asked for."""
        if self.has(""):
            raise ProofError(f"{self._what}: RLP holds more than {self._next} fields")


class JsonFields:
    """The members of one JSON object, taken by name."""

    def __init__(self, value: object, what: str) -> None:
        self._members = json_object(value, what)

    def _take(self, *names: str) -> object:
        for name in names:
            if (value := self._members.get(name)) is not None:
                return value
        raise ProofError(f"{' or '.join(names)}: absent")

    def integer(self, *name: str, bits: int) -> int:
        """See `Fields`."""
        return hex_integer(self._take(*name), name[0], bits=bits)

    def fixed(self, name: str, size: int) -> bytes:
        """See `Fields`."""
        return _sized(hex_bytes(self._take(name), name, limit=size), name, size)

    def fixed_or_empty(self, name: str, size: int) -> bytes | None:
        """See `Fields`."""
        if not self.has(name):
            return None
        value = hex_bytes(self._take(name), name, limit=size)
        return _sized(value, name, size) if value else None

    def data(self, name: str, limit: int) -> bytes:
        """See `Fields`."""
        return hex_bytes(self._take(name), name, limit=limit)

    def has(self, name: str) -> bool:
        """See `Fields`; ``null`` counts as absent."""
        return self._members.get(name) is not None

    def fixed_list(self, name: str, size: int, limit: int) -> tuple[bytes, ...]:
        """See `Fields`; ``null`` counts as empty."""
        values = self._list(name, limit)
        return tuple([_sized(hex_bytes(v, name, limit=size), name, size) for v in values])

    def records(self, name: str, read: Callable[[Fields], T], limit: int) -> tuple[T, ...]:
        """See `Fields`; ``null`` counts as empty."""
        return tuple([read(JsonFields(value, name)) for value in self._list(name, limit)])

    def _list(self, name: str, limit: int) -> Sequence[object]:
        value = self._members.get(name)
        return () if value is None else json_list(value, name, limit)


def read_rlp(data: bytes, what: str, read: Callable[[Fields], T], max_bytes: int) -> T:
    """Decode ``data`` as one RLP list and read all of it."""
    return read_item(rlp.decode(data, max_bytes=max_bytes), what, read)


def read_item(item: rlp.Item, what: str, read: Callable[[Fields], T]) -> T:
    """Read all of an RLP list that is decoded already."""
    fields = RlpFields(item, what)
    value = read(fields)
    fields.finish()
    return value


def json_object(value: object, what: str) -> Mapping[str, object]:
    """The members of a JSON object."""
    if not isinstance(value, dict):
        raise ProofError(f"{what}: not a JSON object")
    return value


def json_list(value: object, what: str, limit: int) -> Sequence[object]:
    """The elements of a JSON array of at most ``limit``."""
    if not isinstance(value, list):
        raise ProofError(f"{what}: not a JSON array")
    return _limited(value, what, limit)


def hex_integer(value: object, name: str, *, bits: int) -> int:
    """A JSON-RPC quantity (``0x`` and hex digits) of at most ``bits`` bits."""
    digits = _hex_digits(value, name).lstrip("0") or "0"
    if len(digits) * 4 >= bits + 4 or int(digits, 16) >> bits:
        raise ProofError(f"{name}: wider than {bits} bits")
    return int(digits, 16)


def hex_bytes(value: object, name: str, *, limit: int) -> bytes:
    """JSON-RPC data (``0x`` and an even number of hex digits) of at most ``limit`` bytes."""
    digits = _hex_digits(value, name)
    if len(digits) % 2:
        raise ProofError(f"{name}: an odd number of hex digits")
    if len(digits) > 2 * limit:
        raise ProofError(f"{name}: more than {limit} bytes")
    return bytes.fromhex(digits)


def _hex_digits(value: object, name: str) -> str:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise ProofError(f"{name}: not a string of 0x and hex digits")
    return value[2:]


def _sized(value: bytes, name: str, size: int) -> bytes:
    if len(value) != size:
        raise ProofError(f"{name}: {len(value)} bytes where {size} are due", got=value)
    return value


S = TypeVar("S", bound=Sequence[object])


def _limited(value: S, name: str, limit: int) -> S:
    if len(value) > limit:
        raise ProofError(f"{name}: {len(value)} is over the limit of {limit}")
    return value
