"""No change of one byte in a proof, in code, in a signature or in a gateway's answer makes a
name lead elsewhere: it leads where it did, or is not resolved."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode

from tests.chain.devnet_chain import Twist, devnet_of, following
from tests.chain.offchain_gateways import Answerer, Served, gateway
from tests.names.ens.devnet_names import IPFS, ens_on, signed_result
from walkaway.devnet import ens as names
from walkaway.devnet.execution.genesis import ANSWER_SIGNER
from walkaway.errors import NoSuchName, Unproven
from walkaway.names.ens.ens import Ens
from walkaway.names.pointer import Pointer
from walkaway.names.resolution import Standing
from walkaway.sources.request import Answer, Request

pytestmark = pytest.mark.adversary

CHANGES = 160
"""So many bytes of a gateway's answer, each changed."""
PROOFS = 24
"""So many proofs, and so much code, each changed in one byte: of what a resolution asks for."""


def signed() -> Served:
    result = encode(["bytes"], [names.contenthash_of(IPFS)])
    return Served(signed_result(lambda wire, call: result))


async def where(ens: Ens, name: str) -> Pointer | None:
    """Where a name leads, None where it is not resolved; that it leads nowhere is raised."""
    try:
        return (await ens.resolve(name)).pointer
    except NoSuchName:
        raise
    except Unproven:
        return None


def saying(said: bytes) -> Answerer:
    return lambda contract, asked: said


async def test_a_gateways_answer_changed_in_any_byte_is_refused(tmp_path: Path) -> None:
    served = signed()
    honest, bits = served.answer, random.Random("gateway")
    said: list[bytes] = []
    async with devnet_of() as devnet, gateway(served) as url:
        offchain = names.deploy_offchain_resolver(devnet, ANSWER_SIGNER.address, [url])
        devnet.advance()
        names.set_resolver(devnet, "app.eth", offchain)
        devnet.advance(2)
        async with following(devnet) as chain, ens_on(chain, tmp_path, url) as ens:
            resolved = await ens.resolve("any.app.eth")
            assert (resolved.pointer, resolved.standing) == (IPFS, Standing.ACCEPTED)

            def noted(contract: bytes, asked: bytes) -> bytes:
                said.append(honest(contract, asked))
                return said[-1]

            served.answer = noted
            await ens.resolve("any.app.eth")
            (whole,) = said
            refused = 0
            for place in bits.sample(range(len(whole)), CHANGES):
                changed = bytearray(whole)
                changed[place] ^= 1 << bits.randrange(8)
                served.answer = saying(bytes(changed))
                found = await where(ens, "any.app.eth")
                assert found in (IPFS, None), place
                refused += found is None
            # What is left are the paddings of the encoding, which say nothing.
            assert refused > CHANGES * 3 / 4
            for size in range(0, len(whole) - 31, 32):
                served.answer = saying(whole[:size])
                assert await where(ens, "any.app.eth") is None


def changing(number: int, seed: int) -> tuple[Twist, list[str]]:
    """Changes one digit in the answer to the question of that number, and says to which."""
    drawn, changed, counted = random.Random(seed), list[str](), iter(range(1_000_000))

    def twist(request: Request, answer: Answer) -> Answer:
        method = getattr(request, "method", "")
        if method not in ("eth_getProof", "eth_getCode") or next(counted) != number:
            return answer
        places = list(_places(answer.body))
        path = drawn.choice(places)
        changed.append(method)
        return replace(answer, body=_with_change(answer.body, path, drawn))

    return twist, changed


def _places(body: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where in a JSON document the nodes of proofs and code are."""
    if isinstance(body, dict):
        for key, value in body.items():
            yield from _places(value, (*path, key))
    elif isinstance(body, list):
        for index, value in enumerate(body):
            yield from _places(value, (*path, index))
    elif isinstance(body, str) and len(body) > 66:
        yield path


def _with_change(body: Any, path: tuple[str | int, ...], drawn: random.Random) -> Any:
    if not path:
        place = drawn.randrange(2, len(body))
        digit = f"{int(body[place], 16) ^ 1 << drawn.randrange(4):x}"
        return body[:place] + digit + body[place + 1 :]
    first, *rest = path
    copy: Any = dict(body) if isinstance(body, dict) else list(body)
    copy[first] = _with_change(body[first], tuple(rest), drawn)
    return copy


async def test_a_proof_or_code_changed_in_any_byte_is_a_lie_that_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reached: list[str] = []
    async with devnet_of() as devnet:
        names.set_contenthash(devnet, "app.eth", IPFS)
        devnet.advance(2)
        for number in range(PROOFS):
            twist, changed = changing(number, seed=number)
            async with following(devnet, twists={"alder": twist}) as chain:
                async with ens_on(chain, tmp_path / str(number)) as ens:
                    found = await where(ens, "app.eth")
            # The only source there is may be asked again.
            assert found in (IPFS, None)
            assert ("alder lied" in caplog.text) == bool(changed)
            caplog.clear()
            if not changed:
                break
            reached += changed
    assert set(reached) == {"eth_getProof", "eth_getCode"}
    assert len(reached) > 5
