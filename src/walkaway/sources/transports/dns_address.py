"""From the address of a resolver that speaks DNS itself to the transport to it.

``tls://host`` is DNS over TLS, ``dns://host`` over TCP, ``udp://host`` over UDP. DNS over
HTTPS is `HttpTransport`'s.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from walkaway.errors import ConfigError
from walkaway.limits import LIMITS, Limits
from walkaway.sources.redact import redact
from walkaway.sources.source import Transport
from walkaway.sources.transports.dns_stream import DnsStreamTransport
from walkaway.sources.transports.dns_udp import DnsUdpTransport

__all__ = ["resolver_transport"]

_TLS_PORT = 853
_PLAIN_PORT = 53


def resolver_transport(source: str, url: str, limits: Limits = LIMITS) -> Transport:
    """The transport to the resolver at an address.

    Raises:
        ConfigError: the address is none of a resolver.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
        parts = urlsplit("")
    if host and parts.scheme == "tls":
        return DnsStreamTransport(source, host, port or _TLS_PORT, limits, encrypted=True)
    if host and parts.scheme == "dns":
        return DnsStreamTransport(source, host, port or _PLAIN_PORT, limits)
    if host and parts.scheme == "udp":
        return DnsUdpTransport(source, host, port or _PLAIN_PORT, limits)
    raise ConfigError(
        f"the address of source {source!r} is none of a resolver: {redact(url)}",
        advice="it begins with https://, tls://, dns:// or udp:// and names a host",
    )
