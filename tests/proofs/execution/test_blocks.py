"""Blocks: their lists proven whole, against the specification's own encoding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from ethereum.forks.osaka import blocks as spec
from ethereum.forks.paris import blocks as paris
from ethereum_rlp import rlp as reference
from hypothesis import given
from hypothesis import strategies as st

from tests.proofs.execution.samples import (
    CHAIN_ID,
    RECEIPTS,
    TRANSACTIONS,
    WITHDRAWALS,
    data,
    header,
    header_json,
    proven,
    receipt_json,
    sealed,
    transaction_json,
    withdrawal_json,
)
from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs import Claim, Finality, Proven
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.blocks import (
    Block,
    BlockBody,
    block_body_from_json,
    prove_block,
    prove_ommers,
    prove_receipts,
    prove_transactions,
    prove_withdrawals,
    receipts_from_json,
)
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.ordered_trie import ordered_root
from walkaway.proofs.execution.receipts import Receipt
from walkaway.proofs.execution.transactions import Transaction
from walkaway.proofs.execution.withdrawals import (
    Withdrawal,
    decode_withdrawal,
    withdrawal_from_json,
)

BODIES = st.builds(
    BlockBody,
    transactions=st.lists(TRANSACTIONS, max_size=3).map(tuple),
    withdrawals=st.none() | st.lists(WITHDRAWALS, max_size=3).map(tuple),
    ommers=st.just(()) | st.just((header(1),)),
)


def header_over(body: BlockBody, receipts: tuple[Receipt, ...] = ()) -> Header:
    """A header that commits to this body, of the newest fork where there are withdrawals."""
    shanghai = body.withdrawals is not None
    made = header(
        6 if shanghai else 1,
        transactions_root=ordered_root([t.encode() for t in body.transactions]),
        receipts_root=ordered_root([r.encode() for r in receipts]),
        ommers_hash=keccak256(rlp.encode_list(b"".join(o.rlp() for o in body.ommers))),
    )
    if body.withdrawals is None:
        return made
    return replace(made, withdrawals_root=ordered_root([w.encode() for w in body.withdrawals]))


@given(BODIES)
def test_a_block_is_proven_whole_and_encoded_as_the_specification_does(body: BlockBody) -> None:
    made = header_over(body)
    found = prove_block(proven(made), body)
    assert found.value == Block(made, body)
    assert found.claim == Claim(CHAIN_ID, made.hash, ("block",), Finality.GIVEN)
    encoded = found.value.encode()
    if body.withdrawals is not None and not body.ommers:
        assert reference.encode(reference.decode_to(spec.Block, encoded)) == encoded
    if body.withdrawals is None and all(t.type < 3 for t in body.transactions):
        assert reference.encode(reference.decode_to(paris.Block, encoded)) == encoded
    assert found.value.size == len(encoded)


@given(BODIES, TRANSACTIONS, WITHDRAWALS)
def test_a_body_that_differs_is_refused(
    body: BlockBody, transaction: Transaction, withdrawal: Withdrawal
) -> None:
    under = proven(header_over(body))
    more_withdrawals = (*(body.withdrawals or ()), withdrawal)
    other_withdrawals = () if body.withdrawals is None else None
    for changed in (
        replace(body, transactions=(*body.transactions, transaction)),
        replace(body, withdrawals=more_withdrawals),
        replace(body, withdrawals=other_withdrawals),
        replace(body, ommers=(*body.ommers, header())),
    ):
        with pytest.raises(ProofError, match="commits to"):
            prove_block(under, changed)


@given(BODIES)
def test_a_body_is_read_from_json(body: BlockBody) -> None:
    stated: dict[str, object] = {
        **header_json(header_over(body)),
        "transactions": [transaction_json(t) for t in body.transactions],
        "uncles": [data(ommer.hash) for ommer in body.ommers],
    }
    if body.withdrawals is not None:
        stated["withdrawals"] = [withdrawal_json(w) for w in body.withdrawals]
    assert block_body_from_json(stated) == replace(body, ommers=())
    assert block_body_from_json(stated, body.ommers) == body


@pytest.mark.parametrize(
    "stated",
    [
        None,
        {},
        {"transactions": {}},
        {"transactions": ["0x" + "00" * 32]},
        {"transactions": [{}] * (LIMITS.block_transactions + 1)},
        {"transactions": [], "withdrawals": {}},
        {"transactions": [], "withdrawals": [{}]},
        {"transactions": [], "withdrawals": [{}] * (LIMITS.block_withdrawals + 1)},
    ],
    ids=lambda stated: str(stated)[:40],
)
def test_a_malformed_body_is_a_proof_error(stated: object) -> None:
    with pytest.raises(ProofError):
        block_body_from_json(stated)


@given(st.lists(RECEIPTS, max_size=4).map(tuple))
def test_receipts_are_proven_whole_and_in_order(receipts: tuple[Receipt, ...]) -> None:
    under = proven(header_over(BlockBody(()), receipts))
    found = prove_receipts(under, receipts_from_json([receipt_json(r) for r in receipts]))
    assert found.value == receipts
    assert found.claim.subject == ("receipts",)
    wrong: list[tuple[Receipt, ...]] = [(*receipts, RECEIPT), receipts[:-1]]
    if receipts[::-1] != receipts:
        wrong.append(receipts[::-1])
    for others in wrong if receipts else wrong[:1]:
        with pytest.raises(ProofError, match="receipts root"):
            prove_receipts(under, others)


RECEIPT = Receipt(0, True, 1, ())


@pytest.mark.parametrize("stated", [None, {}, [None], [{}] * (LIMITS.block_transactions + 1)])
def test_malformed_receipts_are_a_proof_error(stated: object) -> None:
    with pytest.raises(ProofError):
        receipts_from_json(stated)


@given(st.lists(TRANSACTIONS, max_size=3))
def test_transactions_are_proven_alone(transactions: list[Transaction]) -> None:
    under = proven(header_over(BlockBody(tuple(transactions))))
    found = prove_transactions(under, transactions)
    assert found.value == tuple(transactions)
    assert found.claim.subject == ("transactions",)
    assert found.because.because == (under.because,)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_ommers_are_proven_alone(count: int) -> None:
    ommers = tuple(header(1, number=number) for number in range(count))
    under = proven(header_over(BlockBody((), None, ommers)))
    found = prove_ommers(under, ommers)
    assert (found.value, found.claim.subject) == (ommers, ("ommers",))
    for other in ((*ommers, header()), ommers[1:] or (header(1),)):
        with pytest.raises(ProofError, match="ommers hash"):
            prove_ommers(under, other)


@given(st.none() | st.lists(WITHDRAWALS, max_size=3).map(tuple))
def test_withdrawals_are_proven_alone(withdrawals: tuple[Withdrawal, ...] | None) -> None:
    found = prove_withdrawals(proven(header_over(BlockBody((), withdrawals))), withdrawals)
    assert found.value == withdrawals
    assert found.claim.subject == ("withdrawals",)


@given(WITHDRAWALS)
def test_withdrawals_have_the_specifications_form(withdrawal: Withdrawal) -> None:
    encoded = withdrawal.encode()
    assert reference.encode(reference.decode_to(spec.Withdrawal, encoded)) == encoded
    assert decode_withdrawal(encoded) == withdrawal
    assert withdrawal_from_json(withdrawal_json(withdrawal)) == withdrawal


@pytest.mark.parametrize(
    "prove",
    [
        lambda under: prove_block(under, BlockBody(())),
        lambda under: prove_transactions(under, ()),
        lambda under: prove_withdrawals(under, ()),
        lambda under: prove_ommers(under, ()),
        lambda under: prove_receipts(under, ()),
    ],
)
def test_content_is_proven_under_a_header(prove: Callable[[Proven[Header]], object]) -> None:
    with pytest.raises(ProofError, match="under a header"):
        prove(sealed(header(), "block"))
