"""What the execution layer asks of the consensus layer: requests (EIP-7685), of them deposits.

Deposits (EIP-6110) are read from the deposit contract's logs; the other kinds
are what system contracts return.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from walkaway.errors import ProofError
from walkaway.proofs.execution.receipts import Log

__all__ = ["deposit_request", "requests_hash"]

DEPOSIT_TYPE = b"\0"
DEPOSIT_TOPIC = bytes.fromhex("649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5")
"""Of ``DepositEvent(bytes,bytes,bytes,bytes,bytes)``."""

_PARTS = ((160, 48), (256, 32), (320, 8), (384, 96), (512, 8))
"""Where the ABI puts public key, credentials, amount, signature and index, and their lengths."""

_LOG_BYTES = 576


def requests_hash(requests: Sequence[bytes]) -> bytes:
    """EIP-7685: 32 bytes over the hashes of the requests, none of which is empty."""
    hashes = [hashlib.sha256(item).digest() for item in requests]
    return hashlib.sha256(b"".join(hashes)).digest()


def deposit_request(logs: Iterable[Log], contract: bytes) -> bytes:
    """The request of all deposits among a block's logs; empty where there are none (EIP-6110).

    Raises `ProofError` where a log of the contract is no deposit, with which no block is valid.
    """
    deposits = [
        _deposit(log.data)
        for log in logs
        if log.address == contract and log.topics[:1] == (DEPOSIT_TOPIC,)
    ]
    return DEPOSIT_TYPE + b"".join(deposits) if deposits else b""


def _deposit(data: bytes) -> bytes:
    """One deposit's parts, one behind the other."""
    offsets = [int.from_bytes(data[32 * at : 32 * (at + 1)], "big") for at in range(len(_PARTS))]
    lengths = [int.from_bytes(data[at : at + 32], "big") for at, _ in _PARTS]
    if (
        len(data) != _LOG_BYTES
        or offsets != [at for at, _ in _PARTS]
        or lengths != [length for _, length in _PARTS]
    ):
        raise ProofError("a log of the deposit contract is not a deposit")
    return b"".join([data[at + 32 : at + 32 + length] for at, length in _PARTS])
