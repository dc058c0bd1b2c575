"""Precompiles that this host supplies to a call: what it is asked there, proven by somebody.

A run says which inputs it has no outputs for (`Missing.host_calls`). Those are had and
proven, and the call runs again, as for any other piece that it lacked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from walkaway.errors import ProofError, TooMuch, WalkawayError
from walkaway.evm.engine import HostPrecompile
from walkaway.evm.proven_call import AskedCall, host_call_subject
from walkaway.limits import LIMITS, Limits
from walkaway.proofs import Proven
from walkaway.sources.race import call_off

__all__ = ["Host", "HostAnswers"]

_Key = tuple[bytes, bytes]


class Host(Protocol):
    """Whoever supplies precompiles that no fork has."""

    @property
    def placeholders(self) -> Mapping[bytes, int]:
        """The 20-byte address of each, and how many zeros stand in for what is not there yet."""
        ...

    async def answer(self, address: bytes, given: bytes) -> Proven[bytes | None]:
        """The output for an input, None where the precompile fails; its claim is
        `walkaway.evm.proven_call.host_call_subject`.

        Raises `Unproven` where nobody supplies what proves it.
        """
        ...


class HostAnswers:
    """What a host answered during one call; ``proven`` is that, by address and input.

    At first a run goes on with zeros for what it lacks, to find more of that at once. Zeros can
    lead to questions that the call never asks: so one that nobody answers ends nothing while
    others are answered, and where there are too many the call begins anew, with nothing in
    the place of zeros. Contracts mostly end there, and runs find one question after another.
    """

    def __init__(self, host: Host, limits: Limits = LIMITS) -> None:
        self.proven: dict[_Key, Proven[bytes | None]] = {}
        self.by_steps = False
        """Whether runs no longer go on with zeros."""
        self._host = host
        self._limits = limits
        self._bytes = 0
        self._failed: dict[_Key, WalkawayError] = {}

    def given_to(self, asked: AskedCall) -> AskedCall:
        """The same call, with all that was answered so far."""
        answers: dict[bytes, dict[bytes, bytes | None]] = {at: {} for at in self._host.placeholders}
        for (address, given), output in self.proven.items():
            answers[address][given] = output.value
        host = {
            address: HostPrecompile(answers[address], 0 if self.by_steps else size)
            for address, size in self._host.placeholders.items()
        }
        return replace(asked, environment=replace(asked.environment, host=host))

    async def ask(self, wanted: frozenset[_Key]) -> None:
        """Have these answered, or some of them at least, or the call begin anew.

        Raises:
            Unproven: nobody supplies what proves any of them.
            TooMuch: the call asks for more than one call may.
        """
        missing = sorted(wanted - self.proven.keys())
        if not missing:
            raise WalkawayError("the engine lacks what it was given")
        try:
            await self._ask_each([key for key in missing if key not in self._failed])
        except TooMuch:
            if self.by_steps:
                raise
            self.by_steps = True
            self.proven.clear()
            self._bytes = 0
            return
        if self.proven.keys().isdisjoint(missing):
            raise self._failed[missing[0]]

    async def _ask_each(self, keys: list[_Key]) -> None:
        if len(keys) + len(self.proven) + len(self._failed) > self._limits.host_calls:
            raise TooMuch(f"the call asks this host for more than {self._limits.host_calls} things")
        places = asyncio.Semaphore(self._limits.host_calls_at_once)

        async def one(address: bytes, given: bytes) -> None:
            async with places:
                try:
                    self._keep((address, given), await self._host.answer(address, given))
                except TooMuch:
                    raise
                except WalkawayError as error:
                    self._failed[address, given] = error

        asking = [asyncio.create_task(one(*key)) for key in keys]
        try:
            await asyncio.gather(*asking)
        finally:
            await call_off(asking)

    def _keep(self, key: _Key, output: Proven[bytes | None]) -> None:
        if output.claim.subject != host_call_subject(*key):
            raise ProofError("the host answers another question", got=output.claim.subject)
        self._bytes += len(output.value or b"")
        if self._bytes > self._limits.host_answer_bytes:
            most = self._limits.host_answer_bytes
            raise TooMuch(f"the call reads more than {most} bytes from this host")
        self.proven[key] = output
