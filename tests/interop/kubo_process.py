"""A real Kubo, built from the Go module proxy, that talks to nobody it was not told about."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.interop.peers import go_program
from walkaway.rpc.jsonrpc import Json

__all__ = ["Kubo", "KuboDaemon", "kubo_daemon", "kubo_repository"]

MODULE = Path(__file__).with_name("kubo.go.mod")
COMMAND = "github.com/ipfs/kubo/cmd/ipfs"
START_SECONDS = 60
STOP_SECONDS = 10
RUN_SECONDS = 180

ALONE: dict[str, Json] = {
    "AutoConf.Enabled": False,
    "Bootstrap": [],
    "DNS.Resolvers": {},
    "Ipns.DelegatedPublishers": [],
    "Routing.Type": "none",
    "Routing.DelegatedRouters": [],
    "Provide.Enabled": False,
    "Version.SwarmCheckEnabled": False,
    "Plugins.Plugins.telemetry.Disabled": True,
}
"""Over Kubo's own profile ``test``: no address that anybody else has chosen, and no telemetry."""


@dataclass(frozen=True, slots=True)
class Kubo:
    """A repository of blocks, and the program that works on it."""

    program: Path
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the program is started with."""
        return {**os.environ, "IPFS_PATH": str(self.folder), "IPFS_TELEMETRY": "off"}

    async def run(self, *arguments: str, within: float = RUN_SECONDS) -> bytes:
        """What ``ipfs`` prints; the test fails where it fails, or takes longer than ``within``."""
        code, output, errors = await self.attempt(*arguments, within=within)
        if code != 0:
            pytest.fail(f"ipfs {' '.join(arguments)[:200]} failed:\n{errors[-4000:]}")
        return output

    async def attempt(
        self, *arguments: str, within: float = RUN_SECONDS
    ) -> tuple[int | None, bytes, str]:
        """The exit code (None after ``within`` seconds), the output and the errors of ``ipfs``."""
        process = await asyncio.create_subprocess_exec(
            str(self.program),
            *arguments,
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(within):
                output, errors = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            return None, b"", f"no end after {within} seconds"
        return process.returncode, output, errors.decode(errors="replace")

    async def add(self, path: Path, *options: str) -> str:
        """The CID of a file or folder, as ``ipfs add`` makes it."""
        output = await self.run("add", "--recursive", "--hidden", "-Q", *options, str(path))
        return output.decode().strip()

    async def configure(self, settings: Mapping[str, Json]) -> None:
        """Set each dotted name of the configuration."""
        for name, value in settings.items():
            await self.run("config", "--json", name, json.dumps(value))


@dataclass(frozen=True, slots=True)
class KuboDaemon:
    """A running Kubo: where its gateway and its RPC are, and its process."""

    gateway: str
    rpc: str
    process: int


@asynccontextmanager
async def kubo_repository(
    settings: Mapping[str, Json] | None = None, *, profile: str | None = None
) -> AsyncIterator[Kubo]:
    """An empty repository that knows nobody, gone afterwards.

    ``profile`` is one of Kubo's own, such as ``unixfs-v1-2025``; ``settings`` come last.
    """
    program = await go_program(MODULE, COMMAND)
    with TemporaryDirectory(prefix="kubo-") as folder:
        kubo = Kubo(program, Path(folder))
        await kubo.run("init", "--empty-repo", "--profile", "test")
        if profile is not None:
            await kubo.run("config", "profile", "apply", profile)
        await kubo.configure({**ALONE, **(settings or {})})
        yield kubo


@asynccontextmanager
async def kubo_daemon(kubo: Kubo, *before: str) -> AsyncIterator[KuboDaemon]:
    """The repository's daemon, on ports of its own choosing; ``before`` is put before it.

    It is gone when the context ends, however it ends.
    """
    log = kubo.folder / "daemon.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *before, str(kubo.program), "daemon",
            env=kubo.environment,
            stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        await _ready(process, log)
        yield KuboDaemon(
            _address(kubo.folder / "gateway"), _address(kubo.folder / "api"), process.pid
        )
    finally:
        await _stopped(process)


async def _ready(process: asyncio.subprocess.Process, log: Path) -> None:
    for _ in range(START_SECONDS * 20):
        if "Daemon is ready" in log.read_text(errors="replace"):
            return
        if process.returncode is not None:
            break
        await asyncio.sleep(0.05)
    pytest.fail(f"Kubo did not start:\n{log.read_text(errors='replace')[-4000:]}")


async def _stopped(process: asyncio.subprocess.Process) -> None:
    """Ask it to end, and end it where it does not."""
    if process.returncode is None:
        process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
    await process.wait()


def _address(file: Path) -> str:
    """A URL without a slash at its end; Kubo writes a URL in one file, a multiaddr in the other."""
    text = file.read_text().strip().rstrip("/")
    if text.startswith("/"):
        _, _, host, _, port = text.split("/")[:5]
        return f"http://{host}:{port}"
    return text
