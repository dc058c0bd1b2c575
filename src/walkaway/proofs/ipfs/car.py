"""CAR: a stream of blocks, each behind its CID, read as it comes and written.

https://ipld.io/specs/transport/car/carv1/ and .../carv2/. An archive proves nothing:
what comes out are claims, to be proven one by one by `block.prove_block`. Of version
2 the enclosed archive of version 1 is read; padding and index are passed over.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final, TypeAlias

from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import dag_cbor, varint
from walkaway.proofs.ipfs.cid import Cid, read_cid
from walkaway.proofs.ipfs.data_model import Value

__all__ = ["CarReader", "Section", "car_header", "car_section", "car_v2_prefix"]

Section: TypeAlias = tuple[Cid, bytes]
"""A CID, and the data said to be its block."""

_PRAGMA: Final = b"\x0a\xa1\x67version\x02"
_V2_HEADER_BYTES: Final = 40
_V2_PREFIX_BYTES: Final = len(_PRAGMA) + _V2_HEADER_BYTES
_CHARACTERISTICS_BYTES: Final = 16
_FULLY_INDEXED: Final = b"\x80" + bytes(_CHARACTERISTICS_BYTES - 1)
_VARINT_BYTES: Final = 9

_Reading: TypeAlias = "Generator[None, None, None]"


class CarReader:
    """Reads one archive from bytes in pieces of any size. Does no I/O.

    Holds at most one section and what was fed last. ``max_blocks`` is how many
    sections the caller would take. After a `ProofError` nothing more is read:
    every later call raises again.
    """

    def __init__(self, *, max_blocks: int) -> None:
        self.version: int | None = None
        """1 or 2, once the first header has come."""
        self.roots: tuple[Cid, ...] | None = None
        """The archive's roots, as it says, once the header of version 1 has come."""
        self._max_blocks = max_blocks
        self._count = 0
        self._buffer = bytearray()
        self._left: int | None = None
        self._whole = False
        self._fault: ProofError | None = None
        self._sections: list[Section] = []
        self._reading = self._read()

    def feed(self, data: bytes) -> list[Section]:
        """Take the next bytes of the archive; give the sections that they complete.

        Raises `ProofError` for what is no archive, for headers over
        ``LIMITS.car_header_bytes``, and for blocks over ``LIMITS.block_bytes``
        or more than ``max_blocks``.
        """
        if self._fault is not None:
            raise self._fault
        self._buffer += data
        try:
            next(self._reading, None)
        except ProofError as fault:
            self._fault = fault
            self._buffer.clear()
            raise
        sections, self._sections = self._sections, []
        return sections

    def close(self) -> None:
        """Say that no more bytes come. Raises `ProofError` where the archive is cut short."""
        if self._fault is not None:
            raise self._fault
        if self.roots is None:
            raise ProofError("this is no CAR, or one that is cut short in its header")
        if not self._whole:
            raise ProofError("a CAR is cut short")

    def _read(self) -> _Reading:
        header = yield from self._prefixed(LIMITS.car_header_bytes)
        if varint.encode(len(header)) + header == _PRAGMA:
            self.version = 2
            yield from self._enter_v2()
            header = yield from self._prefixed(LIMITS.car_header_bytes)
        else:
            self.version = 1
        self.roots = _roots(header)
        while self._left != 0:
            yield from self._begin_section()
            self._whole = False
            self._add(_section((yield from self._prefixed(LIMITS.cid_bytes + LIMITS.block_bytes))))
        self._whole = True
        while True:
            self._buffer.clear()
            yield

    def _enter_v2(self) -> _Reading:
        """Read the header of version 2, and go to where its archive of version 1 begins."""
        header = yield from self._take(_V2_HEADER_BYTES)
        characteristics, fields = header[:_CHARACTERISTICS_BYTES], header[_CHARACTERISTICS_BYTES:]
        if characteristics not in (bytes(_CHARACTERISTICS_BYTES), _FULLY_INDEXED):
            raise ProofError("a CAR has characteristics that are not known", got=characteristics)
        offset, size, index = (int.from_bytes(fields[at : at + 8], "little") for at in (0, 8, 16))
        if offset < _V2_PREFIX_BYTES or size == 0 or 0 < index < offset + size:
            raise ProofError("the parts of a CAR of version 2 lie over each other", got=fields)
        padding = offset - _V2_PREFIX_BYTES
        while padding:
            if not self._buffer:
                yield
            passed = min(padding, len(self._buffer))
            del self._buffer[:passed]
            padding -= passed
        self._left = size

    def _begin_section(self) -> _Reading:
        """Wait for the first byte of a section; until it comes, a version 1 may end here."""
        while not self._buffer:
            self._whole = self._left is None
            yield

    def _prefixed(self, limit: int) -> Generator[None, None, bytes]:
        """Take as many bytes as the varint before them says, which is at most ``limit``."""
        prefix = yield from self._take(1)
        while prefix[-1] & 0x80 and len(prefix) < _VARINT_BYTES:
            prefix += yield from self._take(1)
        length, _ = varint.decode(prefix)
        if length > limit:
            raise ProofError(f"a part of a CAR is over the limit of {limit} bytes", got=length)
        return (yield from self._take(length))

    def _take(self, count: int) -> Generator[None, None, bytes]:
        if self._left is not None:
            if count > self._left:
                raise ProofError("a section of a CAR reaches beyond the archive's data")
            self._left -= count
        while len(self._buffer) < count:
            yield
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _add(self, section: Section) -> None:
        self._count += 1
        if self._count > self._max_blocks:
            raise ProofError(f"a CAR holds more than {self._max_blocks} blocks")
        self._sections.append(section)


def car_header(roots: tuple[Cid, ...]) -> bytes:
    """What an archive of version 1 begins with; `car_section` follows for each block."""
    links: list[Value] = list(roots)
    return _with_length(dag_cbor.encode({"roots": links, "version": 1}))


def car_section(cid: Cid, data: bytes) -> bytes:
    """One block in an archive."""
    return _with_length(cid.encode() + data)


def car_v2_prefix(data_bytes: int) -> bytes:
    """What stands before an archive of version 1 of so many bytes to make it version 2.

    No index follows; readers make their own.
    """
    numbers = (_V2_PREFIX_BYTES, data_bytes, 0)
    fields = b"".join([number.to_bytes(8, "little") for number in numbers])
    return _PRAGMA + bytes(_CHARACTERISTICS_BYTES) + fields


def _with_length(content: bytes) -> bytes:
    return varint.encode(len(content)) + content


def _roots(header: bytes) -> tuple[Cid, ...]:
    try:
        fields = dag_cbor.decode(header)
    except ProofError as error:
        raise ProofError(f"this is no CAR: it does not begin with a header ({error})") from None
    if not isinstance(fields, dict) or fields.keys() != {"roots", "version"}:
        raise ProofError("a CAR's header is not one of roots and a version", got=header)
    version, roots = fields["version"], fields["roots"]
    if version != 1 or isinstance(version, bool | float):
        raise ProofError("a CAR is of no known version", got=version)
    if not isinstance(roots, list):
        raise ProofError("a CAR's roots are not a list", got=roots)
    links = tuple([root for root in roots if isinstance(root, Cid)])
    if len(links) != len(roots):
        raise ProofError("a CAR's root is not a link")
    return links


def _section(content: bytes) -> Section:
    cid, end = read_cid(content)
    data = content[end:]
    if len(data) > LIMITS.block_bytes:
        raise ProofError(f"a block in a CAR is over {LIMITS.block_bytes} bytes", got=len(data))
    return cid, data
