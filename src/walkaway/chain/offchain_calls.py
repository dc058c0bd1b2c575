"""Calls that may look things up off chain (EIP-3668), each judged by the contract itself.

The call is run over proven state. Where the contract called asks for a lookup, its
gateways are asked, and what they say goes to the contract's callback, in a call
over the same state; so on, until a run ends in anything else. What ends it is the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from walkaway.chain.calls import Calls
from walkaway.errors import TooMuch
from walkaway.evm.engine import Outcome
from walkaway.evm.offchain_lookup import OffchainLookup, offchain_lookup
from walkaway.evm.proven_call import AskedCall
from walkaway.limits import LIMITS
from walkaway.proofs import Proven
from walkaway.proofs.execution.header import Header
from walkaway.sources.gateways import GatewayAnswer, PartAnswer
from walkaway.sources.word import Word

__all__ = ["AcceptedWord", "AsksGateways", "OffchainCalls", "OffchainOutcome", "Step"]


class AsksGateways(Protocol):
    """Whoever can find an answer to a lookup.

    `walkaway.sources.gateways.Gateways` does; one that answers some URLs itself
    (a batch gateway, ENSIP-21) can stand in front of it.
    """

    async def fetch(self, lookup: OffchainLookup) -> GatewayAnswer:
        """An answer. Raises `Unproven` where no gateway gives one."""
        ...


@dataclass(frozen=True, slots=True)
class AcceptedWord(Word[None]):
    """Somebody's word that a contract's own callback accepted: of ``asked``, who said it.

    ``parts`` are the questions that it answers, one by one.
    """

    parts: tuple[PartAnswer, ...] = ()

    def __str__(self) -> str:
        return f"the word of {', '.join(self.said_by)}, accepted by the contract's callback"


@dataclass(frozen=True, slots=True)
class Step:
    """One run on the way: the call, and its proven outcome."""

    asked: AskedCall
    outcome: Proven[Outcome]


@dataclass(frozen=True, slots=True)
class OffchainOutcome:
    """Every run, the last of which is the answer, and between each two the word of a gateway."""

    steps: tuple[Step, ...]
    words: tuple[AcceptedWord, ...]

    @property
    def answer(self) -> Outcome:
        """The outcome of the last run."""
        return self.steps[-1].outcome.value


class OffchainCalls:
    """Runs calls as `Calls` does, and follows their lookups, at most ``lookups`` in a row."""

    def __init__(
        self, calls: Calls, gateways: AsksGateways, lookups: int = LIMITS.gateway_lookups
    ) -> None:
        self._calls = calls
        self._gateways = gateways
        self._lookups = lookups

    async def run(self, header: Proven[Header], asked: AskedCall) -> OffchainOutcome:
        """The outcome of a call on the state after a block, with its lookups followed.

        A lookup that another contract asked for is no lookup but the revert that
        it is (EIP-3668, client lookup protocol, 5).

        Raises:
            Unproven: no gateway answered, or what `Calls.run` raises it for.
            TooMuch: it looks off chain too often, or what `Calls.run` raises it for.
            Unsupported, InvalidRequest: as `Calls.run`.
        """
        steps: list[Step] = []
        words: list[AcceptedWord] = []
        while True:
            outcome = await self._calls.run(header, asked)
            steps.append(Step(asked, outcome))
            lookup = _lookup_of(asked, outcome.value)
            if lookup is None:
                return OffchainOutcome(tuple(steps), tuple(words))
            if len(words) >= self._lookups:
                raise TooMuch(f"the call looks off chain more than {self._lookups} times")
            told = await self._gateways.fetch(lookup)
            parts = told.parts or (
                PartAnswer(lookup.sender, lookup.call_data, told.gateway, told.asked),
            )
            words.append(AcceptedWord(None, (told.gateway,), told.asked, parts=parts))
            data = lookup.callback_data(told.content)
            asked = replace(asked, call=replace(asked.call, data=data))


def _lookup_of(asked: AskedCall, outcome: Outcome) -> OffchainLookup | None:
    lookup = offchain_lookup(outcome.output) if outcome.reverted else None
    return lookup if lookup is not None and lookup.sender == asked.call.to else None
