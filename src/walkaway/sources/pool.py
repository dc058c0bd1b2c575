"""The pool: untrusted sources, asked in three ways, believed in none.

- `Pool.first_proven`: the commitment is fixed (a state root, a hash), so the
  first answer that proves itself against it is as good as any.
- `Pool.newest_proven`: heads. Every source is asked, since each may serve an
  older truth; the newest that proves itself wins.
- `Pool.agreed`: what nobody can prove. Some number of distinct operators must
  say the same, and the result is a `Word`, never more.

`Pool.known` is the first way where "there is no such thing" is an answer too,
and `Pool.prove_many` the first way for many questions at once.

The caller brings the verifier. What it raises tells a lie from a lag
(`attempt.py` has the table). Durations are seconds; a ``deadline`` counts
from the call.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from walkaway.errors import ConfigError, ProofError, Unproven
from walkaway.limits import LIMITS, Limits
from walkaway.sources.agreement import Survey, Tally
from walkaway.sources.attempt import Asker, Ending, Failed, Outcome, Proved, Unjudged, Verify
from walkaway.sources.batching import Batcher
from walkaway.sources.budget import RetryBudget
from walkaway.sources.clock import Clock, Timer
from walkaway.sources.evidence import EvidenceStore, Lie
from walkaway.sources.flow import Flow, FlowWatch
from walkaway.sources.hearing import Enough, hear
from walkaway.sources.newest import Order, newest
from walkaway.sources.race import Failures, IsComing, Race, call_off, worth_repeating
from walkaway.sources.ranking import Candidates, rank
from walkaway.sources.recording import in_words
from walkaway.sources.redact import shown
from walkaway.sources.request import (
    Answer,
    ArweaveRequest,
    BlockRequest,
    PieceRequest,
    Request,
    Requests,
    forms,
)
from walkaway.sources.source import Source
from walkaway.sources.standing import SourceStatus, Standing
from walkaway.sources.word import Word

__all__ = ["Pool"]

log = logging.getLogger("walkaway.sources")

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


class Pool:
    """Sources and their records. Close it, or use it as a context.

    Raises:
        ConfigError: two sources share a name.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        clock: Clock,
        evidence: EvidenceStore | None = None,
        seed: int | None = None,
        timer: Timer = time.monotonic,
        limits: Limits = LIMITS,
    ) -> None:
        names = [source.name for source in sources]
        if len(set(names)) < len(names):
            raise ConfigError("two sources have the same name", advice="give each its own")
        self._limits = limits
        self._clock = clock
        self._evidence = evidence
        self._timer = timer
        # Only the order of questions hangs on it, never an answer.
        self._rng = random.Random(seed)  # noqa: S311
        self._budget = RetryBudget(limits)
        self._standings = [Standing(source, limits, timer) for source in sources]
        self._asker = Asker(limits, timer, self._note_lie)
        self._writing: set[asyncio.Task[None]] = set()

    async def first_proven(
        self,
        requests: Requests,
        verify: Verify[T],
        *,
        deadline: float | None = None,
        heavy: bool = False,
    ) -> T:
        """The first answer that ``verify`` accepts.

        Several requests are one question in several forms, the preferred first.
        ``heavy`` runs the verifier in a thread.

        Raises:
            Unproven: nobody supplied a proof in time; says why, source by source.
        """
        asked = forms(requests)
        outcome, failures = await self._first(asked, verify, deadline, heavy)
        if outcome is None:
            raise self._unproven(_not_supplied(asked), failures)
        return outcome.value

    async def first_answer(self, request: Request, *, deadline: float | None = None) -> Answer:
        """The first answer that comes, of which nothing is checked, so that it speaks for
        nobody: say `proved` once it proved something.

        Raises:
            Unproven: nobody answered in time; says why, source by source.
        """
        return (await self.first_proven(request, Unjudged, deadline=deadline)).answer

    async def known(
        self,
        requests: Requests,
        verify: Verify[T],
        *,
        deadline: float | None = None,
        heavy: bool = False,
    ) -> T | Word[None]:
        """Like `first_proven`, but when sources only say that there is no such thing
        (the verifier raises `NotKnown`), that is returned as their word. Sources in
        quarantine have no say in it.

        Raises:
            Unproven: neither a proof nor anybody's word.
        """
        outcome, failures = await self._first(forms(requests), verify, deadline, heavy)
        if outcome is not None:
            return outcome.value
        heard = {s.source.name for s in self._standings if not s.is_quarantined()}
        asked = {name: why for name, why in failures.items() if name in heard}
        unaware = tuple(name for name, why in asked.items() if why.ending is Ending.UNKNOWN)
        if not unaware:
            raise self._unproven(_not_supplied(forms(requests)), failures)
        return Word(None, said_by=unaware, asked=tuple(asked))

    async def newest_proven(
        self,
        requests: Requests,
        verify: Verify[T],
        *,
        order: Order[T],
        at_least: Any = None,
        deadline: float | None = None,
        heavy: bool = False,
    ) -> T:
        """Ask every usable source and return the proven answer highest in ``order``.

        A fast source cannot hold anyone in the past: the others are waited for
        until ``deadline`` (by default `Limits.newest_seconds`). A source that
        lags gets no mark. ``at_least`` is the lowest order that will do, such
        as the highest seen before, which the caller remembers.

        Raises:
            Unproven: nobody proved anything as new as that in time.
        """
        asked = forms(requests)
        seconds = self._limits.newest_seconds if deadline is None else deadline
        candidates = self._candidates(asked)

        async def ask(standing: Standing) -> Outcome[T]:
            return await self._ask(standing, asked, verify, heavy, seconds)

        failures = _left_out(candidates)
        for group in (candidates.usable, candidates.reserve):
            best = await newest(group, ask, order, at_least, failures)
            if best is not None:
                return best.value
        raise self._unproven("no source could prove anything new enough", failures)

    async def agreed(
        self,
        requests: Requests,
        key: Callable[[Answer], K],
        *,
        k: int,
        deadline: float | None = None,
        others_seconds: float | None = None,
        last_resort: bool = False,
        heavy: bool = False,
    ) -> Word[K]:
        """What at least ``k`` distinct operators say alike: their word, not a proof.

        ``key`` reads the comparable part out of an answer. Everything else that
        was said is in the word's ``dissent``. Sources in quarantine have no say, but
        for what ``last_resort`` allows them (see `survey`). Once ``k`` agree, the others
        are waited for no longer than ``others_seconds``, where that is given.

        Raises:
            Unproven: fewer than ``k`` operators agree, or two camps of ``k`` contradict
                each other; the reasons say who said what.
        """
        enough: Enough[K] | None = None
        if others_seconds is not None:
            enough = Enough(lambda said: Tally(said).word(k) is not None, others_seconds)
        survey = await self.survey(
            requests, key, deadline=deadline, enough=enough, last_resort=last_resort, heavy=heavy
        )
        tally = Tally(survey.said)
        word = tally.word(k)
        if word is None:
            raise Unproven(
                f"fewer than {k} operators say the same, undisputed",
                reasons=survey.reasons | tally.reasons(),
            )
        return word

    async def survey(
        self,
        requests: Requests,
        read: Callable[[Answer], T],
        *,
        deadline: float | None = None,
        enough: Enough[T] | None = None,
        last_resort: bool = False,
        heavy: bool = False,
    ) -> Survey[T]:
        """What each source that is not in quarantine says, for answers that nobody can prove.

        ``read`` raises from the tree of `errors` where an answer is malformed; ``heavy``
        runs it in a thread. ``enough`` says when no more is to be waited for.
        ``last_resort`` asks those in quarantine too where no other has said anything:
        for what is given away rather than found out, so that nobody's word counts.
        """
        asked = forms(requests)
        seconds = self._limits.request_seconds if deadline is None else deadline
        candidates = self._candidates(asked)
        quarantined = [standing for standing in candidates.reserve if standing.is_quarantined()]
        heard = [
            standing
            for standing in (*candidates.usable, *candidates.reserve)
            if standing not in quarantined
        ]
        survey: Survey[T] = Survey([], dict(candidates.left_out))

        async def ask(standing: Standing) -> Outcome[T]:
            return await self._ask(standing, asked, read, heavy, seconds)

        await hear(heard, ask, survey, enough)
        if last_resort and not survey.said:
            await hear(quarantined, ask, survey, enough)
        for standing in quarantined:
            survey.reasons.setdefault(standing.source.name, standing.why_not_now())
        return survey

    async def prove_many(
        self,
        items: Sequence[tuple[Requests, Verify[T]]],
        *,
        deadline: float | None = None,
        heavy: bool = False,
    ) -> list[T]:
        """`first_proven` for many questions, in JSON-RPC batches where a source takes them.

        What a batch left unproven is asked singly, of anybody. The results are
        in the order of the items.

        Raises:
            Unproven: one of them could not be proven.
        """
        seconds = self._limits.ask_seconds if deadline is None else deadline
        batcher: Batcher[T] = Batcher(self._asker, self._limits, heavy)
        questions = [(forms(requests), verify) for requests, verify in items]
        try:
            async with asyncio.timeout(seconds):
                proved = await batcher.prove(questions, self._candidates)
                return await self._prove_singly(questions, proved, heavy)
        except TimeoutError:
            pass
        raise Unproven(
            f"not all of {len(items)} were proven within {seconds:g} s",
            reasons={s.source.name: s.last_reason() or "too slow" for s in self._standings},
        )

    def misled(self, source: str, request: Request) -> None:
        """Note that what a source answers to questions of this form is of no use.

        It is no lie, where nothing was to be proven; but it is not asked so again
        for `Limits.capability_seconds`.
        """
        for standing in self._standings:
            if standing.source.name == source:
                standing.lacks(request, lasting=True)

    def proved(self, source: str, request: Request) -> None:
        """Note that what a source answered before (`first_answer`) proved what was asked."""
        for standing in self._standings:
            if standing.source.name == source:
                standing.answered(request)

    def outproved(self, source: str, reason: str) -> None:
        """Note a fault of a source: what it said does not prove what another one proved.

        For answers that whoever passes them on did not make: alone they tell nothing of
        the source, for what it was given itself may be wrong.
        """
        for standing in self._standings:
            if standing.source.name == source:
                standing.failed(shown(reason, self._limits.reason_characters))

    def admit(self, source: Source) -> None:
        """One source more, unknown as yet; nothing happens where its name is there already."""
        if all(standing.source.name != source.name for standing in self._standings):
            self._standings.append(Standing(source, self._limits, self._timer))

    async def dismiss(self, name: str) -> None:
        """Forget a source and what is remembered of it. What it is being asked goes on."""
        for standing in self._standings:
            if standing.source.name == name:
                self._standings.remove(standing)
                await standing.source.transport.close()
                return

    def status(self) -> list[SourceStatus]:
        """Every source and how it stands, in the order they were given."""
        now = self._clock.now()
        return [standing.status(now) for standing in self._standings]

    async def close(self) -> None:
        """Finish writing evidence and let go of all connections."""
        if self._writing:
            await asyncio.wait(self._writing)
        for standing in self._standings:
            await standing.source.transport.close()

    async def __aenter__(self) -> Pool:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def _first(
        self, asked: tuple[Request, ...], verify: Verify[T], deadline: float | None, heavy: bool
    ) -> tuple[Proved[T] | None, Failures]:
        seconds = self._limits.ask_seconds if deadline is None else deadline
        candidates = self._candidates(asked)
        failures = _left_out(candidates)
        self._budget.earn()

        async def ask(standing: Standing) -> Outcome[T]:
            return await self._ask(standing, asked, verify, heavy, self._seconds(asked))

        race = Race(ask, self._budget, failures, self._is_coming(asked))
        try:
            async with asyncio.timeout(seconds):
                proved = await race.run(candidates)
                again = self._worth_repeating(asked, failures)
                if proved is None and again.usable and self._budget.spend():
                    await asyncio.sleep(self._limits.retry_pause_seconds * self._rng.random())
                    proved = await race.run(again)
                return proved, failures
        except TimeoutError:
            for name in race.unanswered():
                failures[name] = Failed(Ending.FAULT, f"no answer within {seconds:g} s")
        return None, failures

    def _seconds(self, asked: tuple[Request, ...]) -> float:
        """How long one source may take, from question to the end of the answer."""
        if any(isinstance(request, PieceRequest) for request in asked):
            return self._limits.piece_seconds
        content = any(isinstance(request, BlockRequest | ArweaveRequest) for request in asked)
        return self._limits.block_seconds if content else self._limits.request_seconds

    def _is_coming(self, asked: tuple[Request, ...]) -> IsComing:
        """What tells that a block is on its way, bit by bit, and no slower than others give it.

        A source that lets a block trickle in holds it up, and everybody who waits for it,
        no longer than three times what another one usually takes.
        """
        flows = (
            r.flow for r in asked if isinstance(r, BlockRequest | ArweaveRequest | PieceRequest)
        )
        flow = next(flows, Flow())
        watch = FlowWatch(flow, self._limits.block_flow_bytes)
        whole = any(isinstance(request, PieceRequest) for request in asked)
        most = self._limits.piece_flow_seconds if whole else self._limits.block_flow_seconds

        def is_coming(elapsed: float, other: Standing) -> bool:
            usual = 3 * (other.latency.average or 0.0)
            return watch.moved() and elapsed < max(most, usual)

        return is_coming

    def _worth_repeating(self, asked: tuple[Request, ...], failures: Failures) -> Candidates:
        candidates = self._candidates(asked)
        usable = [
            standing
            for standing in candidates.usable
            if worth_repeating(failures.get(standing.source.name))
        ]
        return Candidates(usable, [], {})

    async def _ask(
        self,
        standing: Standing,
        asked: tuple[Request, ...],
        verify: Verify[T],
        heavy: bool,
        seconds: float,
    ) -> Outcome[T]:
        return await self._asker.ask(standing, asked, verify, heavy=heavy, seconds=seconds)

    async def _prove_singly(
        self,
        questions: Sequence[tuple[tuple[Request, ...], Verify[T]]],
        proved: dict[int, T],
        heavy: bool,
    ) -> list[T]:
        left = [place for place in range(len(questions)) if place not in proved]
        tasks = [
            asyncio.create_task(self.first_proven(*questions[place], heavy=heavy)) for place in left
        ]
        try:
            for place, value in zip(left, await asyncio.gather(*tasks), strict=True):
                proved[place] = value
        finally:
            await call_off(tasks)
        return [proved[place] for place in range(len(questions))]

    def _candidates(self, asked: Sequence[Request]) -> Candidates:
        return rank(self._standings, asked, rng=self._rng, limits=self._limits)

    def _unproven(self, message: str, failures: Failures) -> Unproven:
        if not failures:
            return Unproven(
                "no source is configured for this kind of question",
                reasons={},
                advice="add one with --source or in walkaway.toml",
            )
        reasons = {name: failed.reason for name, failed in failures.items()}
        for standing in self._standings:
            name, why = standing.source.name, standing.why_not_now()
            if why and name not in reasons:
                reasons[name] = why
        return Unproven(message, reasons=reasons)

    def _note_lie(
        self, standing: Standing, request: Request, answer: Answer, error: ProofError
    ) -> None:
        log.warning("%s lied about %s", standing.source.name, error.commitment or "what it proved")
        if self._evidence is None:
            return
        source = standing.source
        lie = Lie(
            time=self._clock.now(),
            source=source.name,
            operator=source.operator,
            request=request,
            answer=answer,
            error=error,
            scrub=source.transport.scrub,
        )
        task = asyncio.create_task(_write_down(self._evidence, lie))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)


async def _write_down(evidence: EvidenceStore, lie: Lie) -> None:
    try:
        await asyncio.to_thread(evidence.keep, lie)
    except OSError as error:
        log.warning("evidence of a lie could not be kept: %s", error.strerror)


def _left_out(candidates: Candidates) -> Failures:
    return {name: Failed(Ending.LACKS, why) for name, why in candidates.left_out.items()}


def _not_supplied(asked: Sequence[Request]) -> str:
    """What is said where nobody had a proof for a question, of which these are the forms."""
    return f"no source could supply a proof for {in_words(asked[0])}"
