"""A running gateway that holds fixtures: archives, IPNS records, DNSLinks."""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.error import HTTPError

from tests.interop.walkaway_process import Walkaway, WalkawayGateway, walkaway_gateway

__all__ = ["loaded_gateway"]

RECORD_TYPE = "application/vnd.ipfs.ipns-record"
ELSEWHERE = "fake.domain.com"
"""A host of path URLs that the suite asks for."""
SECONDS = 30


@asynccontextmanager
async def loaded_gateway(
    state: Path,
    archives: Iterable[Path],
    records: Iterable[Path],
    dnslinks: Mapping[str, str],
) -> AsyncIterator[WalkawayGateway]:
    """`walkaway up` over a state of its own; records are published to it as programs do it."""
    told = {
        "WALKAWAY_DNSLINKS": ",".join(f"{name}={path}" for name, path in dnslinks.items()),
        "WALKAWAY_ALLOWED_HOSTS": ",".join([*dnslinks, ELSEWHERE]),
    }
    settings = [f"{name}={value}" for name, value in told.items()]
    walkaway = Walkaway(state, before=("env", *settings))
    for archive in archives:
        await walkaway.run("car", "import", "--no-pin", str(archive))
    async with walkaway_gateway(walkaway) as gateway:
        for record in records:
            name = record.name.partition(".")[0].partition("_")[0]
            await asyncio.to_thread(_publish, gateway, name, record.read_bytes())
        yield gateway


def _publish(gateway: WalkawayGateway, name: str, record: bytes) -> None:
    """Records that prove nothing are among them: they are refused, and that is as it should be."""
    request = urllib.request.Request(
        f"{gateway.url}/routing/v1/ipns/{name}",
        data=record,
        method="PUT",
        headers={"Content-Type": RECORD_TYPE},
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS):
            pass
    except HTTPError as error:
        error.close()
        if error.code != 400:
            raise
