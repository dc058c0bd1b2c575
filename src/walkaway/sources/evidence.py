"""Evidence of lies, kept on disk: one JSON file a lie, bounded, for its owner's eyes only.

A file says when, which source, what was asked, what came, and what it
contradicts. It holds no URL and no key: an answer that echoes one is scrubbed
first. Files are written whole or not at all; the oldest make room.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import tempfile
import time
from codecs import getincrementaldecoder
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from walkaway.errors import ConfigError, ProofError
from walkaway.limits import LIMITS, Limits
from walkaway.sources.capabilities import form_of
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

__all__ = ["EvidenceStore", "Lie"]

_UNSAFE = re.compile(r"[^A-Za-z0-9-]+")
_UNFINISHED = (".lie-", ".partial")
_ABANDONED_SECONDS = 60
_MARGIN = 4096
"""How many bytes more are scrubbed than kept, so that what a key leaves behind is cut off."""


@dataclass(frozen=True, slots=True)
class Lie:
    """What one source said against a commitment. ``time`` is unix seconds.

    ``scrub`` removes what is secret about the source's address from a text.
    """

    time: float
    source: str
    operator: str
    request: Request
    answer: Answer
    error: ProofError
    scrub: Callable[[str], str]


class EvidenceStore:
    """A folder of lies, mode 0700, files 0600.

    Raises:
        ConfigError: the folder cannot be made or written.
    """

    def __init__(self, folder: Path, *, limits: Limits = LIMITS) -> None:
        self._folder = folder
        self._limits = limits
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
            self._clear_up()
        except OSError as error:
            raise ConfigError(
                f"the folder for evidence of lies cannot be used: {error.strerror}",
                advice="name another one, or make it writable for yourself",
            ) from error

    def keep(self, lie: Lie) -> Path:
        """Write a lie down, then let the oldest beyond the limit go.

        Raises:
            OSError: the disk refused; nothing half-written is left.
        """
        document = json.dumps(_document(lie, self._limits), indent=1).encode()
        digest = hashlib.sha256(document).hexdigest()[:8]
        slug = _UNSAFE.sub("-", lie.source)[:40]
        path = self._folder / f"{int(lie.time * 1e6):018d}-{slug}-{digest}.json"
        self._write(path, document)
        self._forget_oldest()
        return path

    def files(self) -> list[Path]:
        """What is kept, oldest first."""
        return sorted(self._folder.glob("*.json"))

    def _clear_up(self) -> None:
        """Remove what was never finished; what is young, another process may be writing now."""
        for unfinished in self._folder.glob(f"{_UNFINISHED[0]}*{_UNFINISHED[1]}"):
            with suppress(FileNotFoundError):
                if time.time() - unfinished.stat().st_mtime > _ABANDONED_SECONDS:
                    unfinished.unlink()

    def _write(self, path: Path, document: bytes) -> None:
        handle, name = tempfile.mkstemp(
            dir=self._folder, prefix=_UNFINISHED[0], suffix=_UNFINISHED[1]
        )
        unfinished = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(document)
            unfinished.replace(path)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise

    def _forget_oldest(self) -> None:
        for path in self.files()[: -self._limits.evidence_files]:
            path.unlink(missing_ok=True)


def _document(lie: Lie, limits: Limits) -> dict[str, object]:
    return {
        "time": datetime.fromtimestamp(lie.time, UTC).isoformat(),
        "source": lie.source,
        "operator": lie.operator,
        "asked": _asked(lie.request, limits),
        "answered": _answered(lie, limits),
        "commitment": lie.error.commitment,
        "why": lie.scrub(str(lie.error)[: limits.evidence_bytes]),
    }


def _asked(request: Request, limits: Limits) -> object:
    if isinstance(request, ArweaveRequest):
        return {
            "form": form_of(request),
            "id": request.id,
            "offset": request.offset,
            "max_bytes": request.answer_bytes,
        }
    if not isinstance(request, RpcRequest | BeaconRequest | DnsRequest):
        if isinstance(request, BlockRequest | ProvidersRequest | PieceRequest):
            address: object = request.cid
        else:
            address = request.name
        return {"form": form_of(request), "cid": str(address), "max_bytes": request.answer_bytes}
    facts = asdict(request) | {"max_bytes": request.answer_bytes}
    if isinstance(request, RpcRequest):
        text = json.dumps(request.params, default=str)
        if len(text) > limits.evidence_bytes // 4:
            facts["params"] = text[: limits.evidence_bytes // 4] + "..."
    return json.loads(json.dumps(facts, default=str))


def _answered(lie: Lie, limits: Limits) -> dict[str, object]:
    content = lie.answer.content or _encoded(lie.answer.body)
    # Cut first: only so is the work bounded, whatever size the answer has.
    beginning = content[: limits.evidence_bytes + _MARGIN]
    try:
        whole = len(beginning) == len(content)
        decoded = getincrementaldecoder("utf-8")().decode(beginning, final=whole)
        encoding, text = "text", lie.scrub(decoded)
    except UnicodeDecodeError:
        scrubbed = lie.scrub(beginning.decode("latin-1")).encode("latin-1", "replace")
        bounded = scrubbed[: limits.evidence_bytes // 2]
        encoding, text = "base64", base64.b64encode(bounded).decode()
    return {
        "bytes": len(content),
        "fork": lie.answer.fork,
        "encoding": encoding,
        "content": text[: limits.evidence_bytes],
    }


def _encoded(body: object) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body, default=str).encode()
