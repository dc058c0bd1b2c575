"""The codes of the multicodec table that are used here, by their names in it.

Specification: multiformats/multicodec ``table.csv``.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "BLAKE2B_256",
    "BLAKE2B_512",
    "BLAKE2S_256",
    "BLAKE3",
    "CBOR",
    "DAG_CBOR",
    "DAG_JSON",
    "DAG_PB",
    "DBL_SHA2_256",
    "IDENTITY",
    "JSON",
    "KECCAK_256",
    "LIBP2P_KEY",
    "MURMUR3_X64_64",
    "RAW",
    "SHA1",
    "SHA2_256",
    "SHA2_384",
    "SHA2_512",
    "SHA3_224",
    "SHA3_256",
    "SHA3_384",
    "SHA3_512",
]

# Codecs: how a block is to be read.
RAW: Final = 0x55
DAG_PB: Final = 0x70
DAG_CBOR: Final = 0x71
DAG_JSON: Final = 0x0129
CBOR: Final = 0x51
JSON: Final = 0x0200
LIBP2P_KEY: Final = 0x72

# Multihashes: how a digest came about.
IDENTITY: Final = 0x00
SHA1: Final = 0x11
SHA2_256: Final = 0x12
SHA2_512: Final = 0x13
SHA3_512: Final = 0x14
SHA3_384: Final = 0x15
SHA3_256: Final = 0x16
SHA3_224: Final = 0x17
KECCAK_256: Final = 0x1B
BLAKE3: Final = 0x1E
SHA2_384: Final = 0x20
DBL_SHA2_256: Final = 0x56
BLAKE2B_256: Final = 0xB220
BLAKE2B_512: Final = 0xB240
BLAKE2S_256: Final = 0xB260

# Hashes of names in sharded directories: they spread, they do not prove.
MURMUR3_X64_64: Final = 0x22
