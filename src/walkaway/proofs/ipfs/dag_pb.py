"""dag-pb: a node of links and bytes, which UnixFS is built from.

Specification: ipld/ipld ``specs/codecs/dag-pb/spec.md``. Decoding is as strict
as that asks: fields in order, none twice, none unknown. Links stay in the order
found; encoding sorts them. Links may stand behind the data, as old blocks have
it, but encoding puts them in front.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import protobuf, varint
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["PbLink", "PbNode", "decode", "encode"]

_NODE_LINK, _NODE_DATA = 0x12, 0x0A
_LINK_HASH, _LINK_NAME, _LINK_SIZE = 0x0A, 0x12, 0x18


class PbLink(NamedTuple):
    """A link. ``size`` is what its maker says the whole DAG below takes; nothing holds it.

    Absent and empty are two things in the encoding, so that None is not ``""`` or 0.
    """

    cid: Cid
    name: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class PbNode:
    """A node. ``data`` is None where the node has none, which is not the same as empty."""

    links: tuple[PbLink, ...] = ()
    data: bytes | None = None


def encode(node: PbNode) -> bytes:
    """The canonical encoding, links sorted by the bytes of their names.

    Raises `ProofError` for a name that is no Unicode.
    """
    named = [(_name_bytes(link.name or ""), link) for link in node.links]
    named.sort(key=lambda pair: pair[0])
    parts = [protobuf.field(2, _encoded(name, link)) for name, link in named]
    if node.data is not None:
        parts.append(protobuf.field(1, node.data))
    return b"".join(parts)


def decode(data: bytes) -> PbNode:
    """Decode a node that takes up all of ``data``.

    Raises `ProofError`, also for more than ``LIMITS.block_bytes`` or
    ``LIMITS.node_links`` links.
    """
    if len(data) > LIMITS.block_bytes:
        raise ProofError(f"a block of {len(data)} bytes is over the limit of {LIMITS.block_bytes}")
    links: list[PbLink] = []
    content: bytes | None = None
    tag, found, at, end = 0, set[int](), 0, len(data)
    while at < end:
        last, tag = tag, data[at]
        if tag != last or tag == _NODE_DATA:
            _begin(tag, found)
        start, at = _span(data, at + 1, end)
        if tag == _NODE_DATA:
            content = data[start:at]
            continue
        if len(links) == LIMITS.node_links:
            raise ProofError(f"a dag-pb node has more than {LIMITS.node_links} links")
        links.append(_link(data, start, at))
    return PbNode(tuple(links), content)


def _encoded(name: bytes, link: PbLink) -> bytes:
    encoded = protobuf.field(1, link.cid.encode())
    if link.name is not None:
        encoded += protobuf.field(2, name)
    if link.size is not None:
        encoded += protobuf.field(3, link.size)
    return encoded


def _begin(tag: int, found: set[int]) -> None:
    """Enter a field, or a row of links, that may stand in a node once."""
    if tag not in (_NODE_LINK, _NODE_DATA):
        raise ProofError("a dag-pb node has a field that it should not", got=tag)
    if tag in found:
        raise ProofError("a dag-pb node has a field twice", got=tag)
    found.add(tag)


def _link(data: bytes, at: int, end: int) -> PbLink:
    """The link whose fields stand between two offsets, each at most once and in order."""
    if at == end or data[at] != _LINK_HASH:
        raise ProofError("a dag-pb link does not begin with its CID")
    start, at = _span(data, at + 1, end)
    cid = Cid.decode(data[start:at])
    name = size = None
    if at < end and data[at] == _LINK_NAME:
        start, at = _span(data, at + 1, end)
        name = _text(data[start:at])
    if at < end and data[at] == _LINK_SIZE:
        size, at = varint.decode(data, at + 1, bits=64)
    if at != end:
        raise ProofError("a dag-pb link's fields do not fill it", expected=end, got=at)
    return PbLink(cid, name, size)


def _name_bytes(name: str) -> bytes:
    try:
        return name.encode()
    except UnicodeEncodeError as fault:
        raise ProofError("a dag-pb link's name is no Unicode", got=repr(name)) from fault


def _text(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError as fault:
        raise ProofError("a dag-pb link's name is not UTF-8", got=name) from fault


def _span(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Where the string whose length stands at an offset begins and ends, within ``end``."""
    if at < end and data[at] < 0x80:
        start, stop = at + 1, at + 1 + data[at]
    else:
        length, start = varint.decode(data, at)
        stop = start + length
    if stop > end:
        raise ProofError("a field of a dag-pb node is longer than what holds it")
    return start, stop
