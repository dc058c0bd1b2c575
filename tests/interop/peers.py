"""Installs peers under ``.interop/``, each once, without anything done before."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

__all__ = [
    "free_port",
    "go_program",
    "node_package",
    "python_package",
    "run_client",
    "system_chromium",
    "system_program",
]

ROOT = Path(__file__).parents[2] / ".interop"
INSTALL_SECONDS = 300
BUILD_SECONDS = 900
RUN_SECONDS = 120
REFUSALS = ("403 Forbidden", "404 Not Found", "410 Gone")
"""What a module proxy says where it does not give a module to anybody."""
NODE_AT_LEAST = 20


async def python_package(name: str, version: str) -> Path:
    """The interpreter of a virtual environment of its own that holds the package."""
    home = ROOT / f"{name}-{version}"
    interpreter = home / "bin" / "python"
    ready = home / ".ready"
    if not ready.exists():
        await _done(sys.executable, "-m", "venv", "--clear", str(home))
        await _done(
            str(interpreter), "-m", "pip", "install", "--quiet", "--no-input",
            "--disable-pip-version-check", f"{name}=={version}",
        )  # fmt: skip
        ready.touch()
    return interpreter


async def node_package(package: Path) -> Path:
    """A folder in which what ``package`` (a package.json) names is installed."""
    await _require_node()
    npm = shutil.which("npm")
    if npm is None:
        pytest.fail("npm is not here: install it with Node.js 20 or newer")
    home, is_fresh = _folder_for(package)
    if is_fresh:
        await _done(
            npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent", cwd=home
        )
        (home / ".ready").touch()
    return home


async def go_program(module: Path, command: str) -> Path:
    """The program that the Go package ``command`` builds, at what ``module`` (a go.mod) requires.

    Its ``exclude`` and ``replace`` lines are what keep some modules from `go install`; as a
    requirement of another module they have no effect. Skips the test, and says so, where the
    module proxy answers that it does not give the module: nothing here can mend that.
    """
    go = shutil.which("go")
    if go is None:
        pytest.fail("Go is not here: this test needs version 1.26 or newer")
    text = module.read_text()
    wanted, version = text.split()[-2:]
    home = ROOT / text.split()[1].rpartition("/")[2]
    program, built = home / Path(command).name, home / "built.mod"
    if not (program.exists() and built.exists() and built.read_text() == text):
        home.mkdir(parents=True, exist_ok=True)
        built.unlink(missing_ok=True)
        (home / "go.mod").write_text(text)
        await _require_module(go, f"{wanted}@{version}", home)
        await _run(
            go, "build", "-mod=mod", "-buildvcs=false", "-o", str(program), command,
            cwd=home, seconds=BUILD_SECONDS,
        )  # fmt: skip
        built.write_text(text)
    return program


async def _require_module(go: str, module: str, home: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(go, "mod", "download", "-json", module),
        cwd=home,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output, _ = await process.communicate()
    reason = str(json.loads(output or "{}").get("Error", ""))
    if any(refusal in reason for refusal in REFUSALS):
        # Not its first lines: they hold the proxy's address.
        pytest.skip(f"the module proxy does not give {module}: {reason.splitlines()[-1].strip()}")


def _folder_for(package: Path) -> tuple[Path, bool]:
    """Where the package goes, and whether it has yet to be installed there."""
    text = package.read_text()
    home = ROOT / str(json.loads(text)["name"])
    copied, ready = home / "package.json", home / ".ready"
    if ready.exists() and copied.read_text() == text:
        return home, False
    home.mkdir(parents=True, exist_ok=True)
    ready.unlink(missing_ok=True)
    copied.write_text(text)
    return home, True


async def run_client(*command: str, facts: dict[str, Any], cwd: Path | None = None) -> Any:
    """Run a client with ``facts`` as JSON on its input; the JSON that it prints."""
    output = await _run(*command, stdin=json.dumps(facts), cwd=cwd, seconds=RUN_SECONDS)
    return json.loads(output)


async def _require_node() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.fail("Node.js is not here: this test needs version 20 or newer")
    version = (await _run(node, "--version", seconds=20)).strip()
    if int(version.lstrip("v").split(".")[0]) < NODE_AT_LEAST:
        pytest.fail(f"Node.js is {version}: this test needs version 20 or newer")


async def _done(*command: str, cwd: Path | None = None) -> None:
    await _run(*command, cwd=cwd, seconds=INSTALL_SECONDS)


async def _run(*command: str, stdin: str = "", cwd: Path | None = None, seconds: float) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(seconds):
            output, errors = await process.communicate(stdin.encode())
    except TimeoutError:
        process.kill()
        await process.wait()
        pytest.fail(f"{Path(command[0]).name} took more than {seconds} seconds")
    if process.returncode != 0:
        pytest.fail(f"{' '.join(command)[:200]} failed:\n{errors.decode()[-4000:]}")
    return output.decode()


async def system_chromium() -> str:
    """The system's Chromium, installed by apt-get where it is absent and that is allowed."""
    for name in ("chromium-browser", "google-chrome"):
        if (found := shutil.which(name)) is not None:
            return found
    return await system_program("chromium")


async def system_program(name: str, package: str | None = None) -> str:
    """A program of the system, installed by apt-get where it is absent and that is allowed."""
    if (found := shutil.which(name)) is not None:
        return found
    package = package or name
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        pytest.fail(f"{name} is not here: install the package {package}")
    await _done(apt, "update", "-q")
    await _done(apt, "install", "-q", "-y", "--no-install-recommends", package)
    return shutil.which(name) or pytest.fail(f"apt-get installed no {name}")


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, for programs that cannot choose their own."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port
