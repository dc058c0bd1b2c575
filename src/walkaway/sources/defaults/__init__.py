"""The sources a person begins with, and their reader: one file a network, one for content,
one for DNS, one for Arweave.

None is believed alone: answers are proven, and a first checkpoint is taken from
several operators or from the person. Each line says who runs the source and in
which public document that was read, so that anyone can check the list or
replace it.
Imports only `errors` and the kinds in `request`. Begin with `mainnet.toml`.
"""

from __future__ import annotations

import difflib
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import get_args
from urllib.parse import urlsplit

from walkaway.errors import ConfigError
from walkaway.sources.request import Kind

__all__ = [
    "CHAIN_KINDS",
    "CONTENT_KINDS",
    "KINDS",
    "NAME_KINDS",
    "ListedSource",
    "arweave_sources",
    "content_sources",
    "default_networks",
    "default_sources",
    "dns_sources",
    "read_source",
    "with_one_spelling",
]

KINDS: tuple[Kind, ...] = get_args(Kind)
"""What a source can be listed for. ``submit`` sources are given transactions to send."""

CONTENT_KINDS: frozenset[Kind] = frozenset({"content", "kubo", "routing", "piece", "pdp"})
"""What sources of content are listed for, whatever the network."""

NAME_KINDS: frozenset[Kind] = frozenset({"dns", "arweave"})
"""What sources of names are listed for, whatever the network."""

CHAIN_KINDS: frozenset[Kind] = frozenset(KINDS) - CONTENT_KINDS - NAME_KINDS
"""What sources of a network's chain are listed for."""

_CONTENT = "content"
_DNS = "dns"
_ARWEAVE = "arweave"
_RESOLVER_SCHEMES = ("tls", "dns", "udp")
_OTHER_ADDRESSES = {
    _CONTENT: ", nor a file:/// address of a CAR file",
    _DNS: ", nor one of a resolver: tls://host, dns://host or udp://host",
}
_REQUIRED = ("name", "operator", "kinds", "url")
_KNOWN = (*_REQUIRED, "read_at")


@dataclass(frozen=True, slots=True)
class ListedSource:
    """One entry of a list of sources. The URL may hold a key and is never shown.

    ``read_at`` is the public document where the entry was read, with the year
    and month; empty for entries that a person wrote.
    """

    name: str
    operator: str
    kinds: tuple[Kind, ...]
    url: str = field(repr=False)
    read_at: str = ""


def default_networks() -> tuple[str, ...]:
    """The networks that have a list, in alphabetical order."""
    files = [file.name for file in resources.files(__name__).iterdir()]
    lists = {name.removesuffix(".toml") for name in files if name.endswith(".toml")}
    return tuple(sorted(lists - {_CONTENT, _DNS, _ARWEAVE}))


def default_sources(network: str) -> tuple[ListedSource, ...]:
    """The list of one network.

    Raises:
        ConfigError: there is no list for this network.
    """
    if network not in default_networks():
        raise ConfigError(
            f"no default sources for {network!r}",
            advice=f"known networks: {', '.join(default_networks())}",
        )
    return _read_list(network)


def content_sources() -> tuple[ListedSource, ...]:
    """Who is asked for content: trustless gateways, and routers that say who has it."""
    return _read_list(_CONTENT)


def dns_sources() -> tuple[ListedSource, ...]:
    """The resolvers that are asked for DNS records."""
    return _read_list(_DNS)


def arweave_sources() -> tuple[ListedSource, ...]:
    """The gateways of Arweave: asked for content by id, and where names of ArNS lead."""
    return _read_list(_ARWEAVE)


def _read_list(name: str) -> tuple[ListedSource, ...]:
    text = resources.files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return tuple(
        read_source(entry, where=f"{name}.toml") for entry in tomllib.loads(text)["source"]
    )


def with_one_spelling(sources: Iterable[ListedSource]) -> tuple[ListedSource, ...]:
    """The same sources, each operator spelled as where it stands first.

    Who is written in capitals elsewhere, or with another space, is nobody else: an operator
    counts once where several must agree.
    """
    first: dict[str, str] = {}
    return tuple(
        replace(source, operator=first.setdefault(_plain(source.operator), source.operator))
        for source in sources
    )


def read_source(entry: object, *, where: str) -> ListedSource:
    """One entry of a list, checked; ``where`` names the list in complaints.

    Raises:
        ConfigError: a field is missing, unknown or malformed. The URL is not repeated.
    """
    if not isinstance(entry, Mapping):
        raise ConfigError(f"{where}: a source is a table with {', '.join(_REQUIRED)}")
    name = entry.get("name")
    label = f"{where}: source {name!r}" if isinstance(name, str) else f"{where}: a source"
    unknown = sorted(str(key) for key in entry if key not in _KNOWN)
    if unknown:
        near = difflib.get_close_matches(unknown[0], _KNOWN, n=1)
        raise ConfigError(
            f"{label} has unknown fields: {', '.join(unknown)}",
            advice=f"did you mean {near[0]}?" if near else f"known fields: {', '.join(_KNOWN)}",
        )
    kinds = entry.get("kinds")
    if not isinstance(kinds, list) or not kinds or any(kind not in KINDS for kind in kinds):
        raise ConfigError(f"{label}: kinds is a list of {', '.join(KINDS)}")
    return ListedSource(
        name=_text(entry, "name", label),
        operator=_text(entry, "operator", label),
        kinds=tuple(kinds),
        url=_checked_url(_text(entry, "url", label), kinds, label),
        read_at=_text(entry, "read_at", label) if "read_at" in entry else "",
    )


def _plain(operator: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", operator).casefold().split())


def _text(entry: Mapping[str, object], key: str, label: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{label}: {key} is missing, or is not text")
    return value


def _checked_url(url: str, kinds: list[str], label: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        archive = parts.scheme == "file" and not parts.netloc and len(parts.path) > 1
        resolver = (
            parts.scheme in _RESOLVER_SCHEMES
            and bool(parts.hostname)
            and parts.port != 0
            and not (parts.path.strip("/") or parts.query or parts.fragment or parts.username)
        )
    except ValueError:
        usable = archive = resolver = False
    special = {_CONTENT: archive, _DNS: resolver}.get(kinds[0]) if len(kinds) == 1 else False
    if not usable and not special:
        other = _OTHER_ADDRESSES.get(kinds[0], "") if len(kinds) == 1 else ""
        raise ConfigError(f"{label}: url is not an http or https address{other}")
    return url
