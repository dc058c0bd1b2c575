"""KZG in a process of its own: loading the setup holds all threads of a process for seconds,
and each commitment for some 60 ms.
"""

from __future__ import annotations

import multiprocessing
import signal
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import Lock

from walkaway.anchors.kzg_setup import KzgCeremony, kzg_ceremony, kzg_setup
from walkaway.errors import ConfigError, ProofError, WalkawayError
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.blobs.kzg import Kzg, LoadedKzg

__all__ = ["KzgProcess"]

_Job = tuple[bytes, ...]
"""A blob alone, for its commitment; or with a commitment and a proof, which are to be checked."""


@dataclass(frozen=True, slots=True)
class _Refused:
    """Why a job, or the setup, is refused."""

    message: str
    advice: str = ""


_Answer = bytes | bool | _Refused


class KzgProcess:
    """`Kzg` for threads, which wait meanwhile and let others run. Close it when done.

    Nothing is spawned before it is asked; then it is kept.
    """

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._seconds = limits.kzg_seconds
        self._turn = Lock()
        self._running: tuple[BaseProcess, Connection] | None = None
        self._closed = False

    @property
    def ceremony(self) -> KzgCeremony:
        """See `Kzg.ceremony`."""
        return kzg_ceremony()

    def load(self) -> None:
        """Have the setup loaded, where it is not.

        Raises:
            ConfigError: it is not installed as it was published.
            WalkawayError: the process crashed, or was closed.
        """
        with self._turn:
            self._process()

    def commitment(self, blob: bytes) -> bytes:
        """See `Kzg.commitment`. Raises also as `load` does."""
        answer = self._ask((blob,))
        assert isinstance(answer, bytes)
        return answer

    def opens(self, blob: bytes, commitment: bytes, proof: bytes) -> bool:
        """See `Kzg.opens`. Raises also as `load` does."""
        answer = self._ask((blob, commitment, proof))
        assert isinstance(answer, bool)
        return answer

    def close(self) -> None:
        """End the process; whoever waits for it is told so."""
        self._closed = True
        running = self._running
        if running is not None:
            running[0].kill()
        with self._turn:
            self._end()

    def _ask(self, job: _Job) -> bytes | bool:
        with self._turn:
            pipe = self._process()
            try:
                pipe.send(job)
                answer = self._heard(pipe)
            except (OSError, EOFError):
                raise self._crashed() from None
        if isinstance(answer, _Refused):
            raise ProofError(answer.message)
        return answer

    def _process(self) -> Connection:
        if self._closed:
            raise WalkawayError("commitments of blobs are not computed any more: it is closed")
        if self._running is not None:
            return self._running[1]
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=_serve, args=(there,), name="walkaway-kzg", daemon=True)
        process.start()
        there.close()
        self._running = process, here
        if self._closed:  # meanwhile, by who saw no process to end
            raise self._crashed()
        try:
            loaded = self._heard(here)
        except (OSError, EOFError):
            raise self._crashed() from None
        if isinstance(loaded, _Refused):
            self._end()
            raise ConfigError(loaded.message, advice=loaded.advice)
        return here

    def _heard(self, pipe: Connection) -> _Answer:
        if not pipe.poll(self._seconds):
            raise EOFError
        answer: _Answer = pipe.recv()
        return answer

    def _crashed(self) -> WalkawayError:
        self._end()
        return WalkawayError("the process that computes commitments of blobs ended, or hangs")

    def _end(self) -> None:
        if self._running is not None:
            process, pipe = self._running
            self._running = None
            process.kill()
            process.join()
            pipe.close()


def _serve(pipe: Connection) -> None:
    """Answer jobs until nobody is there to ask."""
    # A terminal interrupts all processes at once: who began this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, OSError):
        try:
            kzg = LoadedKzg(kzg_setup())
        except ConfigError as error:
            pipe.send(_Refused(str(error), error.advice))
            return
        pipe.send(True)
        while True:
            pipe.send(_answer(kzg, pipe.recv()))


def _answer(kzg: Kzg, job: _Job) -> _Answer:
    try:
        if len(job) == 1:
            return kzg.commitment(*job)
        blob, commitment, proof = job
        return kzg.opens(blob, commitment, proof)
    except ProofError as error:
        return _Refused(str(error))
