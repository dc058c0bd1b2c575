"""A provider of Filecoin over HTTP: ``GET /piece/{cid}`` gives a piece's payload.

Specification: Curio, HTTP retrieval (``piece/{cid}``). The payload comes as it is,
without its padding.
"""

from __future__ import annotations

from typing import Final

from yarl import URL

from walkaway.errors import SourceFault, SourceLacks
from walkaway.limits import Limits
from walkaway.sources.request import Answer, PieceRequest, Receives
from walkaway.sources.transports.http_client import HttpQuestion, HttpReply
from walkaway.sources.transports.http_status import status_fault

__all__ = ["piece_answer", "piece_question"]

_DENIED: Final = (403, 410, 451)


def piece_question(
    base: URL, request: PieceRequest, into: Receives, limits: Limits
) -> HttpQuestion:
    """The GET for a piece, whose bytes go into what was made for them."""
    url = base.with_path(f"{base.path.rstrip('/')}/piece/{request.cid}").with_query(base.query)
    return HttpQuestion(
        url,
        "*/*",
        request.answer_bytes,
        seconds=limits.piece_seconds,
        heard=request.flow.came,
        into=into.take,
    )


def piece_answer(reply: HttpReply, into: Receives, source: str) -> Answer:
    """What a provider said. Raises `SourceFault` where that is no payload."""
    if reply.status != 200:
        raise _refusal(reply)
    return Answer(source, into, content=into.beginning)


def _refusal(reply: HttpReply) -> SourceFault:
    if reply.status in _DENIED:
        return SourceLacks(f"refuses to give it (HTTP status {reply.status})")
    return status_fault(reply)
