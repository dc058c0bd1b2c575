"""A source: a name, who runs it, what it can be asked for, and how it is reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from walkaway.errors import SourceFault
from walkaway.sources.request import Answer, Kind, Request, RpcRequest

__all__ = ["Source", "Transport"]


class Transport(Protocol):
    """How questions travel to one source. It owns the URL, and lets nobody see it."""

    async def fetch(self, request: Request) -> Answer:
        """Ask once.

        Raises:
            SourceFault: nothing that could be checked came back.
        """
        ...

    async def fetch_batch(self, requests: Sequence[RpcRequest]) -> list[Answer | SourceFault]:
        """Ask several at once; one answer or fault for each, in the same order.

        Raises:
            SourceLacks: the source takes no batches, or none of this size.
            SourceFault: the batch as a whole failed.
        """
        ...

    def scrub(self, text: str) -> str:
        """The text without anything secret of this source's address."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True)
class Source:
    """One untrusted supplier. ``name`` is what logs, evidence and reasons show.

    ``operator`` is who runs it: sources of one operator count once where k of
    n must agree.
    """

    name: str
    operator: str
    kinds: frozenset[Kind]
    transport: Transport
