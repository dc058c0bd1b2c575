"""Ancestry: from a head or a given hash back through parents and the history contract."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from ethereum.forks.prague.fork import HISTORY_STORAGE_ADDRESS

from tests.proofs.execution.samples import CHAIN_ID, header, proven, sealed
from walkaway.errors import ProofError
from walkaway.proofs import Claim, Evidence, Finality, Proven
from walkaway.proofs._seal import seal
from walkaway.proofs.execution.ancestry import (
    HISTORY_ADDRESS,
    HISTORY_WINDOW,
    header_from_child,
    header_from_given_hash,
    header_from_head,
    header_from_history,
    header_from_kept,
    history_slot_key,
)
from walkaway.proofs.execution.header import Header


def chain(length: int, first: int = 100) -> list[Header]:
    """Headers in order, each the parent of the next."""
    headers = [header(number=first)]
    while len(headers) < length:
        headers.append(header(number=first + len(headers), parent_hash=headers[-1].hash))
    return headers


def test_a_heads_header_hashes_to_the_heads_hash() -> None:
    head = sealed("beacon", "head", block_hash=header().hash)
    found = header_from_head(head, header())
    assert found.value == header()
    assert found.claim == Claim(CHAIN_ID, header().hash, ("header",), Finality.OPTIMISTIC)
    assert found.because.because == (head.because,)
    with pytest.raises(ProofError, match="hash to its name"):
        header_from_head(head, header(gas_used=1))


@pytest.mark.parametrize(
    "head", [sealed(1, "header"), sealed(1, "head", 1), sealed(1, "head", block_hash=None)]
)
def test_only_a_head_is_a_head(head: Proven[int]) -> None:
    with pytest.raises(ProofError, match="under a head"):
        header_from_head(head, header())


def test_a_given_hash_is_an_anchor() -> None:
    found = header_from_given_hash(CHAIN_ID, header().hash, header())
    assert found.claim == Claim(CHAIN_ID, header().hash, ("header",), Finality.GIVEN)
    assert [a.rule for a in found.because.anchors()] == ["block hash given by the caller"]
    with pytest.raises(ProofError, match="hash to its name"):
        header_from_given_hash(CHAIN_ID, b"\1" * 32, header())


@pytest.mark.parametrize("finality", Finality)
def test_a_parent_is_as_final_as_its_child(finality: Finality) -> None:
    parent, child = chain(2)
    found = header_from_child(proven(child, finality), parent)
    assert found.value == parent
    assert found.claim == Claim(CHAIN_ID, parent.hash, ("header",), finality)


def test_a_long_walk_leaves_one_step_of_evidence() -> None:
    headers = chain(300)
    tip = found = proven(headers[-1])
    for parent in reversed(headers[:-1]):
        found = header_from_child(found, parent)
    assert found.value == headers[0]
    assert found.because.because == (tip.because,)
    assert dict(found.because.facts) == {
        "from_number": headers[-1].number,
        "number": headers[0].number,
        "block_hash": headers[0].hash,
    }


def test_what_is_not_the_parent_is_refused() -> None:
    grandparent, parent, child = chain(3)
    for wrong in (grandparent, child, replace(parent, gas_used=1)):
        with pytest.raises(ProofError, match="hash to its name"):
            header_from_child(proven(child), wrong)
    with pytest.raises(ProofError, match="under a header"):
        header_from_child(sealed(child, "block"), parent)


def test_a_parents_number_precedes_its_childs() -> None:
    parent = header(number=100)
    child = header(number=102, parent_hash=parent.hash)
    with pytest.raises(ProofError, match="number"):
        header_from_child(proven(child), parent)


HEAD = header(number=20_000)


def slot_of(
    ancestor: Header, *, address: bytes = HISTORY_ADDRESS, key: bytes | None = None
) -> Proven[int]:
    """The history contract's slot for an ancestor, in the state after `HEAD`."""
    subject = ("slot", address, history_slot_key(ancestor.number) if key is None else key)
    claim = Claim(CHAIN_ID, HEAD.hash, subject, Finality.GIVEN)
    return seal(int.from_bytes(ancestor.hash, "big"), claim, Evidence("made for a test"))


def test_the_contract_is_the_specifications() -> None:
    assert HISTORY_ADDRESS == HISTORY_STORAGE_ADDRESS


@pytest.mark.parametrize("number", [HEAD.number - 1, HEAD.number - HISTORY_WINDOW])
def test_the_history_contract_proves_an_ancestor(number: int) -> None:
    ancestor = header(number=number)
    slot = slot_of(ancestor)
    found = header_from_history(proven(HEAD), slot, ancestor)
    assert found.value == ancestor
    assert found.claim == Claim(CHAIN_ID, ancestor.hash, ("header",), Finality.GIVEN)
    assert found.because.because == (slot.because,)


@pytest.mark.parametrize("number", [HEAD.number, HEAD.number + 1, HEAD.number - HISTORY_WINDOW - 1])
def test_the_history_contract_has_a_window(number: int) -> None:
    with pytest.raises(ProofError, match="does not reach"):
        header_from_history(proven(HEAD), slot_of(header(number=number)), header(number=number))


def test_another_slot_or_another_header_is_refused() -> None:
    ancestor = header(number=19_999)
    good = slot_of(ancestor)
    claims = [
        replace(good.claim, chain_id=1),
        replace(good.claim, block_hash=b"\1" * 32),
        replace(good.claim, finality=Finality.FINALIZED),
    ]
    slots = [seal(good.value, claim, good.because) for claim in claims]
    slots += [slot_of(ancestor, address=b"\1" * 20), slot_of(ancestor, key=history_slot_key(1))]
    for slot in slots:
        with pytest.raises(ProofError, match="not the history contract's"):
            header_from_history(proven(HEAD), slot, ancestor)
    with pytest.raises(ProofError, match="hash to its name"):
        header_from_history(proven(HEAD), good, replace(ancestor, gas_used=1))
    with pytest.raises(ProofError, match="under a header"):
        header_from_history(sealed(HEAD, "block"), good, ancestor)


def test_an_empty_slot_proves_nothing() -> None:
    ancestor = header(number=19_999)
    good = slot_of(ancestor)
    with pytest.raises(ProofError, match="hash to its name"):
        header_from_history(proven(HEAD), seal(0, good.claim, good.because), ancestor)


def test_slot_keys_go_round_the_ring() -> None:
    keys = [history_slot_key(number) for number in range(HISTORY_WINDOW + 1)]
    assert keys[0] == keys[-1] == bytes(32)
    assert all(left != right for left, right in pairwise(keys))


def test_a_kept_block_stands_on_the_word_of_an_earlier_run() -> None:
    kept = header_from_kept(CHAIN_ID, HEAD.number, HEAD.hash, HEAD)
    assert kept.claim == Claim(CHAIN_ID, HEAD.hash, ("header",), Finality.FINALIZED)
    (anchor,) = kept.because.anchors()
    assert anchor.rule.startswith("kept: proven final")
    assert anchor.facts == (("number", HEAD.number), ("block_hash", HEAD.hash))
    with pytest.raises(ProofError, match="hash to its name"):
        header_from_kept(CHAIN_ID, HEAD.number, bytes(32), HEAD)
    with pytest.raises(ProofError, match="another number"):
        header_from_kept(CHAIN_ID, HEAD.number + 1, HEAD.hash, HEAD)
