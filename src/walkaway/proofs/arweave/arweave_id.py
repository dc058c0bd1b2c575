"""Ids on Arweave: of transactions and data items, the SHA-256 of their signature."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from walkaway.errors import ProofError
from walkaway.proofs.arweave import base64url

__all__ = ["ID_BYTES", "ArweaveId"]

ID_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class ArweaveId:
    """What names a transaction or a data item. ``digest`` is 32 bytes; ``str`` its text."""

    digest: bytes

    def __post_init__(self) -> None:
        if len(self.digest) != ID_BYTES:
            raise ProofError(f"an Arweave id is of {ID_BYTES} bytes", got=len(self.digest))

    @classmethod
    def parse(cls, text: str) -> ArweaveId:
        """Read the 43 characters of base64url. Raises `ProofError`."""
        return cls(base64url.decode(text))

    @classmethod
    def of_signature(cls, signature: bytes) -> ArweaveId:
        """The id of what carries this signature."""
        return cls(hashlib.sha256(signature).digest())

    def __str__(self) -> str:
        return base64url.encode(self.digest)

    def hold(self, signature: bytes) -> None:
        """Check that this is the id of what carries a signature. Raises `ProofError`."""
        got = hashlib.sha256(signature).digest()
        if got != self.digest:
            raise ProofError(
                "a signature does not hash to the id",
                commitment="Arweave id",
                expected=self.digest,
                got=got,
            )
