"""RLP: the same as the specification's own library, and nothing but the canonical form."""

from __future__ import annotations

import pytest
from ethereum_rlp import rlp as reference
from hypothesis import given
from hypothesis import strategies as st

from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.execution import rlp

STRINGS = st.binary(max_size=70) | st.sampled_from([bytes(55), bytes(56), bytes(255), bytes(256)])
ITEMS: st.SearchStrategy[rlp.Item] = st.recursive(
    STRINGS, lambda inner: st.lists(inner, max_size=5), max_leaves=12
)


def depth(item: rlp.Item) -> int:
    return 1 + max(map(depth, item), default=0) if isinstance(item, list) else 0


@given(ITEMS.filter(lambda item: depth(item) <= LIMITS.rlp_depth))
def test_encoding_agrees_with_the_reference_and_decodes_to_the_same(item: rlp.Item) -> None:
    encoded = rlp.encode(item)
    assert encoded == reference.encode(item)
    assert rlp.decode(encoded) == item


@given(st.integers(0, 2**256 - 1))
def test_integers_survive(value: int) -> None:
    assert rlp.integer(rlp.decode(rlp.encode(value)), bits=256) == value


@given(st.binary(max_size=80) | STRINGS.map(lambda data: b"\xf8" + data))
def test_whatever_decodes_is_canonical_and_all_else_is_a_proof_error(data: bytes) -> None:
    try:
        item = rlp.decode(data)
    except ProofError:
        return
    assert rlp.encode(item) == data


@pytest.mark.parametrize(
    ("fault", "data"),
    [
        ("nothing", ""),
        ("bytes left over", "0100"),
        ("a prefixed single byte", "8101"),
        ("a string cut short", "8201"),
        ("a long string's length cut short", "b9ff"),
        ("a long form for a short string", "b801ff"),
        ("a length with leading zeros", "b90038" + "00" * 56),
        ("a long form for a short list", "f800"),
        ("a list cut short", "c3"),
        ("an item longer than its list", "c182"),
        ("a list's item reaching beyond the list", "c28301020304"),
        ("an item reaching into what follows its list", "c4c1826162"),
        ("eight length bytes", "bfffffffffffffffff"),
    ],
)
def test_what_is_not_canonical_is_refused(fault: str, data: str) -> None:
    with pytest.raises(ProofError):
        rlp.decode(bytes.fromhex(data))


def test_depth_and_size_are_limited() -> None:
    deepest = b"\xc0"
    for _ in range(LIMITS.rlp_depth - 1):
        deepest = rlp.encode_list(deepest)
    assert depth(rlp.decode(deepest)) == LIMITS.rlp_depth
    with pytest.raises(ProofError, match="nested"):
        rlp.decode(rlp.encode_list(deepest))
    with pytest.raises(ProofError, match="limit"):
        rlp.decode(rlp.encode(bytes(10)), max_bytes=10)


@pytest.mark.parametrize("item", [[], b"\0", b"\0\1", b"\1\0"], ids=str)
def test_integers_have_no_leading_zeros_no_lists_and_a_width(item: rlp.Item) -> None:
    with pytest.raises(ProofError):
        rlp.integer(item, bits=8)


def test_integers_are_limited_by_bits_and_not_by_bytes() -> None:
    assert rlp.integer(b"\1", bits=1) == 1
    with pytest.raises(ProofError, match="1 bits"):
        rlp.integer(b"\2", bits=1)
