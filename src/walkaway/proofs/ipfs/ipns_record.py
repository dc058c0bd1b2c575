"""IPNS records: what a name points to, signed by the key that the name is a hash of.

https://specs.ipfs.tech/ipns/ipns-record/. Checked is the signature of version 2
alone, over the DAG-CBOR document; what stands beside it from version 1 must say the
same, or the record is refused. That a record is the newest nobody can prove.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from walkaway.errors import Elsewhere, ProofError, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs._seal import seal
from walkaway.proofs.ipfs import dag_cbor, protobuf, rfc3339
from walkaway.proofs.ipfs.block import NO_CHAIN
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.data_model import Value
from walkaway.proofs.ipfs.ipns_envelope import (
    DATA,
    SEQUENCE,
    SIGNATURE_V1,
    SIGNATURE_V2,
    SIGNED,
    TTL,
    VALIDITY,
    VALIDITY_TYPE,
    VALUE,
    Envelope,
    check_signature,
    read_envelope,
)
from walkaway.proofs.ipfs.ipns_name import check_name, name_text
from walkaway.proofs.ipfs.libp2p_keys import SigningKey
from walkaway.proofs.proven import Claim, Evidence, Finality, Proven

__all__ = ["IpnsRecord", "create_record", "prove_record", "record_subject", "signed_sequence"]

_UNTIL: Final = 0
"""The one validity type: the record is valid until a moment."""
_UNTIL_NAME: Final = b"EOL"
"""That type, as version 1 signs it."""
_COPIES: Final = {
    VALUE: ("Value", b""),
    VALIDITY_TYPE: ("ValidityType", 0),
    VALIDITY: ("Validity", b""),
    SEQUENCE: ("Sequence", 0),
    TTL: ("TTL", 0),
}
"""The fields of version 1: what each is a copy of, and its worth where it is absent."""


@dataclass(frozen=True, slots=True)
class IpnsRecord:
    """What a record says.

    ``value`` is a content path such as ``/ipfs/bafy...``; ``validity`` the moment
    at which it ends, in nanoseconds since 1970; ``ttl`` how long it may be kept
    without asking again, in nanoseconds.
    """

    value: str
    sequence: int
    validity: int
    ttl: int

    @property
    def order(self) -> tuple[int, int]:
        """Of two records of one name, the one with the greater order stands."""
        return self.sequence, self.validity


def prove_record(name: Cid, record: bytes, *, now: int) -> Proven[IpnsRecord]:
    """Prove that the key behind a name signed a record that is valid now.

    ``now`` is nanoseconds since 1970. The specification's steps ("Record
    Verification"):

    1. the record is within ``LIMITS.ipns_record_bytes``;
    2. it has a signature of version 2, and data;
    3. its public key is the name's, or stands in the name;
    5. and 6. the signature holds over the data;
    4. the data is strict DAG-CBOR and holds each field, which is looked at after them here,
       so that only what the key signed is read;
    7. the fields of version 1, if there are any, are the data's;
    8. the validity lies ahead.

    Raises `ProofError`; `Elsewhere` for a sound record whose time is over;
    `Unsupported` for keys of types that are not known.
    """
    envelope, document = _signed(name, record)
    said = _said(document)
    _check_copies(envelope, document)
    if said.validity <= now:
        raise Elsewhere("an IPNS record is no longer valid", expected=now, got=said.validity)
    return _sealed(name, said)


def signed_sequence(name: Cid, record: bytes) -> int | None:
    """The sequence number that the name's key signed, even where the record's time is over
    or nothing else of it can be read; None where it signed none that can.

    Readers elsewhere may go by it, so that what follows needs a greater one.
    """
    try:
        return _integer(_signed(name, record)[1], "Sequence")
    except (ProofError, Unsupported):
        return None


def create_record(
    key: SigningKey,
    *,
    value: str,
    sequence: int,
    validity: str,
    ttl: int,
    with_version_1: bool = False,
) -> bytes:
    """A record of version 2, signed. ``validity`` is text as RFC 3339 says, in UTC.

    ``with_version_1`` puts the fields and the signature of version 1 beside it
    ("Record Creation"), for readers that are as old.

    Raises `ProofError` for what no reader would take.
    """
    # What is no Unicode passes here, so that reading the document refuses it.
    document: dict[str, Value] = {
        "Value": value.encode(errors="surrogatepass"),
        "Sequence": sequence,
        "Validity": validity.encode(errors="surrogatepass"),
        "ValidityType": _UNTIL,
        "TTL": ttl,
    }
    _said(document)
    data = dag_cbor.encode(document)
    signature = key.sign(SIGNED + data)
    record = protobuf.field(SIGNATURE_V2, signature) + protobuf.field(DATA, data)
    if with_version_1:
        record = _version_1(key, value, sequence, validity, ttl) + record
    if len(record) > LIMITS.ipns_record_bytes:
        raise ProofError(f"an IPNS record is over {LIMITS.ipns_record_bytes} bytes")
    return record


def record_subject(name: Cid) -> tuple[str, bytes]:
    """What the claim of a proven record is about."""
    return ("ipns record", name.multihash)


def _version_1(key: SigningKey, value: str, sequence: int, validity: str, ttl: int) -> bytes:
    """The fields of version 1, the signature among them: over the value, the validity and
    the name of its type.
    """
    signature = key.sign(value.encode() + validity.encode() + _UNTIL_NAME)
    copies: tuple[tuple[int, int | bytes], ...] = (
        (VALUE, value.encode()),
        (SIGNATURE_V1, signature),
        (VALIDITY_TYPE, _UNTIL),
        (VALIDITY, validity.encode()),
        (SEQUENCE, sequence),
        (TTL, ttl),
    )
    return b"".join(protobuf.field(number, copy) for number, copy in copies)


def _signed(name: Cid, record: bytes) -> tuple[Envelope, dict[str, Value]]:
    """A record that the name's key signed, and the document in it, of which nothing is checked."""
    check_name(name)
    envelope = read_envelope(record)
    check_signature(name, envelope)
    return envelope, _document(envelope.data)


def _document(data: bytes) -> dict[str, Value]:
    document = dag_cbor.decode(data)
    if not isinstance(document, dict):
        raise ProofError("the data of an IPNS record is not a map")
    return document


def _said(document: dict[str, Value]) -> IpnsRecord:
    """What a document says; fields that are not known are passed over."""
    if _integer(document, "ValidityType") != _UNTIL:
        raise ProofError("the validity of an IPNS record is of no known type")
    value = _text(document, "Value")
    namespace, _, rest = value.removeprefix("/").partition("/")
    if not value.startswith("/") or not namespace or not rest:
        raise ProofError("the value of an IPNS record is not a content path", got=value)
    return IpnsRecord(
        value=value,
        sequence=_integer(document, "Sequence"),
        validity=rfc3339.nanoseconds(_text(document, "Validity")),
        ttl=_integer(document, "TTL"),
    )


def _text(document: dict[str, Value], field: str) -> str:
    content = document.get(field)
    if not isinstance(content, bytes):
        raise ProofError(f"an IPNS record lacks its {field}, or it is not bytes")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ProofError(f"the {field} of an IPNS record is not text", got=content) from None


def _integer(document: dict[str, Value], field: str) -> int:
    number = document.get(field)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 1 << 64:
        raise ProofError(f"an IPNS record lacks its {field}, or it is no unsigned integer")
    return number


def _check_copies(envelope: Envelope, document: dict[str, Value]) -> None:
    fields = envelope.fields
    if VALUE not in fields and SIGNATURE_V1 not in fields:
        return
    for number, (name, absent) in _COPIES.items():
        copy = fields.get(number, absent)
        if copy != document[name]:
            raise ProofError(
                f"the two versions of an IPNS record differ in {name}",
                expected=document[name],
                got=copy,
            )


def _sealed(name: Cid, said: IpnsRecord) -> Proven[IpnsRecord]:
    return seal(
        said,
        Claim(NO_CHAIN, None, record_subject(name), Finality.GIVEN),
        Evidence(
            "the key that the IPNS name is a hash of signed the record",
            (("value", said.value), ("sequence", said.sequence), ("validity", said.validity)),
            (Evidence("IPNS name that was asked for", (("name", name_text(name)),)),),
        ),
    )
