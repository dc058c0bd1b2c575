"""Files: from the assembled copy where there is one, else as their blocks are proven."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from math import inf

from walkaway.content.exporter.file import UnixFsFile
from walkaway.content.store.assembled import AssembledFile
from walkaway.errors import Unproven
from walkaway.gateway.answers.answer import Answer, Body, FilePart, RawHeaders
from walkaway.gateway.answers.found import Found, primed
from walkaway.gateway.answers.media_types import (
    BINARY,
    SNIFFED_BYTES,
    can_run_scripts,
    type_by_content,
    type_by_name,
)
from walkaway.gateway.answers.partial import Content, Read, partial_answer, read_bytes
from walkaway.proofs.ipfs.unixfs import Symlink

__all__ = ["assembled_answer", "file_answer", "link_answer", "shared_origin_headers"]

SANDBOX = (
    b"content-security-policy",
    b"sandbox allow-same-origin allow-downloads; script-src 'none'; object-src 'none'",
)
"""Nothing runs, and so nothing reads; the page still has its own styles and pictures.

Without an origin it would be a stranger to its own address, and be refused them
(docs/decisions). ``script-src`` also stops XSLT, which can read other documents.
"""
LINK = "inode/symlink"
NO_SNIFF = (b"x-content-type-options", b"nosniff")


async def assembled_answer(found: Found, file: AssembledFile, name: str, etag: str) -> Answer:
    """A file whose assembled copy is at hand, ``name`` being what the path calls it."""

    async def read(start: int, end: int) -> Body:
        return FilePart(file, start, end) if file.data is None else file.data[start:end]

    media_type = _named_type(found, name)
    if media_type is None:
        beginning = bytes(file.slice(0, min(SNIFFED_BYTES, file.size)))
        media_type = type_by_content(beginning, is_whole=len(beginning) == file.size)
    answer = await _answer(found, Content(file.size, read, media_type, etag), name)
    if answer.status == 200 and not found.asked.wish.negotiated.by_header:
        answer.ready_seconds = inf if found.asked.mount.network == "ipfs" else found.seconds or 0.0
    return answer


async def file_answer(found: Found, file: UnixFsFile, name: str, etag: str) -> Answer:
    """A file that is still to be fetched; one that is read as a whole is kept assembled."""
    media_type = _named_type(found, name) or await _type_by_beginning(file)
    content = Content(file.size, _read_of(found, file), media_type, etag)
    return await _answer(found, content, name)


async def link_answer(found: Found, link: Symlink, etag: str) -> Answer:
    """A symbolic link: the path that it holds, which is not followed."""
    content = Content(len(link.target), read_bytes(link.target), LINK, etag)
    headers = [*found.headers(etag), NO_SNIFF]
    return await partial_answer(found.asked.wish, content, headers, found.budget.limits)


async def _answer(found: Found, content: Content, name: str) -> Answer:
    headers = found.headers(content.etag)
    wish = found.asked.wish
    if wish.filename or wish.download:
        headers += found.disposition(attachment=False, filename=name)
    if not found.asked.mount.has_own_origin:
        headers += shared_origin_headers(content.media_type)
    return await partial_answer(wish, content, headers, found.budget.limits)


def shared_origin_headers(media_type: str) -> RawHeaders:
    """On path URLs, all content has one origin: what could run there is shut in."""
    return [NO_SNIFF, SANDBOX] if can_run_scripts(media_type) else [NO_SNIFF]


def _named_type(found: Found, name: str) -> str | None:
    return type_by_name(found.asked.wish.filename or name)


async def _type_by_beginning(file: UnixFsFile) -> str:
    beginning = b""
    try:
        async with aclosing(file.stream(0, min(SNIFFED_BYTES, file.size))) as pieces:
            async for piece in pieces:
                beginning += piece
    except Unproven:
        # A range further on may still be had.
        if not beginning:
            return BINARY
    return type_by_content(beginning, is_whole=len(beginning) == file.size)


def _read_of(found: Found, file: UnixFsFile) -> Read:
    async def read(start: int, end: int) -> Body:
        stream = file.stream(start, end)
        if (start, end) == (0, file.size):
            stream = _assembling(found, file, stream)
        return await primed(stream)

    return read


async def _assembling(
    found: Found, file: UnixFsFile, stream: AsyncGenerator[bytes, None]
) -> AsyncGenerator[bytes, None]:
    """The stream as it is; an assembled copy is kept once it has come to its end."""
    writer = found.keep.writer(file.cid, file.size)
    try:
        async with aclosing(stream):
            async for piece in stream:
                if writer is not None:
                    # Hashing and writing a large piece would hold up everybody else.
                    await asyncio.to_thread(writer.write, piece)
                yield piece
        if writer is not None:
            await asyncio.to_thread(writer.commit)
            writer = None
    finally:
        if writer is not None:
            writer.abort()
