"""The message around an IPNS record: the signed data, its signature and its key.

https://specs.ipfs.tech/ipns/ipns-record/, "Record Serialization Format". Who is to blame
for a record that is refused is told here too: routers keep and pass on what the name's key
signed and look no further, so that anybody can have them give a record that says nothing of
sense, under a key of their own. Neither what a record says nor how it is written is therefore
held against who gives it; that the name's key did not sign it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from walkaway.errors import ProofError, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import multihash, protobuf
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.codecs import IDENTITY
from walkaway.proofs.ipfs.ipns_name import check_name
from walkaway.proofs.ipfs.libp2p_keys import key_multihash, plain_key, verify

__all__ = [
    "DATA",
    "PUBLIC_KEY",
    "SEQUENCE",
    "SIGNATURE_V1",
    "SIGNATURE_V2",
    "SIGNED",
    "TTL",
    "VALIDITY",
    "VALIDITY_TYPE",
    "VALUE",
    "Envelope",
    "check_signature",
    "is_forged",
    "read_envelope",
]

SIGNED: Final = b"ipns-signature:"
"""What stands before the data where it is signed."""

VALUE, SIGNATURE_V1, VALIDITY_TYPE, VALIDITY, SEQUENCE, TTL = range(1, 7)
PUBLIC_KEY, SIGNATURE_V2, DATA = range(7, 10)

_NUMBERS: Final = frozenset((VALIDITY_TYPE, SEQUENCE, TTL))


@dataclass(frozen=True, slots=True)
class Envelope:
    """A record's message, of which nothing is checked. ``key`` is empty where it has none.

    ``fields`` are all that are known, by number.
    """

    data: bytes
    signature: bytes
    key: bytes
    fields: Mapping[int, int | bytes]


def read_envelope(record: bytes) -> Envelope:
    """Take a record apart; of a field that stands twice the last counts, and one of another
    wire type than its own is none that is known.

    Raises `ProofError` where it is over ``LIMITS.ipns_record_bytes``, no message, or lacks
    its data or its signature of version 2.
    """
    if len(record) > LIMITS.ipns_record_bytes:
        raise ProofError(f"an IPNS record is over {LIMITS.ipns_record_bytes} bytes")
    fields = {
        number: value
        for number, kind, value in protobuf.read(record)
        if kind == (protobuf.VARINT if number in _NUMBERS else protobuf.BYTES)
    }
    data, signature = _bytes(fields, DATA), _bytes(fields, SIGNATURE_V2)
    if not data or not signature:
        raise ProofError("an IPNS record lacks its signature of version 2, or its data")
    return Envelope(data, signature, _bytes(fields, PUBLIC_KEY), fields)


def check_signature(name: Cid, envelope: Envelope) -> None:
    """Check that the key behind a name signed the data.

    Raises `ProofError`; `Unsupported` for keys of types that are not known.
    """
    key = envelope.key or _inlined(name)
    if not key:
        raise ProofError("an IPNS record lacks its public key")
    if key_multihash(key) != name.multihash:
        raise ProofError("an IPNS record is of another name's key", commitment="IPNS name")
    verify(key, SIGNED + envelope.data, envelope.signature)


def is_forged(name: Cid, record: bytes) -> bool:
    """Whether it is certain that the key behind a name did not sign what a record holds.

    It is not where the record or the key beside it cannot be read, or no signature is checked
    under keys of its type: readers that are less strict may have taken it.
    """
    try:
        check_name(name)
        envelope = read_envelope(record)
        # A key that is written otherwise than its hash needs may pass for the name's elsewhere.
        key = _inlined(name) or plain_key(envelope.key)
    except ProofError:
        return False
    try:
        check_signature(name, replace(envelope, key=key))
    except ProofError:
        return True
    except Unsupported:
        pass
    return False


def _inlined(name: Cid) -> bytes:
    """The key that stands in a name; empty where its hash does."""
    code, digest = multihash.decode(name.multihash)
    return digest if code == IDENTITY else b""


def _bytes(fields: Mapping[int, int | bytes], number: int) -> bytes:
    value = fields.get(number)
    return value if isinstance(value, bytes) else b""
