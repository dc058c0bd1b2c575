"""What the person who runs this gateway does not serve: lists of rules, in `.deny` files.

https://specs.ipfs.tech/compact-denylist-format/. `parse_denylist` is pure; `Denylist`
reads one file, and reads it again once it has changed. Of rules that match, the last
one stands. A rule that cannot be read is counted and passed over, as the specification
leaves open: one bad line in a list of a million must not switch off the others.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, get_args
from urllib.parse import unquote

from walkaway.content.web3.url import read_url
from walkaway.errors import (
    ConfigError,
    InvalidRequest,
    ProofError,
    Unsupported,
    WalkawayError,
)
from walkaway.limits import LIMITS, Limits
from walkaway.names.pointer import Network
from walkaway.names.spelling import canonical
from walkaway.proofs.ipfs import codecs, multihash
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.multibase import BASE32, BASE58BTC

__all__ = ["Denylist", "Rules", "parse_denylist"]

log = logging.getLogger(__name__)

GONE: Final = 410
LEGAL: Final = 451
STATUS_HINTS: Final = ("gateway_status", "status")
"""The hints that say how to answer; any but 410 and 451 is taken for 410."""

_LEGACY = re.compile(r"[0-9a-f]{64}")
_HINT = re.compile(r"[^\s:]+:\S*")

_Place = tuple[str, str]
"""A namespace, and in it a multihash in base58btc or a domain name: whose rules apply."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """``path`` has no slash at either end; ``number`` is the rule's place in the list."""

    number: int
    path: str
    is_prefix: bool
    status: int | None
    """How to answer what matches, None where it is allowed."""


@dataclass(slots=True)
class Rules:
    """The rules of a list, by what they are about. ``refused`` is how many could not be read."""

    by_place: dict[_Place, list[_Rule]] = field(default_factory=dict)
    hashed: dict[bytes, _Rule] = field(default_factory=dict)
    """Double-hashed ones, the last of each, by their multihash."""
    functions: set[int] = field(default_factory=set)
    """The hash functions of those."""
    refused: int = 0

    def status(self, namespace: str, root: str, path: Sequence[str] = ()) -> int | None:
        """How to answer for a content path that is denied, 410 or 451; None where it is not.

        ``namespace`` is a `Network`, ``root`` a CID, a name or an address there, ``path``
        the unescaped segments below it.
        """
        below = "/".join(segment for segment in path if segment)
        cid = _cid(namespace, root)
        matching = [
            rule
            for rule in self.by_place.get(_place(namespace, root, cid), ())
            if _matches(rule, below)
        ]
        if self.hashed:
            matching += self._double_hashed(namespace, root, cid, below)
        return max(matching, key=lambda rule: rule.number).status if matching else None

    def status_of_block(self, cid: Cid) -> int | None:
        """How to answer for a block by itself, wherever it was reached from."""
        return self.status("ipfs", str(cid))

    def _double_hashed(
        self, namespace: str, root: str, cid: Cid | None, below: str
    ) -> Iterable[_Rule]:
        for text in _hashed_texts(namespace, root, cid, below):
            for function in self.functions:
                digest = multihash.encode(function, multihash.digest(function, text.encode()))
                if digest in self.hashed:
                    yield self.hashed[digest]


def parse_denylist(data: bytes, limits: Limits = LIMITS) -> Rules:
    """Read a list. Raises `ConfigError` where it is too large or of another version."""
    if len(data) > limits.denylist_bytes:
        raise ConfigError(f"a denylist is over {limits.denylist_bytes} bytes")
    header, body = _split(data, limits)
    version = header.get("version", "1")
    if version != "1":
        raise ConfigError(f"a denylist is of version {version[:20]}, and only 1 is known")
    given, rules = _status(header, GONE), Rules()
    for number, line in enumerate(body.split(b"\n")):
        try:
            if len(line) > limits.denylist_line_bytes:
                raise _BadRule
            words = line.decode().split()
            if words and not line.startswith(b"#"):
                _add(rules, number, words, given)
        except (_BadRule, UnicodeDecodeError, ProofError, Unsupported):
            rules.refused += 1
    return rules


class Denylist:
    """One file of rules, read again once it has changed. Without a file nothing is denied."""

    def __init__(self, path: Path | None, limits: Limits = LIMITS) -> None:
        self._path = path
        self._limits = limits
        self._rules = Rules()
        self._seen: tuple[int, int, int] | None = None

    def load(self) -> None:
        """Read the file, which has to be there. Raises `ConfigError` where it cannot be used."""
        if self._path is None:
            return
        try:
            with self._path.open("rb") as file:
                about = os.fstat(file.fileno())
                data = file.read(self._limits.denylist_bytes + 1)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ConfigError(f"the denylist {self._path} cannot be read: {reason}") from None
        self._rules = parse_denylist(data, self._limits)
        self._seen = (about.st_mtime_ns, about.st_size, about.st_ino)
        if self._rules.refused:
            log.warning("%d rules of %s cannot be read", self._rules.refused, self._path)

    async def watch(self, seconds: float = 2.0) -> None:
        """Look at the file again and again, until cancelled.

        What has become unreadable leaves the rules as they were, and is told.
        """
        while self._path is not None:
            await asyncio.sleep(seconds)
            try:
                await asyncio.to_thread(self.refresh)
            except ConfigError as error:
                log.warning("the denylist stays as it was: %s", error)

    def refresh(self) -> bool:
        """Read the file again if it has changed; whether it has. Raises `ConfigError`."""
        if self._path is None:
            return False
        try:
            about = self._path.stat()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ConfigError(f"the denylist {self._path} cannot be read: {reason}") from None
        if (about.st_mtime_ns, about.st_size, about.st_ino) == self._seen:
            return False
        self.load()
        return True

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is denied."""
        return not (self._rules.by_place or self._rules.hashed)

    def status(self, namespace: str, root: str, path: Sequence[str] = ()) -> int | None:
        """As `Rules.status`, by the rules of now."""
        return self._rules.status(namespace, root, path)

    def status_of_block(self, cid: Cid) -> int | None:
        """As `Rules.status_of_block`, by the rules of now."""
        return self._rules.status_of_block(cid)


class _BadRule(Exception):
    """Caught in this module, and nowhere else."""


def _split(data: bytes, limits: Limits) -> tuple[dict[str, str], bytes]:
    """The header's fields and hints, and what follows it; all of it where there is no header."""
    end = 0 if data.startswith(b"---\n") else data.find(b"\n---\n", 0, limits.denylist_header_bytes)
    if end < 0:
        return {}, data
    body = data[end:].lstrip(b"\n").removeprefix(b"---\n")
    try:
        return _header(data[:end].decode()), body
    except UnicodeDecodeError:
        raise ConfigError("the header of a denylist is not UTF-8") from None


def _header(text: str) -> dict[str, str]:
    """The header's lines of a name and a value, those of ``hints`` among them.

    That much of YAML is what lists hold; what else stands there is not needed.
    """
    fields: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon and not line.lstrip().startswith("#"):
            fields.setdefault(name.strip().strip("\"'"), value.strip().strip("\"'"))
    return fields


def _status(hints: Mapping[str, str], otherwise: int) -> int:
    for name in STATUS_HINTS:
        if name in hints:
            return LEGAL if hints[name] == str(LEGAL) else GONE
    return otherwise


def _add(rules: Rules, number: int, fields: list[str], given: int) -> None:
    item, *hints = fields
    if not all(_HINT.fullmatch(hint) for hint in hints):
        raise _BadRule
    named = {name: value for name, _, value in (hint.partition(":") for hint in hints)}
    status = None if item.startswith("!") else _status(named, given)
    item = item.removeprefix("!")
    if item.startswith("//"):
        for digest in _digests(item[2:]):
            rules.functions.add(multihash.decode(digest)[0])
            rules.hashed[digest] = _Rule(number, "", False, status)
        return
    if item.count("/") < 2:
        raise _BadRule
    begin, namespace, root, *path = item.split("/")
    cid = _cid(namespace, root)
    if begin or namespace not in get_args(Network) or (cid is None and namespace == "ipfs"):
        raise _BadRule
    if not root or "*" in root:
        raise _BadRule
    below = "/".join(path).rstrip("/")
    # A name is denied before it is resolved, so whatever stands below it is as well.
    # Nor is what a contract or a manifest gives an address of its own.
    is_prefix = below.endswith("*") or (namespace != "ipfs" and not below)
    rule = _Rule(number, unquote(below.removesuffix("*")).strip("/"), is_prefix, status)
    rules.by_place.setdefault(_place(namespace, root, cid), []).append(rule)


def _digests(text: str) -> list[bytes]:
    """The multihashes that a double-hashed rule may mean: what reads both ways is both."""
    found = []
    if _LEGACY.fullmatch(text):
        found.append(multihash.encode(codecs.SHA2_256, bytes.fromhex(text)))
        if "0" in text:
            # No digit of base58, which is seen here without trying to read it so.
            return found
    try:
        digest = BASE58BTC.decode(text)
        # Whether it can be computed is learned here, and not when somebody asks.
        multihash.digest(multihash.decode(digest)[0], b"")
        found.append(digest)
    except (ProofError, Unsupported):
        if not found:
            raise
    return found


def _matches(rule: _Rule, below: str) -> bool:
    """Whether a path is the rule's, or begins with it.

    ``/ab/*`` and ``/ab*`` are one: both take ``ab``, ``ab/c`` and ``abc``.
    """
    return below.startswith(rule.path) if rule.is_prefix else below == rule.path


def _place(namespace: str, root: str, cid: Cid | None) -> _Place:
    if cid is None:
        return namespace, _one_form(root) if namespace == "ipns" else _address(namespace, root)
    return namespace, BASE58BTC.encode(cid.multihash)


def _one_form(name: str) -> str:
    """The form in which a name is looked up: by another spelling it is denied no less."""
    try:
        return canonical(name)
    except (InvalidRequest, Unsupported):
        return _lower(name)


def _address(namespace: str, root: str) -> str:
    """The one form of an address on another network; what is none stands for itself."""
    try:
        return read_url(f"web3://{root}").host if namespace == "web3" else root
    except WalkawayError:
        return root


def _lower(name: str) -> str:
    return name.lower().removesuffix(".")


def _cid(namespace: str, root: str) -> Cid | None:
    """The CID that a root is, or that its multihash in bare base58btc stands for."""
    if namespace in ("ar", "web3"):
        return None
    try:
        if not root.startswith(("Qm", "1")):
            return Cid.parse(root)
        digest = BASE58BTC.decode(root)
        multihash.decode(digest)
    except (ProofError, Unsupported):
        return None
    return Cid(1, codecs.DAG_PB if namespace == "ipfs" else codecs.LIBP2P_KEY, digest)


def _hashed_texts(namespace: str, root: str, cid: Cid | None, below: str) -> set[str]:
    """What double-hashed rules are hashes of, in the newer form and in the older."""
    texts = set()
    for path in {below, below if namespace == "ipfs" else ""}:
        after = f"/{path}" if path else ""
        if cid is None and namespace != "ipns":
            texts.add(f"/{namespace}/{_address(namespace, root)}{after}")
        elif cid is None:
            for domain in {_lower(root), _one_form(root)}:
                texts |= {f"/{namespace}/{domain}{after}", f"{domain}/{path}"}
        else:
            encoded = BASE58BTC.encode(cid.multihash)
            texts |= {f"{encoded}{after}", f"{cid.as_v1().text(BASE32)}/{path}"}
    return texts
