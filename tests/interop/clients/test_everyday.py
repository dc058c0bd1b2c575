"""web3.py, viem and ethers live their everyday, and are told what the node behind would tell."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.interop.anvil import AnvilEndpoint, anvil_endpoint
from tests.interop.clients.everyday import FLOWS, check, facts_of, replace_blocks_when_asked
from tests.interop.clients.test_clients import WEB3_VERSION
from tests.interop.clients.truth import Ask
from tests.interop.endpoint import endpoint
from tests.interop.peers import node_package, python_package, run_client
from walkaway.devnet.execution.rpc import ExecutionRpc
from walkaway.rpc.jsonrpc import Json, Received

pytestmark = pytest.mark.interop

SCRIPTS = Path(__file__).parent / "scripts"


@asynccontextmanager
async def over_anvil(state: Path) -> AsyncIterator[AnvilEndpoint]:
    """An endpoint over anvil, whose newest blocks are replaced when a client asks for it."""
    async with anvil_endpoint(state, seconds_per_slot=1) as made:
        async with replaced_when_asked(made.anvil.ask, made.network.reorg):
            yield made


@asynccontextmanager
async def replaced_when_asked(
    ask: Ask, reorg: Callable[[int], Awaitable[None]]
) -> AsyncIterator[None]:
    replacing = asyncio.create_task(replace_blocks_when_asked(ask, reorg))
    try:
        yield
    finally:
        replacing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await replacing


async def lived(script: str, package: str, facts: dict[str, Any]) -> dict[str, Any]:
    """What a client under Node.js tells of its day."""
    home = await node_package(SCRIPTS / package)
    copied = str(shutil.copy(SCRIPTS / script, home))
    told: dict[str, Any] = await run_client("node", copied, facts=facts, cwd=home)
    return told


async def test_web3_py(tmp_path: Path) -> None:
    interpreter = await python_package("web3", WEB3_VERSION)
    async with over_anvil(tmp_path) as serving:
        script = str(SCRIPTS / "web3_everyday.py")
        told = await run_client(str(interpreter), script, facts=facts_of(serving))
        assert told.keys() == FLOWS.keys()
        check(told, serving.anvil.ask)


async def test_viem(tmp_path: Path) -> None:
    async with over_anvil(tmp_path) as serving:
        told = await lived("viem_everyday.mjs", "package.json", facts_of(serving))
        assert told.keys() == FLOWS.keys()
        check(told, serving.anvil.ask)


async def test_viem_among_liars(tmp_path: Path) -> None:
    """Over the devnet's own chain, whose sources are slow, fail and lie."""
    async with endpoint(tmp_path) as serving:
        devnet = serving.devnet
        honest = ExecutionRpc(devnet.execution)

        def ask(method: str, *params: Received) -> Json:
            return honest.answer(method, params)

        async def reorg(number: int) -> None:
            devnet.reorg(devnet.execution.head.number - number + 1)

        async with replaced_when_asked(ask, reorg):
            told = await lived("viem_everyday.mjs", "package.json", facts_of(serving))
        assert told.keys() == FLOWS.keys()
        # The devnet's nodes estimate and simulate nothing that ours could be held against.
        del told["gas"], told["simulated"]
        check(told, ask)


async def test_ethers(tmp_path: Path) -> None:
    async with over_anvil(tmp_path) as serving:
        told = await lived("ethers_everyday.mjs", "ethers.package.json", facts_of(serving))
        assert told.keys() == FLOWS.keys() - {"filters", "overrides", "reorganised", "simulated"}
        check(told, serving.anvil.ask)
