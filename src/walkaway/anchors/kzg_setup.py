"""The trusted setup of Ethereum's KZG commitments: what every proof of a blob stands on.

Only its digest is kept here. The points themselves come with a library that this package
needs anyway, and are held to the digest before they are used.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib.resources import as_file, files

import ckzg

from walkaway.errors import ConfigError

__all__ = ["KzgSetup", "kzg_setup"]

_FILE = "kzg_setup.toml"
_POINTS = "eth_account.typed_transactions.blob_transactions"
_POINTS_FILE = "kzg_trusted_setup.txt"
_PRECOMPUTED = 0
"""None of the tables that make cell proofs faster, which nothing here makes."""


@dataclass(frozen=True, slots=True)
class KzgSetup:
    """The setup, by the name of its ceremony and its digest; ``points`` is as ckzg has it."""

    name: str
    digest: bytes
    points: object = field(repr=False, compare=False)


@cache
def kzg_setup() -> KzgSetup:
    """The setup of Ethereum's mainnet, loaded once, which takes a second or more: not on a loop.

    Raises `ConfigError` where the points that are installed are not those of the ceremony.
    """
    told = tomllib.loads((files("walkaway.anchors") / _FILE).read_text("utf-8"))
    name, digest = str(told["name"]), bytes.fromhex(told["sha256"])
    file = files(_POINTS) / _POINTS_FILE
    try:
        points = file.read_bytes()
    except OSError:
        points = b""
    if sha256(points).digest() != digest:
        raise ConfigError(
            f"the points of {name} are not installed as they were published",
            advice="install eth-account anew: it brings them",
        )
    with as_file(file) as path:
        return KzgSetup(name, digest, ckzg.load_trusted_setup(str(path), _PRECOMPUTED))
