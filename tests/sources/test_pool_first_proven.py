"""The first way to ask: falling over, hedging, the last resort, and what each fault costs."""

from __future__ import annotations

import asyncio
import json
import stat
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sources.stand import (
    HandClock,
    check,
    hanging,
    honest,
    lying,
    question,
    script,
    secret_of,
    source,
)
from walkaway.errors import (
    ConfigError,
    Elsewhere,
    NotKnown,
    SourceBusy,
    SourceFault,
    SourceLacks,
    Unproven,
    Unsupported,
)
from walkaway.limits import LIMITS, Limits
from walkaway.sources.evidence import EvidenceStore
from walkaway.sources.pool import Pool
from walkaway.sources.recording import in_words
from walkaway.sources.request import Answer, BeaconRequest, Request, RpcRequest
from walkaway.sources.source import Source
from walkaway.sources.standing import SourceState
from walkaway.sources.word import Word

QUICK = replace(
    LIMITS,
    request_seconds=0.2,
    hedge_first_seconds=0.01,
    hedge_least_seconds=0.005,
    retry_pause_seconds=0.0,
    explore_share=0.0,
)
ASK = question(1)


def pool_of(
    *sources: Source,
    clock: HandClock | None = None,
    evidence: EvidenceStore | None = None,
    limits: Limits = QUICK,
) -> Pool:
    clock = clock or HandClock()
    return Pool(sources, clock=clock, timer=clock, evidence=evidence, seed=1, limits=limits)


def state(pool: Pool, name: str) -> SourceState:
    return next(status.state for status in pool.status() if status.name == name)


async def ask(pool: Pool, request: RpcRequest = ASK) -> bytes:
    return await pool.first_proven(request, check(request))


async def test_a_proof_is_handed_on() -> None:
    async with pool_of(source("a", honest)) as pool:
        assert await ask(pool) == secret_of(1)
        assert pool.status()[0].answers == 1


FAULTS: list[object] = [
    SourceFault("connection refused"), None, 7, "zz", [], {"a": 1}, "", Unsupported("no"),
    ValueError("bug"), RecursionError(), UnicodeDecodeError("utf-8", b"", 0, 1, "x"),
]  # fmt: skip


@pytest.mark.parametrize("said", FAULTS, ids=repr)
async def test_any_fault_falls_over_to_another_source(said: object) -> None:
    pool = pool_of(source("bad", lambda _: said), source("good", honest))
    async with pool:
        for _ in range(4):
            assert await ask(pool) == secret_of(1)


@pytest.mark.parametrize("said", FAULTS, ids=repr)
async def test_alone_every_fault_is_a_refusal_with_its_reason(said: object) -> None:
    async with pool_of(source("bad", lambda _: said)) as pool:
        with pytest.raises(Unproven) as caught:
            await ask(pool)
        assert list(caught.value.reasons) == ["bad"]
        assert caught.value.reasons["bad"]


async def test_no_source_of_the_kind_is_said_so() -> None:
    async with pool_of(source("a", honest)) as pool:
        with pytest.raises(Unproven, match="no source is configured"):
            await pool.first_proven(BeaconRequest("/eth/v1/beacon/genesis"), lambda a: a)


def test_two_sources_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="same name"):
        pool_of(source("a", honest), source("a", lying))


async def test_it_says_which_question_nobody_could_prove() -> None:
    with pytest.raises(Unproven) as caught:
        await ask(pool_of(source("a", lying)))
    assert caught.value.summary == f"no source could supply a proof for {in_words(ASK)}"


async def test_a_lie_is_quarantined_for_a_time_that_grows_and_kept_as_evidence(
    tmp_path: Path,
) -> None:
    clock = HandClock()
    liar = source("liar", lambda r: Answer("liar", lying(r), content=b"I am s3cret-key"))
    evidence = EvidenceStore(tmp_path / "lies")
    pool = pool_of(liar, clock=clock, evidence=evidence)
    for term in (60, 120, 240):
        with pytest.raises(Unproven, match="liar: lied: not the preimage"):
            await ask(pool)
        assert pool.status()[0].quarantined_until == clock.now() + term
        clock.seconds += term - 1
        assert state(pool, "liar") is SourceState.QUARANTINED
        clock.seconds += 1
        assert state(pool, "liar") is SourceState.IN_USE
    await pool.close()
    assert len(evidence.files()) == 3
    kept = json.loads(evidence.files()[0].read_text())
    assert kept["source"] == "liar"
    assert kept["commitment"] == "digest"
    assert kept["asked"]["params"] == list(ASK.params)
    assert kept["answered"]["content"] == "I am (redacted)"
    assert stat.S_IMODE(evidence.files()[0].stat().st_mode) == 0o600


async def test_the_term_is_bounded() -> None:
    clock = HandClock()
    pool = pool_of(source("liar", lying), clock=clock)
    for _ in range(20):
        with pytest.raises(Unproven):
            await ask(pool)
        until = pool.status()[0].quarantined_until
        assert until is not None
        assert until - clock.now() <= QUICK.quarantine_longest_seconds
        clock.seconds = until
    await pool.close()


async def test_lies_told_at_once_are_one_offence() -> None:
    clock = HandClock()
    async with pool_of(source("liar", lying), clock=clock) as pool:
        await asyncio.gather(*(ask(pool) for _ in range(9)), return_exceptions=True)
        status = pool.status()[0]
        assert status.lies == 9
        assert status.quarantined_until == clock.now() + 60


@pytest.mark.parametrize(("by_hash", "lies"), [(False, 0), (True, 1)])
async def test_elsewhere_is_a_lie_only_where_a_hash_was_named(by_hash: bool, lies: int) -> None:
    def verify(answer: Answer) -> bytes:
        raise Elsewhere("a proof of another root", commitment="state root")

    async with pool_of(source("a", honest)) as pool:
        with pytest.raises(Unproven, match="another root"):
            await pool.first_proven(question(1, by_hash=by_hash), verify)
        status = pool.status()[0]
        assert (status.lies, status.errors) == (lies, 0)


async def test_a_fault_is_asked_again_within_the_budget() -> None:
    tries: list[int] = []

    def verify(answer: Answer) -> bytes:
        tries.append(1)
        if len(tries) == 1:
            raise SourceFault("cut short")
        return check(ASK)(answer)

    async with pool_of(source("a", honest)) as pool:
        assert await pool.first_proven(ASK, verify) == secret_of(1)
    tries.clear()
    async with pool_of(source("a", honest), limits=replace(QUICK, retry_budget=0.5)) as pool:
        with pytest.raises(Unproven):
            await pool.first_proven(ASK, verify)


@pytest.mark.parametrize(
    "honest_no", [Elsewhere("not there yet"), NotKnown(), SourceLacks("pruned")], ids=repr
)
async def test_an_honest_no_is_not_asked_again_at_once_and_is_no_error(
    honest_no: Exception,
) -> None:
    def verify(answer: Answer) -> bytes:
        raise honest_no

    slow = source("a", honest)
    async with pool_of(slow) as pool:
        with pytest.raises(Unproven):
            await pool.first_proven(ASK, verify)
        assert len(script(slow).asked) == 1
        status = pool.status()[0]
        assert (status.errors, status.error_share, status.lies) == (0, 0.0, 0)
        assert (status.state, status.last_reason) == (SourceState.IN_USE, "")


async def test_trouble_is_forgotten_once_the_source_answers() -> None:
    clock, said = HandClock(), [SourceFault("HTTP status 500")]
    flaky = source("a", lambda r: said[0] if said else honest(r))
    async with pool_of(flaky, clock=clock, limits=replace(QUICK, retry_budget=0.5)) as pool:
        with pytest.raises(Unproven):
            await ask(pool)
        assert pool.status()[0].last_reason == "HTTP status 500"
        said.clear()
        await ask(pool)
        assert pool.status()[0].last_reason == ""


async def test_a_wait_that_a_source_asked_for_is_told_until_it_is_over() -> None:
    clock, said = HandClock(), [SourceBusy("limits our rate", retry_after=60.0)]
    busy = source("a", lambda r: said[0] if said else honest(r))
    async with pool_of(busy, clock=clock) as pool:
        with pytest.raises(Unproven):
            await ask(pool)
        said.clear()
        await ask(pool)
        assert pool.status()[0].last_reason == "limits our rate"
        clock.seconds += 61
        await ask(pool)
        assert pool.status()[0].last_reason == ""


async def test_a_lie_is_told_as_long_as_it_is_served_for() -> None:
    clock, truths = HandClock(), [False]
    liar = source("a", lambda r: honest(r) if truths[0] else lying(r))
    async with pool_of(liar, clock=clock) as pool:
        with pytest.raises(Unproven):
            await ask(pool)
        truths[0] = True
        await ask(pool)
        assert "not the preimage" in pool.status()[0].last_reason
        clock.seconds += QUICK.quarantine_first_seconds
        await ask(pool)
        assert pool.status()[0].last_reason == ""


async def test_a_source_in_quarantine_has_no_say_in_what_is_not_known() -> None:
    lies = [True]
    liar = source("liar", lambda r: lying(r) if lies[0] else NotKnown())
    async with pool_of(liar) as pool:
        with pytest.raises(Unproven):
            await pool.known(ASK, check(ASK))
        lies[0] = False
        with pytest.raises(Unproven):
            await pool.known(ASK, check(ASK))
        assert script(liar).asked == [ASK, ASK]
    lies[0] = True
    async with pool_of(liar, source("honest", lambda _: NotKnown())) as pool:
        for _ in range(5):
            with suppress(Unproven):
                await pool.known(ASK, check(ASK))
        lies[0] = False
        word = await pool.known(ASK, check(ASK))
        assert isinstance(word, Word)
        assert (word.said_by, word.asked) == (("honest",), ("honest",))


async def test_the_last_resort_is_a_source_in_quarantine() -> None:
    truths = [False, True]
    reformed = source("reformed", lambda r: honest(r) if truths[0] else lying(r))
    async with pool_of(reformed) as pool:
        with pytest.raises(Unproven, match="lied"):
            await ask(pool)
        assert state(pool, "reformed") is SourceState.QUARANTINED
        truths[0] = True
        assert await ask(pool) == secret_of(1)


async def test_a_source_in_quarantine_is_not_asked_while_another_may_answer() -> None:
    liar, good = source("liar", lying), source("good", honest)
    async with pool_of(liar, good) as pool:
        script(good).say = lambda _: SourceFault("down")
        with pytest.raises(Unproven):
            await ask(pool)
        assert state(pool, "liar") is SourceState.QUARANTINED
        script(good).say = honest
        before = len(script(liar).asked)
        for _ in range(50):
            await ask(pool)
        assert len(script(liar).asked) == before


async def test_refusals_name_those_left_out() -> None:
    clock = HandClock()
    pool = pool_of(source("liar", lying), source("down", lambda _: SourceFault("x")), clock=clock)
    async with pool:
        with pytest.raises(Unproven):
            await ask(pool)
        with pytest.raises(Unproven) as caught:
            await pool.newest_proven(ASK, check(ASK), order=len)
        assert "lied" in caught.value.reasons["liar"]
        assert caught.value.reasons["down"] == "x"


async def test_a_hanging_source_is_overtaken_by_a_hedge_and_ranked_down() -> None:
    stuck, good = source("stuck", hanging), source("good", honest)
    limits = replace(QUICK, request_seconds=60)
    pool = Pool([stuck, good], clock=HandClock(), limits=limits, seed=1)
    for _ in range(30):
        assert await pool.first_proven(ASK, check(ASK), deadline=5) == secret_of(1)
    assert 1 <= len(script(stuck).asked) <= 3
    await pool.close()
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


async def test_a_hedge_costs_budget_and_falling_over_does_not() -> None:
    stuck, good = source("stuck", hanging), source("good", honest)
    limits = replace(QUICK, retry_budget=0.9, retry_budget_share=0.0)
    pool = Pool([stuck, good], clock=HandClock(), limits=limits, seed=1)
    for _ in range(3):
        assert await ask(pool) == secret_of(1)
    errors = next(s.errors for s in pool.status() if s.name == "stuck")
    assert errors == len(script(stuck).asked) >= 1
    await pool.close()


async def test_the_deadline_ends_everything() -> None:
    async with pool_of(source("stuck", hanging)) as pool:
        with pytest.raises(Unproven, match=r"stuck: no answer within 0\.02 s"):
            await pool.first_proven(ASK, check(ASK), deadline=0.02)


async def test_a_caller_that_leaves_leaves_nothing_behind() -> None:
    async with pool_of(source("stuck", hanging)) as pool:
        asking = asyncio.create_task(ask(pool))
        await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert pool.status()[0].in_flight == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_repeated_faults_rest_a_source_and_one_probe_wakes_it() -> None:
    clock = HandClock()
    flaky = source("flaky", lambda _: SourceFault("HTTP status 503"))
    good = source("good", honest)
    async with pool_of(flaky, good, clock=clock) as pool:
        script(good).say = lambda _: SourceFault("down")
        while state(pool, "flaky") is SourceState.IN_USE:
            with pytest.raises(Unproven):
                await ask(pool)
        script(good).say = honest
        assert state(pool, "flaky") is SourceState.RESTING
        asked = len(script(flaky).asked)
        await ask(pool)
        assert len(script(flaky).asked) == asked
        clock.seconds += QUICK.explore_after_seconds + QUICK.rest_first_seconds
        await ask(pool)
        assert len(script(flaky).asked) == asked + 1
        assert state(pool, "flaky") is SourceState.RESTING
        clock.seconds += QUICK.explore_after_seconds + 2 * QUICK.rest_first_seconds
        script(flaky).say = honest
        await ask(pool)
        assert len(script(flaky).asked) == asked + 2
        assert state(pool, "flaky") is SourceState.IN_USE


async def test_a_rate_limit_rests_a_source_without_a_fault() -> None:
    clock = HandClock()
    busy = source("busy", lambda _: SourceBusy("HTTP status 429", retry_after=30))
    async with pool_of(busy, clock=clock) as pool:
        with pytest.raises(Unproven, match="429"):
            await ask(pool)
        assert (state(pool, "busy"), pool.status()[0].errors) == (SourceState.RESTING, 0)
        clock.seconds += 30
        assert state(pool, "busy") is SourceState.IN_USE


async def test_forms_are_tried_in_order_and_what_is_lacking_is_remembered() -> None:
    clock = HandClock()

    def old(request: Request) -> object:
        if request.by_hash:
            return SourceLacks("does not take a block hash here", lasting=True)
        return honest(request)

    node = source("old", old)
    async with pool_of(node, clock=clock) as pool:
        questions = (question(1, by_hash=True), question(1))
        for _ in range(3):
            assert await pool.first_proven(questions, check(ASK)) == secret_of(1)
        assert [request.by_hash for request in script(node).asked] == [True, False, False, False]
        assert pool.status()[0].capabilities.lacks == ("preimage by block hash",)
        assert pool.status()[0].errors == 0
        with pytest.raises(Unproven, match="learned before"):
            await pool.first_proven(questions[0], check(ASK))
        clock.seconds += QUICK.capability_seconds
        await pool.first_proven(questions, check(ASK))
        assert script(node).asked[-2].by_hash


async def test_what_no_source_knows_is_their_word() -> None:
    unaware, down = source("unaware", lambda _: None), source("down", lambda _: SourceFault("x"))
    async with pool_of(unaware, down) as pool:
        word = await pool.known(ASK, check(ASK))
        assert isinstance(word, Word)
        assert (word.value, word.said_by) == (None, ("unaware",))
        assert set(word.asked) == {"unaware", "down"}
        assert str(word) == "1 of 2 sources say so"


async def test_a_proof_beats_any_number_of_words() -> None:
    unaware = [source(name, lambda _: None) for name in "abcde"]
    async with pool_of(*unaware, source("z", honest)) as pool:
        assert await pool.known(ASK, check(ASK)) == secret_of(1)


async def test_nobodys_word_is_a_refusal() -> None:
    async with pool_of(source("down", lambda _: SourceFault("x"))) as pool:
        with pytest.raises(Unproven):
            await pool.known(ASK, check(ASK))


async def test_not_known_is_no_fault_but_another_form_is_tried() -> None:
    def say(request: Request) -> object:
        return NotKnown() if request.by_hash else honest(request)

    async with pool_of(source("a", say)) as pool:
        forms = (question(1, by_hash=True), question(1))
        assert await pool.first_proven(forms, check(ASK)) == secret_of(1)


async def test_a_heavy_verifier_does_not_hold_the_loop() -> None:
    import threading

    async with pool_of(source("a", honest)) as pool:
        where = await pool.first_proven(ASK, lambda _: threading.current_thread(), heavy=True)
        assert where is not threading.current_thread()


async def test_keys_in_what_a_source_says_do_not_reach_a_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fault = SourceFault("bad request to https://rpc.example/v2/s3cret-key\x1b[31m\n" + "x" * 9999)
    async with pool_of(source("a", lambda _: fault)) as pool:
        with pytest.raises(Unproven) as caught:
            await ask(pool)
        texts = [str(caught.value), pool.status()[0].last_reason, caplog.text]
        assert not any("s3cret-key" in text or "\x1b" in text for text in texts)
        assert len(pool.status()[0].last_reason) <= QUICK.reason_characters


async def test_closing_closes_every_transport() -> None:
    sources = [source("a", honest), source("b", honest)]
    await pool_of(*sources).close()
    assert all(script(each).closed for each in sources)


async def test_waiting_for_a_busy_source_is_not_its_fault() -> None:
    limits = replace(QUICK, requests_per_source=1)
    async with pool_of(source("stuck", hanging), limits=limits) as pool:
        refusals = await asyncio.gather(ask(pool), ask(pool), return_exceptions=True)
        reasons = sorted(str(refusal) for refusal in refusals)
        assert "no answer within" in reasons[0]
        assert "too many questions" in reasons[1]
        assert pool.status()[0].in_flight == 0


async def test_evidence_that_cannot_be_written_is_said_and_harms_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    evidence = EvidenceStore(tmp_path)
    monkeypatch.setattr(Path, "replace", refuse)
    async with pool_of(source("liar", lying), source("good", honest), evidence=evidence) as pool:
        with pytest.raises(Unproven):
            await pool.first_proven(question(2), check(question(1)))
    assert "could not be kept: No space left on device" in caplog.text


async def test_who_was_outproved_is_at_fault_and_no_liar() -> None:
    async with pool_of(source("a", honest), source("b", honest)) as asked:
        asked.outproved("a", "does not prove what another one proved: " + "x" * 1000)
        asked.outproved("nobody", "is not there")
        statuses = {status.name: status for status in asked.status()}
    assert (statuses["a"].errors, statuses["b"].errors) == (1, 0)
    assert statuses["a"].lies == 0
    assert statuses["a"].last_reason.startswith("does not prove")
    assert len(statuses["a"].last_reason) == LIMITS.reason_characters


async def test_an_answer_that_nobody_judged_speaks_for_no_source_until_it_proves() -> None:
    async with pool_of(source("a", honest)) as pool:
        await pool.first_answer(question(1))
        (before,) = pool.status()
        assert (before.answers, before.in_flight) == (0, 0)
        pool.proved("a", question(1))
        (after,) = pool.status()
        assert after.answers == 1


async def test_nor_does_it_end_what_troubles_it() -> None:
    clock = HandClock()
    faulty = source("a", lambda _: SourceFault("broken"))
    async with pool_of(faulty, clock=clock) as pool:
        for _ in range(LIMITS.faults_in_a_row):
            with pytest.raises(Unproven):
                await ask(pool)
        script(faulty).say = honest
        clock.seconds += LIMITS.rest_first_seconds
        await pool.first_answer(question(1))
        assert pool.status()[0].last_reason == "broken"
        # It may be asked again, though: nobody waits for what was not looked at.
        await ask(pool)
        assert pool.status()[0].last_reason == ""


async def test_what_waits_for_a_thread_here_is_no_fault_of_whoever_answered() -> None:
    def verify(answer: Answer) -> bytes:
        time.sleep(0.3)
        return b"proved"

    limits = replace(QUICK, request_seconds=0.1, ask_seconds=5.0)
    async with pool_of(source("a", honest), limits=limits) as pool:
        assert await pool.first_proven(question(1), verify, heavy=True) == b"proved"
        (status,) = pool.status()
        assert status.errors == 0
        assert status.latency is not None
        assert status.latency < 0.1
