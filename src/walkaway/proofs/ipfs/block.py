"""A block from its address: the bytes hash to the digest in the CID.

Specification: multiformats/cid; ipfs/specs IPIP-512 for the limits.
"""

from __future__ import annotations

from typing import Final

from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs._seal import seal
from walkaway.proofs.ipfs import multihash
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.proven import Claim, Evidence, Finality, Proven

__all__ = ["NO_CHAIN", "block_subject", "make_block", "prove_block"]

NO_CHAIN: Final = 0
"""The chain id of a claim that hangs on no chain; EIP-155 gives none this number."""


def prove_block(cid: Cid, data: bytes) -> Proven[bytes]:
    """Prove that ``data`` is the block at an address.

    Raises `ProofError` where it is another, or over ``LIMITS.block_bytes``;
    `Unsupported` where the address's hash function proves nothing.
    """
    _hold_to_size(data)
    code, expected = multihash.decode(cid.multihash)
    got = multihash.digest(code, data, len(expected))
    if got != expected:
        raise ProofError(
            "a block does not hash to its address", commitment="CID", expected=expected, got=got
        )
    return _sealed(cid, data, expected)


def make_block(codec: int, data: bytes, *, version: int = 1) -> tuple[Cid, Proven[bytes]]:
    """A block of our own and its address, by SHA2-256: proven, for that is what names it.

    Raises `ProofError` where it is over ``LIMITS.block_bytes``, or where version
    0 has no address for a block of that codec.
    """
    cid = Cid.of(codec, data)
    if version == 0:
        cid = cid.as_v0()
    _hold_to_size(data)
    return cid, _sealed(cid, data, cid.digest)


def block_subject(cid: Cid) -> tuple[str, bytes]:
    """What the claim of a proven block is about."""
    return ("ipfs block", cid.encode())


def _hold_to_size(data: bytes) -> None:
    if len(data) > LIMITS.block_bytes:
        raise ProofError(f"a block is over {LIMITS.block_bytes} bytes", got=len(data))


def _sealed(cid: Cid, data: bytes, digest: bytes) -> Proven[bytes]:
    return seal(
        data,
        Claim(NO_CHAIN, None, block_subject(cid), Finality.GIVEN),
        Evidence(
            "the block hashes to the digest in its CID",
            (("digest", digest), ("bytes", len(data))),
            (Evidence("CID that was asked for", (("cid", str(cid)),)),),
        ),
    )
