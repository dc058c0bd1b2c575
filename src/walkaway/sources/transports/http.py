"""Real sources: JSON-RPC by POST, the beacon REST API by GET, content, and DNS, over HTTP."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from yarl import URL

from walkaway.errors import ConfigError, SourceFault, SourceLacks
from walkaway.sources.json_text import parse_json
from walkaway.sources.redact import Scrubber, redact
from walkaway.sources.request import (
    Answer,
    ArweaveRequest,
    BeaconRequest,
    BlockRequest,
    DnsRequest,
    PieceRequest,
    Request,
    RpcRequest,
)
from walkaway.sources.transports.arweave_http import ArweaveGateway
from walkaway.sources.transports.content_http import (
    ContentRequest,
    content_answer,
    content_question,
)
from walkaway.sources.transports.dns_http import dns_answer, dns_question
from walkaway.sources.transports.http_client import (
    JSON_TYPES,
    AnswerTooLarge,
    HttpClient,
    HttpQuestion,
    HttpReply,
)
from walkaway.sources.transports.http_status import raise_if_busy, status_fault
from walkaway.sources.transports.json_rpc import encode_batch, encode_call, read_batch, read_reply
from walkaway.sources.transports.piece_http import piece_answer, piece_question

__all__ = ["HttpTransport"]

_CALL_ID = 1
_FORK = re.compile(r"[a-z0-9]{1,32}")
_SSZ_TYPE = "application/octet-stream"


class HttpTransport:
    """One HTTP source. ``url`` may hold a key: nothing ever shows more than scheme and host.

    ``learned`` says that nobody configured it, but somebody named it: it is guarded, and
    https. ``server_name`` is the name in TLS of a host that is given by its address.

    Raises:
        ConfigError: the URL is not http or https, or cannot be read.
    """

    def __init__(
        self,
        source: str,
        url: str,
        client: HttpClient,
        *,
        learned: bool = False,
        server_name: str = "",
    ) -> None:
        try:
            self._url = URL(url)
            usable = self._url.scheme in ("http", "https") and bool(self._url.host)
        except ValueError:
            usable = False
        if not usable:
            raise ConfigError(
                f"the URL of source {source!r} cannot be used: {redact(url)}",
                advice="it must begin with http:// or https:// and name a host",
            )
        self._source = source
        self._client = client
        self._scrubber = Scrubber(url)
        self._learned = learned
        self._server_name = server_name
        self._closed = False
        self._arweave = ArweaveGateway(source, self._url, self._ask, client.limits)
        client.join()

    def __repr__(self) -> str:
        return f"HttpTransport({self._source!r}, {redact(str(self._url))!r})"

    async def fetch(self, request: Request) -> Answer:
        """Ask once.

        Raises:
            SourceFault: nothing that could be checked came back.
        """
        if isinstance(request, RpcRequest):
            return await self._call(request)
        if isinstance(request, BeaconRequest):
            return await self._get(request)
        if isinstance(request, DnsRequest):
            return await self._look_up(request)
        if isinstance(request, ArweaveRequest):
            return await self._arweave.fetch(request)
        if isinstance(request, PieceRequest):
            return await self._get_piece(request)
        return await self._get_content(request)

    async def fetch_batch(self, requests: Sequence[RpcRequest]) -> list[Answer | SourceFault]:
        """One POST for several calls.

        Raises:
            SourceLacks: the source takes no batches, or none of this size.
            SourceFault: the batch as a whole failed.
        """
        bound = min(
            sum(request.answer_bytes for request in requests),
            self._client.limits.batch_response_bytes,
        )
        reply = await self._post(encode_batch(requests), bound)
        if reply.status == 413:
            raise SourceLacks("takes no batch of this size")
        document = self._rpc_document(reply)
        if isinstance(document, dict):
            self._refuse_padding(reply)
        answers = read_batch(document, requests, self._source)
        if not any(isinstance(answer, Answer) for answer in answers):
            self._refuse_padding(reply)
        return answers

    def scrub(self, text: str) -> str:
        """The text without anything secret of this source's address."""
        return self._scrubber(text)

    async def close(self) -> None:
        """Leave the shared connections to the others, or close them if there are none."""
        if not self._closed:
            self._closed = True
            await self._client.leave()

    async def _call(self, request: RpcRequest) -> Answer:
        reply = await self._post(encode_call(request, _CALL_ID), request.answer_bytes)
        try:
            result = read_reply(self._rpc_document(reply), request, _CALL_ID)
        except SourceLacks:
            self._refuse_padding(reply)
            raise
        if result is None:
            self._refuse_padding(reply)
        return Answer(self._source, result, content=reply.content)

    def _refuse_padding(self, reply: HttpReply) -> None:
        """Hold it against a source when it says in very many bytes that it has nothing.

        To lack something is no fault, so it could hold the loop with it again and again.
        """
        if len(reply.content) > self._client.limits.refusal_bytes:
            raise SourceFault(f"has no answer, and says so in {len(reply.content)} bytes")

    async def _post(self, body: bytes, max_bytes: int) -> HttpReply:
        return await self._client.ask(HttpQuestion(self._url, "application/json", max_bytes, body))

    def _rpc_document(self, reply: HttpReply) -> Any:
        """The JSON of a reply; servers also send JSON-RPC errors with a failing status."""
        if reply.status != 200:
            document = self._json_or_none(reply)
            if not isinstance(document, dict) or not isinstance(document.get("error"), dict):
                raise status_fault(reply)
            raise_if_busy(reply)
            return document
        return self._json(reply)

    async def _get(self, request: BeaconRequest) -> Answer:
        wants_ssz = request.accept == "ssz"
        url = self._url.with_path(self._url.path.rstrip("/") + request.path)
        query = [*self._url.query.items(), *request.query]
        accept = f"{_SSZ_TYPE};q=1, application/json;q=0.5" if wants_ssz else "application/json"
        reply = await self._client.ask(
            HttpQuestion(url.with_query(query), accept, request.answer_bytes)
        )
        if wants_ssz and reply.status in (406, 415):
            raise SourceLacks("does not serve SSZ here", lasting=True)
        if reply.status != 200:
            raise status_fault(reply)
        fork = _fork(reply)
        if not wants_ssz:
            return Answer(self._source, self._json(reply), fork, reply.content)
        if reply.content_type != _SSZ_TYPE:
            raise SourceLacks("does not serve SSZ here", lasting=True)
        return Answer(self._source, reply.content, fork, reply.content)

    async def _get_content(self, request: ContentRequest) -> Answer:
        limits = self._client.limits
        try:
            reply = await self._ask(content_question(self._url, request, limits))
        except AnswerTooLarge as error:
            # Whoever holds a block that is too large to be proven says how large it is, and
            # Kubo's RPC never does. To send without an end is another thing.
            if isinstance(request, BlockRequest) and (error.declared or request.kind == "kubo"):
                raise SourceLacks(f"{error}, and no block is") from None
            raise
        return content_answer(reply, request, self._source, limits.json_depth)

    async def _get_piece(self, request: PieceRequest) -> Answer:
        into = request.receive()
        reply = await self._ask(piece_question(self._url, request, into, self._client.limits))
        return piece_answer(reply, into, self._source)

    async def _ask(self, question: HttpQuestion) -> HttpReply:
        """Ask once, as is due to whoever named the address."""
        return await self._client.ask(
            replace(question, learned=self._learned, server_name=self._server_name)
        )

    async def _look_up(self, request: DnsRequest) -> Answer:
        question, query = dns_question(self._url, request)
        return dns_answer(await self._client.ask(question), query, self._source)

    def _json(self, reply: HttpReply) -> Any:
        if reply.content_type not in JSON_TYPES:
            raise SourceFault("its answer is of another type than JSON")
        return parse_json(reply.content, depth=self._client.limits.json_depth)

    def _json_or_none(self, reply: HttpReply) -> Any:
        try:
            return self._json(reply)
        except SourceFault:
            return None


def _fork(reply: HttpReply) -> str | None:
    value = reply.headers.get("Eth-Consensus-Version", "").lower()
    return value if _FORK.fullmatch(value) else None
