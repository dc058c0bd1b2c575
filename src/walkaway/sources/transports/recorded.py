"""A source made of recorded answers; what was not recorded, it lacks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from walkaway.errors import ConfigError, SourceFault, SourceLacks
from walkaway.limits import LIMITS
from walkaway.sources.capabilities import form_of
from walkaway.sources.json_text import parse_json
from walkaway.sources.request import (
    Answer,
    ArweaveRequest,
    BeaconRequest,
    BlockRequest,
    DnsRequest,
    PieceRequest,
    ProvidersRequest,
    Request,
    RpcRequest,
)

__all__ = ["Recorded", "RecordedTransport", "recording_key"]

Recorded = Answer | SourceFault
"""An answer, or how the source failed."""


def recording_key(request: Request) -> str:
    """What a recording is found by: method and parameters, path, query and form, or the CID
    or name."""
    if isinstance(request, RpcRequest):
        return f"{request.method} {json.dumps(request.params, sort_keys=True, default=str)}"
    if isinstance(request, BlockRequest | ProvidersRequest | PieceRequest):
        return f"{form_of(request)} {request.cid}"
    if isinstance(request, ArweaveRequest):
        return f"{form_of(request)} {request.id} {request.offset}"
    if isinstance(request, DnsRequest):
        return f"{request.rdtype} {request.name}"
    if not isinstance(request, BeaconRequest):
        return f"{form_of(request)} {request.name}"
    query = "&".join(f"{name}={value}" for name, value in request.query)
    return f"GET {request.path}?{query} {request.accept}"


class RecordedTransport:
    """Answers from memory. Build it from pairs, or from a folder with `from_folder`."""

    def __init__(self, source: str, answers: Mapping[str, Recorded]) -> None:
        self._source = source
        self._answers = dict(answers)

    @classmethod
    def of(cls, source: str, bodies: Sequence[tuple[Request, Any]]) -> RecordedTransport:
        """From questions with the bodies of their answers."""
        answers: dict[str, Recorded] = {
            recording_key(request): Answer(source, body) for request, body in bodies
        }
        return cls(source, answers)

    @classmethod
    def from_folder(cls, source: str, folder: Path) -> RecordedTransport:
        """From ``*.json`` files ``{"request": ..., "answer": ...}``, as `write` makes them.

        Raises:
            ConfigError: a file cannot be read.
        """
        answers: dict[str, Recorded] = {}
        for path in sorted(folder.glob("*.json")):
            try:
                key, answer = _read(source, path)
            except (OSError, SourceFault, ValueError, KeyError, TypeError):
                raise ConfigError(f"{path.name} is not a recorded answer") from None
            answers[key] = answer
        return cls(source, answers)

    @staticmethod
    def write(folder: Path, name: str, request: RpcRequest | BeaconRequest, answer: Answer) -> None:
        """Record one answer as ``NAME.json``."""
        asked: dict[str, object] = (
            {"method": request.method, "params": list(request.params)}
            if isinstance(request, RpcRequest)
            else {"path": request.path, "query": request.query, "accept": request.accept}
        )
        said: dict[str, object] = (
            {"hex": answer.body.hex()} if isinstance(answer.body, bytes) else {"json": answer.body}
        )
        document = {"request": asked, "answer": said | {"fork": answer.fork}}
        (folder / f"{name}.json").write_text(json.dumps(document, indent=1))

    async def fetch(self, request: Request) -> Answer:
        """The recorded answer.

        Raises:
            SourceFault: as recorded; `SourceLacks` for what was not.
        """
        answer = self._answers.get(recording_key(request))
        if answer is None:
            raise SourceLacks("not in the recording")
        if isinstance(answer, SourceFault):
            raise answer
        return answer

    async def fetch_batch(self, requests: Sequence[RpcRequest]) -> list[Answer | SourceFault]:
        """The recorded answers, one by one."""
        missing = SourceLacks("not in the recording")
        return [self._answers.get(recording_key(request), missing) for request in requests]

    def scrub(self, text: str) -> str:
        """A recording has no address."""
        return text

    async def close(self) -> None:
        """Nothing to let go of."""


def _read(source: str, path: Path) -> tuple[str, Answer]:
    document = parse_json(path.read_bytes(), depth=LIMITS.json_depth)
    asked, said = document["request"], document["answer"]
    request: Request = (
        RpcRequest(asked["method"], tuple(asked["params"]))
        if "method" in asked
        else BeaconRequest(
            asked["path"],
            tuple((str(name), str(value)) for name, value in asked["query"]),
            asked["accept"],
        )
    )
    body = bytes.fromhex(said["hex"]) if "hex" in said else said["json"]
    return recording_key(request), Answer(source, body, said.get("fork"))
