"""Path manifests: which path is which transaction or item, as JSON.

The Arweave wiki's "Path Manifests" (0.1.0) and the AR.IO gateways' schema of 0.2.0, which
adds ``fallback`` and an index by id. A manifest is content: prove it first, by its id.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from walkaway.errors import NoSuchPath, ProofError, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.json_depth import nests_deeper

__all__ = ["MANIFEST_TYPE", "Manifest", "read_manifest"]

MANIFEST_TYPE: Final = "application/x.arweave-manifest+json"
"""The content type by which a manifest is known."""

_KIND: Final = "arweave/paths"
_FIRST, _SECOND = "0.1.0", "0.2.0"
_JSON_DEPTH: Final = 16


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a manifest says. ``index`` is what stands at no path, ``fallback`` at unknown ones."""

    version: str
    index: ArweaveId | None
    fallback: ArweaveId | None
    paths: Mapping[str, ArweaveId]
    _sorted: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_sorted", tuple(sorted(self.paths)))

    def below(self, path: str) -> Iterator[str]:
        """The paths below one, in order, each whole; all where it is empty."""
        prefix = f"{path.rstrip('/')}/" if path else ""
        for at in range(bisect_left(self._sorted, prefix), len(self._sorted)):
            if not self._sorted[at].startswith(prefix):
                return
            yield self._sorted[at]

    def lookup(self, path: str) -> ArweaveId:
        """The id at a path, unescaped and without a slash in front; at none, the index.

        Slashes at the end do not count. Raises `NoSuchPath` where nothing stands there.
        """
        wanted = path.rstrip("/")
        found = self.paths.get(wanted) if wanted else self.index
        if found is None:
            found = self.fallback
        if found is None:
            where = f"path {wanted[:140]!r}" if wanted else "index"
            raise NoSuchPath(f"a manifest of Arweave has no {where}, and no fallback")
        return found


def read_manifest(data: bytes) -> Manifest:
    """Read a manifest. Raises `ProofError`; `Unsupported` for versions that are not known."""
    if len(data) > LIMITS.arweave_manifest_bytes:
        raise ProofError(f"a manifest is over {LIMITS.arweave_manifest_bytes} bytes", got=len(data))
    fields = _parsed(data)
    if fields.get("manifest") != _KIND:
        raise ProofError("a manifest is not of paths", expected=_KIND, got=fields.get("manifest"))
    version = fields.get("version")
    if version not in (_FIRST, _SECOND):
        raise Unsupported("a manifest of paths is of a version that is not known")
    paths = _paths(fields)
    is_second = version == _SECOND
    return Manifest(
        version=_SECOND if is_second else _FIRST,
        index=_index(fields, paths, by_id=is_second),
        fallback=_fallback(fields) if is_second else None,
        paths=MappingProxyType(paths),
    )


def _parsed(data: bytes) -> Mapping[str, object]:
    if nests_deeper(data, _JSON_DEPTH):
        raise ProofError("a manifest nests too deep, or does not close")
    try:
        parsed: object = json.loads(data.decode(), object_pairs_hook=_without_doubles)
    except ValueError:
        raise ProofError("a manifest is not JSON") from None
    return _object(parsed, "manifest")


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Which of two members of one name stands, parsers disagree on."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ProofError("a manifest has two members of one name in an object")
    return members


def _paths(fields: Mapping[str, object]) -> dict[str, ArweaveId]:
    listed = _object(fields.get("paths"), "paths of a manifest")
    if len(listed) > LIMITS.arweave_manifest_paths:
        raise ProofError(f"a manifest has over {LIMITS.arweave_manifest_paths} paths")
    paths: dict[str, ArweaveId] = {}
    for path, target in listed.items():
        if paths.setdefault(path.rstrip("/"), found := _id(target, "path")) != found:
            raise ProofError("a manifest has two ids for one path", got=path)
    return paths


def _index(
    fields: Mapping[str, object], paths: Mapping[str, ArweaveId], *, by_id: bool
) -> ArweaveId | None:
    """The index: by id before by path, where both stand there."""
    if "index" not in fields:
        return None
    index = _object(fields["index"], "index of a manifest")
    if by_id and "id" in index:
        return _id(index, "index")
    path = index.get("path")
    if not isinstance(path, str):
        raise ProofError("the index of a manifest names no path")
    return paths.get(path.rstrip("/"))


def _fallback(fields: Mapping[str, object]) -> ArweaveId | None:
    return _id(fields["fallback"], "fallback") if "fallback" in fields else None


def _id(target: object, name: str) -> ArweaveId:
    text = _object(target, f"{name} of a manifest").get("id")
    if not isinstance(text, str):
        raise ProofError(f"the {name} of a manifest names no id")
    return ArweaveId.parse(text)


def _object(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ProofError(f"the {name} is no object", got=type(value).__name__)
    return value
