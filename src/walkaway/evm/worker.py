"""The reference engine in processes of their own, which can be killed.

EELS has no clock and no bounds of its own, and its recursion goes as deep as
a call's: so it runs where a time limit can be held by killing it, and where a
crash ends one call and nothing else. Processes are spawned when first needed
and kept, since loading EELS takes a second; what goes in and comes out is
plain data.

A run that has gone long and then lacks a piece of state asks for it and waits, so that what
it has computed by then is not computed again.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pickle
import signal
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import ParamSpec, TypeVar

from walkaway.errors import (
    CallFailed,
    CallRefused,
    InvalidRequest,
    RanTooLong,
    Refusal,
    TooMuch,
    Unsupported,
    WalkawayError,
)
from walkaway.evm.engine import BlockEnvironment, Call, KnownState, Missing, Outcome, Overrides
from walkaway.evm.turns import Turns
from walkaway.limits import LIMITS, Limits

__all__ = ["Learns", "ReferenceWorkers"]

P = ParamSpec("P")
T = TypeVar("T")

Job = tuple[Call, BlockEnvironment, KnownState, Mapping[bytes, Overrides] | None]
Learns = Callable[[Missing], Awaitable[KnownState | None]]
"""Proves what a run lacks, and gives it; None where it is not to be had."""

Result = Outcome | Missing | tuple[str, str, Refusal | None] | None
"""What a process sends back; an error as its kind, its message, and what was refused; None
where it was told to stop."""

_LOADED = b"loaded"


@dataclass(frozen=True, slots=True)
class _Lacks:
    """What a run waits for."""

    missing: Missing


@dataclass(frozen=True, slots=True)
class _Supplied:
    """The answer to that: more state, or None."""

    state: KnownState | None


@dataclass
class _Worker:
    """One process, and this end of the pipe to it."""

    process: BaseProcess
    pipe: Connection

    def await_loaded(self, seconds: float) -> None:
        """Wait until it takes jobs. Raises as `ask` does."""
        if not self.pipe.poll(seconds):
            raise TimeoutError
        self.pipe.recv_bytes()

    def ask(
        self, job: Job, seconds: float, supply: Callable[[Missing], KnownState | None]
    ) -> Result:
        """The answer to a job, for which it may run so long besides waiting for ``supply``.

        Raises `TimeoutError`, `OSError`, `EOFError`.
        """
        said: Job | _Supplied = job
        while True:
            self.pipe.send_bytes(pickle.dumps(said))
            begun = time.monotonic()
            if not self.pipe.poll(seconds):
                raise TimeoutError
            # Made by our own process from plain data: nothing from outside is unpickled.
            answer: Result | _Lacks = pickle.loads(self.pipe.recv_bytes())  # noqa: S301
            if not isinstance(answer, _Lacks):
                return answer
            seconds = max(0.0, seconds - (time.monotonic() - begun))
            said = _Supplied(supply(answer.missing))

    def stop(self) -> None:
        """Have it let go of its job, and answer so; where it does not, it can be killed."""
        with suppress(ProcessLookupError):
            os.kill(self.process.pid or 0, signal.SIGUSR1)

    def end(self) -> None:
        """Kill it, and wait for its end."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


class ReferenceWorkers:
    """A few processes that run calls by EELS. Close it when done.

    Calls of one contract wait in turn with those of others. One process is kept
    for calls that have not run long yet: where calls run long in all others, one
    that does too is stopped, and begins again once one of those has ended; the
    same call again waits for that at once. Nothing is spawned before the first call.
    """

    name = "EELS (executable specification)"

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._limits = limits
        self._idle: list[_Worker] = []
        self._places = Turns(limits.evm_workers)
        self._long_places = Turns(max(1, limits.evm_workers - 1))
        self._ran_long: OrderedDict[bytes, None] = OrderedDict()
        self._threads = ThreadPoolExecutor(
            2 * limits.evm_workers, thread_name_prefix="walkaway-evm"
        )
        self._closed = False

    async def run(
        self,
        call: Call,
        environment: BlockEnvironment,
        state: KnownState,
        overrides: Mapping[bytes, Overrides] | None = None,
        learns: Learns | None = None,
    ) -> Outcome | Missing:
        """What `walkaway.evm.engine.Engine.run` gives, and raises, from another process.

        ``learns`` is asked for what a run lacks that has gone long already.

        Raises:
            RanTooLong: it ran longer than `Limits.evm_seconds`.
            TooMuch: it runs long, and too many such calls wait already, or went before.
            WalkawayError: the process crashed.
        """
        job = (call, environment, _as_of_now(state), overrides)
        named = sha256((call.to or b"") + call.data).digest()
        result: Result = None
        if named not in self._ran_long:
            result = await self._run_shortly(job, named, learns)
        if result is None:
            result = await self._run_long(job, named, learns)
        assert result is not None  # nobody stops what runs long
        if isinstance(result, Outcome | Missing):
            return result
        kind, message, refusal = result
        if refusal is not None:
            raise CallRefused(message, refusal)
        raise _ERRORS.get(kind, WalkawayError)(message)

    def close(self) -> None:
        """End every idle process; one that is at work ends with its call."""
        self._closed = True
        self._threads.shutdown(wait=False)
        while self._idle:
            self._idle.pop().end()

    async def _run_shortly(self, job: Job, named: bytes, learns: Learns | None) -> Result:
        """Its result; None where it was stopped, since it runs long as all others do."""
        place, begun = self._places.place(job[0].to), self._begun(job, learns)
        async with place, begun as (worker, running):
            done, _ = await asyncio.wait({running}, timeout=self._limits.evm_short_seconds)
            if done:
                return running.result()
            self._remember(named)
            if not self._long_places.take():
                worker.stop()
                done, _ = await asyncio.wait({running}, timeout=self._limits.evm_stop_seconds)
                return running.result() if done else None
            try:
                return await asyncio.shield(running)
            finally:
                self._long_places.give_back()

    async def _run_long(self, job: Job, named: bytes, learns: Learns | None) -> Result:
        if self._long_places.waiting >= self._limits.evm_long_waiting:
            raise TooMuch(f"too many calls that run long are waiting already: {_ADVICE}")
        async with AsyncExitStack() as held:
            place = self._long_places.place(job[0].to, self._limits.evm_wait_seconds)
            try:
                await held.enter_async_context(place)
            except TimeoutError:
                raise TooMuch(f"calls that run long went before for too long: {_ADVICE}") from None
            await held.enter_async_context(self._places.place(job[0].to))
            _, running = await held.enter_async_context(self._begun(job, learns))
            done, _ = await asyncio.wait({running}, timeout=self._limits.evm_short_seconds)
            if done:
                self._ran_long.pop(named, None)
            return await asyncio.shield(running)

    def _remember(self, named: bytes) -> None:
        self._ran_long[named] = None
        self._ran_long.move_to_end(named)
        while len(self._ran_long) > self._limits.evm_long_remembered:
            self._ran_long.popitem(last=False)

    @asynccontextmanager
    async def _begun(
        self, job: Job, learns: Learns | None
    ) -> AsyncIterator[tuple[_Worker, asyncio.Future[Result]]]:
        """A process and its work, which it is killed over where that is left before its end."""
        worker = self._idle.pop() if self._idle else await self._spawned(job[1].fork)
        supply = _Supplies(learns, asyncio.get_running_loop(), self._limits.evm_supplies)
        running = asyncio.ensure_future(self._in_thread(self._ask, worker, job, supply))
        try:
            yield worker, running
        finally:
            if not running.done():
                worker.process.kill()  # ends the thread's wait
                supply.end()
                running.add_done_callback(lambda done: done.cancelled() or done.exception())
            elif running.exception() is None:
                self._keep(worker)

    async def _spawned(self, fork: str) -> _Worker:
        spawning = asyncio.ensure_future(self._in_thread(_spawn, fork, self._limits))
        try:
            return await asyncio.shield(spawning)
        except asyncio.CancelledError:
            spawning.add_done_callback(self._keep_spawned)
            raise

    def _keep_spawned(self, spawning: asyncio.Future[_Worker]) -> None:
        if not spawning.cancelled() and spawning.exception() is None:
            self._keep(spawning.result())

    def _keep(self, worker: _Worker) -> None:
        if self._closed:
            worker.end()
        else:
            self._idle.append(worker)

    async def _in_thread(self, work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        if self._closed:
            raise WalkawayError("the engine is closed")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(work, *args, **named))

    def _ask(self, worker: _Worker, job: Job, supply: _Supplies) -> Result:
        try:
            return worker.ask(job, self._limits.evm_seconds, supply)
        except TimeoutError:
            worker.end()
            seconds = self._limits.evm_seconds
            raise RanTooLong(f"execution aborted (timeout = {seconds:g} s): {_ADVICE}") from None
        except (OSError, EOFError):
            worker.end()
            raise WalkawayError("the executable specification crashed on this call") from None


class _Supplies:
    """Has the loop prove what a run lacks, while the thread that serves it waits.

    One piece at a time is dear, so that it does so only for so many.
    """

    def __init__(self, learns: Learns | None, loop: asyncio.AbstractEventLoop, pieces: int) -> None:
        self._learns = learns
        self._loop = loop
        self._left = pieces
        self._waiting: Future[KnownState | None] | None = None
        self._ended = False

    def __call__(self, missing: Missing) -> KnownState | None:
        """More state; None where it is not to be had, and why will be told to who asks next."""
        if self._learns is None or self._left <= 0:
            return None
        self._left -= 1
        try:
            self._waiting = asyncio.run_coroutine_threadsafe(
                _learned(self._learns, missing), self._loop
            )
            if self._ended:  # between the two: the loop may have been ahead of this thread
                self._waiting.cancel()
            return self._waiting.result()
        except (WalkawayError, CancelledError):
            return None

    def end(self) -> None:
        """Nobody waits for it any more."""
        self._ended = True
        if self._waiting is not None:
            self._waiting.cancel()


async def _learned(learns: Learns, missing: Missing) -> KnownState | None:
    return await learns(missing)


_ADVICE = "ask with less gas, or build the native kernel (`make native`), which is far faster"


def _as_of_now(state: KnownState) -> KnownState:
    """A copy: the state may grow while another thread puts it into bytes."""
    return KnownState(
        dict(state.accounts), dict(state.slots), dict(state.code), dict(state.block_hashes)
    )


def _spawn(fork: str, limits: Limits) -> _Worker:
    """A process that has loaded EELS, with a fork of it.

    Raises `WalkawayError` where it has not in time.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(
        target=_serve, args=(there, fork, limits), name="walkaway-evm", daemon=True
    )
    process.start()
    there.close()
    worker = _Worker(process, here)
    try:
        worker.await_loaded(limits.evm_seconds)
    except (OSError, EOFError):
        worker.end()
        raise WalkawayError("the executable specification could not be loaded") from None
    return worker


def _serve(pipe: Connection, fork: str, limits: Limits) -> None:
    """What a worker process does until its pipe ends."""
    from walkaway.evm.reference import ReferenceEngine

    engine = ReferenceEngine(limits)
    at_work = False

    def stop(*_: object) -> None:
        if at_work:
            raise _Stopped

    signal.signal(signal.SIGUSR1, stop)
    with suppress(WalkawayError):  # which a call on such a fork is told
        engine.load(fork)
    pipe.send_bytes(_LOADED)
    while True:
        try:
            job: Job = pickle.loads(pipe.recv_bytes())  # noqa: S301
        except (EOFError, KeyboardInterrupt):
            return
        result: Result
        call, environment, known, overrides = job
        state = _Growing(pipe, known)
        try:
            at_work = True
            result = engine.run(call, environment, state.known, overrides, state.supply)
            at_work = False
        except _Stopped:
            at_work, result = False, None
        except WalkawayError as error:
            at_work = False
            refusal = error.refusal if isinstance(error, CallRefused) else None
            result = (type(error).__name__, str(error), refusal)
        pipe.send_bytes(pickle.dumps(result))


class _Growing:
    """State that is known, and becomes more while a run waits for it."""

    def __init__(self, pipe: Connection, known: KnownState) -> None:
        self._pipe = pipe
        self._accounts = dict(known.accounts)
        self._slots = dict(known.slots)
        self._code = dict(known.code)
        self.known = KnownState(self._accounts, self._slots, self._code, known.block_hashes)

    def supply(self, missing: Missing) -> bool:
        """Ask whoever sent the job. Whether all of it is there now."""
        # What is half sent or half read would be taken for what comes next.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
        try:
            self._pipe.send_bytes(pickle.dumps(_Lacks(missing)))
            told: _Supplied = pickle.loads(self._pipe.recv_bytes())  # noqa: S301
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
        if told.state is not None:
            self._accounts.update(told.state.accounts)
            self._slots.update(told.state.slots)
            self._code.update(told.state.code)
        return (
            missing.accounts <= self._accounts.keys()
            and missing.slots <= self._slots.keys()
            and missing.code <= self._code.keys()
        )


class _Stopped(BaseException):
    """Raised by a signal, and caught in this module; nothing in between may take it for its own."""


_ERRORS: Mapping[str, type[WalkawayError]] = {
    kind.__name__: kind for kind in (InvalidRequest, CallFailed, Unsupported)
}
