"""Only values proven of one block get into a call's state, and only their outcome is sealed."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest

from tests.evm.test_reference import HEADER, HERE, OTHER, SENDER, block, call
from walkaway.errors import ProofError
from walkaway.evm.engine import Manner, Outcome, Overrides
from walkaway.evm.proven_call import AskedCall, ProvenState, prove_call
from walkaway.proofs import Claim, Evidence, Finality, Proven
from walkaway.proofs._seal import seal
from walkaway.proofs.execution.accounts import Account
from walkaway.proofs.execution.ancestry import header_from_child, header_from_given_hash
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.proven import Subject

ANCHOR = Evidence("block hash given by the caller")
KEY = bytes(31) + b"\1"


def lineage(length: int) -> list[Proven[Header]]:
    """A head and its ancestors, newest first."""
    headers = [replace(HEADER, number=1)]
    for number in range(2, length + 1):
        headers.append(replace(HEADER, number=number, parent_hash=headers[-1].hash))
    line = [header_from_given_hash(1, headers[-1].hash, headers[-1])]
    for header in headers[-2::-1]:
        line.append(header_from_child(line[-1], header))
    return line


HEAD, *ANCESTORS = lineage(4)


def account(address: bytes = HERE, claim: Claim | None = None) -> Proven[Account | None]:
    about = claim or replace(HEAD.claim, subject=("account", address))
    return seal(Account(1, 2), about, ANCHOR)


def test_what_is_proven_of_the_block_is_known_and_counted() -> None:
    state = ProvenState(HEAD)
    state.add_account(account())
    about = HEAD.claim
    state.add_slot(seal(7, replace(about, subject=("slot", HERE, KEY)), ANCHOR))
    state.add_code(seal(b"\xfe", replace(about, subject=("code", HERE)), ANCHOR))
    state.add_ancestors(ANCESTORS)
    assert state.known.accounts == {HERE: Account(1, 2)}
    assert state.known.slots == {(HERE, KEY): 7}
    assert state.known.code == {keccak256(b"\xfe"): b"\xfe"}
    assert state.known.block_hashes == {a.value.number: a.value.hash for a in ANCESTORS}
    assert state.pieces == 6


FOREIGN = [
    replace(HEAD.claim, subject=("account", HERE), block_hash=b"\2" * 32),
    replace(HEAD.claim, subject=("account", HERE), chain_id=2),
    replace(HEAD.claim, subject=("balance", HERE)),
    replace(HEAD.claim, subject=("account",)),
    replace(HEAD.claim, subject=("account", HERE, KEY)),
    replace(HEAD.claim, subject=("account", 5)),
]


@pytest.mark.parametrize("claim", FOREIGN, ids=range(len(FOREIGN)))
def test_an_account_of_another_block_or_chain_or_of_another_kind_stays_out(claim: Claim) -> None:
    state = ProvenState(HEAD)
    with pytest.raises(ProofError):
        state.add_account(account(claim=claim))
    assert state.pieces == 0


@pytest.mark.parametrize("subject", [("slot", HERE), ("account", HERE), ("slot", HERE, "key")])
def test_a_slot_that_is_none_stays_out(subject: Subject) -> None:
    state = ProvenState(HEAD)
    with pytest.raises(ProofError):
        state.add_slot(seal(7, replace(HEAD.claim, subject=subject), ANCHOR))
    with pytest.raises(ProofError):
        state.add_code(seal(b"", replace(HEAD.claim, subject=subject), ANCHOR))
    assert state.pieces == 0


def test_ancestors_of_another_branch_or_with_a_gap_stay_out() -> None:
    state = ProvenState(HEAD)
    stranger = replace(HEADER, number=3, timestamp=5)
    elsewhere = header_from_given_hash(1, stranger.hash, stranger)
    other_chain = header_from_given_hash(2, ANCESTORS[0].value.hash, ANCESTORS[0].value)
    for line in ([elsewhere], ANCESTORS[1:], [ANCESTORS[0], ANCESTORS[2]], [HEAD], [other_chain]):
        with pytest.raises(ProofError):
            state.add_ancestors(line)
    with pytest.raises(ProofError):
        state.add_ancestors([seal(ANCESTORS[0].value, account().claim, ANCHOR)])
    assert state.pieces == 0


def test_state_hangs_on_a_header_and_on_nothing_else() -> None:
    with pytest.raises(ProofError):
        ProvenState(seal(HEADER, replace(HEAD.claim, subject=("block",)), ANCHOR))


OUTCOME = Outcome(True, b"\1", 21_000, touched_accounts=frozenset({HERE}))


def test_an_outcome_is_sealed_under_the_block_and_names_what_was_asked() -> None:
    state = ProvenState(HEAD)
    state.add_account(account())
    asked = AskedCall(call(), block())
    sealed = prove_call(state, asked, OUTCOME, "an engine")
    assert sealed.value is OUTCOME
    assert sealed.claim == replace(HEAD.claim, subject=asked.subject)
    assert sealed.claim.finality is Finality.GIVEN
    engine = Evidence("the engine that ran it", (("engine", "an engine"),))
    assert tuple(sealed.because.because) == (HEAD.because, engine, account().because)
    assert ("accounts_read", 1) in sealed.because.facts


def test_an_outcome_that_looked_at_what_is_not_proven_is_not_sealed() -> None:
    asked = AskedCall(call(), block())
    with pytest.raises(ProofError, match="not proven"):
        prove_call(ProvenState(HEAD), asked, OUTCOME, "an engine")
    in_part = replace(asked, overrides={HERE: Overrides(balance=1)})
    with pytest.raises(ProofError, match="not proven"):
        prove_call(ProvenState(HEAD), in_part, OUTCOME, "an engine")
    overridden = replace(asked, overrides={HERE: Overrides(balance=1, nonce=0, code=b"")})
    assert prove_call(ProvenState(HEAD), overridden, OUTCOME, "an engine").value is OUTCOME
    state = ProvenState(HEAD)
    state.add_account(account())
    elsewhere = replace(asked, environment=replace(block(), chain_id=2))
    with pytest.raises(ProofError, match="another chain"):
        prove_call(state, elsewhere, OUTCOME, "an engine")


def test_an_outcome_that_looked_at_a_slot_that_is_not_proven_is_not_sealed() -> None:
    state = ProvenState(HEAD)
    about = replace(HEAD.claim, subject=("account", HERE))
    state.add_account(seal(Account(1, 2), about, ANCHOR))
    asked = AskedCall(call(), block())
    looked = replace(OUTCOME, touched_slots=frozenset({(HERE, KEY)}))
    assert prove_call(state, asked, looked, "an engine").value is looked  # it has no storage
    state.add_account(seal(Account(1, 2, b"\1" * 32), about, ANCHOR))
    with pytest.raises(ProofError, match="slot that is not proven"):
        prove_call(state, asked, looked, "an engine")
    state.add_slot(seal(7, replace(about, subject=("slot", HERE, KEY)), ANCHOR))
    assert prove_call(state, asked, looked, "an engine").value is looked


@pytest.mark.parametrize(
    "changes",
    [
        {OTHER: Overrides(balance=1, nonce=0, code=b"")},
        {HERE: Overrides(balance=1, nonce=0, code=b"", slots={KEY: 1})},
        {HERE: Overrides(balance=1, nonce=0, code=b"", storage={KEY: 1})},
    ],
)
def test_an_outcome_that_changed_what_it_did_not_look_at_is_not_sealed(
    changes: dict[bytes, Overrides],
) -> None:
    state = ProvenState(HEAD)
    state.add_account(account())
    asked = AskedCall(call(), block())
    changed = replace(OUTCOME, changes={HERE: Overrides(balance=1, nonce=0, code=b"")})
    assert prove_call(state, asked, changed, "an engine").value is changed
    with pytest.raises(ProofError, match="did not look at"):
        prove_call(state, asked, replace(changed, changes=changes), "an engine")


def test_no_two_questions_have_one_subject() -> None:
    here = block()
    questions = [
        AskedCall(call(), here),
        AskedCall(call(b"\0"), here),
        AskedCall(call(bytes(500)), here),
        AskedCall(call(bytes(499) + b"\1"), here),
        AskedCall(call(sha256(bytes(500)).digest()), here),
        AskedCall(call(value=1), here),
        AskedCall(replace(call(), to=None), here),
        AskedCall(replace(call(), sender=OTHER), here),
        AskedCall(replace(call(), manner=Manner.TRANSACTION), here),
        AskedCall(replace(call(), manner=Manner.SYSTEM), here),
        AskedCall(replace(call(), logs_transfers=True), here),
        AskedCall(call(), replace(here, precompiles={HERE: None})),
        AskedCall(call(), replace(here, precompiles={HERE: OTHER})),
        AskedCall(call(), replace(here, precompiles={OTHER: HERE})),
        AskedCall(call(), block("osaka")),
        AskedCall(call(), replace(here, blob_base_fee=2)),
        AskedCall(call(), replace(here, header=replace(HEADER, timestamp=1))),
        AskedCall(call(), here, {SENDER: Overrides()}),
        AskedCall(call(), here, {SENDER: Overrides(balance=0)}),
        AskedCall(call(), here, {SENDER: Overrides(nonce=0)}),
        AskedCall(call(), here, {SENDER: Overrides(storage={})}),
        AskedCall(call(), here, {SENDER: Overrides(slots={KEY: 0})}),
    ]
    assert len({asked.subject for asked in questions}) == len(questions)
    one, other = {HERE: Overrides(), OTHER: Overrides()}, {OTHER: Overrides(), HERE: Overrides()}
    assert AskedCall(call(), here, one).subject == AskedCall(call(), here, other).subject
