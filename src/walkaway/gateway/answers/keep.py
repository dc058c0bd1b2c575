"""Whole files that are at hand, and where new ones are put."""

from __future__ import annotations

from walkaway.content.store.assembled import AssembledFile, AssembledFiles, AssembledWriter
from walkaway.gateway.safety.allowed import allow_block
from walkaway.gateway.safety.denylist import Denylist
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["Keep"]


class Keep:
    """Assembled files, if any are kept at all, without those that are denied."""

    def __init__(self, files: AssembledFiles | None, denylist: Denylist | None) -> None:
        self._files = files
        self._denylist = denylist

    async def file(self, cid: Cid) -> AssembledFile | None:
        """The file at an address, or None. Raises `Failure` for one that is denied."""
        allow_block(self._denylist, cid)
        return None if self._files is None else await self._files.open(cid)

    def writer(self, cid: Cid, size: int) -> AssembledWriter | None:
        """What takes a file's bytes as they are proven; None where it is not kept."""
        return None if self._files is None else self._files.writer(cid, size)
