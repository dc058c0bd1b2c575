"""All exchanges, and a run of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.gateway.conformance.archives import archive_exchanges
from tests.gateway.conformance.documents import document_exchanges
from tests.gateway.conformance.exchange import Exchange
from tests.gateway.conformance.gateway import Asked, ask, conformance_gateway
from tests.gateway.conformance.hosts import host_exchanges
from tests.gateway.conformance.names import name_exchanges
from tests.gateway.conformance.paths import path_exchanges
from tests.gateway.conformance.proxy import ask_by_proxy, proxy_exchanges

__all__ = ["exchanges", "run"]


def exchanges() -> Sequence[Exchange]:
    """What is asked of a gateway itself, group by group."""
    return [
        *archive_exchanges(),
        *path_exchanges(),
        *document_exchanges(),
        *name_exchanges(),
        *host_exchanges(),
    ]


async def run(folder: Path) -> list[Asked]:
    """Ask everything of a gateway whose state is in a folder of its own, and as a proxy."""
    async with conformance_gateway(folder) as gateway:
        asked = [Asked(each, each.fault(await ask(gateway, each))) for each in exchanges()]
        for each in proxy_exchanges():
            asked.append(Asked(each, each.fault(await ask_by_proxy(gateway, each))))
        return asked
