"""Simple Serialize for fixed containers: bytes and beacon-API JSON, in and out, and roots.

One `Schema` describes a type once; decoding, encoding, JSON and the
hash-tree-root all follow from it. Values are plain ints, bytes, tuples and the
frozen dataclasses of `containers.py`. Lists other than a byte list do not
occur in light-client data, so they are not here.

Specification: consensus-specs ``ssz/simple-serialize.md`` and beacon-APIs
(decimal strings for integers, 0x-prefixed hex for bytes). Why this is ours:
``docs/decisions/0002-ssz.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Generic, Protocol, TypeVar

from walkaway.errors import ProofError
from walkaway.proofs.consensus.merkle import merkleize

__all__ = [
    "ByteList",
    "ByteVector",
    "Container",
    "JsonValue",
    "Schema",
    "Uint",
    "Vector",
]

T = TypeVar("T")
JsonValue = str | list["JsonValue"] | dict[str, "JsonValue"]


class Schema(Protocol[T]):
    """A type: ``size`` is its length in bytes, or None where that varies."""

    @property
    def size(self) -> int | None: ...
    def decode(self, data: bytes) -> T: ...
    def encode(self, value: T) -> bytes: ...
    def root(self, value: T) -> bytes: ...
    def from_json(self, document: object) -> T: ...
    def to_json(self, value: T) -> JsonValue: ...


class Uint:
    """An unsigned integer of ``size`` bytes, little-endian; decimal in JSON."""

    def __init__(self, size: int) -> None:
        self.size = size

    def decode(self, data: bytes) -> int:
        return int.from_bytes(_sized(data, self.size, "an integer"), "little")

    def encode(self, value: int) -> bytes:
        return value.to_bytes(self.size, "little")

    def root(self, value: int) -> bytes:
        return value.to_bytes(32, "little")

    def from_json(self, document: object) -> int:
        # 78 digits hold the widest integer; longer text is refused before it is parsed.
        if not (isinstance(document, str) and document.isascii() and document.isdigit()):
            raise ProofError("an integer in JSON is a decimal string", got=document)
        value = int(document) if len(document) <= 78 else -1
        if not 0 <= value < 1 << (8 * self.size):
            raise ProofError(f"an integer does not fit {self.size} bytes", got=document)
        return value

    def to_json(self, value: int) -> str:
        return str(value)


class ByteVector:
    """Exactly ``size`` bytes."""

    def __init__(self, size: int) -> None:
        self.size = size

    def decode(self, data: bytes) -> bytes:
        return _sized(data, self.size, "a byte vector")

    def encode(self, value: bytes) -> bytes:
        return _sized(value, self.size, "a byte vector")

    def root(self, value: bytes) -> bytes:
        if self.size == 32:
            return value
        return merkleize(_chunks(value))

    def from_json(self, document: object) -> bytes:
        return _sized(_hex(document), self.size, "a byte vector")

    def to_json(self, value: bytes) -> str:
        return "0x" + value.hex()


class ByteList:
    """At most ``limit`` bytes, and at most 32: one chunk, then its length."""

    size = None

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def decode(self, data: bytes) -> bytes:
        if len(data) > self.limit:
            raise ProofError(f"a byte list is longer than {self.limit}", got=len(data))
        return data

    def encode(self, value: bytes) -> bytes:
        return self.decode(value)

    def root(self, value: bytes) -> bytes:
        return sha256(value.ljust(32, b"\0") + len(value).to_bytes(32, "little")).digest()

    def from_json(self, document: object) -> bytes:
        return self.decode(_hex(document))

    def to_json(self, value: bytes) -> str:
        return "0x" + value.hex()


class Vector:
    """``count`` byte vectors of ``width`` bytes each: a Merkle branch, the keys of a committee."""

    def __init__(self, width: int, count: int) -> None:
        self.element = ByteVector(width)
        self.count = count
        self.size = width * count

    def decode(self, data: bytes) -> tuple[bytes, ...]:
        _sized(data, self.size, "a vector")
        width = self.element.size
        return tuple(data[at : at + width] for at in range(0, self.size, width))

    def encode(self, value: tuple[bytes, ...]) -> bytes:
        return _sized(b"".join(map(self.element.encode, value)), self.size, "a vector")

    def root(self, value: tuple[bytes, ...]) -> bytes:
        return merkleize([self.element.root(item) for item in value])

    def from_json(self, document: object) -> tuple[bytes, ...]:
        if not isinstance(document, list) or len(document) != self.count:
            raise ProofError(f"a vector in JSON is a list of {self.count}")
        return tuple(map(self.element.from_json, document))

    def to_json(self, value: tuple[bytes, ...]) -> JsonValue:
        return [self.element.to_json(item) for item in value]


class Container(Generic[T]):
    """Named fields in order, decoded by calling ``build`` with them as keywords.

    ``encode``, ``root`` and ``to_json`` read the attributes of the same names.
    """

    def __init__(self, build: Callable[..., T], **fields: Schema[Any]) -> None:
        self.build = build
        self.fields = fields
        sizes = [field.size for field in fields.values()]
        self._head = sum(4 if size is None else size for size in sizes)
        self.size = None if None in sizes else self._head

    def decode(self, data: bytes) -> T:
        """Fixed parts first, then the variable ones, which must tile the rest exactly."""
        if len(data) < self._head or (self.size is not None and len(data) != self.size):
            raise ProofError("a container has the wrong length", expected=self._head, got=len(data))
        parts: dict[str, bytes] = {}
        starts: list[tuple[str, int]] = []
        at = 0
        for name, field in self.fields.items():
            width = 4 if field.size is None else field.size
            parts[name] = data[at : at + width]
            if field.size is None:
                starts.append((name, int.from_bytes(parts[name], "little")))
            at += width
        bounds = [start for _, start in starts] + [len(data)]
        if starts and (bounds[0] != self._head or sorted(bounds) != bounds):
            raise ProofError("a container's offsets do not tile it")
        for (name, start), end in zip(starts, bounds[1:], strict=True):
            parts[name] = data[start:end]
        return self.build(**{n: field.decode(parts[n]) for n, field in self.fields.items()})

    def encode(self, value: T) -> bytes:
        head, tail = b"", b""
        for name, field in self.fields.items():
            part = field.encode(getattr(value, name))
            if field.size is None:
                head += (self._head + len(tail)).to_bytes(4, "little")
                tail += part
            else:
                head += part
        return head + tail

    def leaves(self, value: T) -> list[bytes]:
        """The root of each field: the leaves of the container's tree."""
        return [field.root(getattr(value, name)) for name, field in self.fields.items()]

    def root(self, value: T) -> bytes:
        return merkleize(self.leaves(value))

    def from_json(self, document: object) -> T:
        if not isinstance(document, Mapping):
            raise ProofError("a container in JSON is an object")
        absent = [name for name in self.fields if name not in document]
        if absent:
            raise ProofError("fields are missing in JSON", got=", ".join(absent))
        return self.build(**{n: field.from_json(document[n]) for n, field in self.fields.items()})

    def to_json(self, value: T) -> dict[str, JsonValue]:
        return {name: field.to_json(getattr(value, name)) for name, field in self.fields.items()}


def _sized(data: bytes, size: int, what: str) -> bytes:
    if len(data) != size:
        raise ProofError(f"{what} has the wrong length", expected=size, got=len(data))
    return data


def _hex(document: object) -> bytes:
    if not isinstance(document, str) or not document.startswith("0x"):
        raise ProofError("bytes in JSON are 0x-prefixed hex", got=document)
    try:
        data = bytes.fromhex(document[2:])
    except ValueError:
        data = b""
    if 2 * len(data) + 2 != len(document):  # also where fromhex skipped a blank
        raise ProofError("bytes in JSON are 0x-prefixed hex", got=document)
    return data


def _chunks(data: bytes) -> list[bytes]:
    return [data[at : at + 32].ljust(32, b"\0") for at in range(0, len(data), 32)]
