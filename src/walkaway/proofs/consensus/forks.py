"""What differs between forks: where things are in the trees, digests, and signing domains.

Generalized indices are those of the light-client sync protocols of Altair,
Electra and Gloas (Gloas moves everything with EIP-7688's stable containers and
proves the block hash in the payload bid, EIP-7732). Domains and fork digests
follow ``compute_domain`` (phase0/beacon-chain.md) and ``compute_fork_digest``
(fulu/beacon-chain.md, EIP-7892).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from walkaway.anchors.spec import ChainSpec, ForkName
from walkaway.errors import ProofError, Unsupported
from walkaway.proofs.consensus.merkle import merkleize

__all__ = ["Places", "fork_digest", "fork_of_digest", "places", "signing_root"]

DOMAIN_SYNC_COMMITTEE = bytes.fromhex("07000000")
MAX_BLOBS_PER_BLOCK_ELECTRA = 9


@dataclass(frozen=True, slots=True)
class Places:
    """Generalized indices: three in the beacon state, one in the beacon block body."""

    finalized_root: int
    current_sync_committee: int
    next_sync_committee: int
    execution_block_hash: int


_CAPELLA = Places(105, 54, 55, 412)
_DENEB = Places(105, 54, 55, 812)
_ELECTRA = Places(169, 86, 87, 812)
_GLOAS = Places(735, 2945, 2946, 2856)


def places(fork: ForkName) -> Places:
    """Where a fork's state and body keep what a light client needs, from Capella on."""
    if fork >= ForkName.GLOAS:
        return _GLOAS
    if fork >= ForkName.ELECTRA:
        return _ELECTRA
    if fork >= ForkName.DENEB:
        return _DENEB
    if fork >= ForkName.CAPELLA:
        return _CAPELLA
    raise ProofError(f"a {fork.label} header commits to no execution block hash")


def signing_root(spec: ChainSpec, beacon_root: bytes, signature_slot: int) -> bytes:
    """What a sync committee signs for a header, in a signature made at ``signature_slot``.

    The fork version is that of the slot before, in whose duty the signature is.
    """
    version = spec.fork_at_slot(max(signature_slot, 1) - 1).version
    domain = DOMAIN_SYNC_COMMITTEE + _fork_data_root(spec, version)[:28]
    return merkleize([beacon_root, domain])


def fork_digest(spec: ChainSpec, epoch: int) -> bytes:
    """compute_fork_digest: 4 bytes that name the fork at an epoch, and from Fulu its blob limit."""
    fork = spec.fork_at_epoch(epoch)
    base = _fork_data_root(spec, fork.version)
    if fork.name < ForkName.FULU:
        return base[:4]
    mask = sha256(b"".join(n.to_bytes(8, "little") for n in _blob_parameters(spec, epoch)))
    return bytes(a ^ b for a, b in zip(base[:4], mask.digest()[:4], strict=True))


def fork_of_digest(spec: ChainSpec, digest: bytes) -> ForkName:
    """The fork whose data a digest announces.

    Raises `Unsupported` for one that the chain spec's forks and blob schedule do
    not explain: the spec is out of date, or the digest is not of this network.
    """
    fork = _digests(spec).get(digest)
    if fork is None:
        raise Unsupported(
            f"chain spec out of date: no fork of {spec.network} has the digest 0x{digest.hex()}"
        )
    return fork


@lru_cache(maxsize=16)
def _digests(spec: ChainSpec) -> dict[bytes, ForkName]:
    epochs = {fork.epoch for fork in spec.forks} | {limit.epoch for limit in spec.blob_schedule}
    return {fork_digest(spec, epoch): spec.fork_at_epoch(epoch).name for epoch in epochs}


@lru_cache(maxsize=64)
def _fork_data_root(spec: ChainSpec, version: bytes) -> bytes:
    return merkleize([version.ljust(32, b"\0"), spec.genesis_validators_root])


def _blob_parameters(spec: ChainSpec, epoch: int) -> tuple[int, int]:
    """get_blob_parameters: the newest entry of the schedule, or Electra's limit before any."""
    begun = [limit for limit in spec.blob_schedule if limit.epoch <= epoch]
    if begun:
        newest = max(begun, key=lambda limit: limit.epoch)
        return newest.epoch, newest.max_blobs
    electra = [fork.epoch for fork in spec.forks if fork.name is ForkName.ELECTRA]
    return (electra[0] if electra else 0), MAX_BLOBS_PER_BLOCK_ELECTRA
