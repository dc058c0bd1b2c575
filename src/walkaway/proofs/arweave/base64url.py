"""Base64url without padding, as Arweave writes every byte string (RFC 4648, 5)."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from walkaway.errors import ProofError

__all__ = ["decode", "encode"]

_ALPHABET: Final = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


def encode(data: bytes) -> str:
    """The one text that stands for these bytes."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Read a text. Raises `ProofError` for any but the one that `encode` writes."""
    if len(text) % 4 == 1 or not _ALPHABET.fullmatch(text):
        raise ProofError("a text is not in base64url", got=text)
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(data)[-1:] != text[-1:]:
        raise ProofError("a text in base64url has bits left over", got=text)
    return data
