"""web3.py and viem as they are: they read, send what is signed, and fill in what is not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.interop.endpoint import Endpoint, endpoint
from tests.interop.peers import node_package, python_package, run_client
from walkaway.devnet.execution.accounts import dev_account
from walkaway.devnet.execution.genesis import COUNTER
from walkaway.rpc.error_codes import UNSUPPORTED

pytestmark = pytest.mark.interop

SCRIPTS = Path(__file__).parent / "scripts"
WEB3_VERSION = "8.0.0"
SENDER, RICH = dev_account(0), dev_account(1)
RECEIVER = bytes(19) + b"\x77"


def facts_of(serving: Endpoint) -> dict[str, Any]:
    """What the client is told: where to ask, whose key to use, and what to ask for."""
    return {
        "http": serving.url,
        "ws": serving.ws_url,
        "chainId": serving.devnet.spec.chain_id,
        "key": "0x" + SENDER.key.hex(),
        "rich": "0x" + RICH.address.hex(),
        "receiver": "0x" + RECEIVER.hex(),
        "contract": "0x" + COUNTER.hex(),
        "block": "0x" + serving.devnet.execution.finalized.hash.hex(),
    }


def check(told: dict[str, Any], facts: dict[str, Any], serving: Endpoint) -> None:
    """What the client was told is what the devnet knows to be true."""
    chain = serving.devnet.execution
    block = chain.block(bytes.fromhex(facts["block"][2:]))
    assert block is not None
    world = chain.world(block)
    assert world is not None
    transactions = block.transactions
    for over in ("http", "ws"):
        result = told[over]
        assert result["chainId"] == facts["chainId"]
        assert result["known"]["number"] == str(block.number)
        assert result["known"]["hash"] == facts["block"]
        senders = [bytes.fromhex(sender[2:]) for sender in result["known"]["from"]]
        assert senders == [transaction.sender for transaction in transactions]
        assert [receipt["hash"] for receipt in result["receipts"]] == [
            "0x" + transaction.hash.hex() for transaction in transactions
        ]
        assert sum(int(r["gasUsed"]) for r in result["receipts"]) == block.header.gas_used
        assert int(result["balance"]) == world.account(RICH.address).balance
        assert int(result["stored"], 16) == world.slot(COUNTER, bytes(32))
        assert result["code"] == "0x" + world.account(COUNTER).code.hex()
        assert result["proof"] == 1
        assert result["sent"]["hash"] == result["sent"]["pending"]
        assert result["sent"]["status"] == "success"
        assert result["sent"]["value"] == "7"
        assert int(result["blockNumber"]) >= int(result["sent"]["block"])
        assert result["everyday"] == {"status": "success", "grew": True, "events": 1}
        assert result["refused"] == UNSUPPORTED
    assert told["ws"]["sent"]["nonce"] == told["http"]["sent"]["nonce"] + 2


async def test_web3_py(tmp_path: Path) -> None:
    interpreter = await python_package("web3", WEB3_VERSION)
    async with endpoint(tmp_path) as serving:
        facts = facts_of(serving)
        told = await run_client(str(interpreter), str(SCRIPTS / "web3_client.py"), facts=facts)
        check(told, facts, serving)


async def test_viem(tmp_path: Path) -> None:
    home = await node_package(SCRIPTS / "package.json")
    script = str(shutil.copy(SCRIPTS / "viem_client.mjs", home))
    async with endpoint(tmp_path) as serving:
        facts = facts_of(serving)
        told = await run_client("node", script, facts=facts, cwd=home)
        check(told, facts, serving)
