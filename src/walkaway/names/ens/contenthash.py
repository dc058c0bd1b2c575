"""The contenthash of a name: which network its content is on, and its address there.

ENSIP-7 (https://docs.ens.domains/ensip/7): a code of the multicodec table as a varint, then
a value whose form depends on it. Every value has one text here, and is as the network
writes it: no scheme in front.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from walkaway.errors import ProofError, Unsupported
from walkaway.limits import LIMITS
from walkaway.names.pointer import Pointer
from walkaway.proofs.ipfs import codecs, multihash, varint
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.ipns_name import check_name, name_text, parse_name
from walkaway.proofs.ipfs.multibase import BASE64URL

__all__ = ["Codec", "ContentHash", "decode", "encode"]


class Codec(Enum):
    """The networks that a contenthash can name, by their codes in the multicodec table."""

    IPFS = 0xE3
    SWARM = 0xE4
    IPNS = 0xE5
    ONION = 0x01BC
    ONION3 = 0x01BD
    SKYNET = 0xB19910
    ARWEAVE = 0xB29910
    ADNL = 0xB69910

    @property
    def label(self) -> str:
        """The network's name in lower case."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class ContentHash:
    """A contenthash: the network, the address there as text, and the bytes of the record."""

    codec: Codec
    text: str
    data: bytes

    def pointer(self) -> Pointer:
        """Where the content is. Raises `Unsupported` for networks that are not read here."""
        if self.codec is Codec.IPFS:
            return Pointer("ipfs", self.text)
        if self.codec is Codec.IPNS:
            return Pointer("ipns", self.text)
        if self.codec is Codec.ARWEAVE:
            return Pointer("ar", self.text)
        raise Unsupported(
            f"the name points to content on {self.codec.label} ({self.text[:100]}), "
            "which is not fetched here"
        )


def decode(data: bytes) -> ContentHash:
    """Read a contenthash that takes up all of ``data``.

    Raises:
        ProofError: it is malformed.
        Unsupported: it is of a network that is not known.
    """
    if len(data) > LIMITS.contenthash_bytes:
        raise ProofError(f"a contenthash is over {LIMITS.contenthash_bytes} bytes", got=len(data))
    code, at = varint.decode(data)
    codec = _codec(code)
    return ContentHash(codec, _FORMS[codec].read(data[at:]), data)


def encode(codec: Codec, text: str) -> ContentHash:
    """The contenthash of an address on a network. Raises `ProofError` where it is none."""
    try:
        value = _FORMS[codec].write(text)
    except (ValueError, binascii.Error):
        raise ProofError(f"no address on {codec.label}", got=text) from None
    return decode(varint.encode(codec.value) + value)


def _codec(code: int) -> Codec:
    try:
        return Codec(code)
    except ValueError:
        raise Unsupported(f"a contenthash of a network that is not known (0x{code:x})") from None


@dataclass(frozen=True, slots=True)
class _Form:
    """How a network's addresses are held, and how they are written."""

    read: Callable[[bytes], str]
    write: Callable[[str], bytes]


_DNS_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*", re.ASCII
)
_KEY_BEGINS: Final = b"\x08"
"""The first byte of a public key's message: that its type follows."""
_SWARM_MANIFEST: Final = 0xFA
_SWARM_FEED: Final = 0xFB


def _cid(data: bytes) -> Cid:
    cid = Cid.decode(data)
    if cid.version != 1:
        raise ProofError("a contenthash holds CIDs of version 1", got=cid)
    return cid


def _read_ipfs(data: bytes) -> str:
    return str(_cid(data))


def _write_ipfs(text: str) -> bytes:
    return Cid.parse(text).as_v1().encode()


def _read_ipns(data: bytes) -> str:
    """A key's name; or a DNS name, as records from before ENSIP-7's keys hold it."""
    name = _cid(data)
    if name.hash_code == codecs.IDENTITY and name.digest[:1] != _KEY_BEGINS:
        return _dns_name(name.digest)
    if name.codec == codecs.DAG_PB:  # written so before names had a codec of their own
        name = Cid(1, codecs.LIBP2P_KEY, name.multihash)
    check_name(name)
    return name_text(name)


def _dns_name(digest: bytes) -> str:
    text = digest.decode("ascii", errors="replace")
    if not _DNS_NAME.fullmatch(text):
        raise ProofError("an IPNS name is of neither a key nor the DNS", got=digest)
    return text


def _write_ipns(text: str) -> bytes:
    if _DNS_NAME.fullmatch(text):
        held = multihash.encode(codecs.IDENTITY, text.encode())
        return Cid(1, codecs.LIBP2P_KEY, held).encode()
    return parse_name(text).encode()


def _read_swarm(data: bytes) -> str:
    cid = _cid(data)
    if cid.codec not in (_SWARM_MANIFEST, _SWARM_FEED) or cid.hash_code != codecs.KECCAK_256:
        raise ProofError("a Swarm address is the Keccak-256 of a manifest or feed", got=cid)
    return _of_bytes(32).read(cid.digest)


def _write_swarm(text: str) -> bytes:
    held = multihash.encode(codecs.KECCAK_256, _of_bytes(32).write(text))
    return Cid(1, _SWARM_MANIFEST, held).encode()


def _sized(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise ProofError("an address is of another length", expected=size, got=len(data))
    return data


def _of_bytes(size: int) -> _Form:
    """So many bytes, written in hex."""
    return _Form(
        lambda data: _sized(data, size).hex(), lambda text: _sized(bytes.fromhex(text), size)
    )


def _of_base64(size: int) -> _Form:
    """So many bytes, written in base64url."""
    return _Form(
        lambda data: BASE64URL.encode(_sized(data, size)),
        lambda text: _sized(BASE64URL.decode(text), size),
    )


def _of_characters(size: int) -> _Form:
    """So many characters of base32, held as they are written."""
    form = re.compile(rf"[a-z2-7]{{{size}}}", re.ASCII)

    def read(data: bytes) -> str:
        text = data.decode("ascii", errors="replace")
        if not form.fullmatch(text):
            raise ProofError(f"an onion address has {size} characters of base32", got=text)
        return text

    return _Form(read, lambda text: read(text.encode()).encode())


_FORMS: Final = {
    Codec.IPFS: _Form(_read_ipfs, _write_ipfs),
    Codec.IPNS: _Form(_read_ipns, _write_ipns),
    Codec.SWARM: _Form(_read_swarm, _write_swarm),
    Codec.ONION: _of_characters(16),
    Codec.ONION3: _of_characters(56),
    Codec.SKYNET: _of_base64(34),
    Codec.ARWEAVE: _of_base64(32),
    Codec.ADNL: _of_bytes(32),
}
