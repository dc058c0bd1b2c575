"""What was asked of whom, and what came of it, while somebody looks.

Answers carry why they are to be believed, and not who happened to supply it: that is
gathered only for a question which is run again to be explained.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from walkaway.limits import LIMITS
from walkaway.sources.capabilities import form_of
from walkaway.sources.request import ArweaveRequest, BlockRequest, DnsRequest, Request, RpcRequest

__all__ = ["Exchange", "Recording", "in_words", "note", "recording"]

ANSWERED: Final = "answered"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question to one source. ``outcome`` is ``answered``, or as `Ending` has it;
    ``reason`` says why it was not of use.
    """

    source: str
    question: str
    outcome: str
    reason: str = ""


@dataclass(slots=True)
class Recording:
    """The exchanges so far, and how many more there were than are kept."""

    exchanges: list[Exchange] = field(default_factory=list)
    left_out: int = 0
    most: int = LIMITS.recorded_exchanges

    def add(self, exchange: Exchange) -> None:
        """Keep one more, if there is room."""
        if len(self.exchanges) < self.most:
            self.exchanges.append(exchange)
        else:
            self.left_out += 1


_RECORDING: ContextVar[Recording | None] = ContextVar("recording", default=None)


@contextmanager
def recording() -> Iterator[Recording]:
    """Inside, and in the tasks that begin there, what is asked of sources is kept.

    A question that joins one which somebody else asked already is not among them.
    """
    made = Recording()
    token = _RECORDING.set(made)
    try:
        yield made
    finally:
        _RECORDING.reset(token)


def note(source: str, request: Request, outcome: str = ANSWERED, reason: str = "") -> None:
    """Say what came of a question, where anybody wants to know."""
    kept = _RECORDING.get()
    if kept is not None:
        kept.add(Exchange(source, in_words(request), outcome, reason))


def in_words(request: Request) -> str:
    """The question in words, for a person."""
    if isinstance(request, RpcRequest):
        account = next((p for p in request.params if isinstance(p, str)), "")
        return f"{request.method} {account[:42]}".rstrip()
    if isinstance(request, BlockRequest):
        return f"block {request.cid}"
    if isinstance(request, ArweaveRequest):
        return f"{form_of(request)} {request.id}"
    if isinstance(request, DnsRequest):
        return f"{request.rdtype} {request.name}"
    return form_of(request)
