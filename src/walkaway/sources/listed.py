"""From a list of sources to sources that can be asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from walkaway.sources.defaults import ListedSource
from walkaway.sources.request import Kind
from walkaway.sources.source import Source, Transport
from walkaway.sources.transports.car_file import CarFileTransport, archive_path
from walkaway.sources.transports.dns_address import resolver_transport
from walkaway.sources.transports.dns_https import DnsHttpsTransport
from walkaway.sources.transports.http import HttpTransport
from walkaway.sources.transports.http_client import HttpClient

__all__ = ["open_sources"]


def open_sources(
    listed: Iterable[ListedSource], kinds: Collection[Kind], client: HttpClient
) -> list[Source]:
    """Those that are listed for one of these kinds, and for these alone.

    Raises:
        ConfigError: an address cannot be used.
    """
    return [
        Source(entry.name, entry.operator, frozenset(entry.kinds) & set(kinds), _way(entry, client))
        for entry in listed
        if set(entry.kinds) & set(kinds)
    ]


def _way(entry: ListedSource, client: HttpClient) -> Transport:
    archive = archive_path(entry.url)
    if archive is not None:
        return CarFileTransport(entry.name, archive, client.limits)
    if "dns" in entry.kinds and not entry.url.startswith("http"):
        return resolver_transport(entry.name, entry.url, client.limits)
    if "dns" in entry.kinds and entry.url.startswith("https:"):
        return DnsHttpsTransport(entry.name, entry.url, client)
    return HttpTransport(entry.name, entry.url, client)
