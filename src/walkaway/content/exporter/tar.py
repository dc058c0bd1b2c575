"""Files and directories as a TAR archive, made as its blocks come.

POSIX.1-2001 pax over ustar; ipfs/specs IPIP-288. The same content gives the
same archive: what says no time of modification is of 1970, and nobody's.
"""

from __future__ import annotations

import tarfile
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.exporter.paths import path_inside
from walkaway.content.exporter.tree import Member, MemberKind, members
from walkaway.errors import ProofError
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["tar", "tar_members"]

_RECORD: Final = 512
_END: Final = bytes(2 * _RECORD)
_TYPES: Final = {
    MemberKind.FILE: (tarfile.REGTYPE, 0o644),
    MemberKind.DIRECTORY: (tarfile.DIRTYPE, 0o755),
    MemberKind.SYMLINK: (tarfile.SYMTYPE, 0o777),
}
"""How each kind is marked, and the permissions of what says none."""


async def tar(blocks: Blocks, cid: Cid, name: str, budget: Budget) -> AsyncGenerator[bytes, None]:
    """An archive of what stands at an address, under a name; a directory with all below it.

    A name that leads out of the archive is refused before anything of its
    directory is given, and so is an entry that would be written through a
    symbolic link. Blocks that are no UnixFS are files. Close it (``aclose``)
    where it is not read to its end.

    Raises:
        ProofError: a block is malformed, or a name is as said above.
        Unproven: a block is not to be had.
        TooMuch: it is more than one request may fetch.
    """
    async with aclosing(tar_members(members(blocks, cid, name, budget, path_inside))) as pieces:
        async for piece in pieces:
            yield piece


async def tar_members(
    walked: AsyncGenerator[Member | bytes, None],
) -> AsyncGenerator[bytes, None]:
    """An archive of members that come from anywhere, each before its bytes, whose paths were
    held to stay inside. Closes ``walked``. Raises what that raises.
    """
    padding = b""
    async with aclosing(walked):
        async for item in walked:
            if isinstance(item, bytes):
                yield item
            else:
                yield padding + _header(item)
                padding = bytes(-item.size % _RECORD)
    yield padding + _END


def _header(member: Member) -> bytes:
    if b"\0" in member.target:
        raise ProofError("the target of a symbolic link holds a zero byte", got=member.target)
    kind, usual_mode = _TYPES[member.kind]
    header = tarfile.TarInfo(member.path)
    header.type = kind
    header.size = member.size
    header.linkname = member.target.decode("utf-8", "surrogateescape")
    header.mode = usual_mode if member.mode is None else member.mode
    header.mtime = 0 if member.mtime is None else member.mtime.seconds
    return header.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
