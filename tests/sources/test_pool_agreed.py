"""The third way to ask: k distinct operators, every dissent in sight."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.sources.stand import HandClock, hanging, script, source
from walkaway.errors import ProofError, SourceFault, Unproven
from walkaway.sources.hearing import Enough
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, RpcRequest
from walkaway.sources.source import Source
from walkaway.sources.word import Word

ASK = RpcRequest("word")


def says(name: str, what: object, operator: str | None = None) -> Source:
    return source(name, lambda _: what, operator=operator)


async def agreed(k: int, *sources: Source) -> Word[str]:
    async with Pool(sources, clock=HandClock(), seed=1) as pool:
        return await pool.agreed(ASK, key, k=k)


def key(answer: Answer) -> str:
    if not isinstance(answer.body, str):
        raise SourceFault("its answer is malformed")
    return answer.body


async def test_k_operators_make_a_word() -> None:
    word = await agreed(2, says("a", "x"), says("b", "x"), says("c", 7))
    assert (word.value, set(word.said_by), word.dissent) == ("x", {"a", "b"}, ())
    assert str(word) == "2 of 2 sources say so"


async def test_sources_of_one_operator_count_once() -> None:
    with pytest.raises(Unproven, match="fewer than 2") as caught:
        await agreed(2, says("a", "x", "acme"), says("b", "x", "acme"), says("c", 7))
    assert caught.value.reasons == {
        "a": "says x",
        "b": "says x",
        "c": "its answer is malformed",
    }


async def test_an_operator_that_contradicts_itself_has_no_vote() -> None:
    sources = [says("a", "x", "acme"), says("b", "y", "acme"), says("c", "x")]
    with pytest.raises(Unproven):
        await agreed(2, *sources)
    assert (await agreed(2, *sources, says("d", "x"))).value == "x"


async def test_a_key_in_what_is_said_is_not_shown() -> None:
    said = "x" * 130 + "s3cret-key" + "y" * 10**5
    with pytest.raises(Unproven) as caught:
        await agreed(2, says("a", said))
    assert "s3cret" not in str(caught.value)
    assert "(redacted)" in str(caught.value)
    assert len(str(caught.value)) < 400


async def test_dissent_is_shown() -> None:
    word = await agreed(2, says("a", "x"), says("b", "x"), says("c", "y"))
    assert word.value == "x"
    assert word.dissent == (("y", ("c",)),)
    assert set(word.asked) == {"a", "b", "c"}


async def test_two_camps_are_a_refusal() -> None:
    sources = [says("a", "x"), says("b", "x"), says("c", "y"), says("d", "y")]
    with pytest.raises(Unproven) as caught:
        await agreed(2, *sources)
    assert caught.value.reasons["a"] == "says x"
    assert caught.value.reasons["d"] == "says y"


async def test_a_source_in_quarantine_has_no_say() -> None:
    liar, good = says("liar", "x"), says("good", "x")

    def unmask(answer: Answer) -> str:
        raise ProofError("a lie")

    async with Pool([liar, good], clock=HandClock(), seed=1) as pool:
        script(good).say = lambda _: SourceFault("down")
        with pytest.raises(Unproven):
            await pool.first_proven(ASK, unmask)
        script(good).say = lambda _: "x"
        with pytest.raises(Unproven, match="in quarantine for 60 s: a lie"):
            await pool.agreed(ASK, key, k=2)
        assert (await pool.agreed(ASK, key, k=1)).said_by == ("good",)


async def test_a_source_in_quarantine_is_the_last_resort_where_that_is_wished() -> None:
    liar, good = says("liar", "x"), says("good", SourceFault("down"))

    def unmask(answer: Answer) -> str:
        raise ProofError("a lie")

    async with Pool([liar, good], clock=HandClock(), seed=1) as pool:
        with pytest.raises(Unproven):
            await pool.first_proven(ASK, unmask)
        with pytest.raises(Unproven, match="in quarantine for 60 s: a lie"):
            await pool.agreed(ASK, key, k=1)
        word = await pool.agreed(ASK, key, k=1, last_resort=True)
        assert word.said_by == ("liar",)
        script(good).say = lambda _: "x"
        asked = len(script(liar).asked)
        assert (await pool.agreed(ASK, key, k=1, last_resort=True)).said_by == ("good",)
        assert len(script(liar).asked) == asked
        script(good).say = script(liar).say = lambda _: SourceFault("down")
        with pytest.raises(Unproven) as caught:
            await pool.agreed(ASK, key, k=1, last_resort=True)
        assert caught.value.reasons == {"liar": "down", "good": "down"}


async def test_what_was_said_is_shown_as_people_write_it() -> None:
    one, two = says("a", 1), says("b", 2)
    async with Pool([one, two], clock=HandClock(), seed=1) as pool:
        with pytest.raises(Unproven) as caught:
            await pool.agreed(ASK, lambda answer: (answer.body, b"\x01"), k=2)
    assert caught.value.reasons == {"a": "says (1, 0x01)", "b": "says (2, 0x01)"}


def after(seconds: float, what: object, name: str) -> Source:
    return source(name, lambda _: asyncio.sleep(seconds, what))


async def test_once_enough_agree_the_others_have_a_moment() -> None:
    """One that hangs holds nobody up; one that is a little later is heard."""
    sources = [says("a", "x"), after(0.02, "x", "b"), after(0.05, "y", "c"), source("d", hanging)]
    began = time.monotonic()
    async with Pool(sources, clock=HandClock(), seed=1) as pool:
        word = await pool.agreed(ASK, key, k=2, others_seconds=0.2)
        assert time.monotonic() - began < 1
        assert set(word.said_by) == {"a", "b"}
        assert word.dissent == (("y", ("c",)),)
        assert set(word.asked) == {"a", "b", "c"}


async def test_where_too_few_agree_all_are_waited_for() -> None:
    sources = [says("a", "x"), says("b", "y"), after(0.1, "x", "c")]
    async with Pool(sources, clock=HandClock(), seed=1) as pool:
        word = await pool.agreed(ASK, key, k=2, others_seconds=0.0)
    assert set(word.said_by) == {"a", "c"}


async def test_others_that_contradict_in_time_undo_it() -> None:
    late = [after(0.02, "y", "c"), after(0.02, "y", "d"), source("e", hanging)]
    async with Pool([says("a", "x"), says("b", "x"), *late], clock=HandClock(), seed=1) as pool:
        with pytest.raises(Unproven, match="undisputed") as caught:
            await pool.agreed(ASK, key, k=2, deadline=0.3, others_seconds=0.1)
    said = {"a": "says x", "b": "says x", "c": "says y", "d": "says y"}
    assert caught.value.reasons == {**said, "e": "no answer within 0.3 s"}


async def test_an_operator_that_contradicts_itself_in_time_leaves_it_to_others() -> None:
    itself = source("b2", lambda _: asyncio.sleep(0.02, "y"), operator="b")
    sources = [says("a", "x"), says("b", "x"), itself, after(0.2, "x", "c")]
    async with Pool(sources, clock=HandClock(), seed=1) as pool:
        word = await pool.agreed(ASK, key, k=2, others_seconds=0.1)
    assert set(word.said_by) == {"a", "b", "c"}


async def test_of_those_that_are_not_waited_for_that_is_said() -> None:
    async with Pool([says("a", "x"), source("b", hanging)], clock=HandClock(), seed=1) as pool:
        survey = await pool.survey(ASK, key, enough=Enough(bool, 0.0))
    assert survey.reasons == {"b": "said nothing until others agreed"}


async def test_where_nothing_else_is_wished_all_are_waited_for() -> None:
    async with Pool([says("a", "x"), after(0.1, "x", "b")], clock=HandClock(), seed=1) as pool:
        word = await pool.agreed(ASK, key, k=1)
    assert set(word.said_by) == {"a", "b"}
