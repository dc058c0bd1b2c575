"""KZG commitments of blobs, under the setup that all of them stand on.

Specification: consensus-specs ``deneb/polynomial-commitments.md``
(``blob_to_kzg_commitment``, ``verify_blob_kzg_proof``).
"""

from __future__ import annotations

from typing import Protocol

import ckzg

from walkaway.anchors.kzg_setup import KzgCeremony, KzgSetup
from walkaway.errors import ProofError

__all__ = ["Kzg", "LoadedKzg"]

_POINT_BYTES = 48


class Kzg(Protocol):
    """Whoever computes commitments. Blobs have 131,072 bytes."""

    @property
    def ceremony(self) -> KzgCeremony:
        """The setup that it computes under."""
        ...

    def commitment(self, blob: bytes) -> bytes:
        """The commitment to a blob, 48 bytes. Raises `ProofError` where it is no blob."""
        ...

    def opens(self, blob: bytes, commitment: bytes, proof: bytes) -> bool:
        """Whether a proof shows that a commitment is to a blob, at a twentieth of the cost.

        Raises `ProofError` where one of them is malformed.
        """
        ...


class LoadedKzg:
    """Computes them here. No other thread runs meanwhile: 60 ms or more for a commitment."""

    def __init__(self, setup: KzgSetup) -> None:
        self._setup = setup

    @property
    def ceremony(self) -> KzgCeremony:
        """See `Kzg.ceremony`."""
        return self._setup.ceremony

    def commitment(self, blob: bytes) -> bytes:
        """See `Kzg.commitment`."""
        try:
            return bytes(ckzg.blob_to_kzg_commitment(blob, self._setup.points))
        except (RuntimeError, ValueError) as error:
            raise ProofError("no blob: it holds what is no field element") from error

    def opens(self, blob: bytes, commitment: bytes, proof: bytes) -> bool:
        """See `Kzg.opens`."""
        if len(commitment) != _POINT_BYTES or len(proof) != _POINT_BYTES:
            raise ProofError("a commitment and a proof have 48 bytes each", got=commitment + proof)
        try:
            return bool(ckzg.verify_blob_kzg_proof(blob, commitment, proof, self._setup.points))
        except (RuntimeError, ValueError) as error:
            raise ProofError("a blob, its commitment or its proof is malformed") from error
