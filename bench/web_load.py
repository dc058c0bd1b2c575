"""How many times a second a web server answers, by wrk, and what that costs the server."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.drain import CONNECTIONS
from tests.interop.peers import free_port, system_program

__all__ = ["SERVER_CORE", "Load", "cpu_seconds", "load", "load_large", "nginx", "on_core"]

SERVER_CORE, LOAD_CORE = 0, 1
"""Which core each side runs on, so that neither takes from the other."""

_TICKS = os.sysconf("SC_CLK_TCK")
_REQUESTS = re.compile(r"(\d+) requests in ")
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_WRONG = re.compile(r"Non-2xx.*|Socket errors.*")


@dataclass(frozen=True, slots=True)
class Load:
    """Requests a second, and microseconds of the server's CPU for each."""

    rate: float
    cpu_us: float


def on_core(core: int) -> list[str]:
    """What is put before a command so that it runs on one core."""
    return ["taskset", "--cpu-list", str(core)]


def cpu_seconds(process: int) -> float:
    """The CPU time that a process and its threads have used, without its children."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


async def load(url: str, server: int, *, seconds: int) -> Load:
    """Ask one URL over kept connections, from the other core, by wrk; ``server`` is who pays."""
    before = cpu_seconds(server)
    told = await _told(
        await system_program("wrk"), "--threads", "1", "--connections", str(CONNECTIONS),
        "--duration", f"{seconds}s", "--timeout", "10s", url,
    )  # fmt: skip
    spent = cpu_seconds(server) - before
    wrong, requests, rate = _WRONG.search(told), _REQUESTS.search(told), _RATE.search(told)
    assert wrong is None, told
    assert requests is not None, told
    assert rate is not None, told
    return Load(float(rate[1]), 1e6 * spent / int(requests[1]))


async def load_large(url: str, server: int, *, seconds: int) -> Load:
    """As `load`, by `bench.drain`: with bodies of megabytes, wrk is slower than the servers."""
    before = cpu_seconds(server)
    told = await _told(sys.executable, "-m", "bench.drain", url, str(seconds))
    spent = cpu_seconds(server) - before
    requests, took = told.split()
    return Load(int(requests) / float(took), 1e6 * spent / int(requests))


async def _told(*command: str) -> str:
    """What a load generator prints, run on its core."""
    process = await asyncio.create_subprocess_exec(
        *on_core(LOAD_CORE), *command, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, command
    return output.decode()


@asynccontextmanager
async def nginx(root: Path) -> AsyncIterator[tuple[str, int]]:
    """nginx with one worker that sends the files under ``root``: its URL and its process."""
    port = free_port()
    with TemporaryDirectory(prefix="nginx-") as folder:
        config = Path(folder) / "nginx.conf"
        config.write_text(_NGINX.format(folder=folder, root=root, port=port))
        program = await system_program("nginx", "nginx-light")
        async with _process([*on_core(SERVER_CORE), program, "-c", str(config)], port) as process:
            yield f"http://127.0.0.1:{port}", process


_NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; open_file_cache max=100;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


@asynccontextmanager
async def _process(command: Sequence[str], port: int) -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec(*command)
    try:
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                assert process.returncode is None
                await asyncio.sleep(0.02)
                continue
            writer.close()
            break
        yield process.pid
    finally:
        process.terminate()
        await process.wait()
