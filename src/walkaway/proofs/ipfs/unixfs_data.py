"""The message in a dag-pb node's data that makes it a UnixFS node.

Specification: ipfs/specs ``src/unixfs.md``. Fields may stand in any order and
unknown ones are passed over, as protocol buffers have it; a field twice where
it may stand once is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import protobuf, varint

__all__ = ["Kind", "ModificationTime", "UnixFsData", "decode", "encode"]


class Kind(IntEnum):
    """What a node is: the specification's ``DataType``."""

    RAW = 0
    DIRECTORY = 1
    FILE = 2
    METADATA = 3
    SYMLINK = 4
    HAMT_SHARD = 5


@dataclass(frozen=True, slots=True)
class ModificationTime:
    """Seconds since 1970, or before it where negative, and nanoseconds on top of them."""

    seconds: int
    nanoseconds: int = 0


@dataclass(frozen=True, slots=True)
class UnixFsData:
    """The message as it stands, nothing of it checked against the links.

    ``data`` is a file's bytes, a link's target or a shard's bit field;
    ``filesize`` and ``blocksizes`` are bytes; ``mode`` is all 32 bits of it.
    """

    kind: Kind
    data: bytes | None = None
    filesize: int | None = None
    blocksizes: tuple[int, ...] = ()
    hash_type: int | None = None
    fanout: int | None = None
    mode: int | None = None
    mtime: ModificationTime | None = None


_KIND, _DATA, _FILESIZE, _BLOCKSIZES, _HASH_TYPE, _FANOUT, _MODE, _MTIME = range(1, 9)
_SECONDS, _NANOSECONDS = 1, 2
_NANOSECONDS_PER_SECOND = 1_000_000_000


def encode(message: UnixFsData) -> bytes:
    """The message in the order of its fields' numbers, each size a field of its own."""
    fields: list[tuple[int, int | bytes | None]] = [
        (_KIND, int(message.kind)),
        (_DATA, message.data),
        (_FILESIZE, message.filesize),
        *[(_BLOCKSIZES, size) for size in message.blocksizes],
        (_HASH_TYPE, message.hash_type),
        (_FANOUT, message.fanout),
        (_MODE, message.mode),
        (_MTIME, None if message.mtime is None else _encoded_time(message.mtime)),
    ]
    return b"".join(
        [protobuf.field(number, value) for number, value in fields if value is not None]
    )


def decode(data: bytes) -> UnixFsData:
    """Decode the message. Raises `ProofError`."""
    fields, sizes = _Fields(), list[int]()
    for number, wire_type, value in protobuf.read(data):
        if number != _BLOCKSIZES:
            fields.keep(number, wire_type, value)
            continue
        sizes += _sizes(wire_type, value)
        if len(sizes) > LIMITS.node_links:
            raise ProofError(f"a UnixFS node has more than {LIMITS.node_links} sizes")
    kind, mtime = fields.integer(_KIND), fields.string(_MTIME)
    if kind is None or kind > max(Kind):
        raise ProofError("a UnixFS node is of no known kind", got=kind)
    return UnixFsData(
        Kind(kind),
        fields.string(_DATA),
        fields.integer(_FILESIZE),
        tuple(sizes),
        fields.integer(_HASH_TYPE),
        fields.integer(_FANOUT),
        fields.integer(_MODE, bits=32),
        None if mtime is None else _time(mtime),
    )


class _Fields:
    """Those fields of a message that may stand once."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[int, int | bytes]] = {}

    def keep(self, number: int, wire_type: int, value: int | bytes) -> None:
        if number in self._found:
            raise ProofError("a UnixFS node has a field twice", got=number)
        self._found[number] = wire_type, value

    def string(self, number: int) -> bytes | None:
        value = self._found.get(number, (protobuf.BYTES, None))[1]
        if isinstance(value, int):
            raise ProofError("a number stands in a UnixFS node where bytes should", got=number)
        return value

    def integer(
        self, number: int, *, bits: int = 64, wire_type: int = protobuf.VARINT
    ) -> int | None:
        if number not in self._found:
            return None
        found, value = self._found[number]
        if isinstance(value, bytes) or found != wire_type or value >> bits:
            raise ProofError("a UnixFS node has a number of the wrong form", got=number)
        return value


def _sizes(wire_type: int, value: int | bytes) -> list[int]:
    """One size, or several that are packed into bytes."""
    if isinstance(value, int):
        if wire_type != protobuf.VARINT:
            raise ProofError("a UnixFS node has a size of the wrong form", got=wire_type)
        return [value]
    sizes, at = list[int](), 0
    while at < len(value):
        size, at = varint.decode(value, at, bits=64)
        sizes.append(size)
    return sizes


def _time(message: bytes) -> ModificationTime:
    fields = _Fields()
    for number, wire_type, value in protobuf.read(message):
        fields.keep(number, wire_type, value)
    seconds = fields.integer(_SECONDS)
    nanoseconds = fields.integer(_NANOSECONDS, wire_type=protobuf.FIXED32)
    if seconds is None or not (nanoseconds is None or 0 < nanoseconds < _NANOSECONDS_PER_SECOND):
        raise ProofError("a UnixFS node's time of modification is malformed", got=message)
    signed = int.from_bytes(seconds.to_bytes(8, "little"), "little", signed=True)
    return ModificationTime(signed, nanoseconds or 0)


def _encoded_time(time: ModificationTime) -> bytes:
    encoded = protobuf.field(_SECONDS, time.seconds % (1 << 64))
    if time.nanoseconds:
        encoded += varint.encode(_NANOSECONDS << 3 | protobuf.FIXED32)
        encoded += time.nanoseconds.to_bytes(4, "little")
    return encoded
