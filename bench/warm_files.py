"""Files that were asked for before, from our gateway, from nginx and from Kubo's gateway.

One worker each, on one core; who asks on the other. The three take turns, and each
has its best turn.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import Figure
from bench.web_load import SERVER_CORE, Load, load, load_large, nginx, on_core
from tests.interop.kubo_process import kubo_daemon, kubo_repository
from tests.interop.walkaway_process import Walkaway, walkaway_gateway

__all__ = ["PROFILE", "warm_figures"]

PROFILE = "unixfs-v1-2025"
"""How both import."""

SIZES = {"2 KB": 2 << 10, "256 KB": 256 << 10, "5 MB": 5 << 20}
LARGE = 1 << 20
NGINX, KUBO = "nginx (sendfile)", "Kubo's gateway"
ROUNDS = 3
SECONDS = 3


@dataclass(frozen=True, slots=True)
class _Server:
    """Who answers: its process, and the URL of each file."""

    process: int
    urls: Mapping[str, str]


async def warm_figures() -> list[Figure]:
    """Requests a second, and the server's CPU time for each, for three sizes."""
    with TemporaryDirectory(prefix="warm-") as folder:
        files = Path(folder) / "files"
        files.mkdir()
        for name, size in SIZES.items():
            (files / name.replace(" ", "-")).write_bytes(os.urandom(size))
        return await _beside_each_other(files, Path(folder) / "state")


async def _beside_each_other(files: Path, state: Path) -> list[Figure]:
    core = on_core(SERVER_CORE)
    paths = {name: files / name.replace(" ", "-") for name in SIZES}
    walkaway = Walkaway(state, before=core)
    async with kubo_repository(profile=PROFILE) as kubo:
        cids = {name: await kubo.add(path) for name, path in paths.items()}
        for path in paths.values():
            await walkaway.add(path)
        async with (
            nginx(files) as (web, web_process),
            kubo_daemon(kubo, *core, "env", "GOMAXPROCS=1") as daemon,
            walkaway_gateway(walkaway) as ours,
        ):
            names = {name: path.name for name, path in paths.items()}
            return await _figures(
                _Server(ours.process, _urls(f"{ours.url}/ipfs", cids)),
                {
                    NGINX: _Server(web_process, _urls(web, names)),
                    KUBO: _Server(daemon.process, _urls(f"{daemon.gateway}/ipfs", cids)),
                },
            )


def _urls(base: str, places: Mapping[str, str]) -> dict[str, str]:
    return {name: f"{base}/{place}" for name, place in places.items()}


async def _figures(ours: _Server, peers: Mapping[str, _Server]) -> list[Figure]:
    found = []
    for name in SIZES:
        best = await _best_turns(name, {"": ours, **peers})
        for peer in peers:
            mine, theirs = best[""], best[peer]
            found += [
                Figure(f"warm {name}", mine.rate, "requests/s", peer, theirs.rate),
                Figure(f"warm {name}, CPU a request", mine.cpu_us, "us", peer, theirs.cpu_us),
            ]
    return found


async def _best_turns(name: str, servers: Mapping[str, _Server]) -> dict[str, Load]:
    ask = load if SIZES[name] < LARGE else load_large
    turns: dict[str, list[Load]] = {who: [] for who in servers}
    for _ in range(ROUNDS):
        for who, server in servers.items():
            turns[who].append(await ask(server.urls[name], server.process, seconds=SECONDS))
    return {who: max(loads, key=lambda one: one.rate) for who, loads in turns.items()}
