"""Profiles: everything that an address depends on beside the files themselves.

Specification: ipfs/specs IPIP-499. Two who import the same files by the same
profile come to the same address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from walkaway.errors import InvalidRequest

__all__ = [
    "PROFILES",
    "UNIXFS_V0_2015",
    "UNIXFS_V1_2025",
    "DirectoryWeight",
    "Profile",
    "profile_named",
]


class DirectoryWeight(Enum):
    """What of a directory is weighed, to say whether it is sharded."""

    BLOCK = "block-bytes"
    """The whole block that it would be."""
    LINKS = "links-bytes"
    """The names and addresses of its entries, and nothing else of the block."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How files are cut and directories are laid out.

    A file is cut into chunks of ``chunk_bytes``, of which ``file_links`` hang on
    one node, all at the same depth; they are raw blocks where ``raw_leaves``. A
    directory that weighs over ``shard_above_bytes`` is sharded, ``shard_fanout``
    wide. Every hash is SHA2-256.
    """

    name: str
    cid_version: int
    chunk_bytes: int
    file_links: int
    raw_leaves: bool
    weight: DirectoryWeight
    shard_above_bytes: int = 256 * 1024
    shard_fanout: int = 256


UNIXFS_V1_2025: Final = Profile(
    name="unixfs-v1-2025",
    cid_version=1,
    chunk_bytes=1024 * 1024,
    file_links=1024,
    raw_leaves=True,
    weight=DirectoryWeight.BLOCK,
)
"""What to import by; the default."""

UNIXFS_V0_2015: Final = Profile(
    name="unixfs-v0-2015",
    cid_version=0,
    chunk_bytes=256 * 1024,
    file_links=174,
    raw_leaves=False,
    weight=DirectoryWeight.LINKS,
)
"""To come to the addresses of old: what Kubo does where it is told nothing."""

PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {profile.name: profile for profile in (UNIXFS_V1_2025, UNIXFS_V0_2015)}
)
"""Each profile by its name."""


def profile_named(name: str) -> Profile:
    """The profile of a name. Raises `InvalidRequest`."""
    if name not in PROFILES:
        raise InvalidRequest(
            f"no profile is called {name!r}", advice=f"profiles are {', '.join(PROFILES)}"
        )
    return PROFILES[name]
