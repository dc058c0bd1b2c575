"""Routing V1, served: who has a block (this node, where its store does), and IPNS records.

https://specs.ipfs.tech/routing/http-routing-v1/, with IPIP-484 (filters), IPIP-513 (that
nothing was found is no error) and IPIP-476 (closest peers). Kubo and Helia, told of this
router, fetch from this node over HTTP. It speaks for nobody but itself.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final, Protocol

from starlette.types import Receive

from walkaway.errors import ConfigError, InvalidRequest, ProofError, TooMuch, Unproven, Unsupported
from walkaway.gateway.answers.answer import Answer, RawHeaders, raw_headers
from walkaway.gateway.request.asked import Wish
from walkaway.gateway.routing.filters import passing_addresses, passing_protocols
from walkaway.gateway.safety.denylist import Denylist
from walkaway.limits import LIMITS, Limits
from walkaway.names.held import HeldNames
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.ipns_name import name_text, parse_name

__all__ = ["HTTP_TRANSFER", "Holder", "RoutingV1"]

HTTP_TRANSFER: Final = "transport-ipfs-gateway-http"
"""The transfer protocol that this node speaks, by its name in the multicodec table."""

RECORD_TYPE: Final = "application/vnd.ipfs.ipns-record"
_JSON, _LINES, _TEXT = "application/json", "application/x-ndjson", "text/plain; charset=utf-8"
_SOME_SECONDS, _NONE_SECONDS, _RECORD_SECONDS = 300, 15, 60


class Holder(Protocol):
    """What knows which blocks are here."""

    async def has(self, cid: Cid) -> bool:
        """Whether the block is here."""
        ...


class RoutingV1:
    """Answers what is asked below ``/routing/v1``.

    ``peer`` is this node's peer ID, ``addresses`` the multiaddresses under which its
    gateway is reached: ``/ip4/127.0.0.1/tcp/8080/http``.
    """

    def __init__(
        self,
        holder: Holder,
        names: HeldNames,
        peer: str,
        addresses: Sequence[str],
        *,
        denylist: Denylist | None = None,
        limits: Limits = LIMITS,
    ) -> None:
        self._holder = holder
        self._names = names
        self._peer = parse_name(peer)
        self._addresses = tuple(addresses)
        self._record = {"Schema": "peer", "ID": peer}
        self._denylist = denylist
        self._limits = limits

    async def answer(self, wish: Wish, segments: Sequence[str], receive: Receive) -> Answer:
        """Answer a request. ``segments`` follow ``/routing/v1``, unescaped.

        The body, of a PUT alone, is read no further than a record may be long.
        """
        try:
            return await self._answer(wish, segments, receive)
        except _Refused as refused:
            return _told(refused.status, str(refused))

    async def _answer(self, wish: Wish, segments: Sequence[str], receive: Receive) -> Answer:
        method = "GET" if wish.method == "HEAD" else wish.method
        match (method, *segments):
            case ("OPTIONS", *_):
                return Answer(204, [*_CORS])
            case ("GET", "providers", cid):
                return await self._providers(wish, cid)
            case ("GET", "peers", peer):
                return self._records(wish, "Peers", _name(peer) == self._peer)
            case ("GET", "dht", "closest", "peers", key):
                # Closer to a key than this node itself is nobody that it knows.
                _key(key)
                return self._records(wish, "Peers", False)
            case ("GET", "ipns", name):
                return await self._ipns(wish, name)
            case ("PUT", "ipns", name):
                return await self._publish(wish, name, receive)
            case (_, "providers" | "peers" | "ipns" | "dht", *_):
                raise _Refused(501, "this is not served: ask by GET, or PUT a record to ipns/")
        raise _Refused(400, "no path of Routing V1")

    async def _providers(self, wish: Wish, text: str) -> Answer:
        try:
            cid = Cid.parse(text)
            denied = self._denylist is not None and self._denylist.status_of_block(cid)
            is_here = not denied and await self._holder.has(cid)
        except (ProofError, Unsupported) as error:
            raise _Refused(422, f"no CID: {error}") from None
        return self._records(wish, "Providers", is_here)

    def _records(self, wish: Wish, kind: str, is_this_node: bool) -> Answer:
        """A list of this node or of nobody, as the filters and Accept would have it."""
        found = [self._filtered(wish.query)] if is_this_node else []
        records = [record for record in found if record is not None]
        as_lines = _accepts(wish, _LINES)
        body = (
            "".join([json.dumps(record) + "\n" for record in records])
            if as_lines
            else json.dumps({kind: records})
        )
        seconds = _SOME_SECONDS if records else _NONE_SECONDS
        told = [
            ("content-type", _LINES if as_lines else _JSON),
            ("cache-control", f"public, max-age={seconds}"),
            ("vary", "Accept"),
        ]
        return Answer(200, [*raw_headers(told), *_CORS], body.encode())

    def _filtered(self, query: Mapping[str, str]) -> dict[str, object] | None:
        """This node's record with what passes, or None where nothing does."""
        addresses = passing_addresses(query.get("filter-addrs", ""), self._addresses)
        if addresses is None:
            return None
        if not passing_protocols(query.get("filter-protocols", ""), (HTTP_TRANSFER,)):
            return None
        return {**self._record, "Addrs": list(addresses), "Protocols": [HTTP_TRANSFER]}

    async def _ipns(self, wish: Wish, text: str) -> Answer:
        name = _name(text)
        if not _accepts(wish, RECORD_TYPE, anything=True):
            raise _Refused(406, f"ask with Accept: {RECORD_TYPE}")
        denied = self._denylist and self._denylist.status("ipns", name_text(name))
        if denied:
            raise _Refused(denied, "a denylist of whoever runs this gateway denies this name")
        try:
            held = await self._names.record(name)
        except (Unproven, ProofError, Unsupported, ConfigError) as error:
            return _told(200, f"routing: not found ({error})", _NONE_SECONDS)
        if held is None:
            return _told(200, "routing: not found", _NONE_SECONDS)
        seconds = held.proven.value.ttl // 1_000_000_000 or _RECORD_SECONDS
        told = [
            ("content-type", RECORD_TYPE),
            ("etag", f'"{sha256(held.signed).hexdigest()[:32]}"'),
            ("cache-control", f"public, max-age={seconds}"),
            ("x-content-type-options", "nosniff"),
            ("vary", "Accept"),
        ]
        return Answer(200, [*raw_headers(told), *_CORS], held.signed)

    async def _publish(self, wish: Wish, text: str, receive: Receive) -> Answer:
        """Keep a record. No page may: what it kept here would stay."""
        if "origin" in wish.headers or wish.headers.get("sec-fetch-site", "none") != "none":
            raise _Refused(403, "pages publish no records here; programs may")
        if wish.headers.get("content-type", "").partition(";")[0].strip() != RECORD_TYPE:
            raise _Refused(406, f"send the record with Content-Type: {RECORD_TYPE}")
        try:
            name = parse_name(text)
            async with asyncio.timeout(self._limits.rpc_upload_seconds):
                signed = await self._body(receive)
            is_newest = await self._names.put(name, signed)
        except (ProofError, Unsupported, InvalidRequest) as error:
            status = 507 if isinstance(error, TooMuch) else 400
            raise _Refused(status, f"the record is not kept: {error}") from None
        except TimeoutError:
            raise _Refused(408, "the record did not arrive in time") from None
        except ConfigError as error:
            raise _Refused(500, f"the record is not kept: {error}") from None
        if not is_newest and not await self._holds(name, signed):
            raise _Refused(409, "the record is not kept: one that is newer is held")
        return _told(200, "kept")

    async def _holds(self, name: Cid, signed: bytes) -> bool:
        try:
            held = await self._names.record(name)
        except (Unproven, ProofError):
            # The newer one's time is over.
            return False
        return held is not None and held.signed == signed

    async def _body(self, receive: Receive) -> bytes:
        body, more = bytearray(), True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                raise InvalidRequest("the request ended early")
            body += message.get("body", b"")
            if len(body) > self._limits.ipns_record_bytes:
                raise InvalidRequest(f"a record is over {self._limits.ipns_record_bytes} bytes")
            more = message.get("more_body", False)
        return bytes(body)


class _Refused(Exception):
    """Caught in this module, and nowhere else."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


_CORS: Final[RawHeaders] = raw_headers(
    [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "GET, PUT, OPTIONS"),
        ("access-control-allow-headers", "Accept, Content-Type"),
    ]
)


def _name(text: str) -> Cid:
    try:
        return parse_name(text)
    except (ProofError, Unsupported) as error:
        raise _Refused(422, f"no name of a key: {error}") from None


def _key(text: str) -> None:
    """Refuse what is neither a CID nor a peer ID."""
    try:
        Cid.parse(text)
    except (ProofError, Unsupported):
        _name(text)


def _accepts(wish: Wish, media_type: str, *, anything: bool = False) -> bool:
    """Whether Accept names a type, or with ``anything`` any type at all."""
    named = wish.headers.get("accept", "").split(",")
    accepted = {part.partition(";")[0].strip().lower() for part in named}
    return media_type in accepted or (anything and "*/*" in accepted)


def _told(status: int, text: str, seconds: int | None = None) -> Answer:
    told = [
        ("content-type", _TEXT),
        ("cache-control", "no-store" if seconds is None else f"public, max-age={seconds}"),
        ("x-content-type-options", "nosniff"),
    ]
    return Answer(status, [*raw_headers(told), *_CORS], f"{text}\n".encode())
