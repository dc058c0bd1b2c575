"""Data items: content under a signature of its own, inside a bundle or alone (ANS-104).

The signature covers the payload as a whole, by its SHA-384. So an item is proven whole
or not at all: nothing of its payload may be handed on before `ItemProof.finish`. The
payload need not be in memory for that, only kept somewhere until then. (The chunks of
the transaction around it prove less: that somebody put these bytes under that id.)
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, final

from walkaway.errors import ProofError, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs._seal import seal
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.deep_hash import Hashed, deep_hash
from walkaway.proofs.arweave.signatures import SIGNATURE_TYPES
from walkaway.proofs.arweave.tags import Tag, decode_tags
from walkaway.proofs.ipfs.block import NO_CHAIN
from walkaway.proofs.proven import Claim, Evidence, Finality, Proven

__all__ = [
    "LONGEST_HEAD",
    "DataItem",
    "ItemHead",
    "ItemProof",
    "item_subject",
    "prove_item",
    "read_head",
]

_TYPE_BYTES: Final = 2
_OPTIONAL_BYTES: Final = 32
_COUNT_BYTES: Final = 8

LONGEST_HEAD: Final = (
    _TYPE_BYTES
    + max(kind.signature_bytes + kind.owner_bytes for kind in SIGNATURE_TYPES.values())
    + 2 * (1 + _OPTIONAL_BYTES)
    + 2 * _COUNT_BYTES
    + LIMITS.arweave_tag_bytes
)
"""Bytes that hold the head of any item, and the most that are held of one."""


@dataclass(frozen=True, slots=True)
class ItemHead:
    """What stands in front of an item's payload. Nothing of it is proven.

    ``length`` is its bytes; ``target`` and ``anchor`` are 32 bytes or none.
    """

    signature_type: int
    signature: bytes
    owner: bytes
    target: bytes
    anchor: bytes
    raw_tags: bytes
    tags: tuple[Tag, ...]
    length: int


@dataclass(frozen=True, slots=True)
class DataItem:
    """An item whose signature holds. Its payload is ``size`` bytes from ``payload_at`` on.

    ``digest`` is the payload's SHA-384; ``owner`` the key, or address, as signed.
    """

    id: ArweaveId
    signature_type: int
    owner: bytes
    target: bytes
    anchor: bytes
    tags: tuple[Tag, ...]
    payload_at: int
    size: int
    digest: bytes


@final
class ItemProof:
    """Proves an item whose bytes come piece by piece, with bounded memory.

    A signature that is not the id's is refused as soon as it is there.
    """

    def __init__(self, item_id: ArweaveId) -> None:
        self._id = item_id
        self._begin = bytearray()
        self._head: ItemHead | None = None
        self._payload = hashlib.sha384()
        self._size = 0

    @property
    def head(self) -> ItemHead | None:
        """The item's head, unproven, once its last byte has come."""
        return self._head

    def update(self, piece: bytes) -> None:
        """Take the bytes that follow. Raises `ProofError`, `Unsupported`."""
        view = memoryview(piece)
        if self._head is None:
            held = LONGEST_HEAD - len(self._begin)
            self._begin += view[:held]
            self._head = read_head(bytes(self._begin), self._id)
            if self._head is None:
                return
            self._take(self._begin[self._head.length :])
            view = view[held:]
            self._begin.clear()
        self._take(view)

    def _take(self, payload: bytearray | memoryview) -> None:
        self._payload.update(payload)
        self._size += len(payload)

    def finish(self) -> Proven[DataItem]:
        """The proven item, after its last byte. Raises `ProofError`."""
        head = self._head
        if head is None:
            raise ProofError("a data item is cut short in its head")
        payload = Hashed(self._size, self._payload.digest())
        kind = SIGNATURE_TYPES[head.signature_type]
        kind.verify(head.owner, _signed(head, payload), head.signature)
        return _sealed(self._id, head, payload)


def prove_item(item_id: ArweaveId, data: bytes) -> Proven[DataItem]:
    """Prove that ``data`` is the item of an id, whole and nothing behind it.

    Raises `ProofError`; `Unsupported` where it is signed in a way that is not known.
    """
    proof = ItemProof(item_id)
    proof.update(data)
    return proof.finish()


def read_head(data: bytes, item_id: ArweaveId | None = None) -> ItemHead | None:
    """Read the head from an item's first bytes; None where it may go on beyond them.

    With ``item_id`` the signature must hash to it. Raises `ProofError`, `Unsupported`.
    """
    cursor = _Cursor(data)
    try:
        return _head(cursor, item_id)
    except EOFError:
        return None


def item_subject(item_id: ArweaveId) -> tuple[str, bytes]:
    """What the claim of a proven item is about."""
    return ("arweave item", item_id.digest)


class _Cursor:
    """Takes bytes off the front; raises `EOFError` where there are not so many."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        taken = self._data[self.at : self.at + count]
        if len(taken) != count:
            raise EOFError
        self.at += count
        return taken

    def integer(self, count: int) -> int:
        return int.from_bytes(self.take(count), "little")

    def optional(self, name: str) -> bytes:
        present = self.integer(1)
        if present > 1:
            raise ProofError(f"a data item neither has nor lacks its {name}", got=present)
        return self.take(_OPTIONAL_BYTES * present)


def _head(cursor: _Cursor, item_id: ArweaveId | None) -> ItemHead:
    signature_type = cursor.integer(_TYPE_BYTES)
    kind = SIGNATURE_TYPES.get(signature_type)
    if kind is None:
        raise Unsupported(f"no signature of type {signature_type} on a data item is checked")
    signature = cursor.take(kind.signature_bytes)
    if item_id is not None:
        item_id.hold(signature)
    owner = cursor.take(kind.owner_bytes)
    target, anchor = cursor.optional("target"), cursor.optional("anchor")
    count, length = cursor.integer(_COUNT_BYTES), cursor.integer(_COUNT_BYTES)
    if length > LIMITS.arweave_tag_bytes:
        raise ProofError(f"tags are over {LIMITS.arweave_tag_bytes} bytes", got=length)
    raw_tags = cursor.take(length)
    tags = decode_tags(raw_tags)
    if len(tags) != count:
        raise ProofError("a data item has not as many tags as said", expected=count, got=len(tags))
    return ItemHead(
        signature_type, signature, owner, target, anchor, raw_tags, tags, length=cursor.at
    )


def _signed(head: ItemHead, payload: Hashed) -> bytes:
    """ANS-104, 2: the deep hash that the owner signed."""
    signature_type = b"%d" % head.signature_type
    fields = (signature_type, head.owner, head.target, head.anchor, head.raw_tags)
    return deep_hash((b"dataitem", b"1", *fields, payload))


def _sealed(item_id: ArweaveId, head: ItemHead, payload: Hashed) -> Proven[DataItem]:
    kind = SIGNATURE_TYPES[head.signature_type]
    return seal(
        DataItem(
            item_id,
            head.signature_type,
            head.owner,
            head.target,
            head.anchor,
            head.tags,
            head.length,
            payload.length,
            payload.digest,
        ),
        Claim(NO_CHAIN, None, item_subject(item_id), Finality.GIVEN),
        Evidence(
            "the owner's key signed the item, and its id is the hash of that signature",
            (("signature type", kind.name), ("owner", head.owner), ("bytes", payload.length)),
            (Evidence("Arweave id that was asked for", (("id", str(item_id)),)),),
        ),
    )
