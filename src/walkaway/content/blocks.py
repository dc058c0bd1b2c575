"""The one question that content asks: the block with this address."""

from __future__ import annotations

from typing import Protocol

from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.proven import Proven

__all__ = ["Blocks"]


class Blocks(Protocol):
    """Where blocks come from: the store, the network behind it, an archive."""

    async def get(self, cid: Cid) -> Proven[bytes]:
        """The block, proven against its address. Safe to call many times at once.

        Raises:
            Unproven: it is not to be had; says who was asked, and what each answered.
            Unsupported: the address's hash function proves nothing.
        """
        ...
