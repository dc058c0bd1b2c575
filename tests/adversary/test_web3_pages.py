"""No change of a byte in a proof or in code changes a contract's page, and no contract, whatever
it answers, gets out of the ways in which a page is refused."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from eth_abi.abi import encode

from tests.adversary.test_ens import changing
from tests.chain.devnet_chain import devnet_of, following
from tests.content.web3.simulated import REVERTED, Simulated, body, opened, say
from tests.names.ens.devnet_names import ens_on
from walkaway.content.budget import Budget
from walkaway.content.web3.calls import ProvenCalls
from walkaway.content.web3.contracts import Web3Content
from walkaway.content.web3.url import read_url
from walkaway.devnet.web3 import deploy_pages, put_resource
from walkaway.errors import TooMuch, Unproven, WalkawayError
from walkaway.evm.engine import Outcome
from walkaway.limits import Limits

pytestmark = pytest.mark.adversary

PROOFS = 40
"""So many proofs, and so much code, each changed in one byte: of what a page asks for."""
ANSWERS = 1500
PAGE = b"<h1>the page</h1>"
HERE = "web3://0x4e1f41613c9084fdb9e34e11fae9412427480e56"


async def test_a_proof_or_code_changed_in_any_byte_changes_no_page(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reached: list[str] = []
    refused = 0
    async with devnet_of() as devnet:
        pages = deploy_pages(devnet, "ResourcePages")
        devnet.advance()
        put_resource(devnet, pages, ["a"], PAGE[:9], [("web3-next-chunk", "b")])
        put_resource(devnet, pages, ["b"], PAGE[9:])
        devnet.advance(2)
        pointer = read_url(f"web3://0x{pages.hex()}:1337/a").pointer
        for number in range(PROOFS):
            twist, changed = changing(number, seed=number)
            async with following(devnet, twists={"alder": twist}) as chain:
                async with ens_on(chain, tmp_path / str(number)) as ens:
                    content = Web3Content("the chain", "not yet")
                    with content.led_by(ProvenCalls(chain, ens)):
                        try:
                            assert await body(await content.open(pointer, Budget())) == PAGE
                        except Unproven:
                            refused += 1
            assert ("alder lied" in caplog.text) == bool(changed)
            caplog.clear()
            if not changed:
                break
            reached += changed
    assert set(reached) == {"eth_getProof", "eth_getCode"}
    assert refused
    assert len(reached) > 3


GIVEN = (
    encode(["bytes"], [PAGE]),
    encode(["uint16", "bytes", "(string,string)[]"], [200, PAGE, [("Content-Encoding", "br")]]),
    encode(["uint16", "bytes", "(string,string)[]"], [200, PAGE, [("web3-next-chunk", "/b")]]),
    encode(["(string,uint256)[]", "bytes[][]"], [[("a", 1), ("b", 2)], [[b"a", b"bc"], []]]),
)
URLS = (
    f"{HERE}/f/1?returns=((string,uint256)[],bytes[][])",
    f"{HERE}/f/1?mime.dataurl",
    f"{HERE}/f?returns=()",
    f"{HERE}/a/b.html",
)


def changed(drawn: random.Random) -> bytes:
    """What a contract gives, with a few bytes or words otherwise, or cut."""
    given = bytearray(drawn.choice(GIVEN))
    for _ in range(drawn.randrange(4)):
        if drawn.random() < 0.5:
            given[drawn.randrange(len(given))] = drawn.randrange(256)
        else:
            at = drawn.randrange(len(given) // 32) * 32
            word = drawn.choice([drawn.randrange(300), 1 << drawn.randrange(256)])
            given[at : at + 32] = word.to_bytes(32)
    return bytes(given[: drawn.randrange(len(given))] if drawn.random() < 0.2 else given)


def answering(drawn: random.Random) -> Callable[[bytes], Outcome]:
    def answer(data: bytes) -> Outcome:
        return REVERTED if drawn.random() < 0.05 else say(changed(drawn))

    return answer


async def test_whatever_a_contract_answers_is_a_page_or_refused() -> None:
    drawn = random.Random("contract")
    limits = Limits(web3_page_bytes=4096, web3_decoded_bytes=4096, web3_chunks=8, web3_values=200)
    given = refused = 0
    for _ in range(ANSWERS):
        mode = drawn.choice([b"", b"manual", b"5219"])
        calls = Simulated(answering(drawn), mode=mode)
        try:
            file = await opened(calls, drawn.choice(URLS), limits)
            assert 200 <= file.status < 600
            assert "\n" not in repr((file.media_type, file.headers))
            assert len(await body(file)) <= 4096
            given += 1
        except WalkawayError:
            refused += 1
    assert given > ANSWERS / 20
    assert refused > ANSWERS / 20


async def test_a_contract_whose_chunks_never_end_is_left() -> None:
    counted = iter(range(1 << 20))

    def answer(data: bytes) -> Outcome:
        following = [("web3-next-chunk", f"/{next(counted)}")]
        return say(encode(["uint16", "bytes", "(string,string)[]"], [200, b"", following]))

    calls = Simulated(answer, mode=b"5219")
    with pytest.raises(TooMuch, match="chunks"):
        await body(await opened(calls, f"{HERE}/", Limits(web3_chunks=200)))
    assert next(counted) == 200
