"""What a name resolves to: content on some network, by its own address there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from walkaway.errors import ProofError, Unsupported
from walkaway.proofs.filecoin.piece_cid import PieceCid
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["Network", "Pointer", "parse_pointer"]

_TRANSACTION: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_CONTRACT: Final = re.compile(r"0x[0-9a-f]{40}:[1-9][0-9]{0,77}", re.ASCII)
_PIECE_BYTES: Final = re.compile(r"[0-9]{1,20}", re.ASCII)

Network = Literal["ipfs", "ipns", "ar", "web3", "piece"]
"""Where content lives, or is named once more (ipns). ``ar`` is Arweave, ``web3`` a contract
of an Ethereum chain (ERC-6860), ``piece`` a piece of Filecoin."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A place in a network: ``root`` is a CID (ipfs), a name (ipns), the id of a transaction
    or data item (ar), the commitment of a piece (piece), or what stands before the path of
    a web3 URL (web3), as text.

    ``path`` holds the unescaped segments below it. A contract reads path and query as they
    are written: for ``web3`` they are ``target``, from the first slash on, and ``path`` is
    empty. ``str`` is the content path, such as ``/ipfs/bafy.../docs``.
    """

    network: Network
    root: str
    path: tuple[str, ...] = ()
    target: str = ""

    def __str__(self) -> str:
        return "/" + "/".join((self.network, self.root, *self.path)) + self.target


def parse_pointer(text: str) -> Pointer:
    """Read a content path, as records and DNSLinks hold it: nothing in it is escaped.

    A contract is written with its chain and with nothing behind it, ``/web3/0x...:1``: path
    and query are the business of whoever asks for a page.

    Raises `ProofError` for what is none, `Unsupported` for networks that are not known.
    """
    if not text.isascii() and not _is_text(text):
        raise ProofError("a name points to what is no text", got=ascii(text))
    before, _, rest = text.partition("/")
    network, _, below = rest.partition("/")
    root, *path = below.split("/")
    if before or not network or not root:
        raise ProofError("a name points to no content path", got=text)
    segments = tuple(segment for segment in path if segment)
    if network == "ipfs":
        Cid.parse(root)
        return Pointer("ipfs", root, segments)
    if network == "ipns":
        return Pointer("ipns", root, segments)
    if network == "ar":
        if not _TRANSACTION.fullmatch(root):
            raise ProofError("no id of an Arweave transaction", got=root)
        return Pointer("ar", root, segments)
    if network == "web3":
        return _contract(root.lower(), segments)
    if network == "piece":
        return _piece(root, segments)
    raise Unsupported(f"a name points to content on {network[:32]!r}, which is not fetched here")


def _contract(root: str, path: tuple[str, ...]) -> Pointer:
    if not _CONTRACT.fullmatch(root):
        raise ProofError("no address of a contract with its chain (0x...:1)", got=ascii(root))
    if path:
        raise ProofError("a name leads to a contract alone, without a path", got=ascii(path))
    return Pointer("web3", root)


def _piece(root: str, path: tuple[str, ...]) -> Pointer:
    cid, divided, size = root.partition(":")
    PieceCid.parse(cid)
    if divided and not _PIECE_BYTES.fullmatch(size):
        raise ProofError("no padded size of a piece", got=ascii(root))
    return Pointer("piece", root, path)


def _is_text(text: str) -> bool:
    """Whether it is text throughout: bytes that are none stand for themselves in Python."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
