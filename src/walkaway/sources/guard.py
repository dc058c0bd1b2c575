"""The guard on outgoing connections: an address learned from outside may not be inside.

A redirect, a provider record or a DNS answer could point at this machine or
its network, where services trust whoever can reach them. The check stands
where the socket is made, so that it sees the very address that is connected
to, whatever name resolved to it, and at each redirect again.

Allowed is what is globally reachable by the IANA special-purpose registries
(RFC 6890), which leaves out private, loopback, link-local (and with it the
cloud's metadata address), shared (RFC 6598), multicast and unspecified
addresses; 6to4 and NAT64 addresses are judged by the IPv4 address in them as
well, and IPv4-mapped ones are never needed.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from walkaway.errors import ConfigError

__all__ = ["AddressRefused", "Guard"]

_NAT64 = IPv6Network("64:ff9b::/96")
_UNICAST = IPv6Network("2000::/3")

_AddressInfo = tuple[
    int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]
]


class AddressRefused(OSError):
    """The guard refuses to connect. An `OSError`, since it is raised where sockets are made."""


class Guard:
    """Refuses inner addresses, except those named exactly.

    ``exceptions`` are ``address:port`` with a literal address, IPv6 in brackets.

    Raises:
        ConfigError: an exception is not of that form.
    """

    def __init__(self, exceptions: Iterable[str] = ()) -> None:
        self._exceptions = frozenset(_parsed(text) for text in exceptions)

    def check(self, address: str, port: int) -> None:
        """Raise `AddressRefused` unless this may be connected to."""
        try:
            parsed = ip_address(address.partition("%")[0])
        except ValueError:
            raise AddressRefused("refused: not an IP address") from None
        if (parsed, port) not in self._exceptions and not _is_public(parsed):
            raise AddressRefused(f"refused: {parsed} is not a public address")

    def excepts(self, host: str, port: int) -> bool:
        """Whether the configuration names this very address; a host name is none."""
        try:
            return (ip_address(host), port) in self._exceptions
        except ValueError:
            return False

    def open_socket(self, info: _AddressInfo) -> socket.socket:
        """Make a socket for an address that was resolved, or refuse (aiohttp's socket factory)."""
        family, kind, protocol, _, address = info
        host, port = address[0], address[1]
        if not isinstance(host, str) or not isinstance(port, int):
            raise AddressRefused("refused: not an IP address")
        self.check(host, port)
        return socket.socket(family, kind, protocol)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and not address.is_reserved
    if address in _NAT64:
        return _is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    if address.sixtofour is not None and not _is_public(address.sixtofour):
        return False
    return address in _UNICAST and address.is_global


def _parsed(text: str) -> tuple[IPv4Address | IPv6Address, int]:
    host, _, port = text.rpartition(":")
    try:
        number = int(port)
        if not 0 < number < 65536:
            raise ValueError
        return ip_address(host.removeprefix("[").removesuffix("]")), number
    except ValueError:
        raise ConfigError(
            f"an exception of the address guard must be address:port, not {text!r}",
            advice="for example 127.0.0.1:8545 or [::1]:8545",
        ) from None
