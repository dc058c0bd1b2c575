"""CIDs: the address of a block, which says how to check it and how to read it.

Specification: multiformats/cid. Version 0 is a bare SHA2-256 multihash of a
dag-pb block; version 1 names the codec. Text is base58btc for the one and any
multibase for the other.
"""

from __future__ import annotations

from dataclasses import dataclass

from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs, multibase, multihash, varint
from walkaway.proofs.ipfs.multibase import BASE32, BASE58BTC, Base

__all__ = ["Cid", "read_cid"]

_V0_HEAD = bytes((codecs.SHA2_256, 32))
_V0_BYTES = 34
_V0_CHARACTERS = 46
# What nearly every link is, read without the way through varints.
_V1_HEADS = {
    bytes((1, codec, codecs.SHA2_256, 32)): codec
    for codec in (codecs.RAW, codecs.DAG_PB, codecs.DAG_CBOR)
}
_V1_BYTES = 36


@dataclass(frozen=True, slots=True)
class Cid:
    """An address. ``multihash`` is the hash function's code, the length and the digest.

    Made by `parse`, `decode` and `of`, which check it; the two versions of one
    address are not equal, but name the same block: compare their `multihash`.
    """

    version: int
    codec: int
    multihash: bytes

    @classmethod
    def of(cls, codec: int, data: bytes, function: int = codecs.SHA2_256) -> Cid:
        """The address, version 1, of a block of data. Raises `Unsupported`, `ProofError`."""
        name = multihash.encode(function, multihash.digest(function, data))
        multihash.decode(name)
        return cls(1, codec, name)

    @classmethod
    def parse(cls, text: str) -> Cid:
        """Read an address as people write it. Raises `ProofError`."""
        if len(text) == _V0_CHARACTERS and text.startswith("Qm"):
            return cls.decode(BASE58BTC.decode(text))
        data = multibase.decode(text)[1]
        if data[:1] == _V0_HEAD[:1]:
            raise ProofError("a CID of version 0 has no multibase prefix", got=text)
        return cls.decode(data)

    @classmethod
    def decode(cls, data: bytes) -> Cid:
        """Read an address that takes up all of ``data``. Raises `ProofError`."""
        head = data[:4]
        if len(data) == _V1_BYTES and head in _V1_HEADS:
            return cls(1, _V1_HEADS[head], data[2:])
        if len(data) == _V0_BYTES and data[:2] == _V0_HEAD:
            return cls(0, codecs.DAG_PB, data)
        if len(data) > LIMITS.cid_bytes:
            raise ProofError(f"a CID is over {LIMITS.cid_bytes} bytes", got=len(data))
        version, at = varint.decode(data)
        if version != 1:
            raise ProofError("a CID is of no known version", got=version)
        codec, at = varint.decode(data, at)
        multihash.decode(data[at:])
        return cls(1, codec, data[at:])

    @property
    def hash_code(self) -> int:
        """The multihash code of the function that the digest came from."""
        return multihash.decode(self.multihash)[0]

    @property
    def digest(self) -> bytes:
        """The digest alone; with the identity function it is the block."""
        return multihash.decode(self.multihash)[1]

    def encode(self) -> bytes:
        """The binary form, as links and CARs hold it."""
        if self.version == 0:
            return self.multihash
        return b"\x01" + varint.encode(self.codec) + self.multihash

    def text(self, base: Base) -> str:
        """The address in a base. Raises `ProofError` for version 0 in any but base58btc."""
        if self.version == 0:
            if base != BASE58BTC:
                raise ProofError("a CID of version 0 is written in base58btc", got=base.name)
            return BASE58BTC.encode(self.multihash)
        return multibase.encode(self.encode(), base)

    def __str__(self) -> str:
        return self.text(BASE58BTC if self.version == 0 else BASE32)

    def as_v1(self) -> Cid:
        """The same address in version 1."""
        return Cid(1, self.codec, self.multihash) if self.version == 0 else self

    def as_v0(self) -> Cid:
        """The same address in version 0.

        Raises `ProofError` where it has none: only SHA2-256 of dag-pb blocks does.
        """
        if self.codec != codecs.DAG_PB or self.multihash[:2] != _V0_HEAD:
            raise ProofError("an address has no form in version 0", got=str(self))
        return Cid(0, self.codec, self.multihash)


def read_cid(data: bytes, at: int = 0) -> tuple[Cid, int]:
    """Read the address at an offset, as a CAR holds it; give it and the offset behind it.

    Raises `ProofError`.
    """
    start = at
    if data[at : at + 2] == _V0_HEAD:
        end = at + _V0_BYTES
    else:
        for _ in ("version", "codec", "hash function"):
            _, at = varint.decode(data, at)
        length, at = varint.decode(data, at)
        end = at + length
    if end > len(data):
        raise ProofError("a CID is cut short")
    return Cid.decode(data[start:end]), end
