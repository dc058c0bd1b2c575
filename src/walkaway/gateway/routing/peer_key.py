"""The key by which this node is known to others that fetch from it, kept on the disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from walkaway.errors import ConfigError
from walkaway.proofs.ipfs.libp2p_keys import SigningKey, key_multihash
from walkaway.proofs.ipfs.multibase import BASE58BTC

__all__ = ["open_peer_key", "peer_id"]

SEED_BYTES: Final = 32


def open_peer_key(path: Path) -> SigningKey:
    """The key whose seed the file holds; made, readable by its owner alone, where there is none.

    Raises `ConfigError` where the file cannot be used.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return SigningKey(_seed(path))
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(SEED_BYTES))
        return SigningKey(_seed(path))
    except OSError as error:
        raise ConfigError(
            f"the key {path} cannot be used: {error.strerror or type(error).__name__}",
            advice="see to the permissions of its folder",
        ) from None


def peer_id(key: SigningKey) -> str:
    """The peer ID of a key, as text: the multihash of its public key in base58btc."""
    return BASE58BTC.encode(key_multihash(key.public_key))


def _seed(path: Path) -> bytes:
    with path.open("rb") as file:
        seed = file.read(SEED_BYTES + 1)
    if len(seed) != SEED_BYTES:
        raise ConfigError(
            f"the key {path} is damaged: it is not of {SEED_BYTES} bytes",
            advice="remove the file, and this node gets a new key",
        )
    return seed
