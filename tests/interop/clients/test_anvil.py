"""anvil behind the devnet's beacon side: what it says is proven; a reorg replaces its blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.interop.anvil import anvil_network, endpoint_over
from walkaway.devnet.execution.accounts import dev_account
from walkaway.devnet.execution.genesis import COUNTER
from walkaway.devnet.settings import DevnetSettings
from walkaway.errors import InvalidRequest
from walkaway.proofs.execution.keccak import keccak256
from walkaway.rpc.error_codes import UNPROVEN

pytestmark = pytest.mark.interop

SENDER = dev_account(0)
INCREMENT = keccak256(b"increment()")[:4]


def counting(nonce: int) -> str:
    """A signed transaction that counts once."""
    fields: dict[str, int | bytes] = {
        "chainId": DevnetSettings().chain_id,
        "nonce": nonce,
        "to": COUNTER,
        "gas": 100_000,
        "data": INCREMENT,
        "maxFeePerGas": 20 * 10**9,
        "maxPriorityFeePerGas": 10**9,
    }
    return "0x" + SENDER.sign(fields).hex()


async def test_a_reorg_replaces_blocks_and_mines_again_what_they_held() -> None:
    async with anvil_network() as network:
        anvil, beacon = network.anvil, network.beacon
        sent = []
        for nonce in range(2):
            sent.append(anvil.ask("eth_sendRawTransaction", counting(nonce)))
            await network.advance()
        replaced = beacon.head
        assert replaced.execution.number == int(anvil.ask("eth_blockNumber"), 16)
        await network.reorg(replaced.execution.number - 1)
        assert beacon.head.slot == replaced.slot
        assert beacon.head.execution.number == replaced.execution.number
        assert beacon.head.execution.hash != replaced.execution.hash
        newest = anvil.ask("eth_getBlockByNumber", "latest", False)
        assert newest["hash"] == "0x" + beacon.head.execution.hash.hex()
        again = beacon.parent(beacon.head)
        assert again is not None
        held = ["0x" + item.hash.hex() for item in again.execution.transactions]
        assert held == sent
        with pytest.raises(InvalidRequest, match="left the branch"):
            beacon.build(replaced.slot + 1, replaced)


async def test_what_anvil_says_is_proven_and_its_liar_is_not_believed(tmp_path: Path) -> None:
    address = "0x" + SENDER.address.hex()
    async with anvil_network() as network:
        number = hex(network.beacon.finalized.execution.number)
        true = network.anvil.ask("eth_getBalance", address, number)
        async with endpoint_over(network, network.sources, tmp_path / "all") as serving:
            answer = await asked(serving.url, "eth_getBalance", address, number)
            assert answer["result"] == true
        liar_alone = [source for source in network.sources if source.name != "anvil"]
        async with endpoint_over(network, liar_alone, tmp_path / "liar") as serving:
            answer = await asked(serving.url, "eth_getBalance", address, number)
            assert answer["error"]["code"] == UNPROVEN
            status = await asked(serving.url, "walkaway_status")
            lies = {source["name"]: source["lies"] for source in status["result"]["sources"]}
            assert lies == {"beacon": 0, "liar": 1}


async def asked(url: str, method: str, *params: object) -> Any:
    """What the endpoint answers to one call."""
    call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    async with aiohttp.ClientSession() as session, session.post(url, json=call) as answer:
        return await answer.json()
