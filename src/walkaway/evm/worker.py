"""The reference engine in processes of their own, which can be killed.

EELS has no clock and no bounds of its own, and its recursion goes as deep as
a call's: so it runs where a time limit can be held by killing it, and where a
crash ends one call and nothing else. Processes are spawned when first needed
and kept, since loading EELS takes a second; what goes in and comes out is
plain data.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from walkaway.errors import (
    CallFailed,
    CallRefused,
    InvalidRequest,
    Refusal,
    Unsupported,
    WalkawayError,
)
from walkaway.evm.engine import BlockEnvironment, Call, KnownState, Missing, Outcome, Overrides
from walkaway.limits import LIMITS, Limits

__all__ = ["ReferenceWorkers"]

Job = tuple[Call, BlockEnvironment, KnownState, Mapping[bytes, Overrides] | None]
Result = Outcome | Missing | tuple[str, str, Refusal | None]
"""What a process sends back; an error as its kind, its message, and what was refused."""


@dataclass
class _Worker:
    """One process, and this end of the pipe to it."""

    process: BaseProcess
    pipe: Connection

    def ask(self, job: bytes, seconds: float) -> bytes:
        """The pickled answer to a pickled job. Raises `TimeoutError`, `OSError`, `EOFError`."""
        self.pipe.send_bytes(job)
        if not self.pipe.poll(seconds):
            raise TimeoutError
        return self.pipe.recv_bytes()

    def end(self) -> None:
        """Kill it, and wait for its end."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


class ReferenceWorkers:
    """A few processes that run calls by EELS. Close it when done.

    Nothing is spawned before the first call.
    """

    name = "EELS (executable specification)"

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._limits = limits
        self._idle: list[_Worker] = []
        self._places = asyncio.Semaphore(limits.evm_workers)
        self._closed = False

    async def run(
        self,
        call: Call,
        environment: BlockEnvironment,
        state: KnownState,
        overrides: Mapping[bytes, Overrides] | None = None,
    ) -> Outcome | Missing:
        """What `walkaway.evm.engine.Engine.run` gives, and raises, from another process.

        Raises `WalkawayError` where it ran longer than `Limits.evm_seconds`, or crashed.
        """
        job = (call, environment, _as_of_now(state), overrides)
        async with self._places:
            worker = self._idle.pop() if self._idle else await asyncio.to_thread(_spawn)
            asking = asyncio.create_task(asyncio.to_thread(self._ask, worker, job))
            try:
                result = await asyncio.shield(asking)
            except BaseException:
                worker.process.kill()  # ends the thread's wait, where that is still on
                asking.add_done_callback(lambda done: done.cancelled() or done.exception())
                raise
            if self._closed:
                worker.end()
            else:
                self._idle.append(worker)
            if isinstance(result, Outcome | Missing):
                return result
            kind, message, refusal = result
            if refusal is not None:
                raise CallRefused(message, refusal)
            raise _ERRORS.get(kind, WalkawayError)(message)

    def close(self) -> None:
        """End every idle process; one that is at work ends with its call."""
        self._closed = True
        while self._idle:
            self._idle.pop().end()

    def _ask(self, worker: _Worker, job: Job) -> Result:
        try:
            answer = worker.ask(pickle.dumps(job), self._limits.evm_seconds)
        except TimeoutError:
            worker.end()
            seconds = self._limits.evm_seconds
            raise WalkawayError(f"execution aborted (timeout = {seconds:g} s)") from None
        except (OSError, EOFError):
            worker.end()
            raise WalkawayError("the executable specification crashed on this call") from None
        # Made by our own process from plain data: nothing from outside is unpickled.
        result: Result = pickle.loads(answer)  # noqa: S301
        return result


def _as_of_now(state: KnownState) -> KnownState:
    """A copy: the state may grow while another thread puts it into bytes."""
    return KnownState(
        dict(state.accounts), dict(state.slots), dict(state.code), dict(state.block_hashes)
    )


def _spawn() -> _Worker:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there,), name="walkaway-evm", daemon=True)
    process.start()
    there.close()
    return _Worker(process, here)


def _serve(pipe: Connection) -> None:
    """What a worker process does until its pipe ends."""
    from walkaway.evm.reference import ReferenceEngine

    engine = ReferenceEngine()
    while True:
        try:
            job: Job = pickle.loads(pipe.recv_bytes())  # noqa: S301
        except (EOFError, KeyboardInterrupt):
            return
        result: Result
        try:
            result = engine.run(*job)
        except WalkawayError as error:
            refusal = error.refusal if isinstance(error, CallRefused) else None
            result = (type(error).__name__, str(error), refusal)
        pipe.send_bytes(pickle.dumps(result))


_ERRORS: Mapping[str, type[WalkawayError]] = {
    kind.__name__: kind for kind in (InvalidRequest, CallFailed, Unsupported)
}
