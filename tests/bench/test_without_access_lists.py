"""The source in front of a node refuses access lists, and passes everything else on."""

from __future__ import annotations

import aiohttp

from bench.json_rpc import ask
from bench.load import answers_a_second
from bench.without_access_lists import without_access_lists
from tests.chain.devnet_chain import devnet_of


async def test_what_is_no_access_list_is_passed_on() -> None:
    async with devnet_of() as devnet, aiohttp.ClientSession() as session:
        async with without_access_lists(devnet.sources[0].url) as url:
            head = await ask(session, url, "eth_blockNumber", [])
            assert int(head, 16) == devnet.execution.head.number
            asked = devnet.requests("alder")
            call = {"jsonrpc": "2.0", "id": 5, "method": "eth_createAccessList", "params": [{}]}
            async with session.post(url, json=call) as response:
                refused = await response.json()
            assert (refused["id"], refused["error"]["code"]) == (5, -32601)
            assert devnet.requests("alder") == asked


async def test_the_rate_is_of_answers_that_came() -> None:
    async with devnet_of() as devnet:
        url, before = devnet.sources[0].url, devnet.requests("alder")
        rate = await answers_a_second(url, "eth_blockNumber", [], seconds=0.3)
        assert 0 < rate * 0.3 <= devnet.requests("alder") - before
