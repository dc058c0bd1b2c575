"""Ask the endpoint and the gateway that are already running on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp

from walkaway.errors import (
    CallFailed,
    ConfigError,
    InvalidRequest,
    NoEndpoint,
    NoNetwork,
    NoSuchName,
    ProofError,
    SourceFault,
    Stale,
    TooMuch,
    UnknownMethod,
    Unproven,
    UnsignedName,
    Unsupported,
    WalkawayError,
)
from walkaway.gateway.pages.own_pages import EXPLAIN_PATH, STATUS_PATH
from walkaway.limits import LIMITS
from walkaway.sources.json_text import parse_json

__all__ = ["ask_explanation", "ask_running", "endpoint_url", "gateway_status", "run"]

_STATUS_SECONDS = 3.0

_DEEPEST = 1024
"""How deep an answer may nest: each step of the evidence nests two levels."""

_KINDS: Mapping[object, type[WalkawayError]] = {
    kind.__name__: kind
    for kind in (
        CallFailed,
        ConfigError,
        InvalidRequest,
        ProofError,
        TooMuch,
        UnknownMethod,
        Unsupported,
    )
}
"""The errors that are nothing but a message and advice, by the names they go by."""

_OF_SOURCES: Mapping[object, type[Unproven]] = {
    kind.__name__: kind for kind in (NoNetwork, NoSuchName, UnsignedName, Unproven)
}
"""The errors that say who was asked."""


def endpoint_url(host: str, port: int) -> str:
    """The address of an endpoint that was told to listen on ``host``."""
    named = f"[{host}]" if ":" in host else host
    return f"http://{named}:{port}"


async def ask_running(url: str, method: str, params: list[object]) -> Any:
    """The ``result`` of one call.

    Raises:
        NoEndpoint: nobody answers there, or something that is no endpoint.
        WalkawayError: what the endpoint answered, as the error that it was on its side.
    """
    question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    timeout = aiohttp.ClientTimeout(total=LIMITS.endpoint_seconds)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.post(url, json=question, allow_redirects=False) as response,
        ):
            content = await _whole(response)
    except aiohttp.ClientError:
        raise NoEndpoint(f"no endpoint answers at {url}") from None
    except TimeoutError:
        raise WalkawayError(
            f"the endpoint at {url} took longer than {LIMITS.endpoint_seconds:g} seconds"
        ) from None
    return _result(content, url)


async def gateway_status(url: str) -> Mapping[str, Any] | None:
    """How the gateway there says that it stands; None where none answers."""
    timeout = aiohttp.ClientTimeout(total=_STATUS_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.get(f"{url}{STATUS_PATH}", allow_redirects=False) as response,
        ):
            content = await _whole(response) if response.status == 200 else b""
            told = parse_json(content, depth=_DEEPEST)
    except (aiohttp.ClientError, TimeoutError, WalkawayError):
        return None
    return told if isinstance(told, Mapping) and "servesEndpoint" in told else None


async def ask_explanation(url: str, query: Mapping[str, str]) -> Mapping[str, Any]:
    """Why a page is to be believed, as the gateway there tells it (``/explain``).

    Raises:
        NoEndpoint: nobody answers there, or something that is no gateway.
        WalkawayError: what the gateway answered, as the error that it was on its side.
    """
    timeout = aiohttp.ClientTimeout(total=LIMITS.endpoint_seconds)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.get(
                f"{url}{EXPLAIN_PATH}", params={**query, "format": "json"}, allow_redirects=False
            ) as response,
        ):
            status, content = response.status, await _whole(response)
    except aiohttp.ClientError:
        raise NoEndpoint(
            f"no gateway answers at {url}",
            advice="start one with: walkaway up; --gateway-port names another port",
        ) from None
    except TimeoutError:
        raise WalkawayError(
            f"the gateway at {url} took longer than {LIMITS.endpoint_seconds:g} seconds"
        ) from None
    told = _document(content)
    if status == 200 and "contentPath" in told:
        return told
    if "message" not in told:
        raise NoEndpoint(
            f"what listens at {url} is no gateway of walkaway",
            advice="--gateway-port names another port",
        )
    raise _as_raised({"message": told["message"], "data": told})


def _document(content: bytes) -> Mapping[str, Any]:
    """The object that it is; an empty one where it is none."""
    try:
        told = parse_json(content, depth=_DEEPEST)
    except SourceFault:
        return {}
    return told if isinstance(told, Mapping) else {}


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    """The body, however many pieces it comes in."""
    content = bytearray()
    async for piece in response.content.iter_any():
        content += piece
        if len(content) > LIMITS.endpoint_response_bytes:
            raise WalkawayError(
                f"the answer is longer than {LIMITS.endpoint_response_bytes} bytes",
                advice="ask for less: fewer blocks, or hashes instead of whole transactions",
            )
    return bytes(content)


def _result(content: bytes, url: str) -> Any:
    try:
        reply = parse_json(content, depth=_DEEPEST)
    except SourceFault:
        reply = None
    if isinstance(reply, Mapping) and "result" in reply:
        return reply["result"]
    error = reply.get("error") if isinstance(reply, Mapping) else None
    if not isinstance(error, Mapping):
        raise NoEndpoint(
            f"what listens at {url} is no walkaway endpoint", advice="--port names another port"
        )
    raise _as_raised(error)


def _as_raised(error: Mapping[str, Any]) -> WalkawayError:
    """The error of the tree that the endpoint told of."""
    message = str(error.get("message", "it refused without a reason"))
    told = error.get("data")
    data = told if isinstance(told, Mapping) else {}
    advice = str(data.get("advice", ""))
    kind = data.get("error")
    sources = data.get("sources")
    if kind in _OF_SOURCES and isinstance(sources, Mapping):
        reasons = {str(name): str(why) for name, why in sources.items()}
        listed = "; ".join(f"{name}: {why}" for name, why in reasons.items())
        summary = message.removesuffix(f" ({listed})")
        return _OF_SOURCES[kind](summary, reasons=reasons, advice=advice)
    if kind == "Stale":
        age, limit = data.get("age_seconds"), data.get("limit_seconds")
        if isinstance(age, int) and isinstance(limit, int):
            return Stale(message, age=age, limit=limit, advice=advice)
    raised_as = _KINDS.get(kind, WalkawayError)
    if raised_as is WalkawayError and error.get("code") in {-32601, -32602}:
        raised_as = InvalidRequest
    told_as = raised_as(message)
    told_as.advice = advice
    return told_as


def run(url: str, method: str, params: list[object]) -> Any:
    """`ask_running` for a command that has no loop of its own."""
    return asyncio.run(ask_running(url, method, params))
