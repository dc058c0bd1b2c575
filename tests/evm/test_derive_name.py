"""What a name resolves to follows from runs of that very question, and from no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from eth_abi.abi import encode

from tests.evm.test_proven_call import ANCHOR, HEAD
from tests.evm.test_reference import block
from walkaway.errors import ProofError
from walkaway.evm.derive_name import (
    IMPLEMENTATION_SLOT,
    NameRun,
    ResolverCode,
    primary_name,
    resolved_name,
    resolver_code,
)
from walkaway.evm.engine import Call, Outcome, Overrides
from walkaway.evm.offchain_lookup import OFFCHAIN_LOOKUP
from walkaway.evm.proven_call import AskedCall
from walkaway.evm.universal_resolver import (
    Failure,
    PrimaryName,
    Resolved,
    ResolverFault,
    resolve_call,
    reverse_call,
)
from walkaway.proofs import Evidence, Proven
from walkaway.proofs._seal import seal
from walkaway.proofs.execution.accounts import Account
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.proven import Subject

RESOLVER = b"\xee" * 20
CODE = b"\xe5" * 20
WIRE = b"\x03app\x03eth\0"
ASKED = b"\xbc\x1c\x58\xd1" + bytes(32)
ANSWER = Outcome(True, encode(["bytes", "address"], [b"found", CODE]), 21_000)
LOOKUP = encode(
    ["address", "string[]", "bytes", "bytes4", "bytes"],
    [RESOLVER, ["x-batch-gateway:true"], b"question", b"back", b"extra"],
)
LOOKS = Outcome(False, OFFCHAIN_LOOKUP + LOOKUP, 21_000)
SIGNER = b"\x51" * 20
WORD = (Evidence("the word of a gateway"),)
CALLBACK = b"back" + encode(["bytes", "bytes"], [b"said", b"extra"])


def slot(value: int, subject: Subject = ("slot", RESOLVER, IMPLEMENTATION_SLOT)) -> Proven[int]:
    return seal(value, replace(HEAD.claim, subject=subject), ANCHOR)


def account(address: bytes, value: Account | None) -> Proven[Account | None]:
    return seal(value, replace(HEAD.claim, subject=("account", address)), ANCHOR)


CODE_RUN = resolver_code(slot(int.from_bytes(CODE)), account(CODE, Account(1, 2)))


def question(data: bytes = b"") -> AskedCall:
    call = Call(bytes(20), RESOLVER, 100_000, data=data or resolve_call(WIRE, ASKED))
    return AskedCall(call, block())


def ran(outcome: Outcome, asked: AskedCall, words: tuple[Evidence, ...] = ()) -> NameRun:
    claim = replace(HEAD.claim, subject=asked.subject)
    return NameRun(asked, seal(outcome, claim, Evidence("a run", (), (ANCHOR,))), words)


def run(outcome: Outcome, data: bytes = b"", words: tuple[Evidence, ...] = ()) -> NameRun:
    return ran(outcome, question(data), words)


TWO = (run(LOOKS), run(replace(ANSWER, recovered=(SIGNER,)), CALLBACK, WORD))


def test_one_run_gives_what_the_resolver_says() -> None:
    proven = resolved_name([run(ANSWER)], CODE_RUN, WIRE, ASKED)
    assert proven.value == Resolved(b"found", CODE)
    assert proven.claim == replace(HEAD.claim, subject=("resolved", WIRE, keccak256(ASKED)))
    assert CODE_RUN.because in proven.because.because


def test_a_lookup_is_followed_and_whose_signatures_were_looked_at_is_told() -> None:
    proven = resolved_name(TWO, CODE_RUN, WIRE, ASKED)
    assert proven.value == Resolved(b"found", CODE)
    (accepted,) = [step for step in proven.because.because if step.because is WORD]
    assert accepted.rule.endswith("accepted by the contract's own callback")
    assert ("looked_at_signature_of", SIGNER) in accepted.facts


def test_a_refusal_is_told_as_one() -> None:
    error = ResolverFault.RESOLVER_NOT_FOUND.value + encode(["bytes"], [WIRE])
    refused = Outcome(False, error, 21_000)
    value = resolved_name([run(refused)], CODE_RUN, WIRE, ASKED).value
    assert isinstance(value, Failure)
    assert value.fault is ResolverFault.RESOLVER_NOT_FOUND
    after = resolved_name([TWO[0], run(refused, CALLBACK, WORD)], CODE_RUN, WIRE, ASKED)
    rules = [step.rule for step in after.because.because]
    assert "what was found off chain, refused by the contract's own callback" in rules


def test_a_primary_name_is_that_of_its_address() -> None:
    data = reverse_call(SIGNER, 60)
    output = encode(["string", "address", "address"], ["app.eth", CODE, RESOLVER])
    runs = [run(Outcome(True, output, 21_000), data)]
    proven = primary_name(runs, CODE_RUN, SIGNER, 60)
    assert proven.value == PrimaryName("app.eth", CODE, RESOLVER)
    assert proven.claim.subject == ("primary name", SIGNER, 60)
    assert {("reverse_resolver", RESOLVER), ("resolver", CODE)} <= set(proven.because.facts)
    for other in ((CODE, 60), (SIGNER, 61)):
        with pytest.raises(ProofError, match="another question"):
            primary_name(runs, CODE_RUN, *other)
    error = ResolverFault.REVERSE_ADDRESS_MISMATCH.value
    failed = primary_name([run(Outcome(False, error, 21_000), data)], CODE_RUN, SIGNER, 60)
    assert isinstance(failed.value, Failure)


LATER = replace(CODE_RUN.claim, block_hash=b"\2" * 32)

OTHER_BLOCK = replace(block(), blob_base_fee=7)

LIES: dict[str, Sequence[NameRun]] = {
    "no run": [],
    "another question": [run(ANSWER, resolve_call(b"\x04evil\0", ASKED))],
    "another outcome's claim": [replace(run(ANSWER), outcome=run(ANSWER, CALLBACK).outcome)],
    "another block": [
        replace(
            run(ANSWER),
            outcome=seal(ANSWER, replace(LATER, subject=run(ANSWER).asked.subject), ANCHOR),
        )
    ],
    "overridden state": [ran(ANSWER, replace(question(), overrides={CODE: Overrides(balance=1)}))],
    "another past": [ran(ANSWER, replace(question(), block_hashes={1: bytes(32)}))],
    "a lookup left open": [run(LOOKS)],
    "a callback nobody asked for": [run(ANSWER), TWO[1]],
    "another callback": [TWO[0], run(ANSWER, b"bacc" + CALLBACK[4:], WORD)],
    "other extra data": [
        TWO[0],
        run(ANSWER, b"back" + encode(["bytes", "bytes"], [b"said", b"Extra"]), WORD),
    ],
    "more than the callback": [TWO[0], run(ANSWER, CALLBACK + bytes(32), WORD)],
    "nobody who said it": [TWO[0], replace(TWO[1], words=())],
    "another block's view": [
        TWO[0],
        ran(ANSWER, replace(question(CALLBACK), environment=OTHER_BLOCK), WORD),
    ],
    "no answer": [run(Outcome(True, b"", 21_000))],
}


@pytest.mark.parametrize("lie", LIES)
def test_nothing_follows_from_other_runs(lie: str) -> None:
    with pytest.raises(ProofError):
        resolved_name(LIES[lie], CODE_RUN, WIRE, ASKED)


def test_a_run_that_came_to_no_end_of_its_own_says_why() -> None:
    halted = run(Outcome(False, b"", 21_000, halt="out of gas"))
    with pytest.raises(ProofError, match="out of gas"):
        resolved_name([halted], CODE_RUN, WIRE, ASKED)


def test_a_call_of_another_contract_or_with_value_is_another_question() -> None:
    honest = run(ANSWER)
    for call in (
        replace(honest.asked.call, to=CODE),
        replace(honest.asked.call, value=1),
    ):
        asked = replace(honest.asked, call=call)
        outcome = seal(ANSWER, replace(HEAD.claim, subject=asked.subject), ANCHOR)
        with pytest.raises(ProofError, match="another question"):
            resolved_name([NameRun(asked, outcome)], CODE_RUN, WIRE, ASKED)


def test_whose_code_runs_is_what_the_proxy_says() -> None:
    assert CODE_RUN.value == ResolverCode(RESOLVER, CODE, Account(1, 2).code_hash)
    plain = resolver_code(slot(0), account(RESOLVER, Account(1, 2)))
    assert plain.value.implementation == RESOLVER
    other_slot = slot(5, ("slot", RESOLVER, bytes(32)))
    elsewhere: Proven[Account | None] = seal(
        Account(1, 2), replace(LATER, subject=("account", CODE)), ANCHOR
    )
    named = slot(int.from_bytes(CODE))
    for held, code in (
        (other_slot, account(CODE, Account(1, 2))),
        (named, account(RESOLVER, Account(1, 2))),
        (named, account(CODE, None)),
        (named, elsewhere),
    ):
        with pytest.raises(ProofError):
            resolver_code(held, code)
