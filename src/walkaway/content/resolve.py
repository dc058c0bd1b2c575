"""Paths: from the root of a DAG through directories, links and keys to what they name.

Specification: ipfs/specs ``src/http-gateways/path-gateway.md``; symbolic links
are not followed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.exporter.directory import find_in
from walkaway.content.exporter.load import apart
from walkaway.content.exporter.node import Look, What, look_at
from walkaway.errors import NoSuchPath
from walkaway.proofs.ipfs import dag_cbor, dag_json, dag_pb
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.data_model import Value

__all__ = ["Resolved", "resolve"]


@dataclass(frozen=True, slots=True)
class Resolved:
    """Where a path leads.

    ``remainder`` is the segments that lead on inside the last block, which is
    then of dag-cbor or dag-json. ``roots`` is the address of each node on the
    path, the root first and ``cid`` last. ``path_blocks`` is the address of each
    block that was read to come to ``cid``, shards of directories among them.
    """

    cid: Cid
    remainder: tuple[str, ...]
    roots: tuple[Cid, ...]
    path_blocks: tuple[Cid, ...]


async def resolve(blocks: Blocks, root: Cid, path: Sequence[str], budget: Budget) -> Resolved:
    """Follow a path, its segments unescaped, from a root. What it leads to is not fetched.

    Raises:
        NoSuchPath: it leads nowhere; that is proven.
        Unproven: a block on it is not to be had.
        ProofError: a block on it is malformed.
        TooMuch: it is longer than is walked.
    """
    cid, roots, passed = root, [root], list[Cid]()
    at = 0
    while at < len(path):
        budget.descend(len(passed))
        look = await look_at(blocks, cid, budget)
        link, taken, shards = await _step(blocks, look, path[at:], budget)
        if link is None:
            return Resolved(cid, tuple(path[at:]), tuple(roots), tuple(passed))
        passed += (cid, *shards)
        roots.append(link)
        cid, at = link, at + taken
    return Resolved(cid, (), tuple(roots), tuple(passed))


async def _step(
    blocks: Blocks, look: Look, path: Sequence[str], budget: Budget
) -> tuple[Cid | None, int, tuple[Cid, ...]]:
    """The first link on a path from a block, how many segments it takes, and the shards passed.

    No link where the path ends inside the block.
    """
    if look.what.is_directory:
        entry, shards = await find_in(blocks, look, path[0], budget)
        if entry is None:
            raise _nowhere(look.cid, path[0])
        return entry.cid, 1, shards
    link, taken = await apart(lambda: _inside_block(look, path), look.cid, len(look.block), budget)
    return link, taken, ()


def _inside_block(look: Look, path: Sequence[str]) -> tuple[Cid | None, int]:
    """The first link on a path inside a block, as `_step` gives it."""
    if look.what is What.DAG_CBOR:
        return _inside(look.cid, dag_cbor.decode(look.block), path)
    if look.what is What.DAG_JSON:
        return _inside(look.cid, dag_json.decode(look.block), path)
    if look.what is What.DAG_PB:
        for named in dag_pb.decode(look.block).links:
            if named.name == path[0]:
                return named.cid, 1
    raise _nowhere(look.cid, path[0])


def _inside(cid: Cid, value: Value, path: Sequence[str]) -> tuple[Cid | None, int]:
    """Follow keys and positions in a block's value, up to the first link."""
    for taken, segment in enumerate(path):
        if isinstance(value, Cid):
            return value, taken
        if isinstance(value, dict) and segment in value:
            value = value[segment]
        elif isinstance(value, list) and _is_position(segment, value):
            value = value[int(segment)]
        else:
            raise _nowhere(cid, segment)
    return (value, len(path)) if isinstance(value, Cid) else (None, len(path))


def _is_position(segment: str, value: list[Value]) -> bool:
    """Whether a segment is a position in a list, in decimal as one writes it."""
    if not (segment.isascii() and segment.isdigit() and len(segment) <= len(str(len(value)))):
        return False
    return str(int(segment)) == segment and int(segment) < len(value)


def _nowhere(cid: Cid, segment: str) -> NoSuchPath:
    return NoSuchPath(f"nothing is named {segment[:100]!r} in {cid}")
