"""The guard on outgoing connections: an address learned from outside may not be inside.

A redirect, a provider record or a DNS answer could point at this machine or
its network, where services trust whoever can reach them. The check stands
where the socket is made, so that it sees the very address that is connected
to, whatever name resolved to it, and at each redirect again.

Allowed is what is globally reachable by the IANA special-purpose registries
(RFC 6890, https://www.iana.org/assignments/iana-ipv4-special-registry and
iana-ipv6-special-registry), spelled out here, since what the standard library
knows of them differs from one version of Python to the next: no private,
loopback, link-local (and with it the cloud's metadata address), shared,
multicast, reserved or unspecified address, and none kept for protocols,
documentation, benchmarks or relays (6to4). IPv6 addresses are those of
2000::/3, the only ones given out; NAT64 addresses (RFC 6052) are judged by the
IPv4 address in them, and IPv4-mapped ones are never needed.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from walkaway.errors import ConfigError

__all__ = ["NO_EXCEPTION", "AddressRefused", "Guard"]

NO_EXCEPTION = ", and is not listed in guard_exceptions"
"""How a refusal ends: what a person can do who knows the address for a good one."""

_NAT64 = IPv6Network("64:ff9b::/96")
_UNICAST = IPv6Network("2000::/3")

_SPECIAL_IPV4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared (RFC 6598)
            "127.0.0.0/8",  # loopback
            "169.254.0.0/16",  # link-local
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation
            "192.31.196.0/24",  # AS112
            "192.52.193.0/24",  # AMT
            "192.88.99.0/24",  # 6to4 relays, deprecated
            "192.168.0.0/16",  # private
            "192.175.48.0/24",  # AS112
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and the limited broadcast
        ),
    )
)
_SPECIAL_IPV6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks and more
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4
            "2620:4f:8000::/48",  # AS112
            "3fff::/20",  # documentation
        ),
    )
)

_AddressInfo = tuple[
    int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]
]


class AddressRefused(OSError):
    """The guard refuses to connect. An `OSError`, since it is raised where sockets are made.

    The text is the same for all: of errors that differ, for a name of several addresses,
    the event loop makes one that says nothing of this kind. ``reason`` says more.
    """

    def __init__(self, reason: str) -> None:
        super().__init__("refused")
        self.reason = f"refused: {reason}"


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
            raise AddressRefused("not an IP address") from None
        if (parsed, port) not in self._exceptions and not _is_public(parsed):
            raise AddressRefused(f"{parsed} is not a public address{NO_EXCEPTION}")

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
            raise AddressRefused("not an IP address")
        self.check(host, port)
        return socket.socket(family, kind, protocol)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_IPV4)
    if address in _NAT64:
        return _is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    return address in _UNICAST and not any(address in network for network in _SPECIAL_IPV6)


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
