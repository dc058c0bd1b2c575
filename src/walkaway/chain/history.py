"""The way down to blocks that lie deeper than one window of the history contract.

From a head, one proof reaches 8,191 blocks back (EIP-2935). From there, a source
that can still prove that old state reaches as far again, and so on: a chain of
jumps, each noted in the header index, so that the next question, and the next
run, begins at the nearest block that was proven final before.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from walkaway.chain.header_index import HeaderIndex
from walkaway.errors import Unproven
from walkaway.limits import LIMITS
from walkaway.proofs import Finality, Proven
from walkaway.proofs.execution.ancestry import header_from_kept
from walkaway.proofs.execution.header import Header

__all__ = ["Fetch", "History", "Jump"]

Jump = Callable[[Proven[Header], int], Awaitable[Proven[Header]]]
"""The ancestor of a proven header with a number, by one jump. Raises `Unproven`."""

Fetch = Callable[[bytes], Awaitable[Header]]
"""The header with a 32-byte hash. Raises `Unproven`."""


class History:
    """Finds a proven header from which the last stretch can be gone.

    What this run proved is handed on as proven; what an earlier run proved, or so long
    ago that it was let go since (`LIMITS.history_headers`), as kept.
    ``window`` is how many blocks one jump may span.
    """

    def __init__(self, index: HeaderIndex, window: int, *, jump: Jump, fetch: Fetch) -> None:
        self._index = index
        self._window = window
        self._jump = jump
        self._fetch = fetch
        self._checked = False
        self._proven: OrderedDict[int, Proven[Header]] = OrderedDict()

    async def start(self, head: Proven[Header], number: int) -> Proven[Header]:
        """A proven ancestor of ``head``, at most one window above ``number``.

        Raises:
            Unproven: how deep it came, and why no source leads further.
            ConfigError: what was kept contradicts what is proven now.
        """
        at = await self.kept(head, number) or head
        for _ in range(LIMITS.history_jumps):
            if at.value.number - number <= self._window:
                return at
            try:
                at = await self._jump(at, at.value.number - self._window)
            except Unproven as error:
                raise self._too_deep(head, at, number, error) from None
            self.note(at)
        raise Unproven(
            f"block {number} is further than {LIMITS.history_jumps} jumps below block "
            f"{head.value.number}; proven so far: down to block {at.value.number}",
            reasons={},
            advice="ask again: what is proven by now is kept, and the way goes on from there",
        )

    async def kept(self, head: Proven[Header], number: int) -> Proven[Header] | None:
        """The nearest block at or above ``number`` that was proven final before.

        None where there is none below ``head``, or no source has it any more. Raises
        `ConfigError` as `start` does.
        """
        entry = self._index.nearest(number)
        if entry is None or entry[0] >= head.value.number or not _is_final(head):
            return None
        if (proven := self._proven.get(entry[0])) is not None:
            self._proven.move_to_end(entry[0])
            return proven
        await self._check(head)
        try:
            header = await self._fetch(entry[1])
        except Unproven:
            return None
        return header_from_kept(head.claim.chain_id, *entry, header)

    def note(self, header: Proven[Header]) -> None:
        """Keep that a header was proven, if it is final.

        Raises `ConfigError` where another one was proven before.
        """
        if not _is_final(header):
            return
        number = header.value.number
        self._index.note(number, header.value.hash)
        self._proven[number] = header
        self._proven.move_to_end(number)
        while len(self._proven) > LIMITS.history_headers:
            self._proven.popitem(last=False)

    async def _check(self, head: Proven[Header]) -> None:
        """Once in a run, hold the newest kept entry against the proven head."""
        entry = self._index.newest_below(head.value.number)
        if self._checked or entry is None or head.value.number - entry[0] > self._window:
            return
        try:
            self.note(await self._jump(head, entry[0]))
        except Unproven:
            return  # no source proves it: then it is believed, and the evidence says so
        self._checked = True

    def _too_deep(
        self, head: Proven[Header], at: Proven[Header], number: int, error: Unproven
    ) -> Unproven:
        return Unproven(
            f"block {number} is {head.value.number - number} blocks below the proven head; "
            f"nobody could lead further down than block {at.value.number}: {error.summary}",
            reasons=error.reasons,
            advice="a source that keeps old state (an archive node) can lead further down",
        )


def _is_final(header: Proven[Header]) -> bool:
    return header.claim.finality is Finality.FINALIZED
