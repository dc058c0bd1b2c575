"""What one simulation may use: everything that its caller can make it do is counted here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from walkaway.errors import CallRefused, Refusal
from walkaway.evm.engine import Outcome, Overrides
from walkaway.limits import LIMITS
from walkaway.proofs.execution.receipts import Log

__all__ = ["CALL_BYTES", "Allowance", "given_weight", "shown_bytes"]

CALL_BYTES = 256
"""Bytes that a call takes in an answer beside its output and its logs, about."""

LOG_BYTES = 400
TOPIC_BYTES = 70

CODE_PER_ACCOUNT = 4096
SLOTS_PER_ACCOUNT = 4
"""As much code, and as many slots, cost an engine as much to read as one account."""


async def _at_once() -> None:
    """Wait for nobody."""


class Allowance:
    """What is left to a simulation, of `LIMITS`.

    ``turn`` is waited for once, before its answer grows large: of large ones only so
    many are to be held at a time.
    """

    def __init__(self, turn: Callable[[], Awaitable[None]] = _at_once) -> None:
        self.gas = LIMITS.call_gas
        self._system_gas = LIMITS.call_gas
        self._given = 0
        self._answer_bytes = 0
        self._turn = turn
        self._is_large = False

    async def take(self, outcome: Outcome, logs: Iterable[Log] | None = None) -> None:
        """Count a call, whose receipt holds ``logs`` where those are not the outcome's.

        Raises `CallRefused` where the answer would grow too long.
        """
        self.gas -= outcome.gas_used
        self._answer_bytes += shown_bytes(outcome)
        if logs is not None:
            self._answer_bytes += _bytes(logs)
        if self._answer_bytes > LIMITS.simulated_answer_bytes:
            raise _too_much(
                "the outputs and logs of the calls take more than "
                f"{LIMITS.simulated_answer_bytes} bytes as JSON"
            )
        if self._answer_bytes > LIMITS.simulated_small_bytes and not self._is_large:
            self._is_large = True
            await self._turn()

    def take_system(self, outcome: Outcome) -> None:
        """Count a call of the network itself: only code of the caller's makes those costly.

        Raises `CallRefused`.
        """
        self._system_gas -= outcome.gas_used
        if self._system_gas < 0:
            raise _too_much(f"the system calls use more than {LIMITS.call_gas} gas in all")

    def give(self, weight: int) -> None:
        """Count overrides that an engine is given for one run; see `given_weight`.

        Raises `CallRefused`.
        """
        self._given += weight
        if self._given > LIMITS.simulated_given:
            raise _too_much(
                "too many calls over too many changed accounts: the one times the other passes "
                f"{LIMITS.simulated_given}"
            )


def shown_bytes(outcome: Outcome) -> int:
    """What a call takes in an answer, about."""
    return CALL_BYTES + 2 * len(outcome.output) + _bytes(outcome.logs)


def given_weight(account: Overrides) -> int:
    """What an override costs an engine to read, 1 being an account with little of its own."""
    slots = len(account.slots) + len(account.storage or ())
    code = len(account.code or b"")
    return 1 + code // CODE_PER_ACCOUNT + slots // SLOTS_PER_ACCOUNT


def _bytes(logs: Iterable[Log]) -> int:
    """What logs take in an answer, about."""
    return sum(LOG_BYTES + TOPIC_BYTES * len(log.topics) + 2 * len(log.data) for log in logs)


def _too_much(what: str) -> CallRefused:
    return CallRefused(f"{what}: simulate less at once", Refusal.TOO_MUCH)
