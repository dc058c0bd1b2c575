"""EthStorage's FlatDirectory on the devnet: files in contracts, and files in blobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from eth_abi.abi import encode

from tests.content.ethstorage.stand import held
from walkaway.devnet.content.es_node import StoredBlob
from walkaway.devnet.ens import deploy, transact
from walkaway.devnet.execution.accounts import NAMES_OWNER
from walkaway.devnet.execution.compiled import contract
from walkaway.devnet.network import Devnet
from walkaway.proofs.blobs.encoding import COMPACT_BYTES
from walkaway.proofs.execution.keccak import keccak256

__all__ = ["Directories", "put_directories"]

_CHUNK_BYTES: Final = 24_000
"""What the code of one contract holds, almost."""

_GAS: Final = 10_000_000


class Directories:
    """Two of them, ``contracts`` and ``blobs``, by their 20-byte addresses, and what nodes of
    EthStorage have to hold for the second (``kept``, by index).
    """

    def __init__(self, devnet: Devnet, creation: bytes, default: str) -> None:
        self._devnet = devnet
        store = deploy(devnet, contract("BlobStore").creation)
        self.kept: dict[int, StoredBlob] = {}
        self._store = store
        told = encode(["uint8", "uint32", "address"], [0, COMPACT_BYTES, store])
        self.contracts, self.blobs = [deploy(devnet, creation + told) for _ in range(2)]
        for address in (self.contracts, self.blobs):
            self._call(address, "setDefault(bytes)", default.encode())

    def put(self, path: str, data: bytes) -> None:
        """Put a file into both."""
        for at in range(0, len(data), _CHUNK_BYTES):
            chunk = data[at : at + _CHUNK_BYTES]
            function = "writeChunkByCalldata(bytes,uint256,bytes)"
            self._call(self.contracts, function, path.encode(), at // _CHUNK_BYTES, chunk)
        parts = [data[at : at + COMPACT_BYTES] for at in range(0, len(data), COMPACT_BYTES)]
        blobs = [held(part) for part in parts]
        self._call(self._store, "announce(bytes32[])", [blob.versioned_hash for blob in blobs])
        function = "writeChunksByBlobs(bytes,uint256[],uint256[])"
        sizes = [len(part) for part in parts]
        self._call(self.blobs, function, path.encode(), [*range(len(parts))], sizes)
        self.kept |= {len(self.kept) + at: blob for at, blob in enumerate(blobs)}

    def _call(self, to: bytes, function: str, *values: object) -> None:
        types = function.removesuffix(")").partition("(")[2].split(",")
        data = keccak256(function.encode())[:4] + encode(types, values)
        transact(self._devnet, NAMES_OWNER, {"to": to, "data": data, "gas": _GAS})


def put_directories(devnet: Devnet, creation: bytes, files: Mapping[str, bytes]) -> Directories:
    """Make both, with these files in each, of which the first stands where none is named.

    They hold once the devnet has mined all that waits.
    """
    made = Directories(devnet, creation, next(iter(files)))
    for path, data in files.items():
        made.put(path, data)
    return made
