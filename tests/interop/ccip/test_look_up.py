"""viem, which follows lookups itself, and our option: the same answers, the same refusals."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.chain.offchain_gateways import Served, gateway, host_of, signed_answer
from tests.interop.peers import node_package, run_client
from walkaway.chain.chain import ChainSettings
from walkaway.cli.node import Listen, Plan, open_node
from walkaway.devnet.execution.genesis import ANY_ANSWERS, SIGNED_ANSWERS
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import DevnetSettings
from walkaway.sources.defaults import ListedSource

pytestmark = pytest.mark.interop

SCRIPTS = Path(__file__).parent / "scripts"


@asynccontextmanager
async def endpoint(devnet: Devnet, state: Path, *gateways: str) -> AsyncIterator[str]:
    """The URL of a node that follows lookups at these gateways, or at none leaves them alone."""
    listed = [
        ListedSource(
            name=source.name,
            operator=source.operator,
            kinds=tuple(sorted(source.kinds)),
            url=source.url,
        )
        for source in devnet.sources
    ]
    plan = Plan(
        chain=ChainSettings(checkpoint=devnet.checkpoint.root, state_directory=state),
        listen=Listen(port=0),
        evidence=state / "evidence",
        guard_exceptions=tuple(host_of(url) for url in gateways),
        offchain_lookups=bool(gateways),
    )
    async with open_node(devnet.spec, listed, plan) as node:
        yield node.server.url


async def test_viem_and_the_option_agree(tmp_path: Path) -> None:
    home = await node_package(SCRIPTS / "package.json")
    script = str(shutil.copy(SCRIPTS / "look_up.mjs", home))
    signing = Served(lambda contract, asked: signed_answer(contract, asked, asked + b"!"))
    lying = Served(lambda contract, asked: signed_answer(contract, b"another", asked))
    failing = Served(lambda contract, asked: b"", status=503)
    echoing = Served(lambda contract, asked: asked)
    async with AsyncExitStack() as stack:
        urls = [
            await stack.enter_async_context(gateway(served))
            for served in (signing, lying, failing, echoing)
        ]
        devnet = Devnet(DevnetSettings(seconds_per_slot=2))
        await devnet.start(real_time=True)
        stack.push_async_callback(devnet.stop)
        plain = await stack.enter_async_context(endpoint(devnet, tmp_path / "plain"))
        following = await stack.enter_async_context(endpoint(devnet, tmp_path / "own", *urls))
        told = await run_client(
            "node",
            script,
            facts={
                "chainId": devnet.spec.chain_id,
                "endpoints": {
                    "viem": {"url": plain, "ccipRead": True},
                    "option": {"url": following, "ccipRead": False},
                    "neither": {"url": plain, "ccipRead": False},
                },
                "questions": [
                    question(SIGNED_ANSWERS, "what?", urls[0]),
                    question(SIGNED_ANSWERS, "what?", urls[1]),
                    question(SIGNED_ANSWERS, "what?", urls[2], urls[0]),
                    question(ANY_ANSWERS, "said by anybody", urls[3]),
                    {
                        **question(ANY_ANSWERS, "", urls[3]),
                        "functionName": "lookAgain",
                        "argument": 4,
                    },
                ],
            },
            cwd=home,
        )
    signed = {"value": "0x" + b"what?!".hex()}
    assert told["viem"] == told["option"]
    assert told["option"] == [
        signed,
        {"error": "NotSigned"},
        signed,
        {"value": "0x" + b"said by anybody".hex()},
        {"value": "0x" + (1).to_bytes(32).hex()},
    ]
    assert told["neither"] == [{"error": "OffchainLookup"}] * 5


def question(contract: bytes, argument: str, *urls: str) -> dict[str, object]:
    return {
        "contract": "0x" + contract.hex(),
        "functionName": "look",
        "urls": urls,
        "argument": argument,
    }
