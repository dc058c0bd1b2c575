"""Opening what stands on Arweave: an id, and the path below it by a manifest.

A manifest is content under an id of its own, and so is what it leads to: both are proven.
As on the gateways of ar.io a manifest's fallback is given with status 200, like any file,
and a manifest that another one leads to is given as it is written.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from contextlib import aclosing
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, final

from walkaway.content.arweave.finding import Finder
from walkaway.content.arweave.folder import manifest_folder
from walkaway.content.arweave.found import Found
from walkaway.content.budget import Budget
from walkaway.content.proven_file import Folder, ProvenFile
from walkaway.content.suppliers import Suppliers
from walkaway.errors import InvalidRequest, NoSuchPath, ProofError, TooMuch
from walkaway.limits import LIMITS, Limits
from walkaway.names.pointer import Pointer
from walkaway.proofs.arweave import base64url
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.manifest import MANIFEST_TYPE, Manifest, read_manifest
from walkaway.proofs.arweave.tags import content_type
from walkaway.proofs.proven import Evidence
from walkaway.sources.pool import Pool

__all__ = ["ArweaveContent"]

_TOLD: Final = 5
"""How many paths are named where one leads nowhere."""


@final
class ArweaveContent:
    """Opens pointers of the network ``ar``. Implements `OpensFiles`.

    ``pool`` holds gateways, sources of kind ``arweave``; None asks nobody. ``folder`` is
    this class's own: small data items and headers of transactions are kept there, so that
    they are there offline too, and large items stand there as long as somebody reads them.
    ``suppliers`` is told which gateways gave what.
    """

    def __init__(
        self,
        pool: Pool | None,
        folder: Path,
        limits: Limits = LIMITS,
        suppliers: Suppliers | None = None,
    ) -> None:
        self._finder = Finder(pool, folder, limits, suppliers)
        self._limits = limits
        self._manifests: OrderedDict[ArweaveId, Manifest] = OrderedDict()

    async def open(self, pointer: Pointer, budget: Budget) -> ProvenFile:
        """What stands where a pointer leads. Its bytes are proven: a data item's before it
        is opened, a transaction's chunk by chunk as they are read.

        Raises:
            NoSuchPath: the path leads nowhere; that is proven.
            Unproven: something on the way is not to be had.
            ProofError: a manifest is malformed.
            Unsupported: a manifest is of a version that is not read.
            InvalidRequest: the pointer names no id.
            TooMuch: it is larger than is read.
            StoreFault: there is no room for a large data item.
        """
        found = await self._finder.find(_id(pointer), budget)
        if _type(found) != MANIFEST_TYPE:
            if pointer.path:
                raise NoSuchPath(f"{found.id} of Arweave is a file, and no manifest of paths")
            return _file(found, _signed(found))
        manifest = await self._manifest(found)
        path = "/".join(pointer.path).rstrip("/")
        target = await self._finder.find(_looked_up(manifest, path), budget)
        because = Evidence(
            "the manifest, which its owner signed, leads from the path to the id",
            (("path", path), ("manifest", str(found.id)), ("id", str(target.id))),
            (_signed(found), _signed(target)),
        )
        is_folder = not path or next(manifest.below(path), None) is not None
        folder = partial(manifest_folder, manifest, path, self._finder.find)
        return _file(target, because, folder if is_folder else None)

    async def _manifest(self, found: Found) -> Manifest:
        held = self._manifests.get(found.id)
        if held is not None:
            self._manifests.move_to_end(found.id)
            return held
        if found.size > self._limits.arweave_manifest_bytes:
            raise TooMuch(f"a manifest is over {self._limits.arweave_manifest_bytes} bytes")
        pieces = found.stream(0, None)
        async with aclosing(pieces):
            data = b"".join([piece async for piece in pieces])
        manifest = await asyncio.to_thread(read_manifest, data)
        if len(data) <= self._limits.arweave_answer_bytes:
            self._manifests[found.id] = manifest
            while len(self._manifests) > self._limits.arweave_manifests:
                self._manifests.popitem(last=False)
        return manifest


def _looked_up(manifest: Manifest, path: str) -> ArweaveId:
    """The id at a path. Raises `NoSuchPath`, which says what stands below it."""
    try:
        return manifest.lookup(path)
    except NoSuchPath as error:
        begin = len(path) + 1 if path else 0
        some = [below[begin:][:100] for below in islice(manifest.below(path), _TOLD)]
        if some:
            where = "below it stand" if path else "it has the paths"
            error.advice = f"{where}: {', '.join(some)}"
        raise


def _id(pointer: Pointer) -> ArweaveId:
    try:
        return ArweaveId.parse(pointer.root)
    except ProofError as error:
        raise InvalidRequest(f"{pointer.root[:100]!r} is no id of Arweave: {error}") from None


def _type(found: Found) -> str:
    """The media type without its parameters, in lower case; empty where there is none."""
    return (content_type(found.tags) or "").partition(";")[0].strip().lower()


def _signed(found: Found) -> Evidence:
    """Why it is believed, under the address of whoever signed it, as wallets show it."""
    address = base64url.encode(hashlib.sha256(found.owner).digest())
    return Evidence(
        "the owner's address is the hash of the key that signed",
        (("id", str(found.id)), ("address", address)),
        (found.because,),
    )


def _file(
    found: Found, because: Evidence, folder: Callable[[], Folder] | None = None
) -> ProvenFile:
    return ProvenFile(
        found.size,
        str(found.id),
        found.stream,
        because,
        media_type=content_type(found.tags),
        is_folder=folder is not None,
        folder=folder,
    )
