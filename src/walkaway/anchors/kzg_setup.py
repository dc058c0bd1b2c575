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

__all__ = ["KzgCeremony", "KzgSetup", "kzg_ceremony", "kzg_setup"]

_FILE = "kzg_setup.toml"
_POINTS = "eth_account.typed_transactions.blob_transactions"
_POINTS_FILE = "kzg_trusted_setup.txt"
_PRECOMPUTED = 0
"""None of the tables that make cell proofs faster, which nothing here makes."""


@dataclass(frozen=True, slots=True)
class KzgCeremony:
    """A setup by its name, and by the SHA-256 of its points as they were published."""

    name: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class KzgSetup:
    """The setup with its points, as ckzg has them."""

    ceremony: KzgCeremony
    points: object = field(repr=False, compare=False)


@cache
def kzg_ceremony() -> KzgCeremony:
    """The ceremony of Ethereum's mainnet."""
    told = tomllib.loads((files("walkaway.anchors") / _FILE).read_text("utf-8"))
    return KzgCeremony(str(told["name"]), bytes.fromhex(told["sha256"]))


@cache
def kzg_setup() -> KzgSetup:
    """The setup of Ethereum's mainnet, loaded once.

    That takes a second or more, through which no other thread runs either: where a loop
    must go on, load it in a process of its own.

    Raises `ConfigError` where the points that are installed are not those of the ceremony.
    """
    ceremony = kzg_ceremony()
    file = files(_POINTS) / _POINTS_FILE
    try:
        points = file.read_bytes()
    except OSError:
        points = b""
    if sha256(points).digest() != ceremony.digest:
        raise ConfigError(
            f"the points of {ceremony.name} are not installed as they were published",
            advice="install eth-account anew: it brings them",
        )
    with as_file(file) as path:
        return KzgSetup(ceremony, ckzg.load_trusted_setup(str(path), _PRECOMPUTED))
