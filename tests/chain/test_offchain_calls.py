"""Lookups off chain end to end: gateways on loopback, contracts on a devnet."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from eth_abi.abi import decode, encode

from tests.chain.devnet_chain import devnet_of, following
from tests.chain.offchain_gateways import (
    Answerer,
    Served,
    gateway,
    host_of,
    look,
    look_again,
    look_elsewhere,
    offchain_over,
    selector,
    signed_answer,
)
from walkaway.chain.block_id import Tag
from walkaway.chain.chain import Chain
from walkaway.chain.offchain_calls import OffchainCalls, OffchainOutcome
from walkaway.devnet.execution.genesis import ANSWER_SIGNER, ANY_ANSWERS, SIGNED_ANSWERS
from walkaway.errors import TooMuch, Unproven
from walkaway.evm.engine import Call
from walkaway.evm.offchain_lookup import OFFCHAIN_LOOKUP, OffchainLookup
from walkaway.evm.proven_call import AskedCall
from walkaway.limits import LIMITS
from walkaway.proofs import Proven
from walkaway.sources.gateways import GatewayAnswer, PartAnswer

SENDER = bytes.fromhex("5e" * 20)


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
    host = host_of(url)
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


FORGED = encode(["bytes", "uint8", "bytes32", "bytes32"], [b"forged", 27, b"\1" * 32, b"\2" * 32])


async def test_the_next_gateway_is_asked_where_the_contract_refuses_one() -> None:
    lying = Served(lambda *_: FORGED)
    signed = Served(lambda contract, asked: signed_answer(contract, asked, asked + b"!"))
    async with devnet_of() as devnet, following(devnet) as chain:
        async with gateway(lying) as first, gateway(signed) as second:
            async with offchain_over(chain, first, second) as offchain:
                ran = await run(chain, offchain, SIGNED_ANSWERS, look([first, second], b"what?"))
    assert returned(ran) == b"what?!"
    assert (lying.asked, signed.asked) == ([b"what?"], [b"what?"])
    # The run in which it was refused is no step on the way to the answer.
    assert [step.outcome.value.reverted for step in ran.steps] == [True, False]
    (word,) = ran.words
    liar, honest = host_of(first), host_of(second)
    assert (word.said_by, word.asked, word.dissent) == (
        (honest,),
        (liar, honest),
        ((None, (liar,)),),
    )
    assert [(part.gateway, part.question) for part in word.refused] == [(liar, b"what?")]


async def test_where_all_lie_the_refusal_stands_and_says_who_did() -> None:
    lying = Served(lambda *_: FORGED)
    async with devnet_of() as devnet, following(devnet) as chain:
        async with gateway(lying) as first, gateway(lying) as second, gateway(lying) as third:
            urls = [first, second, third]
            async with offchain_over(chain, *urls) as offchain:
                ran = await run(chain, offchain, SIGNED_ANSWERS, look(urls, b"what?"))
    assert ran.answer.output == selector(b"NotSigned()")
    assert len(lying.asked) == 3
    (word,) = ran.words
    assert word.said_by == (host_of(third),)
    assert [part.gateway for part in word.refused] == [host_of(first), host_of(second)]
    assert word.asked == tuple(map(host_of, urls))


async def test_only_so_many_answers_are_tried() -> None:
    most = LIMITS.gateway_tries
    told: list[int] = []

    class Liars:
        async def fetch(
            self, lookup: OffchainLookup, refused: Sequence[PartAnswer] = ()
        ) -> GatewayAnswer:
            told.append(len(refused))
            return GatewayAnswer(FORGED, f"liar {len(refused)}", (f"liar {len(refused)}",))

    async with devnet_of() as devnet, following(devnet) as chain:
        offchain = OffchainCalls(chain.calls, Liars())
        ran = await run(chain, offchain, SIGNED_ANSWERS, look(["https://a.example/"], b"what?"))
    assert ran.answer.reverted
    assert told == list(range(most))


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
