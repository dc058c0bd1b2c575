"""web3.py, viem and ethers live their everyday over anvil, and are told what anvil would tell."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.interop.anvil import AnvilEndpoint, anvil_endpoint
from tests.interop.clients.everyday import FLOWS, check, facts_of, replace_blocks_when_asked
from tests.interop.clients.test_clients import WEB3_VERSION
from tests.interop.peers import node_package, python_package, run_client

pytestmark = pytest.mark.interop

SCRIPTS = Path(__file__).parent / "scripts"


@asynccontextmanager
async def serving(state: Path) -> AsyncIterator[AnvilEndpoint]:
    """An endpoint over anvil, whose newest blocks are replaced when a client asks for it."""
    async with anvil_endpoint(state, seconds_per_slot=1) as made:
        replacing = asyncio.create_task(replace_blocks_when_asked(made))
        try:
            yield made
        finally:
            replacing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await replacing


async def test_web3_py(tmp_path: Path) -> None:
    interpreter = await python_package("web3", WEB3_VERSION)
    async with serving(tmp_path) as made:
        script = str(SCRIPTS / "web3_everyday.py")
        told = await run_client(str(interpreter), script, facts=facts_of(made))
        assert told.keys() == FLOWS.keys()
        check(told, made)


async def test_viem(tmp_path: Path) -> None:
    home = await node_package(SCRIPTS / "package.json")
    script = str(shutil.copy(SCRIPTS / "viem_everyday.mjs", home))
    async with serving(tmp_path) as made:
        told = await run_client("node", script, facts=facts_of(made), cwd=home)
        assert told.keys() == FLOWS.keys()
        check(told, made)


async def test_ethers(tmp_path: Path) -> None:
    home = await node_package(SCRIPTS / "ethers.package.json")
    script = str(shutil.copy(SCRIPTS / "ethers_everyday.mjs", home))
    async with serving(tmp_path) as made:
        told = await run_client("node", script, facts=facts_of(made), cwd=home)
        assert told.keys() == FLOWS.keys() - {"filters", "overrides", "reorganised"}
        check(told, made)
