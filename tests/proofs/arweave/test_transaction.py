"""Transactions of format 2: what the owner signed, and not one field else."""

from __future__ import annotations

import json

import pytest

from tests.proofs.arweave.making import (
    CONTENT_TYPE,
    RSA_OWNER,
    SIGNERS,
    make_header,
    make_item,
    sign_header,
)
from tests.vectors import vectors
from walkaway.errors import ProofError, Unsupported, WalkawayError
from walkaway.proofs.arweave import base64url
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.transaction import prove_transaction, transaction_subject
from walkaway.proofs.proven import Finality

ROOT = bytes(range(32))
UNSIGNED = make_header(ROOT, 1000, target=base64url.encode(bytes(32)))
NAME, HEADER = sign_header(UNSIGNED)


def changed(**members: object) -> bytes:
    return json.dumps(json.loads(HEADER) | members).encode()


def test_a_transaction_is_proven_to_be_its_ids() -> None:
    proven = prove_transaction(NAME, HEADER)
    value = proven.value
    assert (value.id, value.owner, value.target) == (NAME, RSA_OWNER, bytes(32))
    assert (value.tags, value.data_size, value.data_root) == (CONTENT_TYPE, 1000, ROOT)
    assert proven.claim.subject == transaction_subject(NAME)
    assert proven.claim.subject == ("arweave transaction", NAME.digest)
    assert proven.claim.finality is Finality.GIVEN
    (anchored,) = proven.because.anchors()
    assert dict(anchored.facts)["id"] == str(NAME)


@pytest.mark.parametrize(
    "member",
    [
        {"owner": base64url.encode(RSA_OWNER[:-1] + b"\x01")},
        {"target": ""},
        {"target": base64url.encode(bytes(31) + b"\x01")},
        {"quantity": "1"},
        {"reward": "65595509"},
        {"last_tx": base64url.encode(bytes(32))},
        {"tags": []},
        {
            "tags": [
                {"name": base64url.encode(b"Content-Typ"), "value": base64url.encode(b"etext/html")}
            ]
        },
        {"tags": json.loads(HEADER)["tags"] * 2},
        {"data_size": "1001"},
        {"data_root": base64url.encode(bytes(32))},
        {"denomination": "1"},
    ],
)
def test_no_field_can_be_changed(member: dict[str, object]) -> None:
    with pytest.raises(ProofError, match="does not hold"):
        prove_transaction(NAME, changed(**member))


def test_a_transaction_of_another_id_is_not_it() -> None:
    other, _ = sign_header(UNSIGNED | {"reward": "1"})
    with pytest.raises(ProofError, match="does not hash to the id"):
        prove_transaction(other, HEADER)
    # What the header says of its own id does not count.
    with pytest.raises(ProofError, match="does not hash to the id"):
        prove_transaction(other, changed(id=str(other)))
    assert prove_transaction(NAME, changed(id=str(other))).value.id == NAME


def test_a_denomination_is_signed_too() -> None:
    name, header = sign_header(UNSIGNED | {"denomination": "2"})
    assert prove_transaction(name, header).value.data_size == 1000
    without = json.loads(header)
    for other in ("1", "0", None):
        members = without | {"denomination": other}
        if other is None:
            del members["denomination"]
        with pytest.raises(ProofError, match="does not hold"):
            prove_transaction(name, json.dumps(members).encode())


def test_data_and_their_root_come_together() -> None:
    name, header = sign_header(make_header(b"", 0))
    assert prove_transaction(name, header).value.data_root == b""
    for root, size in ((b"", 1), (ROOT, 0)):
        with pytest.raises(ProofError, match="without a root, or a root without data"):
            prove_transaction(*sign_header(make_header(root, size)))


def test_format_1_is_another_matter() -> None:
    with pytest.raises(Unsupported, match="format 1"):
        prove_transaction(NAME, changed(format=1))


def test_keys_that_are_recovered_are_refused() -> None:
    """Transactions of type ECDSA do not sign their key, so that any signature holds for all."""
    signature = base64url.encode(bytes(65))
    for owner in ("", base64url.encode(bytes(33))):
        with pytest.raises(Unsupported, match="holds for any content"):
            prove_transaction(
                ArweaveId.of_signature(bytes(65)), changed(owner=owner, signature=signature)
            )


def test_a_data_item_is_no_transaction() -> None:
    name, item = make_item(SIGNERS["arweave"], b"payload")
    members = changed(signature=base64url.encode(item[2:514]))
    with pytest.raises(ProofError, match="does not hold"):
        prove_transaction(name, members)


def test_no_byte_of_a_header_changes_what_is_proven() -> None:
    proven = prove_transaction(NAME, HEADER).value
    for at in range(0, len(HEADER), 7):
        flipped = HEADER[:at] + bytes((HEADER[at] ^ 1,)) + HEADER[at + 1 :]
        try:
            assert prove_transaction(NAME, flipped).value == proven
        except WalkawayError:
            continue


def test_the_recorded_transactions_are_proven() -> None:
    recorded = json.loads((vectors("arweave") / "transactions.json").read_text())
    assert len(recorded) == 3
    for entry in recorded:
        name = ArweaveId.parse(entry["tx"]["id"])
        value = prove_transaction(name, json.dumps(entry["tx"]).encode()).value
        assert str(value.data_size) == entry["tx"]["data_size"]
        assert base64url.encode(value.data_root) == entry["tx"]["data_root"]
