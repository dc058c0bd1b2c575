"""anvil as it comes from its package: a real execution node that mines when it is told to."""

from __future__ import annotations

import asyncio
import http.client
import json
import platform
import re
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.interop.peers import node_package
from walkaway.rpc.jsonrpc import Json

__all__ = ["HARDFORK", "Anvil", "AnvilError", "anvil_process"]

PACKAGE = Path(__file__).with_name("anvil.package.json")
HARDFORK = "osaka"
START_SECONDS = 20
ANSWER_SECONDS = 20

_LISTENING = re.compile(r"Listening on 127\.0\.0\.1:(\d+)")
_PLATFORMS = {
    ("Linux", "x86_64"): "linux-amd64",
    ("Linux", "aarch64"): "linux-arm64",
    ("Darwin", "x86_64"): "darwin-amd64",
    ("Darwin", "arm64"): "darwin-arm64",
}


class AnvilError(Exception):
    """anvil refused a call: its own code, message and data."""

    def __init__(self, code: int, message: str, data: Json = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


class Anvil:
    """A running anvil. Calls wait for their answer; several threads may make them."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
        self._turn = threading.Lock()

    def ask(self, method: str, *params: Json) -> Any:
        """The ``result`` of a JSON-RPC call. Raises `AnvilError`."""
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        with self._turn:
            self._connection.request(
                "POST", "/", json.dumps(call), {"Content-Type": "application/json"}
            )
            answer = json.loads(self._connection.getresponse().read())
        if "error" in answer:
            error = answer["error"]
            raise AnvilError(error["code"], error["message"], error.get("data"))
        return answer["result"]

    def close(self) -> None:
        """Close the connection; the process is not touched."""
        self._connection.close()


@asynccontextmanager
async def anvil_process(chain_id: int, genesis_time: int) -> AsyncIterator[Anvil]:
    """An anvil on a free port of its own choosing. ``genesis_time`` is unix seconds.

    It is gone when the context ends, however it ends.
    """
    binary = await _binary()
    with TemporaryDirectory(prefix="anvil-") as folder:
        log = Path(folder) / "log"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                str(binary), "--host", "127.0.0.1", "--port", "0", "--no-mining",
                "--chain-id", str(chain_id), "--hardfork", HARDFORK,
                "--timestamp", str(genesis_time), "--cache-path", folder,
                stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        try:
            anvil = Anvil(await _port(process, log))
            try:
                # Else every call is a line of the log.
                await asyncio.to_thread(anvil.ask, "anvil_setLoggingEnabled", False)
                yield anvil
            finally:
                anvil.close()
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _binary() -> Path:
    home = await node_package(PACKAGE)
    machine = platform.system(), platform.machine()
    if machine not in _PLATFORMS:
        pytest.fail(f"anvil's package holds no binary for {' '.join(machine)}")
    return home / "node_modules" / "@foundry-rs" / f"anvil-{_PLATFORMS[machine]}" / "bin" / "anvil"


async def _port(process: asyncio.subprocess.Process, log: Path) -> int:
    """The port that anvil says it listens on, once it does."""
    for _ in range(START_SECONDS * 20):
        listening = _LISTENING.search(log.read_text(errors="replace"))
        if listening is not None:
            return int(listening[1])
        if process.returncode is not None:
            break
        await asyncio.sleep(0.05)
    pytest.fail(f"anvil did not start:\n{log.read_text(errors='replace')[-4000:]}")
