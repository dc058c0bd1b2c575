"""A simulated node of EthStorage answers as es-node does."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from tests.proofs.blobs.encode import compact
from walkaway.devnet.content.es_node import EsNode, StoredBlob
from walkaway.devnet.content.manners import Manner, Manners

DATA = bytes(range(250))
NAME = bytes(range(1, 33))
BLOB = compact(DATA)


async def told(method: str, *params: object, manner: Manner = Manner.HONEST) -> Any:
    node = EsNode({5: StoredBlob(NAME, BLOB)}, Manners(manner))
    url = await node.start()
    try:
        async with aiohttp.ClientSession() as session:
            asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            async with session.post(url, json=asked) as response:
                return await response.json()
    finally:
        await node.stop()


async def test_a_range_decoded_or_raw() -> None:
    named = "0x" + NAME[:24].ljust(32, b"\0").hex()
    compacted = await told("es_getBlob", 5, named, 2, 10, 20)
    assert compacted["result"] == "0x" + DATA[10:30].hex()
    raw = await told("es_getBlob", 5, named, 0, 0, 131_072)
    assert raw["result"] == "0x" + BLOB.hex()
    wrong = await told("es_getBlob", 5, named, 0, 0, 131_072, manner=Manner.WRONG)
    assert len(wrong["result"]) == len(raw["result"])
    assert wrong["result"] != raw["result"]


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ((6, "0x" + NAME.hex(), 0, 0, 1), "kv not found"),
        ((5, "0x" + bytes(32).hex(), 0, 0, 1), "commits not same"),
        ((5, "0x" + NAME.hex(), 2, 0, 251), "beyond the range"),
        ((5, "0x" + NAME.hex(), 3, 0, 1), "is not a valid DecodeType"),
        (("0x5", "0x" + NAME.hex(), 0, 0, 1), "invalid argument"),
    ],
)
async def test_what_it_refuses(params: tuple[object, ...], why: str) -> None:
    assert why in (await told("es_getBlob", *params))["error"]["message"]


async def test_another_method_is_unknown() -> None:
    assert (await told("eth_call"))["error"]["code"] == -32601
