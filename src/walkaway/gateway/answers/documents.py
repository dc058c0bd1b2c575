"""Blocks as they are, and the documents that some of them hold.

https://specs.ipfs.tech/http-gateways/path-gateway/, "Response Payload". A document is
given in the codec that it is in and in no other (IPIP-524); for people there is a page.
"""

from __future__ import annotations

import asyncio
from typing import Final

from walkaway.content.exporter.load import load
from walkaway.content.exporter.node import Look, What
from walkaway.errors import ProofError
from walkaway.gateway.answers.answer import Answer, RawHeaders, raw_headers
from walkaway.gateway.answers.found import Found
from walkaway.gateway.answers.partial import Content, partial_answer, read_bytes
from walkaway.gateway.pages.codec_page import CODEC_PAGE_VERSION, codec_page
from walkaway.gateway.pages.frame import PAGE_POLICY
from walkaway.gateway.request.conditions import holds_already
from walkaway.gateway.request.formats import Format
from walkaway.proofs.ipfs import dag_cbor, dag_json

__all__ = ["block_answer", "document_answer", "is_document"]

NO_SNIFF: Final = (b"x-content-type-options", b"nosniff")

_OWN_FORMAT: Final = {
    What.DAG_JSON: Format.DAG_JSON,
    What.DAG_CBOR: Format.DAG_CBOR,
    What.JSON: Format.JSON,
    What.CBOR: Format.CBOR,
}
_FORMATS: Final = {
    What.DAG_JSON: (Format.DAG_JSON, Format.JSON),
    What.DAG_CBOR: (Format.DAG_CBOR, Format.CBOR),
    What.JSON: (Format.JSON,),
    What.CBOR: (Format.CBOR,),
}
"""What each codec may be asked for as: itself, and the plain form that it is a part of."""


def is_document(what: What) -> bool:
    """Whether a block holds a value rather than a file or a directory."""
    return what in _OWN_FORMAT


async def block_answer(found: Found) -> Answer:
    """The block itself, to be proven by whoever asked."""
    etag = f'"{found.cid}.raw"'
    if holds_already(found.asked.wish.headers.get("if-none-match", ""), etag):
        return found.not_modified(etag)
    data = await load(found.blocks, found.cid, found.budget)
    headers = [
        *found.headers(etag),
        *found.disposition(attachment=True, filename=f"{found.cid}.bin"),
        NO_SNIFF,
    ]
    content = Content(len(data), read_bytes(data), Format.RAW.media_type, etag)
    return await partial_answer(found.asked.wish, content, headers, found.budget.limits)


async def document_answer(found: Found, look: Look) -> Answer | None:
    """A value in its codec, or a page about it; None where another codec is asked for.

    Raises `ProofError` where it is not of the codec that its address names.
    """
    wish = found.asked.wish
    asked = wish.negotiated.format
    if asked is Format.PLAIN and wish.negotiated.html and look.what in _VALUES:
        return await _page(found, look)
    served = _OWN_FORMAT[look.what] if asked is Format.PLAIN else asked
    if served not in _FORMATS[look.what]:
        return None
    etag = f'"{found.cid}"' if asked is Format.PLAIN else f'"{found.cid}.{asked.value}"'
    if holds_already(wish.headers.get("if-none-match", ""), etag):
        return found.not_modified(etag)
    if look.what in _VALUES:
        await asyncio.to_thread(_VALUES[look.what], look.block)
    headers = [*found.headers(etag), *_named(found, served), NO_SNIFF, (b"vary", b"Accept")]
    content = Content(len(look.block), read_bytes(look.block), served.media_type, etag)
    return await partial_answer(wish, content, headers, found.budget.limits)


_VALUES: Final = {What.DAG_JSON: dag_json.decode, What.DAG_CBOR: dag_cbor.decode}


def _named(found: Found, served: Format) -> RawHeaders:
    is_json = served in (Format.JSON, Format.DAG_JSON)
    ending = "json" if is_json else "cbor"
    return found.disposition(attachment=not is_json, filename=f"{found.cid}.{ending}")


async def _page(found: Found, look: Look) -> Answer:
    etag = f'"DagIndex-{CODEC_PAGE_VERSION}_CID-{found.cid}"'
    if holds_already(found.asked.wish.headers.get("if-none-match", ""), etag):
        return found.not_modified(etag)
    value = await asyncio.to_thread(_VALUES[look.what], look.block)
    try:
        text = (await asyncio.to_thread(dag_json.encode, value)).decode()
    except ProofError:
        # A value that DAG-JSON cannot hold is no less a value.
        text = repr(value)
    told = raw_headers(
        [
            ("content-type", "text/html; charset=utf-8"),
            ("content-security-policy", PAGE_POLICY),
            ("vary", "Accept"),
        ]
    )
    page = codec_page(found.asked.mount, found.asked.path, found.cid, look.what.value, text)
    return Answer(200, [*found.headers(etag, generated=True), *told], page)
