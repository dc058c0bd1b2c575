"""Bundles: where items stand in them, and in bundles inside them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.arweave.making import CONTENT_TYPE, SIGNERS, make_bundle, make_item
from walkaway.errors import NoSuchPath, ProofError, WalkawayError
from walkaway.limits import LIMITS
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.bundle import COUNT_BYTES, locate, read_bundle, table_bytes
from walkaway.proofs.arweave.data_item import prove_item
from walkaway.proofs.arweave.tags import Tag

SIGNER = SIGNERS["ed25519"]
BUNDLE_TAGS = (Tag(b"Bundle-Format", b"binary"), Tag(b"Bundle-Version", b"2.0.0"))
ITEMS = [make_item(SIGNER, b"payload %d" % number * number) for number in range(5)]
BUNDLE = make_bundle(ITEMS)
UNKNOWN = ArweaveId(bytes(32))


def nested(depth: int) -> tuple[list[ArweaveId], bytes]:
    """A bundle in which an item lies ``depth`` deep, and the ids on the way to it."""
    names, inner = [], ITEMS[2]
    for _ in range(depth - 1):
        names.append(inner[0])
        inner = make_item(SIGNER, make_bundle([ITEMS[0], inner, ITEMS[1]]), tags=BUNDLE_TAGS)
    return [inner[0], *reversed(names)], make_bundle([ITEMS[3], inner])


def test_each_item_is_found_where_it_stands() -> None:
    assert table_bytes(BUNDLE[:COUNT_BYTES]) == 32 + 64 * len(ITEMS)
    bundle = read_bundle(BUNDLE[: table_bytes(BUNDLE)], len(BUNDLE))
    assert [entry.id for entry in bundle.entries] == [name for name, _ in ITEMS]
    for name, item in ITEMS:
        entry = bundle.find(name)
        assert BUNDLE[entry.start : entry.end] == item
        assert prove_item(name, BUNDLE[entry.start : entry.end]).value.id == name
        assert locate(BUNDLE, [name]) == entry


def test_what_a_bundle_does_not_name_is_not_in_it() -> None:
    with pytest.raises(NoSuchPath, match="holds no item"):
        read_bundle(BUNDLE, len(BUNDLE)).find(UNKNOWN)
    with pytest.raises(NoSuchPath, match="holds no item"):
        locate(BUNDLE, [UNKNOWN])


def test_a_bundle_may_be_empty() -> None:
    assert read_bundle(bytes(32), 32).entries == ()


def test_a_table_that_lies_leads_to_no_item() -> None:
    (one, item), (two, other) = ITEMS[1:3]
    entry = locate(make_bundle([(two, item), (one, other)]), [one])
    assert entry.id == one
    with pytest.raises(ProofError, match="does not hash to the id"):
        prove_item(one, other)


def test_items_fill_their_bundle() -> None:
    for data in (BUNDLE + b"\0", BUNDLE[:-1]):
        with pytest.raises(ProofError, match="do not fill it"):
            read_bundle(data, len(data))
    for size in (0, 1 << 255):
        data = BUNDLE[:32] + size.to_bytes(32, "little") + BUNDLE[64:]
        with pytest.raises(ProofError, match="do not fill it"):
            read_bundle(data, len(data))


@pytest.mark.parametrize("size", [0, 31, 32, 95, 32 + 64 * 5 - 1])
def test_tables_are_not_cut_short(size: int) -> None:
    with pytest.raises(ProofError, match="cut short in its table"):
        read_bundle(BUNDLE[:size], len(BUNDLE))


def test_tables_are_limited() -> None:
    most = LIMITS.arweave_bundle_items
    assert table_bytes(most.to_bytes(32, "little")) == 32 + 64 * most
    for count in (most + 1, 1 << 255):
        with pytest.raises(ProofError, match="over 262144 items"):
            table_bytes(count.to_bytes(32, "little"))


@pytest.mark.parametrize("depth", [1, 2, 3, LIMITS.arweave_bundle_depth])
def test_items_are_found_in_bundles_inside_bundles(depth: int) -> None:
    names, data = nested(depth)
    entry = locate(data, names)
    assert (entry.id, data[entry.start : entry.end]) == ITEMS[2]


def test_bundles_nest_only_so_deep() -> None:
    names, data = nested(LIMITS.arweave_bundle_depth + 1)
    for wrong in (names, []):
        with pytest.raises(ProofError, match="nest over 8 deep"):
            locate(data, wrong)


def test_only_bundles_are_looked_into() -> None:
    inner = make_item(SIGNER, make_bundle([ITEMS[0]]), tags=CONTENT_TYPE)
    with pytest.raises(ProofError, match="is no bundle"):
        locate(make_bundle([inner]), [inner[0], ITEMS[0][0]])
    short = (inner[0], inner[1][:120])
    with pytest.raises(ProofError, match="is no bundle"):
        locate(make_bundle([short]), [inner[0], ITEMS[0][0]])
    empty = make_item(SIGNER, b"", tags=BUNDLE_TAGS)
    for last in ([], [ITEMS[1]]):
        with pytest.raises(ProofError, match="cut short in its table"):
            locate(make_bundle([empty, *last]), [empty[0], ITEMS[0][0]])


def test_an_inner_table_ends_where_its_item_ends() -> None:
    """Though the bundle around it goes on with what could be its rest."""
    inner = make_item(SIGNER, BUNDLE[:100], tags=BUNDLE_TAGS)
    with pytest.raises(ProofError, match="cut short in its table"):
        locate(make_bundle([inner, ITEMS[4]]), [inner[0], ITEMS[0][0]])


@settings(max_examples=60)
@given(st.integers(0, 6), st.binary(max_size=500))
def test_garbage_raises_nothing_outside_the_tree(count: int, rest: bytes) -> None:
    for data in (rest, count.to_bytes(32, "little") + rest):
        with pytest.raises(WalkawayError):
            locate(data, [UNKNOWN, UNKNOWN])
