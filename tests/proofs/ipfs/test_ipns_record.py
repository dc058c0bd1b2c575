"""IPNS records: what the name's key signed, and not one byte else."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vectors import vectors
from walkaway.errors import Elsewhere, ProofError, WalkawayError
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs, dag_cbor, multihash, protobuf, rfc3339
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.data_model import Value
from walkaway.proofs.ipfs.ipns_name import name_of_key, parse_name
from walkaway.proofs.ipfs.ipns_record import (
    IpnsRecord,
    create_record,
    prove_record,
    record_subject,
)
from walkaway.proofs.ipfs.libp2p_keys import SigningKey, verify
from walkaway.proofs.proven import Finality

KEY = SigningKey(bytes(range(32)))
NAME = name_of_key(KEY.public_key)
VALUE = f"/ipfs/{Cid.of(codecs.RAW, b'content')}"
END = "2123-08-14T12:17:03.694052001Z"
NOW = rfc3339.nanoseconds("2026-01-01T00:00:00Z")
RECORD = create_record(KEY, value=VALUE, sequence=3, validity=END, ttl=60)
SAID = IpnsRecord(VALUE, 3, rfc3339.nanoseconds(END), 60)
DOCUMENT: dict[str, Value] = {
    "Value": VALUE.encode(),
    "Sequence": 3,
    "Validity": END.encode(),
    "ValidityType": 0,
    "TTL": 60,
}
COPIES: dict[int, bytes | int] = {
    1: VALUE.encode(),
    2: b"not looked at",
    3: 0,
    4: END.encode(),
    5: 3,
    6: 60,
}


def signed(data: bytes, **fields: bytes | int) -> bytes:
    """A record over any data, signed by the name's key, with further fields as ``f7=...``."""
    record = b"".join(protobuf.field(int(name[1:]), value) for name, value in fields.items())
    signature = KEY.sign(b"ipns-signature:" + data)
    return record + protobuf.field(8, signature) + protobuf.field(9, data)


def with_copies(copies: dict[int, bytes | int]) -> bytes:
    return signed(dag_cbor.encode(DOCUMENT), **{f"f{n}": value for n, value in copies.items()})


def test_a_record_is_proven_to_be_its_names() -> None:
    proven = prove_record(NAME, RECORD, now=NOW)
    assert proven.value == SAID
    assert proven.claim.subject == record_subject(NAME) == ("ipns record", NAME.multihash)
    assert proven.claim.finality is Finality.GIVEN
    (anchor,) = proven.because.anchors()
    assert parse_name(str(dict(anchor.facts)["name"])) == NAME


def test_it_is_written_as_the_specification_says() -> None:
    assert signed(dag_cbor.encode(DOCUMENT)) == RECORD
    assert [number for number, _, _ in protobuf.read(RECORD)] == [8, 9]


def test_no_byte_can_be_changed() -> None:
    for at in range(len(RECORD)):
        with pytest.raises(ProofError):
            prove_record(NAME, RECORD[:at] + bytes((RECORD[at] ^ 1,)) + RECORD[at + 1 :], now=NOW)
        with pytest.raises(ProofError):
            prove_record(NAME, RECORD[:at], now=NOW)


def test_a_record_is_of_one_name() -> None:
    other = name_of_key(SigningKey(bytes(32)).public_key)
    with pytest.raises(ProofError, match="does not hold"):
        prove_record(other, RECORD, now=NOW)
    with pytest.raises(ProofError, match="another name's key"):
        prove_record(other, protobuf.field(7, KEY.public_key) + RECORD, now=NOW)
    with pytest.raises(ProofError, match="libp2p key"):
        prove_record(Cid.of(codecs.RAW, b""), RECORD, now=NOW)
    assert prove_record(NAME, protobuf.field(7, KEY.public_key) + RECORD, now=NOW).value == SAID


def test_a_hashed_name_needs_its_key_in_the_record() -> None:
    secret = rsa.generate_private_key(65537, 2048)
    der = secret.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    public_key = protobuf.field(1, 0) + protobuf.field(2, der)
    data = dag_cbor.encode(DOCUMENT)
    signature = secret.sign(b"ipns-signature:" + data, padding.PKCS1v15(), SHA256())
    record = protobuf.field(8, signature) + protobuf.field(9, data)
    name = name_of_key(public_key)
    assert prove_record(name, protobuf.field(7, public_key) + record, now=NOW).value == SAID
    for key in (b"", protobuf.field(7, 1)):
        with pytest.raises(ProofError, match="lacks its public key"):
            prove_record(name, key + record, now=NOW)


def test_a_record_ends_when_it_says() -> None:
    assert prove_record(NAME, RECORD, now=SAID.validity - 1).value == SAID
    with pytest.raises(Elsewhere, match="no longer valid"):
        prove_record(NAME, RECORD, now=SAID.validity)


def test_of_two_records_the_later_stands() -> None:
    later = IpnsRecord(VALUE, 3, SAID.validity + 1, 1)
    assert SAID.order < later.order < IpnsRecord(VALUE, 4, 0, 1).order


def test_fields_of_version_1_must_say_the_same() -> None:
    assert prove_record(NAME, with_copies(COPIES), now=NOW).value == SAID
    for number in (1, 4, 5, 6):
        changed = {**COPIES, number: b"/ipfs/other" if number in (1, 4) else 9}
        absent = {key: value for key, value in COPIES.items() if key != number}
        for copies in (changed, absent):
            with pytest.raises(ProofError, match="two versions"):
                prove_record(NAME, with_copies(copies), now=NOW)
    with pytest.raises(ProofError, match="ValidityType"):
        prove_record(NAME, with_copies({**COPIES, 3: 1}), now=NOW)
    with pytest.raises(ProofError, match="Value"):
        prove_record(NAME, with_copies({2: b"a signature alone"}), now=NOW)
    # Without a value and a signature there is no version 1, whatever else stands there.
    assert prove_record(NAME, with_copies({5: 9}), now=NOW).value == SAID


@pytest.mark.parametrize(
    ("fault", "change"),
    [
        ("no value", {"Value": None}),
        ("a value that is text", {"Value": VALUE}),
        ("a value that is not UTF-8", {"Value": b"/ipfs/\xff"}),
        ("a value that is no path", {"Value": VALUE[1:].encode()}),
        ("a namespace alone", {"Value": b"/ipfs/"}),
        ("no namespace", {"Value": b"//path"}),
        ("another validity type", {"ValidityType": 1}),
        ("no validity type", {"ValidityType": None}),
        ("a validity type that is false", {"ValidityType": False}),
        ("a validity in no form", {"Validity": b"tomorrow"}),
        ("a validity that is a number", {"Validity": 1}),
        ("a negative sequence", {"Sequence": -1}),
        ("a sequence that is a float", {"Sequence": 1.0}),
        ("no lifetime", {"TTL": None}),
    ],
)
def test_documents_that_lack_something_are_refused(fault: str, change: dict[str, Value]) -> None:
    with pytest.raises(ProofError):
        prove_record(NAME, signed(dag_cbor.encode(DOCUMENT | change)), now=NOW)


def test_further_fields_are_passed_over() -> None:
    document = DOCUMENT | {"_more": {"of": ["anything"]}}
    assert prove_record(NAME, signed(dag_cbor.encode(document), f99=1), now=NOW).value == SAID


def test_what_is_no_record_is_refused() -> None:
    data = dag_cbor.encode(DOCUMENT)
    unsorted = b"\xa5" + b"".join(
        dag_cbor.encode(name) + dag_cbor.encode(DOCUMENT[name]) for name in DOCUMENT
    )
    for record in (
        b"",
        protobuf.field(9, data),
        protobuf.field(8, b"") + protobuf.field(9, data),
        protobuf.field(8, 1) + protobuf.field(9, data),
        protobuf.field(8, bytes(64)),
        signed(dag_cbor.encode([1])),
        signed(b"\xff"),
        signed(unsorted),
    ):
        with pytest.raises(ProofError):
            prove_record(NAME, record, now=NOW)
    with pytest.raises(ProofError, match="over"):
        prove_record(NAME, signed(data, f99=bytes(LIMITS.ipns_record_bytes)), now=NOW)


@pytest.mark.parametrize(
    ("value", "sequence", "validity"),
    [
        ("not a path", 0, END),
        ("/ipfs/\ud800", 0, END),
        (VALUE, -1, END),
        (VALUE, 1 << 64, END),
        (VALUE, 0, "tomorrow"),
        (VALUE, 0, "\ud800"),
        ("/ipfs/" + "a" * LIMITS.ipns_record_bytes, 0, END),
    ],
)
def test_no_record_is_made_that_no_reader_would_take(
    value: str, sequence: int, validity: str
) -> None:
    with pytest.raises(ProofError):
        create_record(KEY, value=value, sequence=sequence, validity=validity, ttl=1)


def test_version_1_stands_beside_it_where_old_readers_are_to_be_served() -> None:
    record = create_record(KEY, value=VALUE, sequence=3, validity=END, ttl=60, with_version_1=True)
    assert prove_record(NAME, record, now=NOW).value == SAID
    fields = {number: value for number, _, value in protobuf.read(record)}
    assert {number: fields[number] for number in COPIES if number != 2} == {
        number: value for number, value in COPIES.items() if number != 2
    }
    assert is_signed_as_version_1(KEY.public_key, fields)


def test_the_suites_own_records_are_signed_alike() -> None:
    folder = vectors("names/ipns")
    for path in folder.glob("*records*_v1*.ipns-record"):
        fields = {number: value for number, _, value in protobuf.read(path.read_bytes())}
        _, key = multihash.decode(parse_name(path.name.split("_")[3]).multihash)
        is_broken = "v1-value" in path.name or "signature-v1" in path.name
        assert is_signed_as_version_1(key, fields) != is_broken, path.name


def is_signed_as_version_1(key: bytes, fields: dict[int, bytes | int]) -> bool:
    """Whether the signature of version 1 holds, as the specification has it made."""
    value, signature, validity = fields[1], fields[2], fields[4]
    assert isinstance(value, bytes)
    assert isinstance(validity, bytes)
    assert isinstance(signature, bytes)
    try:
        verify(key, value + validity + b"EOL", signature)
    except ProofError:
        return False
    return True


def test_a_record_at_the_limit_is_made_and_taken() -> None:
    def of_length(characters: int) -> bytes:
        return create_record(
            KEY, value="/ipfs/" + "a" * characters, sequence=0, validity=END, ttl=1
        )

    characters = 9000 + LIMITS.ipns_record_bytes - len(of_length(9000))
    largest = of_length(characters)
    assert len(largest) == LIMITS.ipns_record_bytes
    assert len(prove_record(NAME, largest, now=NOW).value.value) == characters + 6
    with pytest.raises(ProofError, match="over"):
        of_length(characters + 1)


@settings(max_examples=60)
@given(st.binary(max_size=120), st.binary(max_size=60))
def test_garbage_raises_nothing_outside_the_tree(record: bytes, data: bytes) -> None:
    for garbage in (record, record + RECORD[:70] + record, signed(data)):
        with pytest.raises(WalkawayError):
            prove_record(NAME, garbage, now=NOW)


def test_the_recorded_records_are_judged_as_the_specification_judges_them() -> None:
    bad = ("_v1.", "broken-v1-value", "broken-signature-v2")
    paths = sorted(vectors("names/ipns").glob("*.ipns-record"))
    assert len(paths) == 12
    refused = []
    for path in paths:
        name = parse_name(
            next(
                part
                for part in path.name.partition(".")[0].split("_")
                if part.startswith(("k51", "12D", "Qm"))
            )
        )
        try:
            said = prove_record(name, path.read_bytes(), now=NOW).value
        except ProofError:
            refused.append(path.name)
        else:
            assert said.value.startswith("/ipfs/")
    assert len(refused) == len(bad)
    assert all(any(fault in name for name in refused) for fault in bad)
