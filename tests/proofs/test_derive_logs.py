"""Logs of blocks and of lines of blocks: complete, or not derived at all."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.proofs.execution.recordings import MAINNET, given
from tests.proofs.execution.samples import header, proven, sealed
from tests.proofs.test_derive import CALL, CREATION
from tests.vectors import vectors
from walkaway.errors import ProofError
from walkaway.proofs import Finality, Proven, derive_logs
from walkaway.proofs._seal import seal
from walkaway.proofs.derive_logs import BlockLogs, logs_subject
from walkaway.proofs.execution.blocks import (
    Block,
    BlockBody,
    prove_block,
    prove_receipts,
    receipts_from_json,
)
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.log_filter import LogFilter
from walkaway.proofs.execution.ordered_trie import ordered_root
from walkaway.proofs.execution.receipts import Log, Receipt, logs_bloom

ONE, OTHER, NOBODY = b"\x0a" * 20, b"\x0b" * 20, b"\x0c" * 20
A = b"\1" * 32
FIRST, SECOND, THIRD = Log(ONE, (A,), b"\1"), Log(OTHER, (), b""), Log(ONE, (), b"\3")
RECEIPTS = (Receipt(2, True, 21_000, (FIRST, SECOND)), Receipt(2, True, 60_000, (THIRD,)))
TRANSACTIONS = (CALL, CREATION)
OF_ONE = LogFilter(frozenset({ONE}))
OF_NOBODY = LogFilter(frozenset({NOBODY}))


def child(parent: Header | None, receipts: tuple[Receipt, ...] = RECEIPTS) -> Header:
    transactions = TRANSACTIONS[: len(receipts)]
    return header(
        6,
        number=7 if parent is None else parent.number + 1,
        parent_hash=bytes(32) if parent is None else parent.hash,
        transactions_root=ordered_root([t.encode() for t in transactions]),
        receipts_root=ordered_root([r.encode() for r in receipts]),
        logs_bloom=logs_bloom([log for r in receipts for log in r.logs]),
        withdrawals_root=ordered_root([]),
    )


def whole(
    under: Proven[Header], receipts: tuple[Receipt, ...] = RECEIPTS
) -> tuple[Proven[Block], Proven[tuple[Receipt, ...]]]:
    block = prove_block(under, BlockBody(TRANSACTIONS[: len(receipts)], ()))
    return block, prove_receipts(under, receipts)


def part(
    value: Header, wanted: LogFilter, finality: Finality = Finality.OPTIMISTIC
) -> Proven[BlockLogs]:
    return derive_logs.logs(*whole(proven(value, finality)), wanted)


def test_logs_stand_where_they_stand() -> None:
    under = proven(child(None))
    found = derive_logs.logs(*whole(under), OF_ONE)
    assert found.claim.subject == logs_subject(OF_ONE) == ("logs", OF_ONE.digest)
    assert found.claim.block_hash == under.value.hash
    assert found.value.header == under.value
    first, third = found.value.logs
    assert (first.log, first.index, first.transaction_index) == (FIRST, 0, 0)
    assert (third.log, third.index, third.transaction_index) == (THIRD, 2, 1)
    assert (first.transaction_hash, third.transaction_hash) == (CALL.hash, CREATION.hash)
    assert len(derive_logs.logs(*whole(under), LogFilter()).value.logs) == 3


def test_logs_are_of_one_block() -> None:
    value = child(None)
    block, _ = whole(proven(value))
    _, elsewhere = whole(proven(child(value)))
    with pytest.raises(ProofError, match="not those of the block"):
        derive_logs.logs(block, elsewhere, OF_ONE)
    with pytest.raises(ProofError, match="derived from a block"):
        derive_logs.logs(sealed(block.value, "header"), elsewhere, OF_ONE)
    _, bare = whole(proven(value))
    other_kind = tuple(replace(receipt, type=1) for receipt in RECEIPTS)
    forged = seal(other_kind, bare.claim, bare.because)
    with pytest.raises(ProofError, match="do not match"):
        derive_logs.logs(block, forged, OF_ONE)


def test_a_bloom_filter_excludes() -> None:
    under = proven(child(None))
    none = derive_logs.no_logs_by_bloom(under, OF_NOBODY)
    assert none.value == BlockLogs(under.value, ())
    assert none.claim.subject == logs_subject(OF_NOBODY)
    assert none.because.because == (under.because,)
    with pytest.raises(ProofError, match="does not exclude"):
        derive_logs.no_logs_by_bloom(under, OF_ONE)
    with pytest.raises(ProofError, match="is a header's"):
        derive_logs.no_logs_by_bloom(sealed(under.value, "head"), OF_NOBODY)


def test_receipts_exclude() -> None:
    under = proven(child(None))
    _, bare = whole(under)
    of_both = LogFilter(frozenset({OTHER}), (frozenset({A}),))
    assert of_both.may_match(under.value.logs_bloom)
    none = derive_logs.no_logs_in_receipts(under, bare, of_both)
    assert none.value.logs == ()
    assert none.claim.subject == logs_subject(of_both)
    with pytest.raises(ProofError, match="hold logs"):
        derive_logs.no_logs_in_receipts(under, bare, OF_ONE)
    with pytest.raises(ProofError, match="not those of the block"):
        derive_logs.no_logs_in_receipts(proven(child(under.value)), bare, of_both)
    with pytest.raises(ProofError, match="derived from a header"):
        derive_logs.no_logs_in_receipts(sealed(under.value, "head"), bare, of_both)


def test_a_line_is_whole_and_as_firm_as_its_least_firm_block() -> None:
    first = child(None)
    second = child(first)
    third = child(second, ())
    parts = [
        part(first, OF_ONE, Finality.FINALIZED),
        part(second, OF_ONE, Finality.FINALIZED),
        derive_logs.no_logs_by_bloom(proven(third, Finality.OPTIMISTIC), OF_ONE),
    ]
    found = derive_logs.logs_in_line(parts, OF_ONE)
    assert [(log.header.number, log.index) for log in found.value] == [
        (7, 0),
        (7, 2),
        (8, 0),
        (8, 2),
    ]
    assert found.claim.subject == logs_subject(OF_ONE, (7, 9)) == ("logs", OF_ONE.digest, 7, 9)
    assert found.claim.block_hash == third.hash
    assert found.claim.finality is Finality.OPTIMISTIC
    assert derive_logs.logs_in_line(parts[:2], OF_ONE).claim.finality is Finality.FINALIZED
    mixed = [part(first, OF_ONE, Finality.GIVEN), part(second, OF_ONE, Finality.FINALIZED)]
    assert derive_logs.logs_in_line(mixed, OF_ONE).claim.finality is Finality.GIVEN
    alone = derive_logs.logs_in_line(parts[:1], OF_ONE)
    assert alone.because.because == (parts[0].because,)


def test_the_evidence_of_a_line_holds_its_ends_and_its_logs_and_counts_the_rest() -> None:
    line = [child(None, ())]
    for index in range(1, 7):
        line.append(child(line[-1], RECEIPTS if index == 3 else ()))
    parts = [
        part(header, OF_ONE)
        if index == 3
        else derive_logs.no_logs_by_bloom(proven(header, Finality.FINALIZED), OF_ONE)
        for index, header in enumerate(line)
    ]
    evidence = derive_logs.logs_in_line(parts, OF_ONE).because
    assert evidence.because == (parts[6].because, parts[3].because, parts[0].because)
    facts = dict(evidence.facts)
    assert facts["logs"] == dict(parts[3].because.facts)["logs"] == 2
    assert facts["blocks_without_logs_not_shown"] == 4


def test_a_line_has_no_gap_and_no_stranger() -> None:
    first = child(None)
    second = child(first)
    third = child(second)
    one, two, three = (part(value, OF_ONE) for value in (first, second, third))
    for broken in ([one, three], [two, one], [one, one], [one, two, two]):
        with pytest.raises(ProofError, match="are no line"):
            derive_logs.logs_in_line(broken, OF_ONE)
    with pytest.raises(ProofError, match="no blocks"):
        derive_logs.logs_in_line([], OF_ONE)
    with pytest.raises(ProofError, match="another question's"):
        derive_logs.logs_in_line([part(first, OF_NOBODY), two], OF_ONE)
    with pytest.raises(ProofError, match="another question's"):
        derive_logs.logs_in_line([one, two], OF_NOBODY)


def test_the_recorded_block_with_202_receipts() -> None:
    folder = vectors("execution/mainnet-21925176")
    under = given(MAINNET, json.loads((folder / "block.json").read_text()))
    recorded = json.loads((folder / "receipts.json").read_text())
    (expected,) = json.loads((folder / "logs.json").read_text())
    bare = prove_receipts(under, receipts_from_json(recorded))
    address = bytes.fromhex(expected["address"][2:])
    wanted = LogFilter(
        frozenset({address}), (frozenset({bytes.fromhex(expected["topics"][0][2:])}),)
    )
    assert wanted.may_match(under.value.logs_bloom)
    matching = [log for receipt in bare.value for log in receipt.logs if wanted.matches(log)]
    assert [log.data for log in matching] == [bytes.fromhex(expected["data"][2:])]
    with pytest.raises(ProofError, match="hold logs"):
        derive_logs.no_logs_in_receipts(under, bare, wanted)
    every = [log for receipt in bare.value for log in receipt.logs]
    assert len(every) == sum(len(receipt["logs"]) for receipt in recorded) == 463
    for log in every[::25]:
        assert LogFilter(
            frozenset({log.address}), tuple(frozenset({t}) for t in log.topics)
        ).may_match(under.value.logs_bloom)
    dropped = [r if i != 39 else replace(r, logs=()) for i, r in enumerate(bare.value)]
    with pytest.raises(ProofError, match="receipts root"):
        prove_receipts(under, dropped)
