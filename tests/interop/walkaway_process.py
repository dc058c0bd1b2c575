"""This package's own command, as a person runs it: a folder of state, and a gateway over it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.interop.peers import free_port

__all__ = ["Walkaway", "WalkawayGateway", "walkaway_gateway"]

COMMAND = Path(sys.executable).with_name("walkaway")
START_SECONDS = 30
STOP_SECONDS = 10
RUN_SECONDS = 180
LOG = "gateway.log"
EMPTY = "/ipfs/bafkqaaa"
"""The empty block, which every gateway has."""


@dataclass(frozen=True, slots=True)
class Walkaway:
    """The command with a state folder of its own, and no sources but those given.

    ``sources`` are written as ``--source`` takes them; ``before`` is put before the command.
    """

    folder: Path
    sources: Sequence[str] = ()
    before: Sequence[str] = ()

    @property
    def environment(self) -> dict[str, str]:
        """What the command is started with: nothing that the person has set for themselves."""
        kept = {name: value for name, value in os.environ.items() if "WALKAWAY" not in name}
        return kept | {"WALKAWAY_HOME": str(self.folder), "WALKAWAY_DEFAULT_SOURCES": "false"}

    def command(self, *arguments: str) -> list[str]:
        """The words of the command line."""
        sources = [word for source in self.sources for word in ("--source", source)]
        return [*self.before, str(COMMAND), *arguments, *sources]

    async def run(self, *arguments: str) -> bytes:
        """What the command prints; the test fails where it does."""
        process = await asyncio.create_subprocess_exec(
            *self.command(*arguments),
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(RUN_SECONDS):
                output, errors = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            pytest.fail(f"walkaway {arguments[0]} took more than {RUN_SECONDS} seconds")
        if process.returncode != 0:
            told = (output[-1000:] + errors).decode(errors="replace")[-4000:]
            pytest.fail(f"walkaway {' '.join(arguments)[:200]} failed:\n{told}")
        return output

    async def add(self, path: Path, *options: str) -> str:
        """The CID of a file or folder, kept in the store."""
        return (await self.run("add", "--quiet", *options, str(path))).decode().strip()


@dataclass(frozen=True, slots=True)
class WalkawayGateway:
    """A running gateway: where it is, and its process."""

    port: int
    process: int
    log: Path

    @property
    def url(self) -> str:
        """By address, where everything is one origin."""
        return f"http://127.0.0.1:{self.port}"

    def origin(self, cid: str) -> str:
        """The origin that is this content's own."""
        return f"http://{cid}.ipfs.localhost:{self.port}"


@asynccontextmanager
async def walkaway_gateway(walkaway: Walkaway) -> AsyncIterator[WalkawayGateway]:
    """`walkaway up` with its gateway alone, on a free port; gone when the context ends."""
    walkaway.folder.mkdir(parents=True, exist_ok=True)
    port, log = free_port(), walkaway.folder / LOG
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *walkaway.command("up", "--serve", "gateway"),
            env=walkaway.environment | {"WALKAWAY_GATEWAY_PORT": str(port)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    gateway = WalkawayGateway(port, process.pid, log)
    try:
        await _answers(process, gateway, walkaway.before)
        yield gateway
    finally:
        await _stopped(process)


async def _answers(
    process: asyncio.subprocess.Process, gateway: WalkawayGateway, before: Sequence[str]
) -> None:
    """Until the gateway answers, asked from where it runs."""
    for _ in range(START_SECONDS * 10):
        asked = await asyncio.create_subprocess_exec(
            *before, "curl", "--silent", "--fail", "--output", os.devnull, gateway.url + EMPTY
        )
        if await asked.wait() == 0:
            return
        if process.returncode is not None:
            break
        await asyncio.sleep(0.1)
    pytest.fail(f"the gateway did not start:\n{gateway.log.read_text(errors='replace')[-4000:]}")


async def _stopped(process: asyncio.subprocess.Process) -> None:
    """Ask it to end; that it does not is a fault of ours."""
    if process.returncode is not None:
        pytest.fail(f"the gateway ended by itself, with exit code {process.returncode}")
    process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        pytest.fail(f"the gateway did not end within {STOP_SECONDS} seconds")
