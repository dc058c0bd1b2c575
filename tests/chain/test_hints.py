"""What sources say that a call will look at saves rounds, and can do no harm."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from tests.chain.devnet_chain import SourcePlan, TwistedTransport, devnet_of, following
from walkaway.chain import discovery, hints
from walkaway.chain.block_id import Tag
from walkaway.chain.chain import Chain
from walkaway.chain.discovery import KeptState, Keys
from walkaway.chain.hints import Hint, Recalled
from walkaway.chain.state import AccountProof
from walkaway.devnet.execution.genesis import COUNTER, TOKEN
from walkaway.evm.engine import Call, Outcome, Overrides
from walkaway.evm.proven_call import AskedCall
from walkaway.limits import LIMITS
from walkaway.proofs.execution.keccak import keccak256
from walkaway.sources.capabilities import Capabilities
from walkaway.sources.request import Answer, Request, RpcRequest

one_loop = pytest.mark.asyncio(loop_scope="module")
"""The devnet lives as long as the module, and so on its loop."""

HOLDER = b"\x11" * 20
BALANCE_OF = keccak256(b"balanceOf(address)")[:4] + HOLDER.rjust(32, b"\0")


def hexes(value: bytes) -> str:
    return "0x" + value.hex()


Listed = list[dict[str, object]]


def useless() -> Listed:
    """As much that no call needs as an access list may name."""
    keys = [hexes(os.urandom(32)) for _ in range(1990)]
    others: Listed = [{"address": hexes(os.urandom(20)), "storageKeys": []} for _ in range(510)]
    return [*others[:10], {"address": hexes(TOKEN), "storageKeys": keys}, *others[10:]]


class Hinting:
    """Sources that answer access lists; ``proofs`` counts what they are asked to prove."""

    def __init__(self) -> None:
        self.listed: Listed = []
        self.hints = 0
        self.proofs = 0
        self.proof_seconds = 0.0

    async def fetch(self, transport: TwistedTransport, request: Request) -> Answer:
        method = request.method if isinstance(request, RpcRequest) else ""
        if method == "eth_createAccessList":
            self.hints += 1
            return Answer("alder", {"accessList": self.listed, "gasUsed": "0x1"})
        answer = await transport._inner.fetch(request)
        if method == "eth_getProof" and isinstance(request, RpcRequest):
            self.proofs += 1 + len(request.params[1])
            if request.params[0] not in (hexes(COUNTER), hexes(TOKEN)):
                await asyncio.sleep(self.proof_seconds)
        return answer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def network() -> AsyncIterator[Chain]:
    devnet = devnet_of(SourcePlan("alder"))
    async with devnet, following(devnet, twists={"alder": lambda _, answer: answer}) as chain:
        yield chain


@pytest.fixture
def hinted(network: Chain, monkeypatch: pytest.MonkeyPatch) -> tuple[Chain, Hinting]:
    """A chain that has proven nothing of any state yet, and what its source says."""
    hinting = Hinting()

    async def fetch(transport: TwistedTransport, request: Request) -> Answer:
        return await hinting.fetch(transport, request)

    monkeypatch.setattr(TwistedTransport, "fetch", fetch)
    forget(network)
    for standing in network.pool._standings:
        standing.capabilities = Capabilities(LIMITS)
    return network, hinting


def forget(chain: Chain) -> None:
    """Forget what is proven of any state, and what calls looked at."""
    chain.calls._kept.clear()
    chain.calls._discovery._recalled = Recalled()


async def call(
    chain: Chain, to: bytes, data: bytes, overrides: dict[bytes, Overrides] | None = None
) -> Outcome:
    header, asked = chain.head(Tag.LATEST), Call(bytes(20), to, 1_000_000, data=data)
    environment = chain.calls.environment(header.value, asked)
    return (await chain.calls.run(header, AskedCall(asked, environment, overrides or {}))).value


def pieces(chain: Chain) -> int:
    return max(kept.proven.pieces for kept in chain.calls._kept.values())


@one_loop
async def test_useless_hints_cost_little_and_are_not_asked_for_again(
    hinted: tuple[Chain, Hinting], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(LIMITS, hinted_accounts=20, hinted_slots=30)
    monkeypatch.setattr(hints, "LIMITS", few)
    chain, hinting = hinted
    hinting.listed = useless()
    assert (await call(chain, TOKEN, BALANCE_OF)).succeeded
    assert 50 <= hinting.proofs <= 58
    assert pieces(chain) <= 58
    before = hinting.proofs
    await call(chain, COUNTER, b"\1")
    assert hinting.hints == 1
    assert hinting.proofs - before <= 4
    (status,) = chain.pool.status()
    assert "eth_createAccessList" in status.capabilities.lacks


@one_loop
async def test_hints_that_held_are_asked_for_again(hinted: tuple[Chain, Hinting]) -> None:
    chain, hinting = hinted
    ran = await call(chain, TOKEN, BALANCE_OF)
    keys = [hexes(key) for _, key in ran.touched_slots]
    forget(chain)
    hinting.listed = [{"address": hexes(TOKEN), "storageKeys": keys}]
    assert await call(chain, TOKEN, BALANCE_OF) == ran
    await call(chain, COUNTER, b"\1")
    assert hinting.hints == 3


@one_loop
async def test_a_call_that_leads_on_has_a_hint_though_its_contract_is_known(
    hinted: tuple[Chain, Hinting],
) -> None:
    chain, hinting = hinted
    for at, leads_on, hints_asked in ((1, False, 1), (2, False, 1), (3, True, 2)):
        data = BALANCE_OF[:4] + bytes([at]).rjust(32, b"\0")
        header, asked = chain.head(Tag.LATEST), Call(bytes(20), TOKEN, 1_000_000, data=data)
        question = AskedCall(asked, chain.calls.environment(header.value, asked))
        assert (await chain.calls.run(header, question, leads_on=leads_on)).value.succeeded
        assert hinting.hints == hints_asked


@one_loop
async def test_no_call_waits_long_for_what_hints_name(
    hinted: tuple[Chain, Hinting], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "LIMITS", replace(LIMITS, call_hint_seconds=0.2))
    chain, hinting = hinted
    hinting.listed = useless()[:10]
    hinting.proof_seconds = 30.0
    async with asyncio.timeout(5):
        assert (await call(chain, TOKEN, BALANCE_OF)).succeeded


@one_loop
async def test_hints_are_followed_only_where_they_may_be(
    hinted: tuple[Chain, Hinting], monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, hinting = hinted
    hinting.listed = useless()[:8]
    # Over other state than the sources'.
    await call(chain, TOKEN, BALANCE_OF, {HOLDER: Overrides(balance=1)})
    assert hinting.hints == 0
    # While others follow theirs.
    forget(chain)
    places = chain.calls._discovery._hints.places
    for _ in range(LIMITS.hints_at_once):
        await places.acquire()
    async with asyncio.timeout(5):
        assert (await call(chain, TOKEN, BALANCE_OF)).succeeded
    assert hinting.hints == 0
    # Where a block's share of them is used up.
    for _ in range(LIMITS.hints_at_once):
        places.release()
    forget(chain)
    monkeypatch.setattr(discovery, "LIMITS", replace(LIMITS, hinted_pieces=7))
    before = hinting.proofs
    assert (await call(chain, TOKEN, BALANCE_OF)).succeeded
    assert hinting.hints == 1
    assert hinting.proofs - before <= 4


@pytest.mark.parametrize(
    ("used", "unused", "useful"), [(0, 7, True), (0, 8, False), (9, 8, True), (9, 9, False)]
)
def test_a_hint_is_useful_where_half_of_it_was_needed(used: int, unused: int, useful: bool) -> None:
    needed = frozenset(bytes([at]) * 32 for at in range(used))
    others = frozenset(bytes([100 + at]) * 32 for at in range(unused))
    hint = Hint("alder", {TOKEN: needed | others})  # the account, not looked at, is one more
    touched = frozenset((TOKEN, key) for key in needed)
    assert hint.was_useful(Outcome(True, b"", 21_000, touched_slots=touched)) is useful


@one_loop
async def test_what_a_call_looked_at_before_is_asked_for_at_once_on_another_block(
    hinted: tuple[Chain, Hinting],
) -> None:
    chain, hinting = hinted
    first = await call(chain, TOKEN, BALANCE_OF)
    asked = hinting.hints
    chain.calls._kept.clear()
    rounds = 0
    learn = chain.calls._discovery.learn

    async def counted(kept: KeptState, wanted: Keys) -> list[AccountProof]:
        nonlocal rounds
        rounds += 1
        return await learn(kept, wanted)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(chain.calls._discovery, "learn", counted)
        again = await call(chain, TOKEN, BALANCE_OF)
        assert (again.output, hinting.hints, rounds) == (first.output, asked, 1)
        await call(chain, TOKEN, BALANCE_OF)
        assert rounds == 1


def test_only_the_last_calls_are_recalled_and_no_large_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = replace(LIMITS, recalled_calls=2, recalled_pieces=3)
    monkeypatch.setattr(hints, "LIMITS", few)
    recalled = Recalled()
    made = [Call(bytes(20), TOKEN, 1_000_000, data=bytes([n])) for n in range(4)]
    slots = frozenset((TOKEN, bytes([n]) * 32) for n in range(3))
    ran = Outcome(True, b"", 21_000, touched_accounts=frozenset({TOKEN}))
    for one in made[:3]:
        recalled.note(one, ran)
    recalled.note(made[3], replace(ran, touched_slots=slots))
    long = replace(made[3], data=bytes(3 * 32))
    recalled.note(long, ran)
    held = [one for one in (*made, long) if recalled.looked_at(one)]
    assert held == made[1:3]
    recalled.note(made[3], replace(ran, touched_slots=frozenset(list(slots)[:1])))
    assert len(recalled.looked_at(made[3])[TOKEN]) == 1
