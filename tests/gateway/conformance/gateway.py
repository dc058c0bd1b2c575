"""The gateway over the suite's fixtures, in process, and how it is asked."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.gateway import asgi_client
from tests.gateway.conformance.exchange import Exchange, Reply
from tests.gateway.conformance.fixture import archives, dnslinks, records
from tests.gateway.conformance.network import names_of_the_network
from walkaway.chain.clock import FixedClock
from walkaway.content.store.block_store import BlockStore
from walkaway.errors import ProofError
from walkaway.gateway.app import Gateway
from walkaway.gateway.request.hosts import GatewaySettings
from walkaway.names.held import HeldNames
from walkaway.proofs.ipfs.car import CarReader
from walkaway.proofs.ipfs.ipns_name import parse_name

__all__ = ["Asked", "ask", "conformance_gateway"]


@dataclass(frozen=True, slots=True)
class Asked:
    """An exchange, and what was wrong with its answer."""

    exchange: Exchange
    fault: str


@asynccontextmanager
async def conformance_gateway(
    folder: Path, *, asks_for_names: bool = False
) -> AsyncIterator[Gateway]:
    """A gateway that holds all of the suite's fixtures, and asks nobody; for its names,
    where it ``asks_for_names``, a network that has them.
    """
    with BlockStore.open(folder / "blocks") as store:
        for archive in archives():
            reader = CarReader(max_blocks=10_000)
            await store.put_many(reader.feed(archive.read_bytes()))
        settings = GatewaySettings(allowed_hosts=(*dnslinks(), "fake.domain.com"))
        held = folder / "names"
        names = names_of_the_network(held) if asks_for_names else await _held_names(held)
        yield Gateway(store, store, names, settings=settings)


async def _held_names(folder: Path) -> HeldNames:
    names = HeldNames(folder, FixedClock(time.time()), dnslinks=dnslinks())
    for path in records():
        try:
            await names.put(parse_name(path.name.split(".")[0].split("_")[0]), path.read_bytes())
        except ProofError:
            # Among them are broken ones, which nobody may resolve.
            continue
    return names


async def ask(gateway: Gateway, exchange: Exchange) -> Reply:
    """What the gateway answers to a request."""
    reply = await asgi_client.ask(
        gateway,
        exchange.target,
        host=exchange.host,
        method=exchange.method,
        headers=exchange.headers,
    )
    told = {name: ",".join(values) for name, values in reply.headers.items()}
    return Reply(reply.status, told, reply.body)
