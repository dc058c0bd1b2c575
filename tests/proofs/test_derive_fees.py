"""Fees derived from proven blocks: right, and only from parts that belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from coincurve import PrivateKey

from tests.proofs.execution.samples import CHAIN_ID, header, proven, sealed, sign
from walkaway.anchors.spec import BlobBaseFee
from walkaway.errors import ProofError
from walkaway.proofs import Finality, Proven, derive_fees
from walkaway.proofs._seal import seal
from walkaway.proofs.derive_fees import BlockTips, TipSample
from walkaway.proofs.execution.blocks import Block, BlockBody, prove_block, prove_receipts
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.ordered_trie import ordered_root
from walkaway.proofs.execution.receipts import Receipt
from walkaway.proofs.execution.transactions import FeeMarketTransaction

KEY, MINER = PrivateKey(b"\1" * 32), PrivateKey(b"\2" * 32)
SCHEDULE = (BlobBaseFee(0, 3, 6, 3_338_477, False),)
BASE_FEE = 50


def paying(tip: int, key: PrivateKey = KEY) -> FeeMarketTransaction:
    unsigned = FeeMarketTransaction(
        nonce=tip,
        gas_limit=50_000,
        to=b"\x0a" * 20,
        value=0,
        data=b"",
        r=1,
        s=1,
        chain_id=CHAIN_ID,
        access_list=(),
        y_parity=0,
        max_priority_fee_per_gas=tip,
        max_fee_per_gas=10**12,
    )
    return sign(unsigned, key)


MINERS_OWN = paying(3, MINER)


def block_with(tips: list[int], gas: list[int] | None = None, **changes: Any) -> Proven[Block]:
    """A block whose transactions pay these tips, with the miner's own among them."""
    transactions = (*[paying(tip) for tip in tips], MINERS_OWN)
    used = gas or [21_000] * len(transactions)
    under = header(
        6,
        coinbase=MINERS_OWN.sender,
        base_fee_per_gas=BASE_FEE,
        gas_limit=10**6,
        gas_used=sum(used),
        transactions_root=ordered_root([t.encode() for t in transactions]),
        receipts_root=ordered_root([r.encode() for r in receipts_of(used)]),
        **changes,
    )
    return prove_block(proven(under), BlockBody(transactions, ()))


def receipts_of(used: list[int]) -> list[Receipt]:
    return [Receipt(2, True, sum(used[: index + 1]), ()) for index in range(len(used))]


def line(count: int, first: int = 100, **changes: Any) -> list[Proven[Header]]:
    """Consecutive headers, oldest first."""
    found: list[Proven[Header]] = []
    parent = b"\1" * 32
    for number in range(first, first + count):
        fields: dict[str, Any] = {"excess_blob_gas": 0, "base_fee_per_gas": number} | changes
        value = header(6, number=number, parent_hash=parent, gas_used=number, **fields)
        value = replace(value, gas_limit=1000)
        found.append(proven(value))
        parent = value.hash
    return found


def samples(tips: Sequence[tuple[int, ...]], first: int = 100) -> list[Proven[TipSample]]:
    """Samples of consecutive blocks, newest first."""
    made = [
        seal(
            TipSample(under.value, paid),
            replace(under.claim, subject=("tip sample",)),
            under.because,
        )
        for under, paid in zip(line(len(tips), first), reversed(tips), strict=True)
    ]
    return made[::-1]


def test_a_sample_is_the_three_lowest_tips_of_others_that_mean_something() -> None:
    sample = derive_fees.tip_sample(block_with([9, 1, 5, 2, 7]))
    assert sample.value.tips == (2, 5, 7)
    assert sample.claim.subject == ("tip sample",)
    assert derive_fees.tip_sample(block_with([0, 1])).value.tips == ()
    with pytest.raises(ProofError):
        derive_fees.tip_sample(sealed(block_with([1]).value, "header"))


def test_the_suggestion_is_the_60th_percentile_of_the_samples() -> None:
    tip = derive_fees.suggested_tip(samples([(number, 100) for number in range(20)]))
    assert tip.value == 100
    assert tip.claim.subject == ("suggested tip",)
    assert tip.because.facts == (("blocks", 20), ("tips", 40), ("percentile", 60))
    tip = derive_fees.suggested_tip(samples([(number,) for number in range(1, 21)]))
    assert tip.value == 12
    assert len(tip.because.because) == 20


def test_the_suggestion_is_bounded_and_has_a_floor() -> None:
    assert derive_fees.suggested_tip(samples([(10**12,)] * 20)).value == 500 * 10**9
    assert derive_fees.suggested_tip(samples([()] * 40)).value == 10**6


def test_empty_blocks_are_made_up_for_by_older_ones_and_no_more_are_counted() -> None:
    mixed: list[tuple[int, ...]] = [(5,), ()] * 19 + [(7,)] * 2
    tip = derive_fees.suggested_tip(samples(mixed))
    assert dict(tip.because.facts)["blocks"] == 20
    more = [(5,)] * 20 + [(10**6,)] * 20
    assert derive_fees.suggested_tip(samples(more)).value == 5


@pytest.mark.parametrize(("count", "first"), [(0, 100), (19, 100), (39, 1)])
def test_too_few_samples_are_refused(count: int, first: int) -> None:
    tips: list[tuple[int, ...]] = [(5,) if index < 19 else () for index in range(count)]
    given = samples(tips, first)
    with pytest.raises(ProofError, match="more blocks"):
        derive_fees.suggested_tip(given)


def test_a_young_chain_has_only_so_many_blocks() -> None:
    assert derive_fees.suggested_tip(samples([(5,), (6,), (7,)], first=0)).value == 6


def test_samples_must_be_consecutive_and_of_one_chain() -> None:
    whole = samples([(5,)] * 22)
    with pytest.raises(ProofError, match="consecutive"):
        derive_fees.suggested_tip([*whole[:3], *whole[4:]])
    other = seal(whole[3].value, replace(whole[3].claim, chain_id=9), whole[3].because)
    with pytest.raises(ProofError, match="two chains"):
        derive_fees.suggested_tip([*whole[:3], other, *whole[4:]])
    with pytest.raises(ProofError, match="not the part"):
        derive_fees.suggested_tip([*whole[:3], sealed(whole[3].value, "tips"), *whole[4:]])


def test_the_gas_price_is_the_tip_on_top_of_the_base_fee() -> None:
    given = samples([(5,)] * 20)
    (head,) = [h for h in line(20) if h.value.hash == given[0].claim.block_hash]
    tip = derive_fees.suggested_tip(given)
    price = derive_fees.gas_price(head, tip)
    assert price.value == 119 + 5
    assert price.claim == replace(head.claim, subject=("gas price",))
    with pytest.raises(ProofError, match="another block"):
        derive_fees.gas_price(line(3)[0], tip)
    with pytest.raises(ProofError, match="not the part"):
        derive_fees.gas_price(head, sealed(5, "tips"))


def test_the_next_base_fee_is_claimed_at_the_block_that_decides_it() -> None:
    head = line(1)[0]
    fee = derive_fees.next_base_fee(head)
    assert fee.claim == replace(head.claim, subject=("next base fee",))
    assert fee.value == 100 - 100 * 400 // 500 // 8
    with pytest.raises(ProofError):
        derive_fees.next_base_fee(sealed(head.value, "head"))


def test_tips_by_the_gas_used() -> None:
    gas = [60_000, 20_000, 10_000, 10_000]
    block = block_with([1, 9, 5], gas)
    bare = prove_receipts(proven(block.value.header), receipts_of(gas))
    paid = derive_fees.tips(block, bare)
    assert paid.value.paid == ((1, 60_000), (3, 10_000), (5, 10_000), (9, 20_000))
    at = paid.value.at
    assert [at(p) for p in (0, 60, 61, 70, 70.5, 80, 81, 100)] == [1, 1, 3, 3, 5, 5, 9, 9]
    final = proven(block.value.header, Finality.FINALIZED)
    with pytest.raises(ProofError, match="not those of the block"):
        derive_fees.tips(block, prove_receipts(final, receipts_of(gas)))
    with pytest.raises(ProofError, match="not the part"):
        derive_fees.tips(sealed(block.value, "header"), bare)


def test_the_tip_at_a_percentile_where_the_header_says_more_than_was_used() -> None:
    assert BlockTips(header(gas_used=0), ()).at(50) == 0
    assert BlockTips(header(gas_used=100), ((1, 10), (2, 10))).at(100) == 2


def tips_of(headers: list[Proven[Header]]) -> list[Proven[BlockTips]]:
    return [
        seal(
            BlockTips(h.value, ((h.value.number, 1),)),
            replace(h.claim, subject=("tips",)),
            h.because,
        )
        for h in headers
    ]


def test_a_fee_history() -> None:
    before, *headers = line(4)
    history = derive_fees.fee_history(headers, SCHEDULE, before=before)
    assert history.claim == replace(headers[-1].claim, subject=("fee history", 3))
    value = history.value
    assert value.oldest == 101
    after = 103 - 103 * (500 - 103) // 500 // 8
    assert value.base_fees == (101, 102, 103, after)
    assert value.gas_used_ratios == (0.101, 0.102, 0.103)
    assert value.rewards is None
    assert value.blobs is not None
    assert value.blobs.base_fees == (1, 1, 1, 1)
    assert value.blobs.used_ratios == (0, 0, 0)


def test_a_fee_history_with_rewards() -> None:
    before, *headers = line(3)
    history = derive_fees.fee_history(
        headers, SCHEDULE, before=before, percentiles=(10, 50.5), paid=tips_of(headers)
    )
    assert history.value.rewards == ((101, 101), (102, 102))
    assert history.claim.subject == ("fee history", 2, "10.0", "50.5")
    for paid in ([], tips_of(headers)[:1], tips_of(headers)[::-1]):
        with pytest.raises(ProofError):
            derive_fees.fee_history(headers, SCHEDULE, before=before, percentiles=(10,), paid=paid)
    with pytest.raises(ProofError, match="not the part"):
        derive_fees.fee_history(
            headers,
            SCHEDULE,
            before=before,
            percentiles=(10,),
            paid=[sealed(paid.value, "tip sample") for paid in tips_of(headers)],
        )


def test_blob_figures_are_left_out_where_nothing_explains_them() -> None:
    before, *headers = line(3)
    assert derive_fees.fee_history(headers, (), before=before).value.blobs is None
    assert derive_fees.fee_history(headers, SCHEDULE).value.blobs is None
    excess = line(3, excess_blob_gas=5)
    assert derive_fees.fee_history(excess[1:], SCHEDULE, before=excess[0]).value.blobs is None
    later = (replace(SCHEDULE[0], timestamp=10**12),)
    assert derive_fees.fee_history(headers, later, before=before).value.blobs is None


def test_a_block_that_may_hold_no_blobs_used_none_of_them() -> None:
    before, *headers = line(2)
    none = (replace(SCHEDULE[0], target=0, max=0),)
    blobs = derive_fees.fee_history(headers, none, before=before).value.blobs
    assert blobs is not None
    assert blobs.used_ratios == (0.0,)


def test_before_cancun_and_london_the_figures_are_zero() -> None:
    value = header(2, number=7)
    blobs = derive_fees.fee_history([proven(value)], ()).value.blobs
    assert blobs == derive_fees.BlobFees((0, 0), (0.0,))
    frontier = derive_fees.fee_history([proven(header(0))], ()).value
    assert frontier.base_fees == (0, 0)


def test_a_fee_history_is_of_consecutive_blocks_of_one_chain() -> None:
    before, *headers = line(4)
    with pytest.raises(ProofError, match="consecutive"):
        derive_fees.fee_history([headers[0], headers[2]], SCHEDULE, before=before)
    with pytest.raises(ProofError, match="consecutive"):
        derive_fees.fee_history(headers[1:], SCHEDULE, before=before)
    with pytest.raises(ProofError, match="at least one"):
        derive_fees.fee_history([], SCHEDULE, before=before)
    with pytest.raises(ProofError, match="not the part"):
        derive_fees.fee_history([sealed(headers[0].value, "head")], SCHEDULE)
    other = seal(headers[1].value, replace(headers[1].claim, chain_id=9), headers[1].because)
    with pytest.raises(ProofError, match="two chains"):
        derive_fees.fee_history([headers[0], other, headers[2]], SCHEDULE, before=before)
