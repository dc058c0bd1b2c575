"""Data items: proven whole, from their first byte to their last, or not at all."""

from __future__ import annotations

import json
from hashlib import sha384
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.arweave.making import (
    CONTENT_TYPE,
    RSA_OWNER,
    SIGNERS,
    make_item,
    multi_aptos,
)
from tests.vectors import vectors
from walkaway.errors import ProofError, Unsupported, WalkawayError
from walkaway.limits import LIMITS
from walkaway.proofs.arweave import base64url
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.data_item import (
    LONGEST_HEAD,
    ItemProof,
    item_subject,
    prove_item,
    read_head,
)
from walkaway.proofs.arweave.tags import Tag, encode_tags
from walkaway.proofs.proven import Finality

ED25519 = SIGNERS["ed25519"]
TARGET, ANCHOR = bytes(range(32)), bytes(range(32, 64))
PAYLOAD = b"<h1>hello</h1>"
NAME, ITEM = make_item(ED25519, PAYLOAD, target=TARGET, anchor=ANCHOR)
SIGNATURE_END = 2 + 64
OWNER_END = SIGNATURE_END + 32


@pytest.mark.parametrize("signer", SIGNERS)
@pytest.mark.parametrize("target", [b"", TARGET])
@pytest.mark.parametrize("anchor", [b"", ANCHOR])
def test_an_item_is_proven_to_be_its_ids(signer: str, target: bytes, anchor: bytes) -> None:
    name, item = make_item(SIGNERS[signer], PAYLOAD, target=target, anchor=anchor)
    proven = prove_item(name, item)
    value = proven.value
    assert (value.id, value.signature_type) == (name, SIGNERS[signer].kind)
    assert (value.owner, value.target, value.anchor) == (SIGNERS[signer].owner, target, anchor)
    assert value.tags == CONTENT_TYPE
    assert item[value.payload_at :] == PAYLOAD
    assert (value.size, value.digest) == (len(PAYLOAD), sha384(PAYLOAD).digest())
    assert proven.claim.subject == item_subject(name) == ("arweave item", name.digest)
    assert proven.claim.finality is Finality.GIVEN
    (anchored,) = proven.because.anchors()
    assert dict(anchored.facts)["id"] == str(name)


@pytest.mark.parametrize("signer", SIGNERS)
def test_no_byte_can_be_changed(signer: str) -> None:
    name, item = make_item(SIGNERS[signer], PAYLOAD, target=TARGET)
    for at in range(0, len(item), max(1, len(item) // 250)):
        with pytest.raises(WalkawayError):
            prove_item(name, item[:at] + bytes((item[at] ^ 1,)) + item[at + 1 :])


def test_none_can_be_left_out_or_added() -> None:
    for at in range(len(ITEM)):
        with pytest.raises(ProofError):
            prove_item(NAME, ITEM[:at])
    for data in (ITEM + b"\0", b"\0" + ITEM, ITEM + ITEM):
        with pytest.raises(WalkawayError):
            prove_item(NAME, data)


def test_an_item_of_another_id_is_not_it() -> None:
    other, _ = make_item(ED25519, b"another")
    with pytest.raises(ProofError, match="does not hash to the id"):
        prove_item(other, ITEM)


@settings(max_examples=40)
@given(st.lists(st.integers(0, len(ITEM)), max_size=6))
def test_pieces_prove_the_same_however_they_are_cut(cuts: list[int]) -> None:
    proof = ItemProof(NAME)
    edges = [0, *sorted(cuts), len(ITEM)]
    for begin, end in pairwise(edges):
        proof.update(ITEM[begin:end])
    assert proof.finish().value == prove_item(NAME, ITEM).value


def test_large_payloads_come_in_pieces() -> None:
    payload = bytes(3 * LONGEST_HEAD)
    name, item = make_item(multi_aptos(1, [1], [0]), payload)
    for size in (1000, LONGEST_HEAD, len(item)):
        proof = ItemProof(name)
        for at in range(0, len(item), size):
            proof.update(item[at : at + size])
        assert proof.finish().value.digest == sha384(payload).digest()


def test_a_wrong_signature_is_refused_before_the_payload() -> None:
    proof = ItemProof(NAME)
    with pytest.raises(ProofError, match="does not hash to the id"):
        proof.update(ITEM[:3] + b"\0" + ITEM[4:SIGNATURE_END])


def test_the_head_is_there_once_it_has_come() -> None:
    proof = ItemProof(NAME)
    proof.update(ITEM[: -len(PAYLOAD) - 1])
    heads = [proof.head]
    proof.update(ITEM[-len(PAYLOAD) - 1 :][:1])
    head = read_head(ITEM, NAME)
    assert head is not None
    assert (head.length, head.tags) == (len(ITEM) - len(PAYLOAD), CONTENT_TYPE)
    assert [*heads, proof.head] == [None, head]
    assert read_head(ITEM) == head


def test_presence_is_a_byte_of_0_or_1() -> None:
    for at, field in ((OWNER_END, "target"), (OWNER_END + 33, "anchor")):
        for value in (2, 255):
            with pytest.raises(ProofError, match=f"nor lacks its {field}"):
                prove_item(NAME, ITEM[:at] + bytes((value,)) + ITEM[at + 1 :])


def test_tags_are_as_many_as_said() -> None:
    """Their number is not signed, so that it must be the one that is there."""
    for count in (0, 2, 2**64 - 1):
        name, item = make_item(ED25519, PAYLOAD, count=count)
        with pytest.raises(ProofError, match="as many tags as said"):
            prove_item(name, item)
    for raw_tags in (b"", b"\0"):
        name, item = make_item(ED25519, PAYLOAD, tags=(), raw_tags=raw_tags)
        assert prove_item(name, item).value.tags == ()


def test_where_tags_end_is_signed() -> None:
    name, item = make_item(ED25519, b"\0rest", tags=(), raw_tags=b"")
    # The first byte of the payload would do as the tags, which are none either way.
    at = item.index(bytes(16) + b"\0rest")
    moved = item[: at + 8] + (1).to_bytes(8, "little") + item[at + 16 :]
    head = read_head(moved)
    assert head is not None
    assert head.raw_tags == b"\0"
    with pytest.raises(ProofError, match="does not hold"):
        prove_item(name, moved)


def test_tags_are_limited() -> None:
    many = (Tag(b"n" * 1000, b"v" * 3000), Tag(b"n", b"v" * 86))
    name, item = make_item(ED25519, PAYLOAD, tags=many)
    assert len(encode_tags(many)) == LIMITS.arweave_tag_bytes
    assert prove_item(name, item).value.tags == many
    for length in (LIMITS.arweave_tag_bytes + 1, 2 * LIMITS.arweave_tag_bytes, 2**63):
        at = OWNER_END + 2 + 8
        with pytest.raises(ProofError, match="tags are over"):
            read_head(item[:at] + length.to_bytes(8, "little") + item[at + 8 :])
    name, item = make_item(ED25519, PAYLOAD, raw_tags=encode_tags(many) + b"\0")
    with pytest.raises(ProofError, match="tags are over"):
        prove_item(name, item)


def test_the_longest_head_is_held_and_no_more() -> None:
    tags = (Tag(b"n" * 1000, b"v" * 3000), Tag(b"n", b"v" * 86))
    name, item = make_item(
        multi_aptos(1, [1], [0]), PAYLOAD, tags=tags, target=TARGET, anchor=ANCHOR
    )
    assert prove_item(name, item).value.payload_at == LONGEST_HEAD
    proof = ItemProof(name)
    for at in range(len(item)):
        proof.update(item[at : at + 1])
    assert proof.finish().value.size == len(PAYLOAD)


@pytest.mark.parametrize("kind", [0, 8, 9, 256, 65535])
def test_other_types_of_signatures_are_not_checked(kind: int) -> None:
    with pytest.raises(Unsupported, match=f"type {kind} "):
        prove_item(NAME, kind.to_bytes(2, "little") + ITEM[2:])


def test_one_key_under_two_types_signs_two_things() -> None:
    """The type is signed, so that nobody can read an item as one of another type."""
    for kind in (4, 5):
        with pytest.raises(ProofError, match="does not hold"):
            prove_item(NAME, kind.to_bytes(2, "little") + ITEM[2:])


def test_an_item_that_nobody_signed_is_refused() -> None:
    """arbundles takes it: no bit of the bitmap is set, so that no signature is looked at."""
    name, item = make_item(multi_aptos(1, [1, 2], []), b"<h1>forged</h1>")
    with pytest.raises(ProofError, match="threshold"):
        prove_item(name, item)


def test_one_id_has_one_content_under_keys_of_small_order() -> None:
    """arbundles takes both of these, which have one signature and so one id."""
    forged = type(ED25519)(2, (1).to_bytes(32, "little"), lambda _: b"\x01" + bytes(63))
    one, two = (make_item(forged, payload) for payload in (b"one content", b"another content"))
    assert one[0] == two[0]
    assert one[1] != two[1]
    for name, item in (one, two):
        with pytest.raises(ProofError, match="small order"):
            prove_item(name, item)


def test_the_recorded_items_are_judged_as_expected() -> None:
    folder = vectors("arweave")
    judged = {"valid": 0, "invalid": 0}
    for entry in json.loads((folder / "dataitems.json").read_text()):
        item = (folder / entry["file"]).read_bytes()
        size = 512 if item[0] == 1 else 65 if item[0] == 3 else 64
        judged[entry["expect"]] += 1
        if entry["expect"] == "invalid":
            names = {ArweaveId.of_signature(item[2 : 2 + size])}
            good = folder / ("t1-arweave-rsa4096" if size == 512 else "t3-ethereum")
            names.add(ArweaveId.of_signature(good.with_suffix(".full.bin").read_bytes()[2:][:size]))
            for name in names:
                with pytest.raises(ProofError):
                    prove_item(name, item)
            continue
        value = prove_item(ArweaveId.parse(entry["id"]), item).value
        assert value.signature_type == entry["signatureType"]
        assert base64url.encode(value.owner) == entry["owner"]
        assert value.target == base64url.decode(entry["target"] or "")
        assert value.anchor == base64url.decode(entry["anchor"] or "")
        assert [
            {"name": tag.name.decode(), "value": tag.value.decode()} for tag in value.tags
        ] == entry["tags"]
        assert item[value.payload_at :] == base64url.decode(entry["data_b64u"])
    assert judged == {"valid": 10, "invalid": 4}


@settings(max_examples=60)
@given(st.sampled_from([1, 2, 3, 4, 5, 6, 7]), st.binary(max_size=90), st.binary(max_size=60))
def test_garbage_raises_nothing_outside_the_tree(kind: int, begin: bytes, end: bytes) -> None:
    for data in (begin, kind.to_bytes(2, "little") + begin + RSA_OWNER * 7 + end):
        with pytest.raises(WalkawayError):
            prove_item(NAME, data)
        try:
            read_head(data)
        except WalkawayError:
            continue
