"""Gateways on loopback for the devnet's contracts that look up off chain, and calls of those."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer
from coincurve import PrivateKey
from eth_abi.abi import encode

from walkaway.chain.chain import Chain
from walkaway.chain.offchain_calls import OffchainCalls
from walkaway.devnet.execution.genesis import ANSWER_SIGNER
from walkaway.proofs.execution.keccak import keccak256
from walkaway.sources.gateways import Gateways
from walkaway.sources.guard import Guard
from walkaway.sources.transports.http_client import HttpClient

__all__ = [
    "Answerer",
    "Served",
    "gateway",
    "host_of",
    "look",
    "look_again",
    "look_elsewhere",
    "offchain_over",
    "selector",
    "signed_answer",
]

Answerer = Callable[[bytes, bytes], bytes]
"""What a gateway makes of the contract and the question."""


def selector(signature: bytes) -> bytes:
    """The first four bytes of a signature's hash."""
    return keccak256(signature)[:4]


def look(urls: list[str], question: bytes) -> bytes:
    """Asks one question of these gateways."""
    return selector(b"look(string[],bytes)") + encode(["string[]", "bytes"], [urls, question])


def look_again(urls: list[str], times: int) -> bytes:
    """Asks them so many times in a row (`AnyAnswers`)."""
    said = encode(["string[]", "uint256"], [urls, times])
    return selector(b"lookAgain(string[],uint256)") + said


def look_elsewhere(other: bytes, urls: list[str], question: bytes) -> bytes:
    """Has another contract ask, and passes on that it did (`AnyAnswers`)."""
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
        """Answer a POST as the EIP has it."""
        body = await request.json()
        question = bytes.fromhex(body["data"][2:])
        self.asked.append(question)
        said = self.answer(bytes.fromhex(body["sender"][2:]), question)
        return web.json_response({"data": "0x" + said.hex()}, status=self.status)


@asynccontextmanager
async def gateway(served: Served) -> AsyncIterator[str]:
    """Its URL while it is served."""
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
    named = [host_of(url) for url in urls]
    gateways = Gateways(HttpClient(guard=Guard(named)))
    try:
        yield OffchainCalls(chain.calls, gateways)
    finally:
        await gateways.close()


def host_of(url: str) -> str:
    """A gateway's address and port, as evidence and exceptions name it."""
    return url.removeprefix("http://").rstrip("/")
