"""Blocks in their order, hashed ahead of it: several threads at once, within bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import NamedTuple, TypeAlias

from walkaway.content.importer.file_dag import Block
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.ipfs.dag_pb import PbLink

__all__ = ["Ahead", "Place"]

Place: TypeAlias = "Callable[[PbLink], Iterator[Block]]"
"""Hangs a link up where it belongs; gives the blocks that this completes."""

_WORTH_A_THREAD_BYTES = 32 * 1024


class _Turn(NamedTuple):
    """Something whose blocks come when all before it have; the last is what is hung up."""

    blocks: Callable[[], Iterator[Block]]
    place: Place
    size: int


class Ahead:
    """A queue of what is still to be handed out.

    Leaves are hashed as soon as they come in; what is built of them waits for
    its turn, by when all of them have been hung up.
    """

    def __init__(self, threads: Executor, limits: Limits = LIMITS) -> None:
        self._threads = threads
        self._limits = limits
        self._turns: deque[_Turn] = deque()
        self._bytes = 0

    def leaf(self, make: Callable[[], Block], size: int, place: Place) -> None:
        """Take a leaf of ``size`` bytes, and begin to hash it."""
        if size < _WORTH_A_THREAD_BYTES:
            made = make()
            self._add(_Turn(lambda: iter((made,)), place, size))
        else:
            making = self._threads.submit(make)
            self._add(_Turn(lambda: iter((making.result(),)), place, size))

    def then(self, build: Callable[[], Iterator[Block]], place: Place) -> None:
        """Take what is built of those before it."""
        self._add(_Turn(build, place, 0))

    def due(self) -> Iterator[Block]:
        """The blocks that memory has no room for."""
        while (
            self._bytes > self._limits.import_ahead_bytes
            or len(self._turns) > self._limits.import_ahead_blocks
        ):
            yield from self._next()

    def rest(self) -> Iterator[Block]:
        """All that are left."""
        while self._turns:
            yield from self._next()

    def _add(self, turn: _Turn) -> None:
        self._turns.append(turn)
        self._bytes += turn.size

    def _next(self) -> Iterator[Block]:
        turn = self._turns.popleft()
        self._bytes -= turn.size
        last: PbLink | None = None
        for block in turn.blocks():
            last = block[0]
            yield block
        if last is not None:
            yield from turn.place(last)
