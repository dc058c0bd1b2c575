"""IPNS records, as they were signed, for those who prove for themselves.

https://specs.ipfs.tech/http-gateways/trustless-gateway/, "IPNS Record Responses".
"""

from __future__ import annotations

import hashlib

from walkaway.errors import InvalidRequest, Unproven
from walkaway.gateway.answers.answer import Answer, raw_headers
from walkaway.gateway.answers.disposition import content_disposition
from walkaway.gateway.answers.headers import CORS, cache_control
from walkaway.gateway.request.asked import Asked
from walkaway.gateway.request.conditions import holds_already
from walkaway.gateway.request.formats import Format
from walkaway.names.resolution import Names

__all__ = ["record_answer"]


async def record_answer(asked: Asked, names: Names) -> Answer:
    """The record of the name that is the content path's root.

    Raises:
        InvalidRequest: the path is no name alone.
        Unproven: there is no record of this name.
    """
    if asked.mount.network != "ipns" or asked.path:
        raise InvalidRequest("a record is asked for by /ipns/ and a name, without a path")
    resolution = await names.resolve(asked.mount.root)
    record = resolution.record
    if record is None:
        raise Unproven(
            "no record stands behind this name", reasons={}, advice="ask for its content instead"
        )
    etag = f'"{hashlib.sha256(record).hexdigest()}.ipns-record"'
    told = [
        ("etag", etag),
        ("content-type", Format.IPNS_RECORD.media_type),
        (
            "content-disposition",
            content_disposition(
                attachment=True,
                filename=asked.wish.filename or f"{asked.mount.root}.ipns-record",
            ),
        ),
        ("x-content-type-options", "nosniff"),
        ("x-ipfs-path", asked.content_path),
    ]
    cache = cache_control(asked, resolution.ttl)
    headers = [*raw_headers([*told, ("cache-control", cache)] if cache else told), *CORS]
    if holds_already(asked.wish.headers.get("if-none-match", ""), etag):
        return Answer(304, headers)
    return Answer(200, headers, record)
