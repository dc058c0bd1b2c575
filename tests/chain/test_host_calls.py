"""Precompiles of this host in calls over proven state: each answer proven, or no outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.chain.devnet_chain import devnet_of
from tests.chain.test_calls import calling
from tests.evm.test_host_precompiles import ASKS_EACH, asks
from tests.proofs.blobs.test_storage_read import DATA, blob
from tests.proofs.blobs.test_storage_read import asks as reads
from walkaway.chain import calls
from walkaway.chain.block_id import Tag
from walkaway.chain.chain import Chain
from walkaway.chain.host_calls import Host, HostAnswers
from walkaway.devnet.execution.accounts import dev_account
from walkaway.errors import ProofError, TooMuch, Unproven, WalkawayError
from walkaway.evm.engine import Call, HostPrecompile, Outcome, Overrides
from walkaway.evm.proven_call import (
    AskedCall,
    ProvenState,
    check_host_answers,
    host_call_subject,
    prove_call,
)
from walkaway.limits import LIMITS
from walkaway.proofs import Proven
from walkaway.proofs.blobs.storage_read import STORAGE_PRECOMPILE, prove_read, read_input
from walkaway.proofs.execution.header import Header

CONTRACT = b"\xc0" * 20


class Blobs:
    """Supplies the one blob; an index of 99 is one that nobody has."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.placeholders: Mapping[bytes, int] = {STORAGE_PRECOMPILE: 131_072}

    async def answer(self, address: bytes, given: bytes) -> Proven[bytes | None]:
        assert address == STORAGE_PRECOMPILE
        self.asked.append(given)
        await asyncio.sleep(0)
        asked = read_input(given)
        if asked is not None and asked.index == 99:
            raise Unproven("nobody has it", reasons={})
        return prove_read(given, None if asked is None else blob())


class Mixed(Blobs):
    """Gives what is proven, but of another question."""

    async def answer(self, address: bytes, given: bytes) -> Proven[bytes | None]:
        return prove_read(reads(0, 1), blob())


def asked_on(chain: Chain, header: Proven[Header], code: bytes, data: bytes) -> AskedCall:
    call = Call(bytes(20), CONTRACT, 5_000_000, data=data)
    overrides = {CONTRACT: Overrides(balance=0, nonce=0, code=code, storage={})}
    return AskedCall(call, chain.calls.environment(header.value, call), overrides)


async def test_what_the_host_proves_is_a_part_of_the_outcome() -> None:
    async with calling(devnet_of()) as chain:
        header = await chain.header(Tag.LATEST)
        assert isinstance(header, Proven)
        given, host = reads(10, 20), Blobs()
        asked = asked_on(chain, header, asks(), given)
        proven = await chain.calls.run(header, asked, host=host)
        assert proven.value.output[64:] == DATA[10:30]
        assert host.asked == [given]
        assert dict(proven.because.facts)["host_calls"] == 1
        assert "trusted setup of KZG" in {step.rule for step in proven.because.anchors()}
        with_host = HostAnswers(host).given_to(asked)
        assert proven.claim.subject == with_host.subject != asked.subject
        failed = await chain.calls.run(header, asked_on(chain, header, asks(), b"?"), host=host)
        assert failed.value.output[:32] == bytes(32)
        without = await chain.calls.run(header, asked)
        assert without.value.output[64:] == b""


async def test_what_nobody_proves_has_no_outcome() -> None:
    async with calling(devnet_of()) as chain:
        header = await chain.header(Tag.LATEST)
        assert isinstance(header, Proven)
        asked = asked_on(chain, header, asks(), reads(0, 1, index=99))
        with pytest.raises(Unproven, match="nobody has it"):
            await chain.calls.run(header, asked, host=Blobs())
        asked = asked_on(chain, header, asks(), reads(1, 1))
        with pytest.raises(ProofError, match="answers another question"):
            await chain.calls.run(header, asked, host=Mixed())


async def test_a_call_asks_for_so_much_and_no_more() -> None:
    host = Blobs()
    several = [(STORAGE_PRECOMPILE, number.to_bytes(32, "big")) for number in range(5)]
    few = HostAnswers(host, replace(LIMITS, host_calls=4))
    await few.ask(frozenset(several[:4]))
    with pytest.raises(WalkawayError, match="lacks what it was given"):
        await few.ask(frozenset(several[:4]))
    small = HostAnswers(host, replace(LIMITS, host_answer_bytes=99))
    much = frozenset({(STORAGE_PRECOMPILE, reads(0, 100))})
    for answers, wanted, why in (
        (few, frozenset(several[4:]), "more than 4 things"),
        (small, much, "more than 99 bytes"),
    ):
        # What it asks for may follow from zeros: it begins anew without them.
        await answers.ask(wanted)
        assert (answers.by_steps, answers.proven) == (True, {})
        with pytest.raises(TooMuch, match=why):
            await answers.ask(wanted | frozenset(several))


async def test_a_call_that_begins_anew_may_read_as_much_again() -> None:
    answers = HostAnswers(Blobs(), replace(LIMITS, host_answer_bytes=99))
    first, second = ((STORAGE_PRECOMPILE, reads(start, 60)) for start in (0, 1))
    for wanted in (first, second, first):
        await answers.ask(frozenset({wanted}))
    assert answers.proven.keys() == {first}


async def test_a_call_that_begins_anew_goes_on_with_nothing() -> None:
    async with calling(devnet_of()) as chain:
        header = await chain.header(Tag.LATEST)
        assert isinstance(header, Proven)
        answers = HostAnswers(Blobs(), replace(LIMITS, host_calls=0))
        asked = asked_on(chain, header, asks(), reads(0, 1))

        def placeholder() -> int:
            return answers.given_to(asked).environment.host[STORAGE_PRECOMPILE].placeholder_bytes

        assert placeholder() == 131_072
        await answers.ask(frozenset({(STORAGE_PRECOMPILE, reads(0, 1))}))
        assert placeholder() == 0


async def test_by_steps_nothing_is_asked_that_follows_from_state_that_is_not_there_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def by_steps(host: Host) -> HostAnswers:
        answers = HostAnswers(host)
        answers.by_steps = True
        return answers

    monkeypatch.setattr(calls, "HostAnswers", by_steps)
    async with calling(devnet_of()) as chain:
        header = await chain.header(Tag.LATEST)
        assert isinstance(header, Proven)
        holder, host = dev_account(9).address, Blobs()
        # Asks for what its balance says.
        code = bytes.fromhex(f"73{holder.hex()}315f52 5f5f60205f62033301 5afa5000")
        await chain.calls.run(header, asked_on(chain, header, code, b""), host=host)
        account = (await chain.account(holder, Tag.LATEST)).value
        assert account is not None
        assert host.asked == [account.balance.to_bytes(32)]


async def test_what_nobody_answers_ends_nothing_while_others_are_answered() -> None:
    host = Blobs()
    answers = HostAnswers(host)
    nobodys, sound, later = (
        (STORAGE_PRECOMPILE, given) for given in (reads(0, 1, index=99), reads(0, 1), reads(1, 1))
    )
    await answers.ask(frozenset({nobodys, sound}))
    await answers.ask(frozenset({nobodys, later}))
    assert answers.proven.keys() == {sound, later}
    assert host.asked.count(nobodys[1]) == 1
    with pytest.raises(Unproven, match="nobody has it"):
        await answers.ask(frozenset({nobodys}))
    assert host.asked.count(nobodys[1]) == 1


async def test_one_run_finds_several_that_are_missing() -> None:
    async with calling(devnet_of()) as chain:
        header = await chain.header(Tag.LATEST)
        assert isinstance(header, Proven)
        host, words = Blobs(), b"".join(bytes((number,)) * 32 for number in range(12))
        await chain.calls.run(header, asked_on(chain, header, ASKS_EACH, words), host=host)
        assert sorted(host.asked) == [bytes((number,)) * 32 for number in range(12)]


async def test_no_outcome_is_sealed_on_answers_that_are_not_proven() -> None:
    async with calling(devnet_of()) as chain:
        header = await chain.header(Tag.LATEST)
        assert isinstance(header, Proven)
        given = reads(0, 2)
        key, sound = (STORAGE_PRECOMPILE, given), prove_read(given, blob())
        assert sound.claim.subject == host_call_subject(*key)
        plain = asked_on(chain, header, asks(), given)

        def told(output: bytes) -> AskedCall:
            host = {STORAGE_PRECOMPILE: HostPrecompile({given: output})}
            return replace(plain, environment=replace(plain.environment, host=host))

        check_host_answers(told(DATA[:2]), {key: sound})
        state, outcome = ProvenState(header), Outcome(True, b"", 0)
        for asked, proven, why in (
            (told(b"no"), {key: sound}, "is not proven"),
            (told(DATA[:2]), {}, "is not proven"),
            (told(DATA[1:2]), {key: prove_read(reads(1, 1), blob())}, "another question"),
        ):
            with pytest.raises(ProofError, match=why):
                prove_call(state, asked, outcome, "an engine", proven)
