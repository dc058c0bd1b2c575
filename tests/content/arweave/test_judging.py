"""What cunning gateways say, and what is made of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.content.arweave.stand import item_of
from tests.proofs.arweave.making import (
    SIGNERS,
    Element,
    chunk_tree,
    make_header,
    make_item,
    proven_transaction,
    sign_header,
)
from walkaway.content.arweave.chunks import ChunkQuestion
from walkaway.content.arweave.judging import (
    GivenItem,
    HeaderQuestion,
    ItemQuestion,
    NamedPlace,
    judge_data,
)
from walkaway.content.arweave.rebuilding import rebuilt_items
from walkaway.errors import ProofError, SourceFault, SourceLacks, WalkawayError
from walkaway.limits import LIMITS
from walkaway.proofs.arweave import base64url
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.sources.request import Answer, ItemFields, ItemPlace, WholeTransaction

NAME, ITEM = item_of(b"payload")
ROOT = "R" * 43


def said(body: object, source: str = "a") -> Answer:
    return Answer(source, body)


def test_one_who_says_format_1_does_not_end_the_search() -> None:
    name, header = sign_header(make_header(b"", 0))
    question = HeaderQuestion(name)
    with pytest.raises(SourceLacks, match="format 1"):
        question.judge(said(json.dumps(json.loads(header) | {"format": 1}).encode()))
    transaction, kept = question.judge(said(header))
    assert (transaction.value.id, kept) == (name, header)


@pytest.mark.parametrize("changed", [{"owner": "AAAA"}, {"owner": ""}, {"format": 3}])
def test_a_header_of_an_unknown_kind_is_no_lie(changed: dict[str, object]) -> None:
    """Gateways give one of their own making for data items: with an address for an owner."""
    name, header = sign_header(make_header(b"", 0))
    with pytest.raises(SourceLacks, match="not read here"):
        HeaderQuestion(name).judge(said(json.dumps(json.loads(header) | changed).encode()))


def test_a_header_that_is_anothers_is_a_lie() -> None:
    _, header = sign_header(make_header(b"", 0))
    with pytest.raises(ProofError, match="does not hash to the id"):
        HeaderQuestion(NAME).judge(said(header))
    with pytest.raises(ProofError, match="not JSON"):
        HeaderQuestion(NAME).judge(said(b"x"))


def test_a_place_is_a_word_until_it_is_refuted() -> None:
    question, place = ItemQuestion(NAME), ItemPlace(ROOT, 5, 1000)
    assert question.judge(said(place)) == NamedPlace(place, "a")
    question.refute(place, "another stands there")
    with pytest.raises(SourceLacks, match=r"from byte 5 of R+: another stands there"):
        question.judge(said(place, "b"))
    other = replace(place, start=6)
    assert question.judge(said(other)) == NamedPlace(other, "a")


def test_who_says_that_it_is_huge_does_not_end_the_search() -> None:
    question = ItemQuestion(NAME, replace(LIMITS, arweave_item_bytes=999))
    with pytest.raises(SourceLacks, match="over 999 bytes"):
        question.judge(said(ItemPlace(ROOT, 0, 1000)))
    assert isinstance(question.judge(said(ItemPlace(ROOT, 0, 999))), NamedPlace)


def test_an_item_that_is_another_is_a_lie() -> None:
    question = ItemQuestion(NAME)
    for wrong in (ITEM[:-1] + b"x", item_of(b"another")[1], ITEM[:-1], ITEM + b"x"):
        with pytest.raises(ProofError):
            question.judge(said(wrong))
    with pytest.raises(SourceLacks, match="type 99"):
        question.judge(said(b"\x63" + ITEM[1:]))
    given_item = question.judge(said(ITEM))
    assert isinstance(given_item, GivenItem)
    assert given_item.data == ITEM


FIELDS = ItemFields(
    owner=base64url.encode(SIGNERS["ed25519"].owner),
    signature=base64url.encode(ITEM[2:66]),
    target="",
    anchor="",
    tags=(("Content-Type", "text/html"),),
    payload=b"payload",
)


def test_fields_prove_an_item_or_are_of_no_use() -> None:
    question = ItemQuestion(NAME)
    rebuilt = question.judge(said(FIELDS))
    assert isinstance(rebuilt, GivenItem)
    assert rebuilt.data == ITEM
    # Of three types of signature as long as this one, one is the item's.
    assert len(list(rebuilt_items(FIELDS))) == 3
    for wrong in (
        replace(FIELDS, payload=b"other"),
        replace(FIELDS, tags=()),
        replace(FIELDS, tags=(("", ""),)),
        replace(FIELDS, signature="AAAA"),
        replace(FIELDS, anchor="a" * 32),
    ):
        with pytest.raises(SourceLacks, match="do not prove it"):
            question.judge(said(wrong))


@pytest.mark.parametrize(
    "fields",
    [
        replace(FIELDS, owner="*"),
        replace(FIELDS, target="AAAA"),
        replace(FIELDS, anchor="AAAA"),
        replace(FIELDS, anchor="\u00e9" * 32),
        replace(FIELDS, anchor="\ud800" * 32),
        replace(FIELDS, tags=(("\ud800", ""),)),
    ],
)
def test_fields_that_can_be_none(fields: ItemFields) -> None:
    with pytest.raises(SourceFault, match="gives a field"):
        ItemQuestion(NAME).judge(said(fields))


@given(
    st.builds(ItemFields, *[st.text()] * 4, st.tuples(st.tuples(st.text(), st.text())), st.binary())
)
def test_whatever_fields_say_an_error_says_why(fields: ItemFields) -> None:
    with pytest.raises(SourceFault):
        ItemQuestion(NAME).judge(said(fields))


@given(
    st.one_of(
        st.binary(), st.none(), st.text(), st.builds(WholeTransaction, st.binary(), st.binary())
    )
)
def test_whatever_is_said_an_error_says_why(body: object) -> None:
    transaction = proven_transaction(bytes(32), 100)
    for judge in (
        HeaderQuestion(NAME).judge,
        ItemQuestion(NAME).judge,
        lambda answer: judge_data(transaction, answer),
        ChunkQuestion(transaction, 7).judge,
    ):
        with pytest.raises(WalkawayError):
            judge(said(body))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", SourceFault),
        (b"[]", SourceFault),
        (b"[" * 100_000, SourceFault),
        (b'{"chunk": "", "data_path": 1}', SourceFault),
        (b'{"chunk": "*", "data_path": ""}', ProofError),
        (b'{"chunk": "", "data_path": ""}', ProofError),
    ],
)
def test_a_chunk_that_is_none(body: bytes, kind: type[WalkawayError]) -> None:
    with pytest.raises(kind):
        ChunkQuestion(proven_transaction(bytes(32), 100), 7).judge(said(body))


def part(number: int) -> bytes:
    return bytes((number,)) * 100


UNTOLD: list[Element] = [part(0), [part(1), part(2), part(3)]]
"""In the subtree chunks could be counted from either begin, but for the last one's end."""


def chunk_answer(path: bytes, chunk: bytes, source: str) -> Answer:
    told = {"chunk": base64url.encode(chunk), "data_path": base64url.encode(path)}
    return Answer(source, json.dumps(told).encode())


def test_a_path_beside_may_be_of_another_source() -> None:
    root, leaves = chunk_tree(UNTOLD)
    question = ChunkQuestion(proven_transaction(root, 400), 200)
    assert question.judge(chunk_answer(leaves[2].path, part(2), "a")) is None
    assert question.asks_for == 399
    with pytest.raises(SourceFault, match="where a subtree ends"):
        question.judge(chunk_answer(leaves[1].path, part(1), "b"))
    chunk = question.judge(chunk_answer(leaves[3].path, part(3), "b"))
    assert chunk is not None
    assert (chunk.start, chunk.end, chunk.data) == (200, 300, part(2))


def test_nobody_is_blamed_for_what_another_one_said_before() -> None:
    """A wrong chunk on a right path shows only once there is the path beside it."""
    root, leaves = chunk_tree(UNTOLD)
    question = ChunkQuestion(proven_transaction(root, 400), 200)
    wrong = chunk_answer(leaves[2].path, part(9), "liar")
    beside = chunk_answer(leaves[3].path, part(3), "honest")
    assert question.judge(wrong) is None
    assert question.judge(beside) is None
    assert question.asks_for == 200, "it begins anew"
    with pytest.raises(SourceLacks, match="did not lead"):
        question.judge(wrong)


def test_one_who_contradicts_nobody_but_itself_lies() -> None:
    root, leaves = chunk_tree(UNTOLD)
    question = ChunkQuestion(proven_transaction(root, 400), 200)
    assert question.judge(chunk_answer(leaves[2].path, part(9), "liar")) is None
    with pytest.raises(ProofError, match="a chunk is another"):
        question.judge(chunk_answer(leaves[3].path, part(3), "liar"))


def test_an_id_is_of_one_kind() -> None:
    """The fields of a data item are no transaction's, and the other way round."""
    name, _ = make_item(SIGNERS["arweave"], b"payload")
    assert isinstance(name, ArweaveId)
    with pytest.raises(SourceLacks):
        ItemQuestion(name).judge(said(FIELDS))
