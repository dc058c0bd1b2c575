"""What a name resolves to: content on some network, by its own address there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Network", "Pointer"]

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
