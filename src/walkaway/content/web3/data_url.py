"""Data URLs (RFC 2397), which methods of contracts often give for images: ``mime.dataurl``."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Final
from urllib.parse import unquote_to_bytes

from walkaway.content.web3.answer import Answer
from walkaway.errors import ProofError

__all__ = ["read_data_url"]

_BEGINS: Final = re.compile(rb"data:([!-+\--~]*?)(;base64)?,", re.I)
_PLAIN: Final = "text/plain;charset=US-ASCII"


def read_data_url(url: bytes) -> Answer:
    """What a data URL holds. Raises `ProofError` where it is none."""
    begins = _BEGINS.match(url)
    if begins is None:
        raise ProofError("the contract gives back no data URL", got=url[:60])
    said, data = begins[1].decode("ascii"), unquote_to_bytes(url[begins.end() :])
    media_type = f"text/plain{said}" if said.startswith(";") else said or _PLAIN
    if begins[2] is None:
        return Answer(data, media_type)
    try:
        return Answer(b64decode(data, validate=True), media_type)
    except ValueError:
        raise ProofError("a data URL holds no base64", got=url[:60]) from None
