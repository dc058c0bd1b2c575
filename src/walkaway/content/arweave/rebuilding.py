"""A data item put together again from the fields of its header, as GraphQL gives them.

These leave open how it was signed; each way that fits is one item, of which at most one
proves itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from walkaway.errors import ProofError, SourceFault
from walkaway.proofs.arweave import base64url
from walkaway.proofs.arweave.signatures import SIGNATURE_TYPES
from walkaway.proofs.arweave.tags import Tag, encode_tags
from walkaway.sources.request import ItemFields

__all__ = ["rebuilt_items"]

_OPTIONAL_BYTES: Final = 32
_TYPE_BYTES: Final = 2
_COUNT_BYTES: Final = 8


def rebuilt_items(fields: ItemFields) -> Iterator[bytes]:
    """The items that these may be the fields of (ANS-104, 1.2). Raises `SourceFault`."""
    owner, signature = _decoded(fields.owner), _decoded(fields.signature)
    target = _optional(_decoded(fields.target))
    tags = tuple(Tag(_encoded(name), _encoded(value)) for name, value in fields.tags)
    raw_tags = encode_tags(tags)
    counts = b"".join(n.to_bytes(_COUNT_BYTES, "little") for n in (len(tags), len(raw_tags)))
    for number, kind in SIGNATURE_TYPES.items():
        if (kind.owner_bytes, kind.signature_bytes) == (len(owner), len(signature)):
            begin = number.to_bytes(_TYPE_BYTES, "little") + signature + owner
            anchor = _optional(_anchor(fields.anchor))
            yield b"".join((begin, target, anchor, counts, raw_tags, fields.payload))


def _anchor(text: str) -> bytes:
    """An anchor, which is in base64url, or as it is, made of letters."""
    return _encoded(text) if len(text) == _OPTIONAL_BYTES else _decoded(text)


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise SourceFault("gives a field of a data item that is no text") from None


def _optional(value: bytes) -> bytes:
    if len(value) not in (0, _OPTIONAL_BYTES):
        raise SourceFault("gives a field of a data item that is not of its length")
    return bytes((bool(value),)) + value


def _decoded(text: str) -> bytes:
    try:
        return base64url.decode(text)
    except ProofError:
        raise SourceFault("gives a field of a data item that is not in base64url") from None
