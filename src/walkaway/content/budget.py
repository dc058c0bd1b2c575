"""What one request may cost: whatever a DAG claims to be, it ends here."""

from __future__ import annotations

from walkaway.errors import TooMuch
from walkaway.limits import LIMITS, Limits

__all__ = ["Budget"]


class Budget:
    """Blocks and bytes that one request may still fetch, counted as they come.

    Depth is held by whoever walks, against ``limits.dag_depth``; time by whoever serves.
    """

    __slots__ = ("_blocks", "_bytes", "limits")

    def __init__(
        self,
        limits: Limits = LIMITS,
        *,
        blocks: int | None = None,
        size: int | None = None,
    ) -> None:
        self.limits = limits
        self._blocks = limits.request_blocks if blocks is None else blocks
        self._bytes = limits.request_block_bytes if size is None else size

    def spend(self, size: int) -> None:
        """Count one block of so many bytes.

        Raises:
            TooMuch: the request has used up what it may fetch.
        """
        self._blocks -= 1
        self._bytes -= size
        if self._blocks < 0:
            raise TooMuch("the content needs more blocks than one request may fetch")
        if self._bytes < 0:
            raise TooMuch("the content needs more bytes than one request may fetch")

    def foresee(self, size: int) -> None:
        """Hold what is about to be asked for against what is left, before any of it is fetched.

        Raises:
            TooMuch: so many bytes are more than the request may still fetch.
        """
        if size > self._bytes:
            raise TooMuch("the content needs more bytes than one request may fetch")

    def descend(self, depth: int) -> None:
        """Hold a depth against the limit.

        Raises:
            TooMuch: the DAG is deeper than is walked.
        """
        if depth > self.limits.dag_depth:
            raise TooMuch(f"the content is over {self.limits.dag_depth} links deep")
