"""Base64url without padding, as Arweave writes every byte string (RFC 4648, 5)."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from binascii import a2b_base64
from typing import Final

from walkaway.errors import ProofError

__all__ = ["decode", "encode"]

_AS_BASE64: Final = bytes.maketrans(b"-_+/=", b"+/???")


def encode(data: bytes) -> str:
    """The one text that stands for these bytes."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Read a text. Raises `ProofError` for any but the one that `encode` writes."""
    padding = b"=" * (-len(text) % 4)
    try:
        data = a2b_base64(text.encode("ascii").translate(_AS_BASE64) + padding, strict_mode=True)
    except ValueError:
        raise ProofError("a text is not in base64url", got=text) from None
    last = data[len(data) // 3 * 3 :]
    if last and encode(last)[-1] != text[-1]:
        raise ProofError("a text in base64url has bits left over", got=text)
    return data
