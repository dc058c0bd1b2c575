"""The gateway as an HTTP proxy for what it serves itself: CONNECT, and whole URLs as targets.

RFC 9110, 9.3.6 (CONNECT) and RFC 9112, 3.2.2 (absolute-form). A client for which this
gateway is the proxy reaches ``http://bafy....ipfs.localhost`` through it whatever its own
resolver makes of such names. A tunnel ends in this very server: what comes through it
is one more connection's requests, with the same limits and the same hosts, so that no
byte goes anywhere else and none is copied. Every other target is refused. What came so is
marked: its sender takes this gateway for the proxy of all the names that it serves.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from walkaway.limits import LIMITS, Limits
from walkaway.rpc.http_protocol import BoundedHttpProtocol

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

__all__ = ["THROUGH_PROXY", "ProxyHttpProtocol", "proxy_http"]

THROUGH_PROXY: Final = "walkaway.through_proxy"
"""The ASGI extension that a request has which was sent to this gateway as to a proxy. Pages
cannot have a browser do so: it does where it is told to by its person."""

_CONNECT: Final = b"CONNECT "
_REQUEST: Final = re.compile(
    rb"CONNECT ([!-~]+):([0-9]{1,5}) HTTP/1\.[01](?:\r\n[^\r\n]+)*\r\n\r\n"
)
_ABSOLUTE: Final = re.compile(rb"([a-z][a-z0-9+.-]*)://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_HTTP_PORT: Final = 80
_HTTPS_PORT: Final = 443
_NO_CERTIFICATE: Final = (
    b"nobody can certify this name, so it is not served over https; it is proven here: "
    b"open http://%b/"
)
_ELSEWHERE: Final = (
    b"tunnels lead to what this gateway serves, over http: names of ENS, and those of the DNS "
    b"that proxied_names in walkaway.toml lists"
)


class ProxyHttpProtocol(BoundedHttpProtocol):
    """Answers CONNECT where it is the first thing that a connection says."""

    _opening: bytes | None = b""
    """What came before it was clear how the connection begins, then None."""
    _is_tunnel = False

    def data_received(self, data: bytes) -> None:
        """Feed the parser, with what follows a CONNECT and not with it."""
        if self._opening is None:
            super().data_received(data)
            return
        opening = self._opening + data
        if not opening.startswith(_CONNECT) and not _CONNECT.startswith(opening):
            self._opening = None
            super().data_received(opening)
        elif (end := opening.find(b"\r\n\r\n") + 4) > 3:
            self._opening = None
            self._connect(opening[:end], opening[end:])
        elif len(opening) > self._limits.rpc_head_bytes:
            self._refuse()
        else:
            self._opening = opening

    def on_headers_complete(self) -> None:
        """Whoever names a host in the target means that one, whatever the header says."""
        target = _ABSOLUTE.fullmatch(self.url)
        if target is not None:
            scheme, authority, path = target.groups()
            # Under other schemes nothing is served: with its scheme, it is no host of ours.
            host = authority if scheme.lower() == b"http" else scheme + b"://" + authority
            self.url = path if path.startswith(b"/") else b"/" + path
            others = [header for header in self.headers if header[0] != b"host"]
            # The list is the scope's own.
            self.headers[:] = [(b"host", host), *others]
        super().on_headers_complete()
        cycle = cast("RequestResponseCycle | None", self.cycle)
        is_proxied = self._is_tunnel or target is not None
        if is_proxied and cycle is not None and cycle.scope is self.scope:
            cycle.scope["extensions"][THROUGH_PROXY] = {}

    def _refuse(self) -> None:
        """Close for a head that is too large, and have the browser forget its cookies here.

        Content hosts can set cookies for all of their kind: with enough of them, one would
        have every other refused in this browser, until somebody cleared them by hand.
        """
        if not self.transport.is_closing():
            self._answer(
                b"431 Request Header Fields Too Large",
                b"the head is too large; cookies are cleared: ask again",
                b'clear-site-data: "cookies"\r\n',
            )

    def _connect(self, request: bytes, rest: bytes) -> None:
        match = _REQUEST.fullmatch(request)
        if match is None:
            self._answer(b"400 Bad Request", b"CONNECT takes a host and a port")
            return
        host, port = match[1].decode(), int(match[2])
        own = self.server[1] if self.server is not None else None
        if port == _HTTPS_PORT and self._is_served(host):
            self._answer(b"403 Forbidden", _NO_CERTIFICATE % match[1])
            return
        if port not in (own, _HTTP_PORT) or not self._is_served(f"{host}:{port}"):
            self._answer(b"403 Forbidden", _ELSEWHERE)
            return
        self.transport.write(b"HTTP/1.1 200 Connection Established\r\n\r\n")
        self._is_tunnel = True
        # The first head inside has its time anew.
        self._head_arrived()
        self._expect_head()
        if rest:
            super().data_received(rest)

    def _is_served(self, authority: str) -> bool:  # noqa: ARG002
        """Whether an authority is of this gateway: none is, until `proxy_http` says which."""
        return False

    def _answer(self, status: bytes, reason: bytes, header: bytes = b"") -> None:
        """Refuse, and close."""
        self._opening = None
        self.transport.write(
            b"HTTP/1.1 %b\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n"
            b"connection: close\r\n%b\r\n%b\n" % (status, len(reason) + 1, header, reason)
        )
        self.transport.close()


def proxy_http(serves: Callable[[str], bool], limits: Limits = LIMITS) -> type[ProxyHttpProtocol]:
    """The protocol as uvicorn wants it. ``serves`` says whether an authority is of this gateway."""

    class Proxy(ProxyHttpProtocol):
        _limits = limits

        def _is_served(self, authority: str) -> bool:
            return serves(authority)

    return Proxy
