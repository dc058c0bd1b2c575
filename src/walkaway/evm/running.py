"""An engine as the chain floor uses it: it is waited for, and closed when done."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

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
from walkaway.evm.worker import ReferenceWorkers

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
    ) -> Outcome | Missing:
        """See `walkaway.evm.engine.Engine.run`."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


class ThreadedEngine:
    """An engine that lets other threads run meanwhile, in a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name = engine.name

    async def run(
        self,
        call: Call,
        environment: BlockEnvironment,
        state: KnownState,
        overrides: Mapping[bytes, Overrides] | None = None,
    ) -> Outcome | Missing:
        """See `walkaway.evm.engine.Engine.run`."""
        return await asyncio.to_thread(self._engine.run, call, environment, state, overrides)

    def close(self) -> None:
        """Nothing to let go of."""


def fastest_engine() -> RunningEngine:
    """The native kernel where it is installed, else the executable specification."""
    if native.available():
        return ThreadedEngine(native.NativeEngine())
    return ReferenceWorkers()
