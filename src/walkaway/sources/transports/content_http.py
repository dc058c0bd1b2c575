"""Content over HTTP: a block, its providers, an IPNS record found or published, an ArNS name.

Specifications: Trustless Gateway (``?format=raw``, ``?format=ipns-record``), Routing V1
(``/routing/v1``), the RPC of Kubo (``/api/v0/block/get``), and the gateways of ar.io
(``/ar-io/resolver``).
"""

from __future__ import annotations

from typing import TypeAlias

from yarl import URL

from walkaway.errors import NotKnown, SourceFault, SourceLacks
from walkaway.limits import Limits
from walkaway.proofs.ipfs.ipns_name import name_text
from walkaway.sources.json_text import parse_json
from walkaway.sources.request import (
    Answer,
    ArnsRequest,
    BlockRequest,
    IpnsPublication,
    IpnsRequest,
    ProvidersRequest,
)
from walkaway.sources.transports.http_client import HttpQuestion, HttpReply
from walkaway.sources.transports.http_status import status_fault

__all__ = ["ContentRequest", "content_answer", "content_question"]

ContentRequest: TypeAlias = (
    BlockRequest | ProvidersRequest | IpnsRequest | IpnsPublication | ArnsRequest
)

_RAW = "application/vnd.ipld.raw"
_RECORD = "application/vnd.ipfs.ipns-record"
_JSON = "application/json"
_DENIED = (410, 451)
_NOT_TO_BE_HAD = (400, 406, 500, 502, 504)
"""What gateways answer where they find nobody who has a block, or cannot read its address."""


def content_question(base: URL, request: ContentRequest, limits: Limits) -> HttpQuestion:
    """The HTTP request for a question to the source at ``base``."""
    if isinstance(request, ProvidersRequest):
        url = _below(base, f"/routing/v1/providers/{request.cid.as_v1()}")
        return HttpQuestion(url, _JSON, request.answer_bytes)
    if isinstance(request, ArnsRequest):
        url = _below(base, f"/ar-io/resolver/{request.name}")
        return HttpQuestion(url, _JSON, request.answer_bytes)
    if isinstance(request, IpnsPublication):
        url = _below(base, f"/routing/v1/ipns/{name_text(request.name)}")
        return HttpQuestion(
            url,
            "*/*",
            request.answer_bytes,
            request.record,
            seconds=limits.ipns_publish_seconds,
            puts=True,
            body_type=_RECORD,
        )
    if isinstance(request, IpnsRequest):
        if request.kind == "routing":
            url = _below(base, f"/routing/v1/ipns/{name_text(request.name)}")
        else:
            url = _below(base, f"/ipns/{name_text(request.name)}", format="ipns-record")
        return HttpQuestion(
            url,
            _RECORD,
            request.answer_bytes,
            host=_path_host(base),
            through=request.through,
        )
    kubo = request.kind == "kubo"
    return HttpQuestion(
        _below(base, "/api/v0/block/get", arg=str(request.cid))
        if kubo
        else _below(base, f"/ipfs/{request.cid}", format="raw"),
        _RAW,
        request.answer_bytes,
        b"" if kubo else None,
        seconds=limits.block_seconds,
        heard=request.flow.came,
        host="" if kubo else _path_host(base),
        through=request.through,
    )


def content_answer(reply: HttpReply, request: ContentRequest, source: str, depth: int) -> Answer:
    """What a reply says.

    Raises:
        SourceFault: it holds nothing that could be checked.
    """
    if isinstance(request, ProvidersRequest):
        return _providers(reply, source, depth)
    if isinstance(request, IpnsPublication):
        return _taken(reply, source)
    if isinstance(request, ArnsRequest):
        return _arns(reply, source, depth)
    if reply.status != 200:
        raise _refusal(reply, request)
    if isinstance(request, IpnsRequest) and reply.content_type != _RECORD:
        raise NotKnown("answers with no IPNS record")
    if isinstance(request, BlockRequest) and request.kind == "content":
        _require_raw(reply)
    return Answer(source, reply.content, content=reply.content)


def _below(base: URL, path: str, **query: str) -> URL:
    """An address below that of the source, which keeps its own query."""
    return base.with_path(base.path.rstrip("/") + path).with_query(
        [*base.query.items(), *query.items()]
    )


def _path_host(base: URL) -> str:
    """What to call a gateway on this machine: as ``localhost`` it would answer no path, but
    send us to a host of the content's own (Subdomain Gateway), and by its address it does.
    """
    return f"127.0.0.1:{base.port}" if base.host == "localhost" else ""


def _providers(reply: HttpReply, source: str, depth: int) -> Answer:
    """A router that knows nobody says so by an empty list, or by 404 (IPIP-513)."""
    if reply.status == 404:
        return Answer(source, {"Providers": []})
    if reply.status != 200:
        raise status_fault(reply)
    if reply.content_type != _JSON:
        raise SourceFault("its answer is of another type than JSON")
    return Answer(source, parse_json(reply.content, depth=depth), content=reply.content)


def _taken(reply: HttpReply, source: str) -> Answer:
    """A router says by its status alone whether it took a record."""
    if reply.status // 100 != 2:
        raise status_fault(reply)
    return Answer(source, None)


def _arns(reply: HttpReply, source: str, depth: int) -> Answer:
    if reply.status in _DENIED:
        raise SourceLacks(f"refuses to resolve it (HTTP status {reply.status})")
    if reply.status != 200:
        raise status_fault(reply)
    if reply.content_type != _JSON:
        raise SourceFault("its answer is of another type than JSON")
    return Answer(source, parse_json(reply.content, depth=depth), content=reply.content)


def _require_raw(reply: HttpReply) -> None:
    """A gateway that only serves files ignores the format: that is no lie, and of no use."""
    if reply.content_type != _RAW:
        raise SourceLacks("does not serve blocks", lasting=True)


def _refusal(reply: HttpReply, request: BlockRequest | IpnsRequest) -> SourceFault:
    """Not to have something is no fault, however a server says it."""
    if reply.status in _DENIED:
        return SourceLacks(f"refuses to give it (HTTP status {reply.status})")
    if reply.status in _NOT_TO_BE_HAD and b"not found" in reply.content.lower():
        return NotKnown(f"does not have it (HTTP status {reply.status})")
    if reply.status in _NOT_TO_BE_HAD and reply.status != 500:
        return SourceLacks(f"could not get it (HTTP status {reply.status})")
    if reply.status in (404, 405) and isinstance(request, BlockRequest) and request.kind == "kubo":
        return SourceLacks("is no Kubo node, or hides its RPC", lasting=True)
    return status_fault(reply)
