"""Who may speak to a port of this machine: rules on Host, Origin and content type; pure.

Any web page in the user's browser is an attacker here. Three things stop it.
*Host* must name this machine, so that a stranger's name which resolves to
127.0.0.1 (DNS rebinding) reaches nothing. *Origin*, which a browser adds to
every cross-origin POST and to every WebSocket, must be absent (no browser), a
page of ``localhost``, or a browser extension. *Content-Type* must be
``application/json``, which a page cannot send without asking first by a
preflight (https://fetch.spec.whatwg.org/#http-cors-protocol), unlike
``text/plain`` or a form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from walkaway.errors import ConfigError

__all__ = ["EXTENSION_SCHEMES", "Headers", "LocalSurface", "Refusal"]

Headers = Sequence[tuple[bytes, bytes]]
"""Raw headers: lower-case names, as ASGI gives them."""

EXTENSION_SCHEMES = ("chrome-extension", "moz-extension", "safari-web-extension")

LOOPBACK = frozenset({"127.0.0.1", "[::1]", "localhost"})

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(?P<port>[0-9]{1,5}))?", re.ASCII)
_ORIGIN = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[^/?#@\s]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP status and the reason, in words for the person in front of it."""

    status: int
    reason: str


class LocalSurface:
    """The rules with the exceptions that the configuration names.

    ``hosts`` are further host names, without a port; ``origins`` are further
    origins exactly as a browser sends them (``https://wallet.example``).
    """

    def __init__(self, *, hosts: Iterable[str] = (), origins: Iterable[str] = ()) -> None:
        self._hosts = frozenset(_configured_host(host) for host in hosts)
        self._origins = frozenset(_configured_origin(origin) for origin in origins)

    def refuse(self, headers: Headers) -> Refusal | None:
        """Why whoever sent these headers may not speak here, or None where they may."""
        hosts = _all(headers, b"host")
        if len(hosts) != 1 or not self.is_host(hosts[0]):
            return Refusal(
                403,
                "the Host header does not name this machine (DNS rebinding is refused); "
                "use 127.0.0.1, localhost or a name under .localhost, "
                "or allow the host by configuration",
            )
        origins = _all(headers, b"origin")
        if len(origins) > 1 or (origins and not self.is_origin(origins[0])):
            return Refusal(
                403,
                "pages of this origin may not use this endpoint; pages of localhost and "
                "browser extensions may, others by configuration",
            )
        return None

    def refuse_content_type(self, headers: Headers) -> Refusal | None:
        """Why a body of this type is not read, or None where it is."""
        types = _all(headers, b"content-type")
        media = types[0].partition(";")[0].strip().lower() if len(types) == 1 else ""
        if media != "application/json":
            return Refusal(415, "send JSON-RPC with the header Content-Type: application/json")
        return None

    def is_host(self, host: str) -> bool:
        """Whether a Host header names this machine."""
        match = _HOST.fullmatch(host.lower())
        return match is not None and self._is_name(match["name"])

    def is_origin(self, origin: str) -> bool:
        """Whether pages of this origin may read and send."""
        if origin in self._origins:
            return True
        match = _ORIGIN.fullmatch(origin)
        if match is None:
            return False
        if match["scheme"] in EXTENSION_SCHEMES:
            return True
        host = _HOST.fullmatch(match["host"])
        return (
            host is not None
            and match["scheme"] in ("http", "https")
            and (host["name"] == "localhost" or _under_localhost(host["name"]))
        )

    def cors(self, headers: Headers) -> list[tuple[bytes, bytes]]:
        """Headers of an answer to a sender who was not refused: CORS, where it is a page."""
        vary = (b"vary", b"Origin")
        origins = _all(headers, b"origin")
        if not origins:
            return [vary]
        return [vary, (b"access-control-allow-origin", origins[0].encode("latin-1"))]

    def preflight(self, headers: Headers) -> list[tuple[bytes, bytes]]:
        """Headers of the answer to a preflight of a sender who was not refused.

        Private network access: https://wicg.github.io/private-network-access/
        """
        allowed = [
            *self.cors(headers),
            (b"access-control-allow-methods", b"POST"),
            (b"access-control-allow-headers", b"content-type"),
            (b"access-control-max-age", b"600"),
        ]
        if _all(headers, b"access-control-request-private-network") == ["true"]:
            allowed.append((b"access-control-allow-private-network", b"true"))
        return allowed

    def _is_name(self, name: str) -> bool:
        return name in LOOPBACK or _under_localhost(name) or name in self._hosts


def _under_localhost(name: str) -> bool:
    return name.endswith(".localhost") and all(name.split("."))


def _all(headers: Headers, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in headers if key == name]


def _configured_host(host: str) -> str:
    match = _HOST.fullmatch(host.lower())
    if match is None or match["port"] is not None:
        raise ConfigError(f"{host!r} is not a host name to allow", advice="give it without a port")
    return match["name"]


def _configured_origin(origin: str) -> str:
    if _ORIGIN.fullmatch(origin) is None:
        raise ConfigError(
            f"{origin!r} is not an origin to allow",
            advice="give scheme, host and port as a browser sends them: https://wallet.example",
        )
    return origin
