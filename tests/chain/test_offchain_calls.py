"""Lookups off chain end to end: gateways on loopback, contracts on a devnet."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from coincurve import PrivateKey
from eth_abi.abi import decode, encode

from tests.chain.devnet_chain import devnet_of, following
from walkaway.chain.block_id import Tag
from walkaway.chain.chain import Chain
from walkaway.chain.offchain_calls import OffchainCalls, OffchainOutcome
from walkaway.devnet.execution.genesis import ANSWER_SIGNER, ANY_ANSWERS, SIGNED_ANSWERS
from walkaway.errors import TooMuch, Unproven
from walkaway.evm.engine import Call
from walkaway.evm.offchain_lookup import OFFCHAIN_LOOKUP
from walkaway.evm.proven_call import AskedCall
from walkaway.limits import LIMITS
from walkaway.proofs import Proven
from walkaway.proofs.execution.keccak import keccak256
from walkaway.sources.gateways import Gateways
from walkaway.sources.guard import Guard
from walkaway.sources.transports.http_client import HttpClient

SENDER = bytes.fromhex("5e" * 20)
Answerer = Callable[[bytes, bytes], bytes]
"""What a gateway makes of the contract and the question."""


def selector(signature: bytes) -> bytes:
    return keccak256(signature)[:4]


def look(urls: list[str], question: bytes) -> bytes:
    return selector(b"look(string[],bytes)") + encode(["string[]", "bytes"], [urls, question])


def look_again(urls: list[str], times: int) -> bytes:
    said = encode(["string[]", "uint256"], [urls, times])
    return selector(b"lookAgain(string[],uint256)") + said


def look_elsewhere(other: bytes, urls: list[str], question: bytes) -> bytes:
    said = encode(["address", "string[]", "bytes"], [other, urls, question])
    return selector(b"lookElsewhere(address,string[],bytes)") + said


def signed_answer(contract: bytes, question: bytes, answer: bytes) -> bytes:
    """What `SignedAnswers` accepts: the answer and the signature over it."""
    digest = keccak256(encode(["address", "bytes", "bytes"], [contract, question, answer]))
    signature = PrivateKey(ANSWER_SIGNER.key).sign_recoverable(digest, hasher=None)
    r, s, v = signature[:32], signature[32:64], signature[64] + 27
    return encode(["bytes", "uint8", "bytes32", "bytes32"], [answer, v, r, s])


@dataclass
class Served:
    """A gateway on loopback, and everything that it was asked."""

    answer: Answerer
    status: int = 200
    asked: list[bytes] = field(default_factory=list)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        question = bytes.fromhex(body["data"][2:])
        self.asked.append(question)
        said = self.answer(bytes.fromhex(body["sender"][2:]), question)
        return web.json_response({"data": "0x" + said.hex()}, status=self.status)


@asynccontextmanager
async def gateway(served: Served) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/", served.serve)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    try:
        yield f"http://127.0.0.1:{server.port}/"
    finally:
        await server.close()


@asynccontextmanager
async def offchain_over(chain: Chain, *urls: str) -> AsyncIterator[OffchainCalls]:
    """Follows lookups, and may reach these gateways and no other inner address."""
    named = [url.removeprefix("http://").rstrip("/") for url in urls]
    gateways = Gateways(HttpClient(guard=Guard(named)))
    try:
        yield OffchainCalls(chain.calls, gateways)
    finally:
        await gateways.close()


async def run(chain: Chain, offchain: OffchainCalls, to: bytes, data: bytes) -> OffchainOutcome:
    header = await chain.header(Tag.LATEST)
    assert isinstance(header, Proven)
    call = Call(SENDER, to, 10_000_000, data=data)
    asked = AskedCall(call, chain.calls.environment(header.value, call))
    ran = await offchain.run(header, asked)
    assert ran.steps[0].asked == asked
    for step in ran.steps:
        assert step.outcome.claim.subject == step.asked.subject
        assert step.outcome.claim.block_hash == header.value.hash
    return ran


def returned(ran: OffchainOutcome) -> bytes:
    assert ran.answer.succeeded
    (value,) = decode(["bytes"], ran.answer.output)
    assert isinstance(value, bytes)
    return value


async def test_what_the_signer_signed_is_accepted_and_its_gateway_named() -> None:
    served = Served(lambda contract, asked: signed_answer(contract, asked, asked + b"!"))
    async with devnet_of() as devnet, following(devnet) as chain, gateway(served) as url:
        async with offchain_over(chain, url) as offchain:
            ran = await run(chain, offchain, SIGNED_ANSWERS, look([url], b"what?"))
    assert returned(ran) == b"what?!"
    assert served.asked == [b"what?"]
    assert [step.outcome.value.reverted for step in ran.steps] == [True, False]
    host = url.removeprefix("http://").rstrip("/")
    (word,) = ran.words
    assert (word.value, word.said_by, word.asked) == (None, (host,), (host,))
    assert str(word) == f"the word of {host}, accepted by the contract's callback"


async def test_a_lying_gateway_is_refused_by_the_contract_that_checks() -> None:
    lies: list[Answerer] = [
        lambda contract, asked: signed_answer(contract, b"another question", asked),
        lambda contract, asked: signed_answer(ANY_ANSWERS, asked, asked),
        lambda contract, asked: encode(
            ["bytes", "uint8", "bytes32", "bytes32"], [b"forged", 27, b"\1" * 32, b"\2" * 32]
        ),
    ]
    async with devnet_of() as devnet, following(devnet) as chain:
        for lie in lies:
            async with gateway(Served(lie)) as url, offchain_over(chain, url) as offchain:
                ran = await run(chain, offchain, SIGNED_ANSWERS, look([url], b"what?"))
                assert ran.answer.reverted
                assert ran.answer.output == selector(b"NotSigned()")


async def test_the_next_gateway_is_asked_where_one_fails() -> None:
    broken, sound = Served(lambda *_: b"", status=502), Served(lambda _, asked: asked[::-1])
    async with devnet_of() as devnet, following(devnet) as chain:
        async with gateway(broken) as first, gateway(sound) as second:
            async with offchain_over(chain, first, second) as offchain:
                ran = await run(chain, offchain, ANY_ANSWERS, look([first, second], b"abc"))
                assert returned(ran) == b"cba"
                assert len(ran.words[0].asked) == 2
                with pytest.raises(Unproven, match="no gateway answered"):
                    await run(chain, offchain, ANY_ANSWERS, look([first], b"abc"))


async def test_lookups_in_a_row_are_followed_so_often_and_no_more() -> None:
    most = LIMITS.gateway_lookups
    served = Served(lambda _, asked: asked)
    async with devnet_of() as devnet, following(devnet) as chain, gateway(served) as url:
        async with offchain_over(chain, url) as offchain:
            ran = await run(chain, offchain, ANY_ANSWERS, look_again([url], most))
            assert returned(ran) == (1).to_bytes(32)
            assert len(ran.steps) == most + 1
            with pytest.raises(TooMuch, match="more than 4 times"):
                await run(chain, offchain, ANY_ANSWERS, look_again([url], most + 1))
    assert len(served.asked) == 2 * most


async def test_the_lookup_of_another_contract_is_a_plain_revert() -> None:
    served = Served(lambda _, asked: asked)
    async with devnet_of() as devnet, following(devnet) as chain, gateway(served) as url:
        async with offchain_over(chain, url) as offchain:
            data = look_elsewhere(SIGNED_ANSWERS, [url], b"what?")
            ran = await run(chain, offchain, ANY_ANSWERS, data)
    assert ran.answer.reverted
    assert ran.answer.output[:4] == OFFCHAIN_LOOKUP
    assert served.asked == []
    assert ran.words == ()


async def test_a_call_that_looks_nothing_up_is_run_once() -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        async with offchain_over(chain) as offchain:
            ran = await run(chain, offchain, SIGNED_ANSWERS, selector(b"signer()"))
    assert ran.answer.output[-20:] == ANSWER_SIGNER.address
    assert (len(ran.steps), ran.words) == (1, ())
