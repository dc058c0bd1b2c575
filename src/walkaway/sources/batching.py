"""Many questions in JSON-RPC batches, sized by what each source was found to take."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from walkaway.errors import SourceFault, SourceLacks
from walkaway.limits import Limits
from walkaway.sources.attempt import Asker, Ending, Outcome, Proved, Verify, checked
from walkaway.sources.race import call_off
from walkaway.sources.ranking import Candidates
from walkaway.sources.request import Answer, Request, RpcRequest
from walkaway.sources.standing import Standing

__all__ = ["Batcher"]

T = TypeVar("T")
Question = tuple[tuple[Request, ...], Verify[T]]
Share = dict[int, RpcRequest]
"""The questions that one source gets in one batch, by their place."""


class Batcher(Generic[T]):
    """Proves what it can of many questions by batches; the rest is left to others."""

    def __init__(self, asker: Asker, limits: Limits, heavy: bool) -> None:
        self._asker = asker
        self._limits = limits
        self._heavy = heavy

    async def prove(
        self,
        questions: Sequence[Question[T]],
        candidates: Callable[[Sequence[Request]], Candidates],
    ) -> dict[int, T]:
        """Proven values by the place of their question; what is missing failed, or does not batch.

        In each round every usable source gets one share of the work, the best
        source first, so that one that lies or hangs spoils its own share and
        no more. A share that was too large for its source is dealt out again.
        """
        proved: dict[int, T] = {}
        left = {place: asked for place, (asked, _) in enumerate(questions)}
        while left:
            every_form = [form for asked in left.values() for form in asked]
            shares = _deal(candidates(every_form).usable, left)
            if not shares:
                break
            tasks = [
                asyncio.create_task(self._prove_share(standing, share, questions))
                for standing, share in shares
            ]
            try:
                outcomes = await asyncio.gather(*tasks)
            finally:
                await call_off(tasks)
            for (_, share), outcome in zip(shares, outcomes, strict=True):
                if outcome is None:
                    left |= {place: questions[place][0] for place in share}
                else:
                    proved |= outcome
        return proved

    async def _prove_share(
        self, standing: Standing, share: Share, questions: Sequence[Question[T]]
    ) -> dict[int, T] | None:
        """What of its share a source proved; None where the batch was too large for it."""
        places, requests = list(share), list(share.values())
        seconds = self._limits.hedge_longest_seconds
        began = self._asker.now()
        try:
            async with asyncio.timeout(seconds), standing.asking():
                answers = await standing.source.transport.fetch_batch(requests)
        except SourceLacks:
            standing.batch_refused(len(requests))
            return None
        except TimeoutError:
            standing.failed(f"no answer to a batch within {seconds:g} s")
            return {}
        except Exception as error:
            self._asker.judged(standing, requests[0], None, error, self._asker.now() - began)
            return {}
        took = self._asker.now() - began
        proved: dict[int, T] = {}
        for place, request, answer in zip(places, requests, answers, strict=False):
            await asyncio.sleep(0)  # between proofs, others get their turn
            outcome = await self._judge(standing, request, answer, questions[place][1], took)
            if isinstance(outcome, Proved):
                proved[place] = outcome.value
            elif outcome.ending is Ending.LIE:
                break
        return proved

    async def _judge(
        self,
        standing: Standing,
        request: RpcRequest,
        answer: Answer | SourceFault,
        verify: Verify[T],
        seconds: float,
    ) -> Outcome[T]:
        if isinstance(answer, SourceFault):
            return self._asker.judged(standing, request, None, answer, seconds)
        try:
            value = await checked(verify, answer, self._heavy)
        except Exception as error:
            return self._asker.judged(standing, request, answer, error, seconds)
        standing.answered(request)
        return Proved(value, standing.source.name)


def _deal(
    standings: Sequence[Standing], left: dict[int, tuple[Request, ...]]
) -> list[tuple[Standing, Share]]:
    """Take from ``left`` a share for each source, no larger than a batch of it may be."""
    shares: list[tuple[Standing, Share]] = []
    for standing in standings:
        share: Share = {}
        for place, asked in left.items():
            form = next((form for form in asked if standing.may_serve(form)), None)
            if isinstance(form, RpcRequest):
                share[place] = form
            if len(share) == standing.batch_calls():
                break
        if len(share) > 1:
            shares.append((standing, share))
            for place in share:
                del left[place]
    return shares
