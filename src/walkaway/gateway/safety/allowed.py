"""What the denylist of whoever runs the gateway leaves: paths, and each block that is read."""

from __future__ import annotations

from urllib.parse import unquote

from walkaway.content.blocks import Blocks
from walkaway.gateway.answers.failures import Failure
from walkaway.gateway.safety.denylist import Denylist
from walkaway.names.pointer import Pointer
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.proven import Proven

__all__ = ["AllowedBlocks", "allow_block", "allow_pointer"]


class AllowedBlocks:
    """`Blocks` without those that are denied, however they are come to."""

    def __init__(self, blocks: Blocks, denylist: Denylist | None) -> None:
        self._blocks = blocks
        self._denylist = denylist

    async def get(self, cid: Cid) -> Proven[bytes]:
        """The block at an address. Raises `Failure` for one that is denied, else as `Blocks`."""
        allow_block(self._denylist, cid)
        return await self._blocks.get(cid)


def allow_pointer(denylist: Denylist | None, pointer: Pointer) -> None:
    """Raise `Failure` where a content path is denied."""
    if denylist is not None and not denylist.is_empty:
        path = pointer.path or tuple(unquote(pointer.target.partition("?")[0]).split("/"))
        _deny(denylist.status(pointer.network, pointer.root, path))


def allow_block(denylist: Denylist | None, cid: Cid) -> None:
    """Raise `Failure` where a block is denied."""
    if denylist is not None and not denylist.is_empty:
        _deny(denylist.status_of_block(cid))


def _deny(status: int | None) -> None:
    if status is not None:
        raise Failure(status, "a denylist of whoever runs this gateway denies this content")
