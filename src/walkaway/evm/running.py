"""An engine as the chain floor uses it: it is waited for, and closed when done."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from walkaway.errors import WalkawayError
from walkaway.evm import native
from walkaway.evm.engine import (
    BlockEnvironment,
    Call,
    Engine,
    KnownState,
    Missing,
    Outcome,
    Overrides,
)
from walkaway.evm.worker import Learns, ReferenceWorkers
from walkaway.limits import LIMITS, Limits

__all__ = ["RunningEngine", "ThreadedEngine", "fastest_engine"]


class RunningEngine(Protocol):
    """`walkaway.evm.engine.Engine`, off the loop."""

    name: str

    async def run(
        self,
        call: Call,
        environment: BlockEnvironment,
        state: KnownState,
        overrides: Mapping[bytes, Overrides] | None = None,
        learns: Learns | None = None,
    ) -> Outcome | Missing:
        """See `walkaway.evm.engine.Engine.run`.

        An engine that is slow may ask ``learns`` for what a run lacks, instead of ending it.
        """
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


class ThreadedEngine:
    """An engine that lets other threads run meanwhile, in threads in which nothing else runs."""

    def __init__(self, engine: Engine, limits: Limits = LIMITS) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(limits.evm_threads, thread_name_prefix="walkaway-evm")
        self._closed = False
        self.name = engine.name

    async def run(
        self,
        call: Call,
        environment: BlockEnvironment,
        state: KnownState,
        overrides: Mapping[bytes, Overrides] | None = None,
        learns: Learns | None = None,
    ) -> Outcome | Missing:
        """See `walkaway.evm.engine.Engine.run`."""
        del learns  # to begin a run again costs less than to wait
        if self._closed:
            raise WalkawayError("the engine is closed")
        loop, run = asyncio.get_running_loop(), self._engine.run
        return await loop.run_in_executor(self._threads, run, call, environment, state, overrides)

    def close(self) -> None:
        """Let go of the threads; a call that is at work ends as it would have."""
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)


def fastest_engine() -> RunningEngine:
    """The native kernel where it is installed, else the executable specification."""
    if native.available():
        return ThreadedEngine(native.NativeEngine())
    return ReferenceWorkers()
