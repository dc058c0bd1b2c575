"""Whose fault a record is that is refused: what its key signed is no forgery."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.proofs.ipfs.test_ipns_record import KEY, NAME, RECORD, signed
from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs, dag_cbor, protobuf
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.ipns_envelope import is_forged, read_envelope
from walkaway.proofs.ipfs.ipns_name import name_of_key
from walkaway.proofs.ipfs.ipns_record import signed_sequence
from walkaway.proofs.ipfs.libp2p_keys import SigningKey

OTHER = SigningKey(bytes(32))


def by_rsa(bits: int) -> tuple[bytes, bytes]:
    """The message of a new RSA key, and a signed record without the key."""
    key = rsa.generate_private_key(65537, bits)
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    signature = key.sign(b"ipns-signature:data", padding.PKCS1v15(), SHA256())
    record = protobuf.field(8, signature) + protobuf.field(9, b"data")
    return protobuf.field(1, 0) + protobuf.field(2, der), record


def test_what_another_key_signed_or_nobody_is_forged() -> None:
    forged = protobuf.field(8, OTHER.sign(b"ipns-signature:x")) + protobuf.field(9, b"x")
    for record in (forged, RECORD[:-1] + bytes([RECORD[-1] ^ 1])):
        assert is_forged(NAME, record)
        assert signed_sequence(NAME, record) is None


@pytest.mark.parametrize(
    "record",
    [
        RECORD,
        signed(b"anything"),
        signed(dag_cbor.encode([1])),
        signed(b"data", f7=OTHER.public_key),
        signed(b"data", f7=b""),
        signed(b"data") + protobuf.field(9, 5),
        b"",
        b"\x0b\x0c" + RECORD,
        protobuf.field(9, b"data"),
        protobuf.field(8, bytes(64)),
        bytes(LIMITS.ipns_record_bytes + 1),
    ],
)
def test_what_its_key_signed_or_nobody_can_read_is_not(record: bytes) -> None:
    assert not is_forged(NAME, record)


def test_a_key_beside_the_record_is_taken_however_it_is_written() -> None:
    key, record = by_rsa(2048)
    name = name_of_key(key)
    assert not is_forged(name, record + protobuf.field(7, key))
    assert not is_forged(name, record + protobuf.field(7, key + protobuf.field(3, b"more")))
    # Without a key, or with one that is none, nothing is certain.
    assert not is_forged(name, record)
    assert not is_forged(name, record + protobuf.field(7, protobuf.field(1, 0)))
    assert is_forged(name, record + protobuf.field(7, KEY.public_key))
    assert is_forged(name_of_key(by_rsa(2048)[0]), record + protobuf.field(7, key))


def test_under_a_key_that_nothing_is_checked_under_nothing_is_certain() -> None:
    key, record = by_rsa(1024)
    name = name_of_key(key)
    assert not is_forged(name, record + protobuf.field(7, key))
    assert signed_sequence(name, record + protobuf.field(7, key)) is None


def test_a_name_that_is_none_accuses_nobody() -> None:
    assert not is_forged(Cid.of(codecs.RAW, b"content"), RECORD)


def test_a_sequence_is_read_where_nothing_else_can_be() -> None:
    assert signed_sequence(NAME, RECORD) == 3
    assert signed_sequence(NAME, signed(dag_cbor.encode({"Sequence": 7}))) == 7
    assert signed_sequence(NAME, signed(dag_cbor.encode({"Sequence": "7"}))) is None


def test_a_field_of_another_wire_type_is_none_that_is_known() -> None:
    envelope = read_envelope(RECORD + protobuf.field(5, b"text") + protobuf.field(7, 1))
    assert (envelope.key, set(envelope.fields)) == (b"", {8, 9})
    with pytest.raises(ProofError, match="lacks"):
        read_envelope(protobuf.field(8, 1) + protobuf.field(9, b"data"))
