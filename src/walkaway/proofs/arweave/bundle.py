"""Bundles: many data items in the content of a transaction, or of another item (ANS-104, 1.2).

A table in front says under which id how many bytes stand. It is the word of whoever
made the bundle: where an item stands it tells, but the item has yet to prove itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from walkaway.errors import NoSuchPath, ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.arweave.arweave_id import ID_BYTES, ArweaveId
from walkaway.proofs.arweave.data_item import LONGEST_HEAD, read_head
from walkaway.proofs.arweave.tags import is_bundle

__all__ = ["COUNT_BYTES", "Bundle", "Entry", "locate", "read_bundle", "table_bytes"]

COUNT_BYTES: Final = 32
"""The first bytes of a bundle, from which `table_bytes` tells how many to read."""

_SIZE_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Entry:
    """An item in a bundle: from byte ``start`` of the bundle to ``end``, behind its last."""

    id: ArweaveId
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Bundle:
    """The table of a bundle, in the order in which its items stand."""

    entries: tuple[Entry, ...]

    def find(self, item_id: ArweaveId) -> Entry:
        """The first entry of an id. Raises `NoSuchPath` where the table has none."""
        for entry in self.entries:
            if entry.id == item_id:
                return entry
        raise NoSuchPath(f"a bundle holds no item {item_id}")


def table_bytes(begin: bytes) -> int:
    """How many bytes of a bundle its table takes, told by its first 32. Raises `ProofError`."""
    if len(begin) < COUNT_BYTES:
        raise ProofError("a bundle is cut short in its table")
    count = int.from_bytes(begin[:COUNT_BYTES], "little")
    if count > LIMITS.arweave_bundle_items:
        raise ProofError(f"a bundle has over {LIMITS.arweave_bundle_items} items", got=count)
    return COUNT_BYTES + count * (_SIZE_BYTES + ID_BYTES)


def read_bundle(table: bytes, size: int) -> Bundle:
    """Read the table of a bundle of ``size`` bytes, which its items must fill.

    ``table`` is the bundle's first `table_bytes`; more may follow. Raises `ProofError`.
    """
    end = table_bytes(table)
    if len(table) < end:
        raise ProofError("a bundle is cut short in its table")
    entries: list[Entry] = []
    for at in range(COUNT_BYTES, end, _SIZE_BYTES + ID_BYTES):
        start, middle = entries[-1].end if entries else end, at + _SIZE_BYTES
        length = int.from_bytes(table[at:middle], "little")
        entries.append(Entry(ArweaveId(table[middle : middle + ID_BYTES]), start, start + length))
    filled = entries[-1].end if entries else end
    if filled != size:
        raise ProofError("a bundle's items do not fill it", expected=size, got=filled)
    return Bundle(tuple(entries))


def locate(bundle: bytes, item_ids: Sequence[ArweaveId]) -> Entry:
    """Where the last of ``item_ids`` stands in a bundle, each in the content of the one before.

    Nothing is proven by it. Raises `NoSuchPath` for what a table does not name, and
    `ProofError` where one is malformed, is none, or lies too deep.
    """
    if not 1 <= len(item_ids) <= LIMITS.arweave_bundle_depth:
        raise ProofError(f"bundles nest over {LIMITS.arweave_bundle_depth} deep, or not at all")
    *outer, innermost = item_ids
    start, end = 0, len(bundle)
    for item_id in outer:
        entry = _within(bundle, start, end, item_id)
        head = read_head(bundle[entry.start : min(entry.end, entry.start + LONGEST_HEAD)], item_id)
        if head is None or not is_bundle(head.tags):
            raise ProofError("a data item is no bundle", got=str(item_id))
        start, end = entry.start + head.length, entry.end
    return _within(bundle, start, end, innermost)


def _within(data: bytes, start: int, end: int, item_id: ArweaveId) -> Entry:
    """The entry of an id in the bundle at ``start`` to ``end``, in offsets of ``data``."""
    table = data[start : start + table_bytes(data[start : min(end, start + COUNT_BYTES)])]
    entry = read_bundle(table[: end - start], end - start).find(item_id)
    return Entry(item_id, start + entry.start, start + entry.end)
