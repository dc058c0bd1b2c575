"""A file that nobody here has: through our gateway, proven, and by curl from the same Kubo.

Over a link of 100 Mbit/s and 30 ms between two network namespaces, and for its
CPU time over the loopback alone. Every turn begins with an empty store.
"""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import Figure
from bench.shaped_link import THERE, shaped_link
from bench.warm_files import PROFILE
from bench.web_load import cpu_seconds
from tests.interop.kubo_process import Kubo, kubo_daemon, kubo_repository
from tests.interop.walkaway_process import Walkaway, walkaway_gateway

__all__ = ["cold_figures"]

MEGABYTES = 50
ROUNDS = 3
PORT = 8090
UNPROVEN = "curl from Kubo, unproven"
SHAPED = f"cold {MEGABYTES} MB, 100 Mbit/s and 30 ms"


@dataclass(frozen=True, slots=True)
class _Fetch:
    """Seconds to the first byte and to the last, and of CPU for whoever fetched."""

    first: float
    whole: float
    cpu: float


async def cold_figures() -> list[Figure]:
    """First byte and whole over a shaped link, where there may be one; CPU a byte without."""
    with TemporaryDirectory(prefix="cold-") as folder:
        file = Path(folder) / "file"
        file.write_bytes(os.urandom(MEGABYTES * 1_000_000))
        async with kubo_repository(profile=PROFILE) as kubo:
            cid = await kubo.add(file)
            return [*await _shaped(kubo, cid, Path(folder)), *await _unshaped(kubo, cid, folder)]


async def _shaped(kubo: Kubo, cid: str, folder: Path) -> list[Figure]:
    await kubo.configure({"Addresses.Gateway": f"/ip4/{THERE}/tcp/{PORT}"})
    with shaped_link() as link:
        if link is None:
            print("the shaped link is left out: it needs root, ip and /dev/net/tun")
            return []
        async with kubo_daemon(kubo, *link.there):
            base = f"http://{THERE}:{PORT}"
            ours, theirs = await _best(cid, base, folder / "shaped", link.here)
    return [
        Figure(f"{SHAPED}: first byte", 1000 * ours.first, "ms", UNPROVEN, 1000 * theirs.first),
        Figure(f"{SHAPED}: whole", ours.whole, "s", UNPROVEN, theirs.whole),
    ]


async def _unshaped(kubo: Kubo, cid: str, folder: str) -> list[Figure]:
    await kubo.configure({"Addresses.Gateway": "/ip4/127.0.0.1/tcp/0"})
    async with kubo_daemon(kubo) as daemon:
        ours, theirs = await _best(cid, daemon.gateway, Path(folder) / "unshaped", [])
    name = f"cold {MEGABYTES} MB, loopback"
    ours_ns, their_ns = (1e9 * one.cpu / (MEGABYTES * 1e6) for one in (ours, theirs))
    return [
        Figure(f"{name}: whole", ours.whole, "s", UNPROVEN, theirs.whole),
        Figure(f"{name}: CPU a byte", ours_ns, "ns", UNPROVEN, their_ns),
    ]


async def _best(cid: str, base: str, folder: Path, before: Sequence[str]) -> tuple[_Fetch, _Fetch]:
    """Ours and curl's best of some turns, by the time to the last byte."""
    ours, theirs = [], []
    for turn in range(ROUNDS):
        theirs.append(await _curl(f"{base}/ipfs/{cid}", before))
        ours.append(await _through_us(cid, base, folder / str(turn), before))
    return min(ours, key=_whole), min(theirs, key=_whole)


def _whole(fetch: _Fetch) -> float:
    return fetch.whole


async def _through_us(cid: str, base: str, state: Path, before: Sequence[str]) -> _Fetch:
    walkaway = Walkaway(state, [f"content={base}"], before)
    async with walkaway_gateway(walkaway) as gateway:
        spent = cpu_seconds(gateway.process)
        fetch = await _curl(f"{gateway.url}/ipfs/{cid}", before)
        return _Fetch(fetch.first, fetch.whole, cpu_seconds(gateway.process) - spent)


async def _curl(url: str, before: Sequence[str]) -> _Fetch:
    spent = _children_cpu()
    process = await asyncio.create_subprocess_exec(
        *before, "curl", "--silent", "--fail", "--output", os.devnull,
        "--write-out", "%{time_starttransfer} %{time_total} %{size_download}", url,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0, url
    first, whole, size = map(float, output.split())
    assert size == MEGABYTES * 1e6
    return _Fetch(first, whole, _children_cpu() - spent)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
