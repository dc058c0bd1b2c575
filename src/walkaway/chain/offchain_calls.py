"""Calls that may look things up off chain (EIP-3668), each judged by the contract itself.

The call is run over proven state. Where the contract called asks for a lookup, its
gateways are asked, and what they say goes to the contract's callback, in a call
over the same state; so on, until a run ends in anything else. What ends it is the answer.

Where the callback refuses what a gateway said, the next gateway of the lookup is asked, so
that one that lies cannot deny what another would answer. A call is run so often in all
and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from walkaway.chain.calls import Calls
from walkaway.errors import CallFailed, InvalidRequest, TooMuch, Unproven
from walkaway.evm.engine import Outcome
from walkaway.evm.offchain_lookup import OffchainLookup, offchain_lookup
from walkaway.evm.proven_call import AskedCall
from walkaway.limits import LIMITS
from walkaway.proofs import Proven
from walkaway.proofs.execution.header import Header
from walkaway.sources.gateways import GatewayAnswer, PartAnswer
from walkaway.sources.word import Word

__all__ = [
    "AcceptedWord",
    "AsksGateways",
    "OffchainCalls",
    "OffchainOutcome",
    "Refuses",
    "Step",
    "refuses_all_or_none",
]

Refuses = Callable[[Outcome, int], Collection[int]]
"""Which of so many answers an outcome shows to be refused, by their places."""


class AsksGateways(Protocol):
    """Whoever can find an answer to a lookup.

    `walkaway.sources.gateways.Gateways` does; one that answers some URLs itself
    (a batch gateway, ENSIP-21) can stand in front of it.
    """

    async def fetch(
        self, lookup: OffchainLookup, refused: Sequence[PartAnswer] = ()
    ) -> GatewayAnswer:
        """An answer, of none that gave one that was refused.

        Raises `Unproven` where no gateway gives one.
        """
        ...


@dataclass(frozen=True, slots=True)
class AcceptedWord(Word[None]):
    """Somebody's word that a contract's own callback accepted: of ``asked``, who said it.

    ``parts`` are the questions that it answers, one by one; ``refused`` is what others
    said before, and the callback did not accept.
    """

    parts: tuple[PartAnswer, ...] = ()
    refused: tuple[PartAnswer, ...] = ()

    def __str__(self) -> str:
        return f"the word of {', '.join(self.said_by)}, accepted by the contract's callback"


@dataclass(frozen=True, slots=True)
class Step:
    """One run on the way: the call, and its proven outcome."""

    asked: AskedCall
    outcome: Proven[Outcome]


@dataclass(frozen=True, slots=True)
class OffchainOutcome:
    """Every run, the last of which is the answer, and between each two the word of a gateway.

    Runs in which a callback refused are none of them, but where all that there was is refused.
    """

    steps: tuple[Step, ...]
    words: tuple[AcceptedWord, ...]

    @property
    def answer(self) -> Outcome:
        """The outcome of the last run."""
        return self.steps[-1].outcome.value


def refuses_all_or_none(outcome: Outcome, answers: int) -> Collection[int]:
    """A callback that fails has refused whatever it was told."""
    return () if outcome.succeeded else range(answers)


class OffchainCalls:
    """Runs calls as `Calls` does, and follows their lookups, at most ``lookups`` in a row."""

    def __init__(
        self, calls: Calls, gateways: AsksGateways, lookups: int = LIMITS.gateway_lookups
    ) -> None:
        self._calls = calls
        self._gateways = gateways
        self._lookups = lookups

    async def run(
        self,
        header: Proven[Header],
        asked: AskedCall,
        refuses: Refuses = refuses_all_or_none,
    ) -> OffchainOutcome:
        """The outcome of a call on the state after a block, with its lookups followed.

        A lookup that another contract asked for is no lookup but the revert that
        it is (EIP-3668, client lookup protocol, 5).

        Raises:
            Unproven: no gateway answered, or what `Calls.run` raises it for.
            TooMuch: it looks off chain too often, or what `Calls.run` raises it for.
            Unsupported, InvalidRequest: as `Calls.run`.
        """
        following = _Following(self._calls, self._gateways, header, refuses, self._lookups)
        return await following.run(asked, ())


@dataclass(frozen=True, slots=True)
class _Tried:
    """What came of an answer, or the error that it led to, and which of its parts are refused."""

    ended: OffchainOutcome | CallFailed | InvalidRequest
    refused: tuple[PartAnswer, ...]

    def outcome(self) -> OffchainOutcome:
        """What came of it, or raises the error."""
        if isinstance(self.ended, OffchainOutcome):
            return self.ended
        raise self.ended


@dataclass(slots=True)
class _Following:
    """One call whose lookups are followed, and how many more answers may be tried for it."""

    calls: Calls
    gateways: AsksGateways
    header: Proven[Header]
    refuses: Refuses
    lookups: int
    tries: int = LIMITS.gateway_tries

    async def run(self, asked: AskedCall, words: tuple[AcceptedWord, ...]) -> OffchainOutcome:
        """The run, and all that follow on it. ``words`` led to it."""
        outcome = await self.calls.run(self.header, asked, leads_on=bool(words))
        step = Step(asked, outcome)
        lookup = _lookup_of(asked, outcome.value)
        if lookup is None:
            return OffchainOutcome((step,), words)
        if len(words) >= self.lookups:
            raise TooMuch(f"the call looks off chain more than {self.lookups} times")
        ended = (await self._look_up(lookup, asked, words)).outcome()
        return replace(ended, steps=(step, *ended.steps))

    async def _look_up(
        self, lookup: OffchainLookup, asked: AskedCall, words: tuple[AcceptedWord, ...]
    ) -> _Tried:
        """What comes of the first answer that is accepted; of the least refused, where none is."""
        best = tried = await self._try(lookup, asked, words, await self.gateways.fetch(lookup))
        refused = tried.refused
        while tried.refused and self.tries > 0:
            try:
                told = await self.gateways.fetch(lookup, refused)
            except Unproven:
                break
            if not _is_news(tried.refused, told.answers(lookup)):
                break
            tried = await self._try(lookup, asked, words, told, refused)
            refused += tried.refused
            if len(tried.refused) <= len(best.refused):
                best = tried
        return best

    async def _try(
        self,
        lookup: OffchainLookup,
        asked: AskedCall,
        words: tuple[AcceptedWord, ...],
        told: GatewayAnswer,
        refused: tuple[PartAnswer, ...] = (),
    ) -> _Tried:
        """Hand an answer to the callback."""
        self.tries -= 1
        answers = told.answers(lookup)
        data = lookup.callback_data(told.content)
        back = replace(asked, call=replace(asked.call, data=data))
        ended: OffchainOutcome | CallFailed | InvalidRequest
        try:
            ended = await self.run(back, (*words, _word(told, answers, refused)))
        except (CallFailed, InvalidRequest) as error:
            # What a gateway says may lead a callback further than any run goes.
            return _Tried(error, _answered(answers))
        places = self.refuses(ended.answer, len(answers))
        return _Tried(ended, _answered([answers[place] for place in places]))


def _answered(answers: Iterable[PartAnswer]) -> tuple[PartAnswer, ...]:
    """Those that are somebody's word: where nobody answered, nothing was refused."""
    return tuple(answer for answer in answers if not answer.failure)


def _is_news(refused: Iterable[PartAnswer], answers: Iterable[PartAnswer]) -> bool:
    """Whether anybody else answers what was answered by those whose answers were refused."""
    wanted = {(answer.sender, answer.question) for answer in refused}
    return any((answer.sender, answer.question) in wanted for answer in _answered(answers))


def _word(
    told: GatewayAnswer, answers: tuple[PartAnswer, ...], refused: tuple[PartAnswer, ...]
) -> AcceptedWord:
    liars = tuple(dict.fromkeys(answer.gateway for answer in refused))
    asked = tuple(dict.fromkeys((*liars, *told.asked)))
    dissent = tuple((None, (liar,)) for liar in liars)
    return AcceptedWord(None, (told.gateway,), asked, dissent, answers, refused)


def _lookup_of(asked: AskedCall, outcome: Outcome) -> OffchainLookup | None:
    lookup = offchain_lookup(outcome.output) if outcome.reverted else None
    return lookup if lookup is not None and lookup.sender == asked.call.to else None
