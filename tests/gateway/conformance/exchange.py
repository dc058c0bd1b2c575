"""One thing that the suite asks, and what it holds the answer to."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import quote

from walkaway.errors import ProofError
from walkaway.proofs.ipfs.car import CarReader
from walkaway.proofs.ipfs.cid import Cid

__all__ = [
    "BY_PATH",
    "SUBDOMAINS",
    "Check",
    "Exchange",
    "Reply",
    "absent",
    "blocks",
    "either",
    "equals",
    "exactly",
    "has",
    "json_equals",
    "lacks",
    "tar_has",
    "target",
]

BY_PATH = "127.0.0.1:8080"
SUBDOMAINS = "localhost:8080"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; headers by lower-case name, those of one name joined by commas."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Check = Callable[[Reply], str]
"""What is wrong with an answer, or nothing."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what its answer is held to. ``group`` is the suite's."""

    group: str
    name: str
    target: str
    checks: Sequence[Check] = ()
    status: int | range | None = 200
    host: str = BY_PATH
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def fault(self, reply: Reply) -> str:
        """What is wrong with the answer; nothing where it passes."""
        expected = self.status if isinstance(self.status, range) else (self.status,)
        if self.status is not None and reply.status not in expected:
            return f"status {reply.status}: {reply.body[:200]!r}"
        return next((fault for check in self.checks if (fault := check(reply))), "")


def target(path: str, **query: str) -> str:
    """A request target: what is no ASCII in the path is escaped as clients do it."""
    escaped = quote(path, safe="/%+=!$&'()*,;:@~?#")
    if not query:
        return escaped
    pairs = [f"{name.replace('_', '-')}={quote(value)}" for name, value in query.items()]
    return f"{escaped}?{'&'.join(pairs)}"


def equals(header: str, value: str) -> Check:
    """A header is exactly this."""
    return _of_header(header, lambda told: told == value, f"is not {value!r}")


def has(where: str, *values: str) -> Check:
    """A header, or the ``body``, holds each of these."""
    return _of_header(where, lambda told: all(value in told for value in values), f"lacks {values}")


def lacks(where: str, value: str) -> Check:
    """A header, or the ``body``, does not hold this."""
    return _of_header(where, lambda told: value not in told, f"holds {value!r}")


def absent(header: str) -> Check:
    """There is no such header."""
    return _of_header(header, lambda told: not told, "should not be there")


def exactly(body: bytes) -> Check:
    """The body is these bytes."""
    return lambda reply: "" if reply.body == body else f"body {reply.body[:200]!r}"


def json_equals(document: object) -> Check:
    """The body is this document."""

    def check(reply: Reply) -> str:
        try:
            same = json.loads(reply.body) == document
        except ValueError:
            same = False
        return "" if same else f"body {reply.body[:200]!r}"

    return check


def blocks(*cids: Cid, in_order: bool = True, others: bool = False) -> Check:
    """The body is an archive of these blocks and, unless told, no others."""

    def check(reply: Reply) -> str:
        reader = CarReader(max_blocks=10_000)
        try:
            found = [cid for cid, _ in reader.feed(reply.body)]
            reader.close()
        except ProofError as error:
            return str(error)
        if others:
            right = set(cids) <= set(found)
        else:
            right = found == list(cids) if in_order else sorted(map(str, found)) == wanted
        return "" if right else f"blocks {list(map(str, found))[:12]}"

    wanted = sorted(map(str, cids))
    return check


def tar_has(name: str, content: bytes | None = None) -> Check:
    """The body is a TAR archive that holds a file."""

    def check(reply: Reply) -> str:
        try:
            with tarfile.open(fileobj=io.BytesIO(reply.body)) as archive:
                file = archive.extractfile(name)
                right = file is not None and content in (None, file.read())
        except (tarfile.TarError, KeyError):
            right = False
        return "" if right else f"no such file in the archive of {len(reply.body)} bytes: {name}"

    return check


def either(*ways: Sequence[Check]) -> Check:
    """One of these lists of checks passes."""

    def check(reply: Reply) -> str:
        faults = [next((fault for each in way if (fault := each(reply))), "") for way in ways]
        return "" if "" in faults else " and ".join(faults)

    return check


def _of_header(where: str, right: Callable[[str], bool], fault: str) -> Check:
    def check(reply: Reply) -> str:
        if where == "body":
            told = reply.body.decode("utf-8", "replace")
        else:
            told = reply.headers.get(where, "")
        return "" if right(told) else f"{where} {fault}: {told[:2000]!r}"

    return check
