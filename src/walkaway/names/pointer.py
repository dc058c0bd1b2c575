"""What a name resolves to: content on some network, by its own address there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from walkaway.errors import ProofError, Unsupported
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["Network", "Pointer", "parse_pointer"]

Network = Literal["ipfs", "ipns"]
"""Where content lives, or is named once more."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A place in a network: ``root`` is a CID (ipfs) or a name (ipns), as text.

    ``path`` holds the unescaped segments below it; ``str`` is the content path,
    such as ``/ipfs/bafy.../docs``.
    """

    network: Network
    root: str
    path: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "/" + "/".join((self.network, self.root, *self.path))


def parse_pointer(text: str) -> Pointer:
    """Read a content path, as records and DNSLinks hold it: nothing in it is escaped.

    Raises `ProofError` for what is none, `Unsupported` for networks that are not known.
    """
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
    raise Unsupported(f"a name points to content on {network[:32]!r}, which is not fetched here")
