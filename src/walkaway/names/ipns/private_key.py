"""Private keys as libp2p writes them, which is how Kubo's ``ipfs key export`` does.

https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md, "Keys": a message of the
key's type and its data, which for Ed25519 is the seed with the public key behind it.
"""

from __future__ import annotations

from typing import Final

from walkaway.errors import InvalidRequest, ProofError, Unsupported
from walkaway.proofs.ipfs import protobuf
from walkaway.proofs.ipfs.libp2p_keys import SigningKey

__all__ = ["private_key_message", "read_private_key"]

_TYPE, _DATA = 1, 2
_ED25519: Final = 1
_SEED_BYTES: Final = 32
_PUBLIC_BYTES: Final = 32
_MOST_BYTES: Final = 8192


def private_key_message(seed: bytes) -> bytes:
    """The message of an Ed25519 key with this 32-byte seed."""
    return protobuf.field(_TYPE, _ED25519) + protobuf.field(_DATA, seed + _public(seed))


def read_private_key(message: bytes) -> bytes:
    """The seed of the Ed25519 key in a message.

    Raises:
        InvalidRequest: it is no such message, or its public key is another's.
        Unsupported: it holds a key of another type.
    """
    if len(message) > _MOST_BYTES:
        raise InvalidRequest("no exported key is this long")
    try:
        fields = {number: value for number, _, value in protobuf.read(message)}
    except ProofError:
        fields = {}
    kind, data = fields.get(_TYPE), fields.get(_DATA)
    if not isinstance(kind, int) or not isinstance(data, bytes):
        raise InvalidRequest(
            "this is no exported key",
            advice="export it with: ipfs key export --format=libp2p-protobuf-cleartext NAME",
        )
    if kind != _ED25519:
        raise Unsupported("only Ed25519 keys are taken; this is of another type")
    seed, public = data[:_SEED_BYTES], data[_SEED_BYTES:]
    # Older ones repeat the public key.
    if len(data) < _SEED_BYTES + _PUBLIC_BYTES or public not in (
        _public(seed),
        _public(seed) * 2,
    ):
        raise InvalidRequest("this exported key is damaged: its two halves do not belong together")
    return seed


def _public(seed: bytes) -> bytes:
    """The public key itself, out of its message."""
    fields = {number: value for number, _, value in protobuf.read(SigningKey(seed).public_key)}
    raw = fields[_DATA]
    return raw if isinstance(raw, bytes) else b""
