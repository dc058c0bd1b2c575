"""A contract that answers requests (ERC-5219) with the app: packed, and in chunks."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Final

from tests.interop.stores_browser.tides import INDEX, media_type
from walkaway.devnet.network import Devnet
from walkaway.devnet.web3 import deploy_pages, put_resource

__all__ = ["put_resources"]

_CHUNK_BYTES: Final = 12_000


def put_resources(devnet: Devnet, files: Mapping[str, bytes]) -> bytes:
    """Make one with these files, an index also at its folder; its 20-byte address.

    It holds once the devnet has mined all that waits.
    """
    contract = deploy_pages(devnet, "ResourcePages")
    for path, data in files.items():
        segments = path.split("/")
        _put(devnet, contract, segments, data, media_type(path))
        if segments[-1] == INDEX:
            _put(devnet, contract, segments[:-1], data, media_type(path))
    return contract


def _put(
    devnet: Devnet, contract: bytes, segments: list[str], data: bytes, media_type: str
) -> None:
    """Put a file under gzip (ERC-7618), each chunk of which leads to the next (ERC-7617)."""
    packed = gzip.compress(data, mtime=0)
    chunks = [packed[at : at + _CHUNK_BYTES] for at in range(0, len(packed), _CHUNK_BYTES)]
    for place, chunk in enumerate(chunks):
        at = [*segments, str(place)] if place else segments
        headers = [] if place else [("Content-Type", media_type), ("Content-Encoding", "gzip")]
        if place + 1 < len(chunks):
            headers.append(("web3-next-chunk", f"/{'/'.join(segments)}/{place + 1}"))
        put_resource(devnet, contract, at, chunk, headers)
