"""Derived answers: right, said to be what they are, and only from parts that belong together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from coincurve import PrivateKey

from tests.proofs.execution.samples import CHAIN_ID, header, proven, sealed, sign
from walkaway.anchors.spec import BlobBaseFee
from walkaway.errors import ProofError, Unsupported
from walkaway.proofs import Claim, Finality, Proven, derive
from walkaway.proofs._seal import seal
from walkaway.proofs.execution.accounts import Account
from walkaway.proofs.execution.blocks import Block, BlockBody, prove_block, prove_receipts
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.keccak import EMPTY_HASH
from walkaway.proofs.execution.ordered_trie import ordered_root
from walkaway.proofs.execution.receipts import Log, Receipt
from walkaway.proofs.execution.signatures import created_address
from walkaway.proofs.execution.transactions import BlobTransaction, FeeMarketTransaction
from walkaway.proofs.execution.trie import EMPTY_ROOT

KEY = PrivateKey(b"\1" * 32)
ADDRESS = b"\x0a" * 20

COMMON: dict[str, Any] = {
    "gas_limit": 50_000,
    "value": 1,
    "data": b"",
    "r": 1,
    "s": 1,
    "chain_id": CHAIN_ID,
    "access_list": (),
    "y_parity": 0,
    "max_priority_fee_per_gas": 2,
    "max_fee_per_gas": 100,
}
CALL = sign(FeeMarketTransaction(nonce=7, to=ADDRESS, **COMMON), KEY)
CREATION = sign(FeeMarketTransaction(nonce=8, to=None, **COMMON), KEY)
BLOB = sign(
    BlobTransaction(
        nonce=9,
        to=ADDRESS,
        max_fee_per_blob_gas=5,
        blob_versioned_hashes=(b"\1" * 32, b"\1" + b"\2" * 31),
        **COMMON,
    ),
    KEY,
)
LOG = Log(ADDRESS, (), b"")
RECEIPTS = (
    Receipt(2, True, 21_000, (LOG, LOG)),
    Receipt(2, False, 60_000, ()),
    Receipt(3, True, 100_000, (LOG,)),
)
SCHEDULE = (BlobBaseFee(0, 3, 6, 3_338_477, False),)

PARENT = header(6, excess_blob_gas=10_000_000, blob_gas_used=3 * 2**17)
HEADER = header(
    6,
    parent_hash=PARENT.hash,
    number=PARENT.number + 1,
    base_fee_per_gas=50,
    transactions_root=ordered_root([t.encode() for t in (CALL, CREATION, BLOB)]),
    receipts_root=ordered_root([r.encode() for r in RECEIPTS]),
    excess_blob_gas=10_000_000,
    blob_gas_used=2 * 2**17,
)


def block(under: Header = HEADER) -> Proven[Block]:
    return prove_block(proven(under), BlockBody((CALL, CREATION, BLOB), ()))


def bare(under: Header = HEADER) -> Proven[tuple[Receipt, ...]]:
    return prove_receipts(proven(under), RECEIPTS)


def blob_fee() -> Proven[int]:
    return derive.blob_base_fee(proven(PARENT), proven(HEADER), SCHEDULE)


ACCOUNT = Account(3, 10, EMPTY_ROOT, b"\7" * 32)


@pytest.mark.parametrize(
    ("rule", "kind", "present", "absent"),
    [
        (derive.balance, "balance", 10, 0),
        (derive.nonce, "nonce", 3, 0),
        (derive.code_hash, "code hash", b"\7" * 32, EMPTY_HASH),
    ],
)
def test_parts_of_an_account(
    rule: Callable[[Proven[Account | None]], Proven[object]],
    kind: str,
    present: object,
    absent: object,
) -> None:
    for account, expected in ((ACCOUNT, present), (None, absent)):
        under: Proven[Account | None] = sealed(account, "account", ADDRESS)
        found = rule(under)
        assert found.value == expected
        assert found.claim == replace(under.claim, subject=(kind, ADDRESS))
        assert found.because is under.because
    with pytest.raises(ProofError, match="from an account"):
        rule(sealed(ACCOUNT, "slot", ADDRESS))


def test_how_many_transactions_a_block_holds() -> None:
    found = derive.transaction_count(block())
    assert found.value == 3
    assert found.claim == Claim(CHAIN_ID, HEADER.hash, ("transaction count",), Finality.GIVEN)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_transaction_by_index_and_by_hash(index: int) -> None:
    transaction = (CALL, CREATION, BLOB)[index]
    at = derive.transaction_at(block(), index)
    by_hash = derive.transaction_by_hash(block(), transaction.hash)
    assert at.value == by_hash.value == derive.IncludedTransaction(transaction, HEADER, index)
    assert at.claim.subject == ("transaction at", index)
    assert by_hash.claim.subject == ("transaction", transaction.hash)
    assert at.value is not None
    assert at.value.effective_gas_price == 52


@pytest.mark.parametrize("index", [-1, 3, 2**64])
def test_an_index_beyond_the_block_is_proven_absent(index: int) -> None:
    assert derive.transaction_at(block(), index).value is None


def test_a_hash_that_the_block_does_not_hold_is_proven_absent() -> None:
    assert derive.transaction_by_hash(block(), b"\1" * 32).value is None
    assert derive.receipt_by_hash(block(), bare(), b"\1" * 32, blob_fee()).value is None


def test_receipts_are_joined_with_their_block() -> None:
    found = derive.receipts(block(), bare(), blob_fee())
    assert found.claim == Claim(CHAIN_ID, HEADER.hash, ("receipts",), Finality.GIVEN)
    assert set(found.because.because) == {block().because, bare().because, blob_fee().because}
    call, creation, blob = found.value
    assert [r.receipt for r in found.value] == list(RECEIPTS)
    assert [r.included.index for r in found.value] == [0, 1, 2]
    assert [r.gas_used for r in found.value] == [21_000, 39_000, 40_000]
    assert [r.first_log_index for r in found.value] == [0, 2, 2]
    assert [r.blob_gas_price for r in found.value] == [None, None, blob_fee().value]
    assert call.contract_address is None
    assert blob.contract_address is None
    assert creation.contract_address == created_address(CREATION.sender, 8)


def test_a_receipt_by_hash() -> None:
    found = derive.receipt_by_hash(block(), bare(), BLOB.hash, blob_fee())
    assert found.value == derive.receipts(block(), bare(), blob_fee()).value[2]
    assert found.claim.subject == ("receipt", BLOB.hash)


def test_a_block_with_blobs_needs_its_blob_base_fee() -> None:
    with pytest.raises(ProofError, match="blob base fee"):
        derive.receipts(block(), bare())


def test_a_block_without_blobs_does_not() -> None:
    under = replace(HEADER, transactions_root=ordered_root([CALL.encode(), CREATION.encode()]))
    under = replace(under, receipts_root=ordered_root([r.encode() for r in RECEIPTS[:2]]))
    whole = prove_block(proven(under), BlockBody((CALL, CREATION), ()))
    found = derive.receipts(whole, prove_receipts(proven(under), RECEIPTS[:2]))
    assert [r.gas_used for r in found.value] == [21_000, 39_000]


def test_parts_of_different_blocks_are_not_joined() -> None:
    other = replace(HEADER, gas_used=1)
    strange = seal(3, replace(blob_fee().claim, chain_id=1), blob_fee().because)
    for whole, receipts, fee in (
        (block(other), bare(), blob_fee()),
        (block(), bare(other), blob_fee()),
        (block(), sealed(RECEIPTS, "receipt", block_hash=HEADER.hash), blob_fee()),
        (block(), bare(), strange),
        (block(), bare(), sealed(3, "balance", block_hash=HEADER.hash)),
    ):
        for join in (
            lambda w=whole, r=receipts, f=fee: derive.receipts(w, r, f),
            lambda w=whole, r=receipts, f=fee: derive.receipt_by_hash(w, r, CALL.hash, f),
        ):
            with pytest.raises(ProofError, match="not those of the block"):
                join()


def test_receipts_that_do_not_match_the_transactions_are_refused() -> None:
    for receipts in (RECEIPTS[:2], (RECEIPTS[2], *RECEIPTS[1:])):
        under = replace(HEADER, receipts_root=ordered_root([r.encode() for r in receipts]))
        with pytest.raises(ProofError, match="do not match"):
            derive.receipts(block(under), prove_receipts(proven(under), receipts))


def test_a_whole_block_is_needed() -> None:
    part: Proven[Block] = sealed(block().value, "transactions")
    for rule in (
        lambda: derive.transaction_count(part),
        lambda: derive.transaction_at(part, 0),
        lambda: derive.transaction_by_hash(part, CALL.hash),
        lambda: derive.receipts(part, bare(), blob_fee()),
    ):
        with pytest.raises(ProofError, match="whole block"):
            rule()


def test_a_blob_base_fee_stands_on_both_headers() -> None:
    found = blob_fee()
    assert found.value == 19
    assert found.claim == Claim(CHAIN_ID, HEADER.hash, ("blob base fee",), Finality.GIVEN)
    assert set(found.because.because) == {proven(PARENT).because, proven(HEADER).because}


def test_a_blob_base_fee_is_refused_where_it_could_be_wrong() -> None:
    with pytest.raises(Unsupported):
        derive.blob_base_fee(proven(PARENT), proven(HEADER), ())
    with pytest.raises(ProofError, match="own parent"):
        derive.blob_base_fee(proven(HEADER), proven(HEADER), SCHEDULE)
    for parent, child in (
        (sealed(PARENT, "block"), proven(HEADER)),
        (proven(PARENT), sealed(HEADER, "block")),
    ):
        with pytest.raises(ProofError, match="two headers"):
            derive.blob_base_fee(parent, child, SCHEDULE)


def test_ommers_are_counted_and_found_by_their_place() -> None:
    ommers = sealed((PARENT, HEADER), "ommers")
    count = derive.ommer_count(ommers)
    assert (count.value, count.claim.subject) == (2, ("ommer count",))
    for index, expected in enumerate((PARENT, HEADER, None)):
        found = derive.ommer_at(ommers, index)
        assert (found.value, found.claim.subject) == (expected, ("ommer at", index))
    for wrong in (derive.ommer_count, lambda given: derive.ommer_at(given, 0)):
        with pytest.raises(ProofError, match="derived from them"):
            wrong(sealed((PARENT,), "header"))
