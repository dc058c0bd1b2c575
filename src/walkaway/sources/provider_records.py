"""Who has a block, as a router says: nothing of it is proven, all of it is bounded.

Specification: Routing V1, "Known Schemas" (``peer``, and what came before it). Only
providers that are reached over HTTP are of use here; the others are counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from walkaway.errors import SourceFault
from walkaway.limits import LIMITS
from walkaway.sources.multiaddr import HttpAddress, http_address
from walkaway.sources.redact import shown
from walkaway.sources.request import Answer

__all__ = ["Provider", "ProviderRecords", "read_providers"]

_ID_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Provider:
    """One that is reached over HTTP. ``peer`` is its id, as the record says."""

    peer: str
    addresses: tuple[HttpAddress, ...]


@dataclass(frozen=True, slots=True)
class ProviderRecords:
    """Providers over HTTP, and how many others there are."""

    http: tuple[Provider, ...]
    others: int


def read_providers(answer: Answer) -> ProviderRecords:
    """What a router's answer says. Records that cannot be read count among the others.

    Raises:
        SourceFault: it is not of the form that the specification gives.
    """
    document = answer.body
    listed = document.get("Providers") if isinstance(document, Mapping) else None
    if listed is None and isinstance(document, Mapping):
        listed = []
    if not isinstance(listed, list):
        raise SourceFault("its answer is no list of providers")
    found: dict[str, list[HttpAddress]] = {}
    others = 0
    for record in listed:
        peer, addresses = _addresses(record)
        if not addresses:
            others += 1
        elif peer in found or len(found) < LIMITS.provider_records:
            found.setdefault(peer, []).extend(addresses)
    providers = (Provider(peer, _first(addresses)) for peer, addresses in found.items())
    return ProviderRecords(tuple(providers), others)


def _addresses(record: object) -> tuple[str, list[HttpAddress]]:
    """Who a record is of, and where that is reached over HTTP."""
    if not isinstance(record, Mapping):
        return "", []
    peer, written = record.get("ID"), record.get("Addrs")
    if not isinstance(peer, str) or not peer or not isinstance(written, list):
        return "", []
    texts = [text for text in written[: LIMITS.provider_addresses] if isinstance(text, str)]
    read = [address for address in map(http_address, texts) if address is not None]
    return shown(peer, _ID_CHARACTERS), read


def _first(addresses: list[HttpAddress]) -> tuple[HttpAddress, ...]:
    return tuple(dict.fromkeys(addresses))[: LIMITS.provider_addresses]
