"""`eth_call` with the option on and off: the same contract, a revert or the accepted answer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from eth_abi.abi import decode

from tests.chain.devnet_chain import devnet_of, following
from tests.chain.offchain_gateways import (
    Served,
    gateway,
    host_of,
    look,
    offchain_over,
    selector,
    signed_answer,
)
from walkaway.chain.chain import Chain
from walkaway.cli.evidence_tree import explanation_tree
from walkaway.cli.terminal import Terminal
from walkaway.devnet.execution.genesis import SIGNED_ANSWERS
from walkaway.evm.offchain_lookup import OFFCHAIN_LOOKUP
from walkaway.rpc.dispatch import Dispatcher
from walkaway.rpc.error_codes import REVERTED, UNPROVEN

QUESTION = b"what?"
HONEST = Served(lambda contract, asked: signed_answer(contract, asked, asked + b"!"))


@pytest.fixture
async def chain() -> AsyncIterator[Chain]:
    async with devnet_of() as devnet, following(devnet) as chain:
        yield chain


async def ask(dispatcher: Dispatcher, method: str, *params: object) -> Any:
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    reply = await dispatcher.reply(json.dumps(message).encode())
    assert reply is not None
    return json.loads(reply)


def call(*urls: str) -> dict[str, str]:
    data = look(list(urls), QUESTION)
    return {"to": "0x" + SIGNED_ANSWERS.hex(), "data": "0x" + data.hex()}


async def test_off_it_is_the_revert_and_no_gateway_hears_of_it(chain: Chain) -> None:
    served = Served(HONEST.answer)
    async with gateway(served) as url:
        reply = await ask(Dispatcher(chain), "eth_call", call(url), "latest")
        told = await ask(Dispatcher(chain), "walkaway_explain", "eth_call", [call(url), "latest"])
    assert reply["error"]["code"] == REVERTED
    assert bytes.fromhex(reply["error"]["data"][2:])[:4] == OFFCHAIN_LOOKUP
    assert "offchain_lookups = true" in told["result"]["failure"]["advice"]
    assert told["result"]["failure"]["data"] == reply["error"]["data"]
    assert served.asked == []


async def test_on_it_is_what_the_contract_accepted_and_explained_as_such(chain: Chain) -> None:
    async with gateway(HONEST) as url, offchain_over(chain, url) as offchain:
        dispatcher = Dispatcher(chain, offchain=offchain)
        reply = await ask(dispatcher, "eth_call", call(url), "latest")
        told = await ask(dispatcher, "walkaway_explain", "eth_call", [call(url), "latest"])
    (answer,) = decode(["bytes"], bytes.fromhex(reply["result"][2:]))
    assert answer == QUESTION + b"!"
    explanation = told["result"]
    host = host_of(url)
    assert explanation["result"] == reply["result"]
    assert explanation["state"] == "somebody's word, accepted by the contract's callback"
    assert explanation["word"] == [
        {"saidBy": [host], "asked": [host], "dissent": [], "acceptedBy": "callback"}
    ]
    kinds = [proven["claim"]["subject"][0] for proven in explanation["proven"]]
    assert kinds == ["header", "call", "call"]
    drawn = explanation_tree("eth_call", explanation)
    terminal = Terminal()
    with terminal.person.capture() as shown:
        terminal.person.print(drawn)
    assert f"somebody's word: of {host}, accepted by" in " ".join(shown.get().split())


async def test_on_a_lie_is_the_contracts_own_revert(chain: Chain) -> None:
    lying = Served(lambda contract, asked: signed_answer(contract, b"else", asked))
    async with gateway(lying) as url, offchain_over(chain, url) as offchain:
        reply = await ask(Dispatcher(chain, offchain=offchain), "eth_call", call(url), "latest")
    assert reply["error"]["code"] == REVERTED
    assert reply["error"]["data"] == "0x" + selector(b"NotSigned()").hex()


async def test_on_a_gateway_that_may_not_be_asked_is_a_reason_without_its_url(chain: Chain) -> None:
    served = Served(HONEST.answer)
    async with gateway(served) as url, offchain_over(chain) as offchain:
        secret = url + "key-0123456789"
        reply = await ask(Dispatcher(chain, offchain=offchain), "eth_call", call(secret), "latest")
    assert reply["error"]["code"] == UNPROVEN
    assert "not https" in reply["error"]["message"]
    assert "key-0123456789" not in json.dumps(reply)
    assert served.asked == []
