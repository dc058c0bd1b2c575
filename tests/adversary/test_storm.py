"""A storm of questions against five sources, of which one is honest and well.

Every answer that is given is right; the liar ends in quarantine, its lies on
disk; and nothing is left running.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sources.stand import EXECUTION, HandClock, check, honest, lying, question, secret_of
from walkaway.errors import Unproven
from walkaway.limits import LIMITS
from walkaway.sources.evidence import EvidenceStore
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, Request
from walkaway.sources.source import Source
from walkaway.sources.standing import SourceState
from walkaway.sources.transports.simulated import (
    Behaviour,
    Fault,
    SimulatedTransport,
    answering,
)

pytestmark = pytest.mark.adversary

QUESTIONS = 3000
LIMITS_OF_THE_STORM = replace(
    LIMITS, request_seconds=1.0, hedge_first_seconds=0.02, hedge_least_seconds=0.01
)


def lie(request: Request, answer: Answer) -> Answer:
    return replace(answer, body=lying(request))


BEHAVIOURS = {
    "honest": Behaviour(),
    "slow": Behaviour(Fault.SLOW, delay=0.05),
    "hanging": Behaviour(Fault.HANG),
    "lying": Behaviour(Fault.LIE, lie=lie),
    "failing": Behaviour(Fault.SERVER_ERROR, share=0.5),
}


def sources() -> dict[str, SimulatedTransport]:
    return {
        name: SimulatedTransport(answering(name, honest), behaviour, seed=7)
        for name, behaviour in BEHAVIOURS.items()
    }


def storm(transports: dict[str, SimulatedTransport], evidence: EvidenceStore, seed: int) -> Pool:
    return Pool(
        [Source(name, name, EXECUTION, transport) for name, transport in transports.items()],
        clock=HandClock(),
        evidence=evidence,
        seed=seed,
        limits=LIMITS_OF_THE_STORM,
    )


async def ask(pool: Pool, number: int) -> bytes:
    request = question(number)
    return await pool.first_proven(request, check(request))


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_storm_gets_every_answer_right_and_the_liar_into_quarantine(
    seed: int, tmp_path: Path
) -> None:
    evidence = EvidenceStore(tmp_path, limits=LIMITS_OF_THE_STORM)
    transports = sources()
    async with storm(transports, evidence, seed) as pool:
        answers = await asyncio.gather(*(ask(pool, n) for n in range(QUESTIONS)))
        assert answers == [secret_of(n) for n in range(QUESTIONS)]
        standing = {status.name: status for status in pool.status()}
    assert standing["lying"].state is SourceState.QUARANTINED
    assert [name for name, status in standing.items() if status.lies] == ["lying"]
    assert all(status.in_flight == 0 for status in standing.values())
    kept = [json.loads(path.read_text()) for path in evidence.files()]
    assert 1 <= len(kept) <= LIMITS_OF_THE_STORM.evidence_files
    assert {lie["source"] for lie in kept} == {"lying"}
    assert asyncio.all_tasks() == {asyncio.current_task()}
    asked = sum(transport.asked for transport in transports.values())
    assert asked < 2 * QUESTIONS


async def test_a_storm_of_batches_gets_every_answer_right(tmp_path: Path) -> None:
    async with storm(sources(), EvidenceStore(tmp_path), 3) as pool:
        for first in range(0, 600, 200):
            questions = [question(n) for n in range(first, first + 200)]
            proved = await pool.prove_many([(each, check(each)) for each in questions])
            assert proved == [secret_of(n) for n in range(first, first + 200)]
        lies = {status.name: status.lies for status in pool.status()}
    assert lies.pop("lying") >= 1
    assert not any(lies.values())


async def test_without_the_honest_source_no_answer_is_wrong(tmp_path: Path) -> None:
    transports = sources()
    for name in ("honest", "slow"):
        del transports[name]
    async with storm(transports, EvidenceStore(tmp_path), 4) as pool:
        answers = await asyncio.gather(*(ask(pool, n) for n in range(300)), return_exceptions=True)
    right = [n for n, answer in enumerate(answers) if answer == secret_of(n)]
    refused = [n for n, answer in enumerate(answers) if isinstance(answer, Unproven)]
    assert len(right) + len(refused) == 300
    assert right


async def test_liars_alone_are_believed_in_nothing(tmp_path: Path) -> None:
    transports = {
        name: SimulatedTransport(answering(name, honest), BEHAVIOURS["lying"]) for name in "abc"
    }
    async with storm(transports, EvidenceStore(tmp_path), 5) as pool:
        answers = await asyncio.gather(*(ask(pool, n) for n in range(200)), return_exceptions=True)
    assert all(isinstance(answer, Unproven) for answer in answers)


@pytest.mark.parametrize(
    "fault", [Fault.REFUSE, Fault.SERVER_ERROR, Fault.TRUNCATED, Fault.GARBAGE, Fault.LIE]
)
async def test_each_fault_alone_beside_an_honest_source(fault: Fault, tmp_path: Path) -> None:
    broken = SimulatedTransport(answering("broken", honest), Behaviour(fault, lie=lie), seed=9)
    good = SimulatedTransport(answering("good", honest))
    async with storm({"broken": broken, "good": good}, EvidenceStore(tmp_path), 6) as pool:
        answers = await asyncio.gather(*(ask(pool, n) for n in range(300)))
        assert answers == [secret_of(n) for n in range(300)]
        assert pool.status()[1].lies == pool.status()[1].errors == 0
