"""Blob fees: the specification's price where the schedule explains a block, else none."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import pytest
from ethereum.utils.numeric import taylor_exponential
from ethereum_rlp import rlp as reference
from ethereum_types.numeric import U64, Uint
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.execution.samples import header
from walkaway.anchors.spec import BlobBaseFee
from walkaway.errors import ProofError, Unsupported
from walkaway.proofs.execution.blob_fees import (
    blob_base_fee,
    blob_gas_limit,
    excess_blob_gas,
    fake_exponential,
    next_blob_base_fee,
    scheduled_blob_base_fee,
)
from walkaway.proofs.execution.header import Header

BLOB = 2**17
RULES = {
    "cancun": BlobBaseFee(0, 3, 6, 3_338_477, False),
    "prague": BlobBaseFee(0, 6, 9, 5_007_716, False),
    "osaka": BlobBaseFee(0, 6, 9, 5_007_716, True),
    "bpo1": BlobBaseFee(0, 10, 15, 8_346_193, True),
    "bpo2": BlobBaseFee(0, 14, 21, 11_684_671, True),
}
RULE = RULES["bpo2"]


def parent_with(excess: int, used: int, base_fee: int = 1) -> Header:
    return header(6, excess_blob_gas=excess, blob_gas_used=used, base_fee_per_gas=base_fee)


def child_of(parent: Header, excess: int, used: int = 0) -> Header:
    return header(
        6,
        parent_hash=parent.hash,
        number=parent.number + 1,
        excess_blob_gas=excess,
        blob_gas_used=used,
    )


@pytest.mark.parametrize("fork", RULES)
@settings(deadline=None)  # the first run imports a fork of EELS
@given(
    excess=st.integers(0, 80_000_000),
    blobs=st.integers(0, 21),
    base_fee=st.integers(0, 10**12) | st.integers(0, 100),
)
def test_excess_and_price_are_the_specifications(
    fork: str, excess: int, blobs: int, base_fee: int
) -> None:
    gas = import_module(f"ethereum.forks.{fork}.vm.gas")
    blocks = import_module(f"ethereum.forks.{fork}.blocks")
    parent = parent_with(excess, blobs * BLOB, base_fee)
    as_then = replace(parent, requests_hash=None) if fork == "cancun" else parent
    theirs = reference.decode_to(blocks.Header, as_then.rlp())
    expected = int(gas.calculate_excess_blob_gas(theirs))
    assert excess_blob_gas(parent, RULES[fork]) == expected
    price = blob_base_fee(parent, child_of(parent, expected), [RULES[fork]])
    assert price == int(gas.calculate_blob_gas_price(U64(expected)))


@given(st.integers(1, 100), st.integers(0, 10**8), st.integers(10**6, 10**8))
def test_the_exponential_is_the_specifications(factor: int, top: int, bottom: int) -> None:
    theirs = taylor_exponential(Uint(factor), Uint(top), Uint(bottom))
    assert fake_exponential(factor, top, bottom) == int(theirs)


def test_the_rule_in_force_is_the_last_that_began() -> None:
    parent = parent_with(40_000_000, 14 * BLOB)
    child = child_of(parent, 40_000_000)
    old = BlobBaseFee(0, 3, 6, 3_338_477, False)
    future = BlobBaseFee(child.timestamp + 1, 1, 2, 3, False)
    now = replace(RULE, timestamp=child.timestamp)
    assert blob_base_fee(parent, child, [old, now, future]) == fake_exponential(
        1, 40_000_000, RULE.update_fraction
    )


@pytest.mark.parametrize(
    ("why", "excess", "used", "schedule"),
    [
        ("no schedule", 0, 0, ()),
        ("none in force yet", 0, 0, (replace(RULE, timestamp=2**40),)),
        ("excess does not follow", 1, 0, (RULE,)),
        ("more blobs than the most", 0, 22 * BLOB, (RULE,)),
    ],
)
def test_a_block_that_the_schedule_does_not_explain_has_no_price(
    why: str, excess: int, used: int, schedule: tuple[BlobBaseFee, ...]
) -> None:
    parent = parent_with(0, 0)
    with pytest.raises(Unsupported, match="blob schedule") as caught:
        blob_base_fee(parent, child_of(parent, excess, used), schedule)
    assert "out of date" in caught.value.advice


def test_only_the_parent_itself_will_do() -> None:
    parent = parent_with(0, 0)
    with pytest.raises(ProofError, match="parent"):
        blob_base_fee(replace(parent, gas_used=1), child_of(parent, 0), [RULE])


def test_blocks_before_cancun_have_no_price_and_the_first_after_begins_at_zero() -> None:
    parent = header(2)
    with pytest.raises(ProofError, match="before Cancun"):
        blob_base_fee(parent, header(2, parent_hash=parent.hash), [RULE])
    assert blob_base_fee(parent, child_of(parent, 0), [RULE]) == 1


def test_the_next_blocks_price_is_what_its_header_will_state() -> None:
    parent = parent_with(40_000_000, 21 * BLOB)
    child = child_of(parent, excess_blob_gas(parent, RULE))
    assert next_blob_base_fee(parent, [RULE]) == blob_base_fee(parent, child, [RULE])
    assert next_blob_base_fee(parent, [RULE]) > blob_base_fee(
        parent_with(0, 0), child_of(parent_with(0, 0), 0), [RULE]
    )
    with pytest.raises(Unsupported):
        next_blob_base_fee(parent, [])


def test_the_scheduled_price_is_the_price_where_the_schedule_explains_the_block() -> None:
    parent = parent_with(40_000_000, 21 * BLOB)
    child = child_of(parent, excess_blob_gas(parent, RULE))
    price = scheduled_blob_base_fee(child, [RULE])
    assert price == blob_base_fee(parent, child, [RULE]) > 1
    assert scheduled_blob_base_fee(child_of(parent, 0), [RULE]) == 1
    with pytest.raises(Unsupported):
        scheduled_blob_base_fee(child, [])


def test_the_most_blob_gas_that_a_block_may_use() -> None:
    assert blob_gas_limit(header(6), [RULE]) == 21 * BLOB
    with pytest.raises(Unsupported):
        blob_gas_limit(header(6), [replace(RULE, timestamp=2**60)])
