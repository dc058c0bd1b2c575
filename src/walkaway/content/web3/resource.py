"""The mode of ERC-6944: ``request`` of ERC-5219, which answers with a status and headers.

A segment of the path that is empty is none, so that ``/a/`` asks what ``/a`` does: contracts
are written against clients that have it so. Of the headers those are kept that are about
the page; none that would speak for the connection, or set cookies, or name another host.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Final

from eth_abi.abi import encode

from walkaway.content.web3.answer import Answer
from walkaway.content.web3.auto import parameters
from walkaway.content.web3.url import unescaped
from walkaway.errors import ProofError
from walkaway.evm.abi import AbiTuple
from walkaway.limits import LIMITS
from walkaway.proofs.execution.keccak import keccak256

__all__ = ["KEPT_HEADERS", "read_resource", "resource_call"]

KEPT_HEADERS: Final = frozenset(
    {
        "content-disposition",
        "content-language",
        "content-security-policy",
        "last-modified",
        "link",
        "location",
        "permissions-policy",
        "referrer-policy",
    }
)
"""The headers of a contract that are handed on; some others say how its answer is read."""

_TYPES: Final = ("string[]", "(string,string)[]")
_REQUEST: Final = keccak256(f"request({','.join(_TYPES)})".encode())[:4]
_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_VALUE: Final = re.compile(r"[\t\x20-\x7e]*", re.ASCII)
_SECONDS: Final = re.compile(r"max-age=\"?([0-9]{1,10})\"?", re.ASCII)
_TO_CONDITIONS: Final = (HTTPStatus.PARTIAL_CONTENT, HTTPStatus.NOT_MODIFIED)
"""They answer headers of a request, which no contract sees."""


def resource_call(target: str) -> bytes:
    """The call for a path and query. Raises `InvalidRequest` where they cannot be unescaped."""
    path, _, query = target.partition("?")
    segments = [unescaped(segment) for segment in path.split("/") if segment]
    return _REQUEST + encode(_TYPES, [segments, parameters(query)])


def read_resource(output: bytes) -> Answer:
    """The answer that was given back.

    Raises `ProofError` where it is none, of a status that none has, or with headers that
    cannot be sent.
    """
    values = AbiTuple(output)
    status = _status(values.number(0))
    body = values.bytes_at(1, LIMITS.web3_answer_bytes)
    count, fields = values.array_at(2, LIMITS.web3_headers)
    headers = [_header(fields.tuple_at(place)) for place in range(count)]
    said = dict(headers)
    return Answer(
        body,
        said.get("content-type") or None,
        status,
        tuple((name, value) for name, value in headers if name in KEPT_HEADERS),
        _encoding(value for name, value in headers if name == "content-encoding"),
        said.get("web3-next-chunk") or None,
        _seconds(said),
    )


def _status(number: int) -> int:
    try:
        status = HTTPStatus(number)
    except ValueError:
        raise ProofError("the contract answers with no status of HTTP", got=number) from None
    if status < HTTPStatus.OK or status in _TO_CONDITIONS:
        raise ProofError("the contract answers with a status that no page has", got=number)
    return int(status)


def _header(field: AbiTuple) -> tuple[str, str]:
    name = field.text_at(0, LIMITS.web3_header_bytes)
    value = field.text_at(1, LIMITS.web3_header_bytes).strip(" \t")
    if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
        raise ProofError("the contract answers with a header that is none", got=ascii(name))
    return name.lower(), value


def _encoding(said: Iterable[str]) -> str | None:
    codings = [value.lower() for value in said if value.lower() not in ("", "identity")]
    return ", ".join(codings) or None


def _seconds(said: Mapping[str, str]) -> float | None:
    """How long the page is fresh (RFC 9111), as far as the contract says so."""
    directives: Sequence[str] = [
        directive.strip() for directive in said.get("cache-control", "").lower().split(",")
    ]
    if "no-store" in directives or "no-cache" in directives:
        return 0.0
    ages = [found for each in directives if (found := _SECONDS.fullmatch(each))]
    return float(ages[0][1]) if ages else None
