"""The headers that answers share: what they are, how long they keep, who may read them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from walkaway.errors import ProofError
from walkaway.gateway.answers.answer import RawHeaders, raw_headers
from walkaway.gateway.request.asked import Asked
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.ipns_name import name_text, parse_name

__all__ = [
    "CORS",
    "IMMUTABLE",
    "NO_STORE",
    "cache_control",
    "content_headers",
    "content_location",
    "ipfs_uri",
]

IMMUTABLE: Final = "public, max-age=29030400, immutable"
GENERATED: Final = "public, max-age=604800, stale-while-revalidate=2678400"
NO_STORE: Final = "no-store"

CORS: Final = raw_headers(
    [
        ("access-control-allow-origin", "*"),
        *(("access-control-allow-methods", method) for method in ("GET", "HEAD", "OPTIONS")),
        *(
            ("access-control-allow-headers", name)
            for name in ("Content-Type", "Range", "User-Agent", "X-Requested-With")
        ),
        *(
            ("access-control-expose-headers", name)
            for name in (
                "Content-Length",
                "Content-Range",
                "Ipfs-Uri",
                "X-Chunked-Output",
                "X-Ipfs-Path",
                "X-Ipfs-Roots",
                "X-Stream-Output",
            )
        ),
    ]
)
"""Pages of any origin may read what is public anyway; who may ask at all is decided before.

Each word has a line of its own, as other gateways write them.
"""

_VISIBLE = re.compile(r"[ -~]*", re.ASCII)


def content_headers(asked: Asked, roots: Sequence[Cid], etag: str, cache: str) -> RawHeaders:
    """The headers of every answer that holds content. ``roots`` are those of the path's nodes."""
    told = [("etag", etag), ("x-ipfs-roots", ",".join(map(str, roots)))]
    path = asked.content_path
    if _VISIBLE.fullmatch(path):
        told.append(("x-ipfs-path", path))
    told.append(("ipfs-uri", ipfs_uri(asked)))
    if cache:
        told.append(("cache-control", cache))
    if asked.wish.negotiated.by_header:
        told.append(("content-location", content_location(asked)))
    return [*raw_headers(told), *CORS]


def cache_control(asked: Asked, seconds: float | None, *, generated: bool = False) -> str:
    """How long an answer keeps: content of an address forever, of a name, or of a mirror by
    word alone, as long as that may.
    """
    if asked.mount.network == "ipns" or seconds is not None:
        return "" if seconds is None else f"public, max-age={max(0, int(seconds))}"
    return GENERATED if generated else IMMUTABLE


def content_location(asked: Asked) -> str:
    """The address under which caches keep this format apart from others."""
    wish = asked.wish
    rest = [part for part in wish.raw_query.split("&") if part and not part.startswith("format=")]
    query = "&".join([f"format={wish.negotiated.format.value}", *rest])
    return f"{asked.mount.href(asked.path, slash=asked.slash)}?{query}"


def ipfs_uri(asked: Asked) -> str:
    """The content path as an ``ipfs://`` or ``ipns://`` address, in its one form (IPIP-548)."""
    path = "".join("/" + quote(segment, safe="") for segment in asked.path)
    slash = "/" if asked.slash else ""
    return f"{asked.mount.network}://{_authority(asked)}{path}{slash}"


def _authority(asked: Asked) -> str:
    root = asked.mount.root
    try:
        if asked.mount.network == "ipfs":
            return str(Cid.parse(root).as_v1())
        return name_text(parse_name(root))
    except ProofError:
        return root
