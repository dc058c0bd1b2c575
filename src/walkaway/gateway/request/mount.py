"""How content hangs in URLs: below a path, on a host of its own, or under a name's host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from walkaway.names.pointer import Network

__all__ = ["Mount", "MountKind", "escaped"]

MountKind = Literal["path", "subdomain", "name"]

_SEGMENT = "!$&'()*+,;=:@~"
"""What may stand in a segment of a path as it is, beside letters, digits and ``-._`` (RFC 3986)."""


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a content root is found.

    ``root`` is the root as it was asked for: a CID, an IPNS name, a DNS name.
    ``authority`` is the host that was asked, with its port; ``parent`` the one
    on which path URLs are found, the same for kind ``path``.
    """

    kind: MountKind
    network: Network
    root: str
    authority: str
    parent: str

    @property
    def has_own_origin(self) -> bool:
        """Whether browsers keep the content apart from all other content."""
        return self.kind != "path"

    @property
    def prefix(self) -> str:
        """What stands before the path below the root; nothing where the host says it all."""
        return f"/{self.network}/{self.root}" if self.kind == "path" else ""

    def href(self, path: Sequence[str], *, slash: bool = False) -> str:
        """A link, on the same host, to a path of unescaped segments below the root."""
        if not path:
            return f"{self.prefix}/" if slash or not self.prefix else self.prefix
        return f"{self.prefix}/{escaped(path)}{'/' if slash else ''}"

    def content_path(self, path: Sequence[str], *, slash: bool = False) -> str:
        """The content path, unescaped: ``/ipfs/bafy.../docs/``."""
        return "/" + "/".join((self.network, self.root, *path)) + ("/" if slash else "")


def escaped(path: Sequence[str]) -> str:
    """Segments as a path in a URL, percent-encoded."""
    return "/".join(quote(segment, safe=_SEGMENT) for segment in path)
