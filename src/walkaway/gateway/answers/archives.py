"""Whole DAGs: as CAR for those who prove for themselves, as TAR for everybody else.

https://specs.ipfs.tech/http-gateways/trustless-gateway/, "CAR Responses"; IPIP-288.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from walkaway.content.exporter.dag import Scope, walk
from walkaway.content.exporter.entity_bytes import EntityBytes
from walkaway.content.exporter.tar import tar
from walkaway.errors import InvalidRequest
from walkaway.gateway.answers.answer import Answer, raw_headers
from walkaway.gateway.answers.found import Found, primed
from walkaway.gateway.request.asked import Wish
from walkaway.gateway.request.conditions import holds_already
from walkaway.gateway.request.formats import CarShape, Format, car_shape
from walkaway.proofs.ipfs.car import Section, car_header, car_section

__all__ = ["car_answer", "tar_answer"]

_TAR_FIRST: Final = 64 * 1024
"""Bytes of an archive that are looked at before it is begun to be sent."""
_PIECE: Final = 256 * 1024


async def car_answer(found: Found) -> Answer:
    """The blocks that prove a path, and as much of what it leads to as is asked for."""
    wish = found.asked.wish
    shape = car_shape(wish.query, wish.negotiated.parameters)
    scope, entity_bytes = _part(wish)
    etag = _car_etag(found, shape, scope, entity_bytes)
    if holds_already(wish.headers.get("if-none-match", ""), etag):
        return found.not_modified(etag)
    told = raw_headers([("content-type", shape.media_type), ("accept-ranges", "none")])
    headers = [
        *found.headers(etag),
        *told,
        *found.disposition(attachment=True, filename=f"{found.cid}.car"),
        (b"x-content-type-options", b"nosniff"),
    ]
    sections = walk(
        found.blocks,
        found.cid,
        found.budget,
        path_blocks=found.resolved.path_blocks,
        scope=scope,
        entity_bytes=entity_bytes,
        duplicates=shape.duplicates,
    )
    header = car_header((found.cid,))
    return Answer(200, headers, await primed(_car(header, sections), len(header) + 1))


async def tar_answer(found: Found) -> Answer:
    """The files below a path, as an archive that anybody can unpack."""
    wish = found.asked.wish
    etag = f'W/"{found.cid}.x-tar"'
    if holds_already(wish.headers.get("if-none-match", ""), etag):
        return found.not_modified(etag)
    name = found.asked.path[-1] if found.asked.path else str(found.cid)
    headers = [
        *found.headers(etag),
        *raw_headers([("content-type", Format.TAR.media_type), ("accept-ranges", "none")]),
        *found.disposition(attachment=True, filename=f"{name}.tar"),
        (b"x-content-type-options", b"nosniff"),
    ]
    archive = tar(found.blocks, found.cid, name, found.budget)
    return Answer(200, headers, await primed(archive, _TAR_FIRST))


def _part(wish: Wish) -> tuple[Scope, EntityBytes | None]:
    """How much of the DAG is asked for. Raises `InvalidRequest`."""
    word = wish.query.get("dag-scope", "")
    written = wish.query.get("entity-bytes", "")
    if word not in {"", *(scope.value for scope in Scope)}:
        raise InvalidRequest("dag-scope is block, entity or all")
    scope = Scope(word) if word else Scope.ALL
    if not written:
        return scope, None
    return Scope.ENTITY, EntityBytes.parse(written)


def _car_etag(found: Found, shape: CarShape, scope: Scope, entity_bytes: EntityBytes | None) -> str:
    """Weak, since archives of the same DAG may differ between versions of this program."""
    told = (*map(str, found.resolved.path_blocks), scope.value, str(entity_bytes), shape.media_type)
    return f'W/"{found.cid}.car.{hashlib.sha256(" ".join(told).encode()).hexdigest()[:16]}"'


async def _car(
    header: bytes, sections: AsyncGenerator[Section, None]
) -> AsyncGenerator[bytes, None]:
    """The archive in pieces that are worth a write each."""
    gathered, size = [header], len(header)
    async with aclosing(sections):
        async for cid, data in sections:
            section = car_section(cid, data)
            gathered.append(section)
            size += len(section)
            if size >= _PIECE:
                yield b"".join(gathered)
                gathered, size = [], 0
    yield b"".join(gathered)
