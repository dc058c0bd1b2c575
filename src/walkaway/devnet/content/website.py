"""A small website and the blocks that it is made of, for sources to hold.

Its files lie in ``pages/``; its address follows from them alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import resources

from walkaway.content.importer.run import import_path
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.proven import Proven

__all__ = ["Website", "website"]

INDEX = "index.html"


@dataclass(frozen=True, slots=True)
class Website:
    """A website. ``blocks`` are by multihash; ``files`` by the path at which a browser
    finds them below ``root``, a directory's index at the directory.
    """

    root: Cid
    blocks: dict[bytes, bytes]
    files: dict[str, bytes]


async def website() -> Website:
    """The website, imported as `walkaway add` imports a folder."""
    with resources.as_file(resources.files(__package__) / "pages") as folder:
        made = _Blocks()
        root = await import_path(folder, made)
        files = {
            path.relative_to(folder).as_posix().removesuffix(INDEX): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
    return Website(root, made.blocks, dict(sorted(files.items())))


@dataclass(slots=True)
class _Blocks:
    """Keeps what an import makes, in memory. A `BlockKeeper`."""

    blocks: dict[bytes, bytes] = field(default_factory=dict)

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[None]:
        """Nothing is ever collected here."""
        yield

    async def keep(self, blocks: Sequence[tuple[Cid, Proven[bytes]]], /) -> None:
        self.blocks |= {cid.multihash: block.value for cid, block in blocks}

    async def pin(self, cid: Cid, name: str, /) -> None:
        """Everything is kept anyway."""
