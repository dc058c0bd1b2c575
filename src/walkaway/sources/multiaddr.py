"""Multiaddrs of HTTP servers: where a provider record says that a provider is to be reached.

Specification: multiformats/multiaddr, and libp2p/specs "http/transport-component".
Read is what leads to HTTP over TCP: ``/dns4/a.example/tcp/443/tls/http``,
``/ip4/192.0.2.1/tcp/443/tls/sni/a.example/http``, ``/ip6/::1/tcp/8080/http`` and
``/dns/a.example/tcp/443/https``. Every other address is none of ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from yarl import URL

from walkaway.limits import LIMITS

__all__ = ["HttpAddress", "http_address"]

_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?:\.(?!-)[A-Za-z0-9-]{1,63})*\.?")
_NAME_CHARACTERS = 253
_ENDS = {("http",): "http", ("https",): "https", ("tls", "http"): "https"}


@dataclass(frozen=True, slots=True)
class HttpAddress:
    """An origin, as ``https://a.example:443``, and who it must be in TLS where that differs."""

    url: str
    server_name: str = ""

    @property
    def name(self) -> str:
        """What tells it from every other address, as ``a.example:443``."""
        scheme, _, place = self.url.partition("://")
        if scheme == "http":
            return f"{place} without TLS"
        return f"{place} as {self.server_name}" if self.server_name else place


def http_address(text: str) -> HttpAddress | None:
    """Read a multiaddr; None where it is malformed, or leads to no HTTP server."""
    parts = text.split("/")
    if len(text) > LIMITS.multiaddr_characters or len(parts) < 6 or parts[0]:
        return None
    host, port = _host(parts[1], parts[2]), _port(parts[3], parts[4])
    if host is None or port is None:
        return None
    end = parts[5:]
    if len(end) >= 2 and end[-2] == "p2p":
        end = end[:-2]
    server_name: str | None = ""
    if len(end) == 4 and end[:2] == ["tls", "sni"]:
        server_name = _name(end[2])
        end = ["tls", end[3]]
    scheme = _ENDS.get(tuple(end))
    if scheme is None or server_name is None:
        return None
    return HttpAddress(f"{scheme}://{host}:{port}", "" if server_name == host else server_name)


def _host(kind: str, text: str) -> str | None:
    try:
        if kind == "ip4":
            return str(IPv4Address(text))
        if kind == "ip6":
            return None if "%" in text else f"[{IPv6Address(text)}]"
    except ValueError:
        return None
    return _name(text) if kind in ("dns", "dns4", "dns6") else None


def _port(kind: str, text: str) -> int | None:
    is_number = kind == "tcp" and text.isascii() and text.isdigit() and len(text) <= 5
    return int(text) if is_number and 0 < int(text) < 65536 else None


def _name(text: str) -> str | None:
    """A name in the one form that stands for it; None for what is none."""
    if len(text) > _NAME_CHARACTERS or _NAME.fullmatch(text) is None:
        return None
    name = text.lower().removesuffix(".")
    try:
        # Reading a host decodes it, which fails for what only looks like a name ("xn--").
        return name if "xn--" not in name or URL.build(scheme="https", host=name).host else None
    except ValueError:
        return None
