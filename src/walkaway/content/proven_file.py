"""A file on any network but IPFS, whose DAGs have ways of their own (`exporter/`).

Arweave, contracts (web3://) and Filecoin each make one of these, so that whoever shows
or saves content does the same with all of them.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from math import inf
from typing import Protocol

from walkaway.content.budget import Budget
from walkaway.content.exporter.tree import Member
from walkaway.names.pointer import Pointer
from walkaway.proofs.proven import Evidence

__all__ = ["Believed", "Folder", "Members", "OpensFiles", "ProvenFile", "Stream"]

Stream = Callable[[int, int | None], AsyncGenerator[bytes, None]]
"""The bytes from the one offset up to but without the other, or to the end where None, each
piece proven before it is given. Closed (``aclose``) where it is not read to its end. Raises
what is wrong with a piece where that piece would stand, as `WalkawayError`.
"""

Members = Callable[[str, Budget], AsyncGenerator[Member | bytes, None]]
"""A folder under a path, and all that is in it: each member, then its bytes, proven before
they are given; folders before what is in them. Raises `Unwritable` before any member where a
name is none that a file could have, or one would be a file and a folder.
"""


@dataclass(frozen=True, slots=True)
class Believed:
    """Somebody's word, or less than a proof, on which a file stands: ``what`` it is, in a
    sentence, and who said it (``said_by``), by the names of the sources; nobody where it is
    the strength of a proof that is told.
    """

    what: str
    said_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Folder:
    """All that is in a folder. ``left_out`` says in words what belongs to it and has no path."""

    members: Members
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProvenFile:
    """What stands where a pointer leads.

    ``size`` is its bytes, None where only its end tells. ``etag`` stands for the bytes, and
    for ``media_type``, ``status`` and ``headers``: two files with one tag are the same. The
    media type is what the publisher's signature or the contract says, None where neither
    does. ``seconds`` is how long it may be held, without end where its address names its
    bytes. ``is_folder`` says that it is the index of a folder: links in it need a slash at
    the end of its own address. ``folder`` gives that folder, where all of it can be told.
    ``because`` is the evidence, down to what is believed;
    ``believed`` what of it is somebody's word.
    """

    size: int | None
    etag: str
    stream: Stream
    because: Evidence
    media_type: str | None = None
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = inf
    is_folder: bool = False
    believed: tuple[Believed, ...] = field(default=())
    folder: Callable[[], Folder] | None = None


class OpensFiles(Protocol):
    """One network, as whoever opens content sees it."""

    async def open(self, pointer: Pointer, budget: Budget) -> ProvenFile:
        """What stands where a pointer of this network leads; of large files only what tells
        what they are is fetched.

        Raises:
            NoSuchPath: its path leads nowhere; that is proven.
            Unproven: it is not to be had; says who was asked, and what each answered.
            ProofError: what there is of it does not prove it, or is malformed.
            Unsupported: it is of a kind that is not read.
            InvalidRequest: the pointer is none that this network has.
            TooMuch: it is more than one request may take.
        """
        ...
