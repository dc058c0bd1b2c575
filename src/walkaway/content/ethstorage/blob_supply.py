"""EthStorage's precompile for calls that run here, over blobs of whoever has them.

EthStorage's own nodes answer it from their disks. Here a blob is fetched whole from any
source, since only a whole one can be proven, and held to the hash in the precompile's input:
so any contract that reads blobs works, and nobody who has them is believed.

Specification: es-node ``es_api.go`` (``es_getBlob``).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from walkaway.chain.single_flight import SingleFlight
from walkaway.content.ethstorage.kzg_process import KzgProcess
from walkaway.content.suppliers import Suppliers
from walkaway.errors import SourceFault, Unproven, Unsupported
from walkaway.limits import LIMITS, Limits
from walkaway.proofs import Proven
from walkaway.proofs.blobs.blob import BLOB_BYTES, prove_blob
from walkaway.proofs.blobs.encoding import DecodeType
from walkaway.proofs.blobs.storage_read import STORAGE_PRECOMPILE, prove_read, read_input
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, RpcRequest

__all__ = ["BlobSupply"]

_VERSION: Final = 1
_HASH_BYTES: Final = 32
_ANSWER_BYTES: Final = 2 * BLOB_BYTES + 16 * 1024


class BlobSupply:
    """`walkaway.chain.host_calls.Host` over the sources of blobs in a pool. Close it when done.

    ``suppliers`` is told which of them gave what.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        kzg: KzgProcess | None = None,
        suppliers: Suppliers | None = None,
        limits: Limits = LIMITS,
    ) -> None:
        self._pool = pool
        self._suppliers = Suppliers(limits) if suppliers is None else suppliers
        self._kzg = kzg or KzgProcess(limits)
        self._limits = limits
        self._places = asyncio.Semaphore(limits.blobs_at_once)
        self._flights: SingleFlight[Proven[bytes]] = SingleFlight()
        self._kept: OrderedDict[bytes, Proven[bytes]] = OrderedDict()

    @property
    def placeholders(self) -> Mapping[bytes, int]:
        """See `walkaway.chain.host_calls.Host.placeholders`."""
        return {STORAGE_PRECOMPILE: BLOB_BYTES}

    def close(self) -> None:
        """End the process that computes commitments."""
        self._kzg.close()

    async def answer(self, address: bytes, given: bytes) -> Proven[bytes | None]:
        """The output for an input, proven by the blob that the input names.

        Raises:
            Unproven: no source has that blob; says why, source by source.
            Unsupported: the address is another precompile's.
            ConfigError: the setup of KZG is not installed.
        """
        if address != STORAGE_PRECOMPILE:
            raise Unsupported(f"no precompile is supplied at 0x{address.hex()}")
        asked = read_input(given)
        blob = None if asked is None else await self.blob(asked.index, asked.hash)
        return await asyncio.to_thread(prove_read, given, blob)

    async def blob(self, index: int, versioned_hash: bytes) -> Proven[bytes]:
        """The blob at an index of EthStorage, by the first 24 bytes of its versioned hash.

        Raises as `answer` does.
        """
        kept = self._kept.get(versioned_hash)
        if kept is not None:
            self._kept.move_to_end(versioned_hash)
            return kept
        if versioned_hash[0] != _VERSION:
            # Nodes hold zeros at places that were never filled, under a hash of zeros.
            reasons = {"the contract": "names it by what is no versioned hash"}
            raise Unproven("a contract reads a blob that nobody can prove", reasons=reasons)
        return await self._flights.run(
            (index, versioned_hash), lambda: self._fetch(index, versioned_hash)
        )

    async def _fetch(self, index: int, versioned_hash: bytes) -> Proven[bytes]:
        def verified(answer: Answer) -> Proven[bytes]:
            return prove_blob(versioned_hash, _blob_in(answer.body), self._kzg)

        async with self._places:
            await asyncio.to_thread(self._kzg.load)
            blob = await self._pool.first_proven(
                _question(index, versioned_hash),
                self._suppliers.about(versioned_hash).noting(verified),
                deadline=self._limits.blob_seconds,
                heavy=True,
            )
        self._kept[versioned_hash] = blob
        while len(self._kept) > self._limits.kept_blobs:
            self._kept.popitem(last=False)
        return blob


def _question(index: int, versioned_hash: bytes) -> RpcRequest:
    named = "0x" + versioned_hash.ljust(_HASH_BYTES, b"\0").hex()
    params = (index, named, int(DecodeType.RAW_DATA), 0, BLOB_BYTES)
    return RpcRequest("es_getBlob", params, max_bytes=_ANSWER_BYTES, kind="blobs")


def _blob_in(body: object) -> bytes:
    if isinstance(body, str) and body.startswith("0x"):
        try:
            return bytes.fromhex(body[2:])
        except ValueError:
            pass
    raise SourceFault("its answer is no blob in hex")
