"""The keys of the DNS root, by their digests: what every DNSSEC proof stands on.

RFC 9718 says how IANA publishes them. A laboratory with a root of its own brings a
file of the same form.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files

from walkaway.errors import ConfigError

__all__ = ["RootAnchor", "RootAnchors", "dns_root_anchors", "parse_root_anchors", "root_anchor"]

_FILE = "dns_root.toml"
_DIGEST_BYTES = {2: 32, 4: 48}


@dataclass(frozen=True, slots=True)
class RootAnchor:
    """The digest of one key, as a DS record holds it (RFC 4034, 5.1).

    ``since`` is the unix time, in seconds, before which it is not believed.
    """

    name: str
    key_tag: int
    algorithm: int
    digest_type: int
    digest: bytes
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class RootAnchors:
    """The keys of a root; any one of them may sign the root zone's keys."""

    keys: tuple[RootAnchor, ...]


@cache
def dns_root_anchors() -> RootAnchors:
    """The keys of the DNS root that come with this package."""
    return parse_root_anchors((files("walkaway.anchors") / _FILE).read_text("utf-8"), _FILE)


def parse_root_anchors(text: str, name: str) -> RootAnchors:
    """Read anchors from TOML; ``name`` is the file's, for errors. Raises `ConfigError`."""
    try:
        keys = tomllib.loads(text).get("keys")
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name} is not TOML: {error}") from None
    if not isinstance(keys, list) or not keys:
        raise ConfigError(f"{name}: keys is a list of at least one table")
    return RootAnchors(tuple([_key(key, f"{name}: keys[{at}]") for at, key in enumerate(keys)]))


def root_anchor(ds: str, *, name: str = "", since: float = 0.0) -> RootAnchor:
    """One anchor from the text of a DS record's data: key tag, algorithm, digest type, digest.

    Raises `ConfigError`; for digests other than SHA-256 and SHA-384 too.
    """
    try:
        key_tag, algorithm, digest_type = (int(number) for number in ds.split()[:3])
        digest = bytes.fromhex("".join(ds.split()[3:]))
    except ValueError:
        raise ConfigError(f"a root key is no DS record: {ds!r}") from None
    if not (0 <= key_tag < 1 << 16 and 0 <= algorithm < 1 << 8):
        raise ConfigError(f"a root key's tag or algorithm is out of bounds: {ds!r}")
    if len(digest) != _DIGEST_BYTES.get(digest_type):
        raise ConfigError(f"a root key's digest is SHA-256 (2) or SHA-384 (4): {ds!r}")
    return RootAnchor(name or f"key {key_tag}", key_tag, algorithm, digest_type, digest, since)


def _key(fields: object, place: str) -> RootAnchor:
    if not isinstance(fields, dict):
        raise ConfigError(f"{place} is a table")
    ds, name, since = fields.get("ds"), fields.get("name", ""), fields.get("since")
    if not isinstance(ds, str) or not isinstance(name, str):
        raise ConfigError(f"{place}: ds and name are text")
    if since is not None and (not isinstance(since, datetime) or since.tzinfo is None):
        raise ConfigError(f"{place}: since is a moment with its time zone")
    return root_anchor(ds, name=name, since=since.timestamp() if since else 0.0)
