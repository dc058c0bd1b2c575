"""State: accounts, slots and code, present and absent, under the right root and no other."""

from __future__ import annotations

import pytest
from ethereum.forks.osaka.fork_types import Account as SpecAccount
from ethereum.forks.osaka.fork_types import encode_account
from ethereum_types.bytes import Bytes
from ethereum_types.numeric import U256, Uint
from hypothesis import given
from hypothesis import strategies as st

from tests.proofs.execution.samples import ADDRESSES, HASHES, header, proven, sealed, uints
from tests.proofs.execution.tries import ProvingTrie
from walkaway.errors import Elsewhere, ProofError
from walkaway.limits import LIMITS
from walkaway.proofs import Claim, Finality, Proven
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.accounts import (
    Account,
    StateProof,
    prove_account,
    prove_code,
    prove_slot,
    state_proof_from_json,
)
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.trie import EMPTY_ROOT

ADDRESS, OTHER = b"\x0a" * 20, b"\x0b" * 20
KEY, ABSENT_KEY = bytes(32), b"\1" * 32
CODE = b"\x60\x00"

STORAGE = ProvingTrie({keccak256(KEY): rlp.encode(1234), keccak256(b"\2" * 32): rlp.encode(5)})
ACCOUNT = Account(3, 10**18, STORAGE.root, keccak256(CODE))
STATE = ProvingTrie(
    {keccak256(ADDRESS): ACCOUNT.encode(), keccak256(b"\x0c" * 20): Account(1, 2).encode()}
)
HEADER = header(state_root=STATE.root)


def state(finality: Finality = Finality.OPTIMISTIC) -> Proven[Header]:
    return proven(HEADER, finality)


def account(address: bytes = ADDRESS) -> Proven[Account | None]:
    return prove_account(state(), address, STATE.proof(keccak256(address)))


@given(uints(64), uints(256), HASHES)
def test_the_leaf_is_the_specifications(nonce: int, balance: int, storage_root: bytes) -> None:
    theirs = SpecAccount(Uint(nonce), U256(balance), Bytes(CODE))
    ours = Account(nonce, balance, storage_root, keccak256(CODE))
    assert ours.encode() == encode_account(theirs, storage_root)


@given(st.dictionaries(ADDRESSES, st.builds(Account, uints(64), uints(256)), max_size=6), ADDRESSES)
def test_every_account_is_proven_or_proven_absent(
    accounts: dict[bytes, Account], other: bytes
) -> None:
    trie = ProvingTrie({keccak256(a): account.encode() for a, account in accounts.items()})
    under = proven(header(state_root=trie.root))
    for address in (*accounts, other):
        found = prove_account(under, address, trie.proof(keccak256(address)))
        assert found.value == accounts.get(address)


@pytest.mark.parametrize("finality", Finality)
def test_an_account_says_what_it_is(finality: Finality) -> None:
    found = prove_account(state(finality), ADDRESS, STATE.proof(keccak256(ADDRESS)))
    assert found.value == ACCOUNT
    assert found.claim == Claim(31337, HEADER.hash, ("account", ADDRESS), finality)
    assert found.because.because == (state(finality).because,)


def test_a_proof_for_one_address_is_none_for_another() -> None:
    with pytest.raises(ProofError):
        prove_account(state(), OTHER, STATE.proof(keccak256(ADDRESS)))


def test_a_proof_in_another_state_is_elsewhere() -> None:
    with pytest.raises(Elsewhere):
        prove_account(proven(header()), ADDRESS, STATE.proof(keccak256(ADDRESS)))


@pytest.mark.parametrize(
    "leaf",
    [
        b"\1",
        rlp.encode([3, 10**18, STORAGE.root]),
        rlp.encode([3, 10**18, STORAGE.root, keccak256(CODE), 1]),
        rlp.encode([2**64, 1, STORAGE.root, keccak256(CODE)]),
        rlp.encode([1, 2**256, STORAGE.root, keccak256(CODE)]),
        rlp.encode([1, 2, STORAGE.root[1:], keccak256(CODE)]),
    ],
)
def test_a_leaf_that_is_no_account_is_refused(leaf: bytes) -> None:
    trie = ProvingTrie({keccak256(ADDRESS): leaf})
    under = proven(header(state_root=trie.root))
    with pytest.raises(ProofError):
        prove_account(under, ADDRESS, trie.proof(keccak256(ADDRESS)))


def test_a_slot_is_its_value_or_zero() -> None:
    found = prove_slot(account(), KEY, STORAGE.proof(keccak256(KEY)))
    assert found.value == 1234
    assert found.claim == Claim(31337, HEADER.hash, ("slot", ADDRESS, KEY), Finality.OPTIMISTIC)
    absent = prove_slot(account(), ABSENT_KEY, STORAGE.proof(keccak256(ABSENT_KEY)))
    assert absent.value == 0


@pytest.mark.parametrize("nodes", [[], [b"\x80"]], ids=["no node", "the empty node"])
def test_a_slot_of_no_storage_and_of_no_account_is_zero(nodes: list[bytes]) -> None:
    for address in (OTHER, b"\x0c" * 20):
        assert prove_slot(account(address), KEY, nodes).value == 0


def test_a_slot_is_not_zero_for_want_of_a_proof() -> None:
    with pytest.raises(ProofError):
        prove_slot(account(), ABSENT_KEY, [])
    with pytest.raises(Elsewhere):
        prove_slot(account(OTHER), KEY, STORAGE.proof(keccak256(KEY)))


@pytest.mark.parametrize("leaf", [b"\0", rlp.encode(2**256), b"\xc0", b"\x81"])
def test_a_leaf_that_is_no_number_is_refused(leaf: bytes) -> None:
    trie = ProvingTrie({keccak256(KEY): leaf})
    under = sealed(Account(1, 1, trie.root), "account", ADDRESS)
    with pytest.raises(ProofError):
        prove_slot(under, KEY, trie.proof(keccak256(KEY)))


def test_code_hashes_to_the_code_hash() -> None:
    found = prove_code(account(), CODE)
    assert found.value == CODE
    assert found.claim.subject == ("code", ADDRESS)
    assert prove_code(account(OTHER), b"").value == b""
    for address, code in ((ADDRESS, b""), (ADDRESS, CODE + b"\0"), (OTHER, CODE)):
        with pytest.raises(ProofError, match="hash"):
            prove_code(account(address), code)
    with pytest.raises(ProofError, match="limit"):
        prove_code(account(), bytes(LIMITS.code_bytes + 1))


def test_state_is_proven_under_the_right_kind_of_thing() -> None:
    with pytest.raises(ProofError, match="under a header"):
        prove_account(sealed(HEADER, "block"), ADDRESS, STATE.proof(keccak256(ADDRESS)))
    for prove in (lambda a: prove_slot(a, KEY, []), lambda a: prove_code(a, b"")):
        with pytest.raises(ProofError, match="under an account"):
            prove(sealed(Account(0, 0, EMPTY_ROOT), "balance", ADDRESS))


def test_an_answer_to_get_proof_is_read() -> None:
    answer = {
        "address": "ignored",
        "balance": "ignored",
        "accountProof": ["0x01", "0x0203"],
        "storageProof": [
            {"key": "0x0", "value": "ignored", "proof": ["0x80"]},
            {"key": "0x" + "01" * 32, "proof": None},
        ],
    }
    assert state_proof_from_json(answer) == StateProof(
        (b"\1", b"\2\3"), {KEY: (b"\x80",), ABSENT_KEY: ()}
    )
    for none in ({}, {"accountProof": None, "storageProof": None}):
        assert state_proof_from_json(none) == StateProof((), {})


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {"accountProof": {}},
        {"accountProof": ["0x1"]},
        {"accountProof": [1]},
        {"accountProof": ["0x"] * (LIMITS.trie_nodes + 1)},
        {"storageProof": {"a": 1}},
        {"storageProof": [1]},
        {"storageProof": [{}]},
        {"storageProof": [{"key": "0x1" + "0" * 64}]},
        {"storageProof": [{"key": "0x0", "proof": "0x"}]},
        {"storageProof": [{"key": "0x0"}] * (LIMITS.proof_slots + 1)},
    ],
    ids=lambda answer: str(answer)[:40],
)
def test_a_malformed_answer_is_a_proof_error(answer: object) -> None:
    with pytest.raises(ProofError):
        state_proof_from_json(answer)
