"""The header of a transaction as JSON, in the one form in which nodes write it.

Each byte string is in base64url and each amount a decimal without leading zeros, so that
what is read is what was signed. Fields that are not signed are passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from walkaway.errors import ProofError, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs.arweave import base64url
from walkaway.proofs.arweave.arweave_id import ID_BYTES
from walkaway.proofs.arweave.rsa_pss import KEY_BYTES
from walkaway.proofs.arweave.tags import Tag
from walkaway.proofs.json_depth import nests_deeper

__all__ = ["Header", "read_header"]

_JSON_DEPTH: Final = 8
_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,20}", re.ASCII)
"""At most 21 digits, as nodes hold amounts to."""
_ANCHOR_BYTES: Final = (0, 32, 48)
"""The last transaction of the owner, or a recent block."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a transaction says of itself; nothing of it is proven. Amounts are winston."""

    format: int
    owner: bytes
    target: bytes
    quantity: int
    reward: int
    last_tx: bytes
    tags: tuple[Tag, ...]
    data_size: int
    data_root: bytes
    denomination: int
    signature: bytes


def read_header(data: bytes) -> Header:
    """Read the JSON of a transaction, of format 1 or 2. Raises `ProofError`, `Unsupported`."""
    fields = _Fields(_object(data))
    form = fields.format()
    owner = fields.binary("owner", KEY_BYTES)
    if len(owner) != KEY_BYTES:
        raise Unsupported(
            "an id names one content only under an RSA key of 4096 bits: "
            "under an elliptic-curve key a signature holds for any content"
        )
    return Header(
        format=form,
        owner=owner,
        target=fields.binary("target", 0, ID_BYTES),
        quantity=fields.decimal("quantity"),
        reward=fields.decimal("reward"),
        last_tx=fields.binary("last_tx", *_ANCHOR_BYTES),
        tags=fields.tags(),
        data_size=fields.data_size(form),
        data_root=fields.binary("data_root", 0, ID_BYTES) if form == 2 else b"",
        denomination=fields.decimal("denomination") if fields.has("denomination") else 0,
        signature=fields.binary("signature", KEY_BYTES),
    )


def _object(data: bytes) -> Mapping[str, object]:
    if len(data) > LIMITS.arweave_header_bytes:
        raise ProofError(f"a header is over {LIMITS.arweave_header_bytes} bytes", got=len(data))
    if nests_deeper(data, _JSON_DEPTH):
        raise ProofError("a header nests too deep, or does not close")
    try:
        parsed: object = json.loads(data.decode())
    except ValueError:
        raise ProofError("a header is not JSON", got=data) from None
    if not isinstance(parsed, dict):
        raise ProofError("a header is not an object", got=data)
    return parsed


class _Fields:
    def __init__(self, fields: Mapping[str, object]) -> None:
        self._fields = fields

    def has(self, name: str) -> bool:
        return name in self._fields

    def format(self) -> int:
        form = self._fields.get("format")
        if not isinstance(form, int) or isinstance(form, bool) or form not in (1, 2):
            raise Unsupported("a transaction is of a format that is not known")
        return form

    def binary(self, name: str, *lengths: int) -> bytes:
        value = base64url.decode(self._text(name))
        if name != "owner" and len(value) not in lengths:
            raise ProofError(f"a transaction's {name} is not of its length", got=len(value))
        return value

    def decimal(self, name: str) -> int:
        text = self._text(name)
        if not _DECIMAL.fullmatch(text):
            raise ProofError(f"a transaction's {name} is not a decimal", got=text)
        return int(text)

    def data_size(self, form: int) -> int:
        size = self.decimal("data_size") if form == 2 else 0
        if size > LIMITS.arweave_data_bytes:
            raise ProofError(f"data are over {LIMITS.arweave_data_bytes} bytes", got=size)
        return size

    def tags(self) -> tuple[Tag, ...]:
        listed = self._fields.get("tags")
        if not isinstance(listed, list):
            raise ProofError("a transaction lacks its tags")
        limit = LIMITS.arweave_header_tag_bytes
        if len(listed) > limit:
            raise ProofError(f"there are over {limit} tags", got=len(listed))
        tags = tuple(_tag(entry) for entry in listed)
        if sum(len(tag.name) + len(tag.value) for tag in tags) > limit:
            raise ProofError(f"tags are over {limit} bytes")
        return tags

    def _text(self, name: str) -> str:
        return _text_of(self._fields, name)


def _tag(entry: object) -> Tag:
    if not isinstance(entry, dict):
        raise ProofError("a transaction's tag is not an object")
    name, value = (base64url.decode(_text_of(entry, field)) for field in ("name", "value"))
    return Tag(name, value)


def _text_of(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise ProofError(f"a transaction lacks its {name}, or it is not text")
    return value
