"""What the caller wrote, as transactions: their types, prices, and what is held against them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.proofs.execution.samples import header
from walkaway.errors import CallRefused, InvalidRequest, Refusal
from walkaway.evm.addresses import checksummed
from walkaway.evm.refusals import LAST_NONCE
from walkaway.evm.simulation.asked import AskedTransaction
from walkaway.evm.simulation.state import Condition
from walkaway.evm.simulation.transactions import FilledTransaction
from walkaway.proofs.execution.transactions import AccessListEntry, Authorization

ME, YOU = b"\xc0" * 20, b"\xc1" * 20
BLOCK = header(base_fee_per_gas=10)
PLAIN = AskedTransaction(ME, YOU)
RICH = Condition(nonce=5, balance=10**18, has_code=False)
LEAVE = Authorization(1, YOU, 0, 0, 1, 1)


def filled(asked: AskedTransaction = PLAIN, nonce: int = 5, gas: int = 30_000) -> FilledTransaction:
    return FilledTransaction(asked, nonce, gas, BLOCK)


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        (PLAIN, 2),
        (replace(PLAIN, access_list=(AccessListEntry(YOU, ()),)), 2),
        (replace(PLAIN, gas_price=0), 0),
        (replace(PLAIN, gas_price=20, access_list=(AccessListEntry(YOU, ()),)), 0),
        (replace(PLAIN, blob_hashes=(b"\1" * 32,)), 3),
        (replace(PLAIN, authorizations=(LEAVE,)), 4),
        (replace(PLAIN, authorizations=(LEAVE,), blob_hashes=(b"\1" * 32,)), 4),
    ],
)
def test_the_type_is_the_one_that_go_ethereum_chooses(asked: AskedTransaction, kind: int) -> None:
    transaction = filled(asked).unsigned(7)
    assert transaction.type == kind
    assert (transaction.nonce, transaction.gas_limit, transaction.r, transaction.s) == (
        5,
        30_000,
        0,
        0,
    )
    assert len(transaction.hash) == 32


@pytest.mark.parametrize("odd", [{"authorizations": (LEAVE,)}, {"blob_hashes": (bytes(32),)}])
def test_what_no_block_can_hold_is_refused(odd: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="cannot create a contract"):
        filled(AskedTransaction(ME, None, **odd)).unsigned(7)


@pytest.mark.parametrize(
    ("asked", "price"),
    [
        (PLAIN, 0),
        (replace(PLAIN, gas_price=12), 12),
        (replace(PLAIN, max_fee=15), 10),
        (replace(PLAIN, max_fee=15, max_priority_fee=3), 13),
        (replace(PLAIN, max_fee=15, max_priority_fee=9), 15),
    ],
)
def test_the_price_is_what_the_block_takes(asked: AskedTransaction, price: int) -> None:
    assert filled(asked).price == price
    assert filled(asked).call(logs_transfers=False).gas_price == price


@pytest.mark.parametrize(
    ("asked", "nonce", "sender", "refusal"),
    [
        (replace(PLAIN, max_fee=10), 6, RICH, Refusal.NONCE_TOO_HIGH),
        (replace(PLAIN, max_fee=10), 4, RICH, Refusal.NONCE_TOO_LOW),
        (
            replace(PLAIN, max_fee=10),
            LAST_NONCE,
            replace(RICH, nonce=LAST_NONCE),
            Refusal.NONCE,
        ),
        (PLAIN, 5, RICH, Refusal.FEE_CAP),
        (replace(PLAIN, max_fee=9), 5, RICH, Refusal.FEE_CAP),
        (
            replace(PLAIN, max_fee=10, blob_hashes=(bytes(32),), max_fee_per_blob_gas=2),
            5,
            RICH,
            Refusal.BLOB_FEE_CAP,
        ),
        (replace(PLAIN, max_fee=10, blob_hashes=(bytes(32),)), 5, RICH, Refusal.BLOB_FEE_CAP),
        (replace(PLAIN, max_fee=10), 5, replace(RICH, balance=299_999), Refusal.FUNDS),
        (replace(PLAIN, max_fee=10, value=1), 5, replace(RICH, balance=300_000), Refusal.FUNDS),
    ],
)
def test_a_transaction_that_no_block_would_take_is_refused(
    asked: AskedTransaction, nonce: int, sender: Condition, refusal: Refusal
) -> None:
    with pytest.raises(CallRefused, match=r"err: .*0xC0C0.*supplied gas 30000") as refused:
        filled(asked, nonce).check(sender, 3, validates=True)
    assert refused.value.refusal is refusal


def test_what_offers_nothing_is_held_to_nothing_but_its_value_unless_it_is_to_be() -> None:
    blobs = replace(PLAIN, blob_hashes=(bytes(32),), value=10**18)
    filled(blobs, nonce=0).check(RICH, 3, validates=False)
    with pytest.raises(CallRefused, match="insufficient funds"):
        filled(replace(blobs, value=10**18 + 1)).check(RICH, 3, validates=False)
    with pytest.raises(CallRefused, match="less than block base fee"):
        filled(replace(PLAIN, max_fee=9)).check(RICH, 3, validates=False)


def test_funds_are_held_against_the_most_that_is_offered() -> None:
    offered = replace(PLAIN, max_fee=20)
    filled(offered).check(replace(RICH, balance=600_000), 1, validates=True)
    with pytest.raises(CallRefused, match="have 599999 want 600000"):
        filled(offered).check(replace(RICH, balance=599_999), 1, validates=True)


def test_a_tip_over_the_whole_is_malformed() -> None:
    with pytest.raises(InvalidRequest, match="maxPriorityFeePerGas: 11, maxFeePerGas: 10"):
        filled(replace(PLAIN, max_fee=10, max_priority_fee=11)).check(RICH, 1, validates=False)


def test_addresses_are_shown_in_the_case_of_eip_55() -> None:
    for shown in (
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    ):
        assert checksummed(bytes.fromhex(shown[2:])) == shown
