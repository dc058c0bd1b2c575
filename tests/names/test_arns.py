"""Names of ArNS: the word of several operators, and never of one, with all that was said."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from tests.sources.stand import Scripted, hanging
from walkaway.chain.clock import FixedClock
from walkaway.errors import NotKnown, Unproven, Unsupported
from walkaway.limits import LIMITS
from walkaway.names.arns import ArnsNames, read_arns_name
from walkaway.names.pointer import Pointer
from walkaway.names.resolution import Standing
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, ArnsRequest, Kind, Request
from walkaway.sources.source import Source

ONE, OTHER = "A" * 43, "b_-" + "0" * 40


@dataclass
class Gateway:
    """A source that says the same whenever it is asked; None where it knows no such name."""

    name: str
    transaction: object = ONE
    seconds: object = 900
    operator: str = ""
    asked: list[Request] = field(default_factory=list)

    @property
    def source(self) -> Source:
        """It, in a pool."""
        kinds: frozenset[Kind] = frozenset({"arweave"})
        return Source(self.name, self.operator or self.name, kinds, Scripted(self.say))

    def say(self, request: Request) -> object:
        """What it answers."""
        self.asked.append(request)
        if self.transaction is None:
            return NotKnown("does not have it (HTTP status 404)")
        document = {"txId": self.transaction, "ttlSeconds": self.seconds, "limit": 10}
        return Answer(self.name, document)


class Stand:
    """Names over gateways, on a clock by hand."""

    def __init__(self, *gateways: Gateway, operators: int = 2, remembered: int = 10) -> None:
        self.clock = FixedClock(1_700_000_000.0)
        sources = [gateway.source for gateway in gateways]
        self.pool = Pool(sources, clock=self.clock, seed=1, timer=self.clock.now)
        limits = replace(LIMITS, arns_remembered=remembered)
        self.names = ArnsNames(self.pool, clock=self.clock, operators=operators, limits=limits)


async def test_what_two_operators_say_is_their_word_and_dissent_is_shown() -> None:
    stand = Stand(Gateway("a"), Gateway("b", seconds=60), Gateway("c", OTHER), Gateway("d", None))
    resolution = await stand.names.resolve("Docs_Example")
    assert resolution.pointer == Pointer("ar", ONE)
    assert (resolution.standing, resolution.proven) == (Standing.WORD, False)
    assert resolution.seconds == 60
    assert resolution.because is not None
    assert resolution.because.facts == (
        ("name", "docs_example"),
        ("leads to", f"/ar/{ONE}"),
        ("say so", "a, b"),
        ("disagree", f"c: /ar/{OTHER}"),
    )


async def test_a_gateway_that_hangs_delays_the_others_by_a_moment() -> None:
    class Hanging(Gateway):
        def say(self, request: Request) -> object:
            return hanging(request)

    stand = Stand(Gateway("a"), Gateway("b"), Hanging("h"))
    async with asyncio.timeout(LIMITS.word_others_seconds + 2):
        resolution = await stand.names.resolve("docs")
    assert resolution.pointer == Pointer("ar", ONE)


@pytest.mark.parametrize(
    "gateways",
    [
        [Gateway("a")],
        [Gateway("a", operator="x"), Gateway("b", operator="x"), Gateway("c", None)],
        [Gateway("a"), Gateway("b", OTHER)],
        [Gateway("a"), Gateway("b"), Gateway("c", OTHER), Gateway("d", OTHER)],
        [Gateway("a", None), Gateway("b", None)],
        [],
    ],
)
async def test_fewer_than_two_or_two_camps_are_no_word(gateways: list[Gateway]) -> None:
    with pytest.raises(Unproven) as refused:
        await Stand(*gateways).names.resolve("example")
    assert set(refused.value.reasons) == {gateway.name for gateway in gateways}


async def test_how_many_must_agree_is_a_setting() -> None:
    gateways = [Gateway("a"), Gateway("b"), Gateway("c", None)]
    with pytest.raises(Unproven, match=r"the name \w+ of ArNS is not resolved: fewer than 3"):
        await Stand(*gateways, operators=3).names.resolve("example")
    await Stand(*gateways, operators=1).names.resolve("example")


@pytest.mark.parametrize(
    ("transaction", "seconds"),
    [
        ("A" * 42, 900),
        ("A" * 44, 900),
        ("A/" + "A" * 41, 900),
        ("ż" * 43, 900),
        (7, 900),
        (ONE, -1),
        (ONE, "900"),
        (ONE, True),
        (ONE, 1.5),
    ],
)
async def test_an_answer_that_is_none_counts_for_nothing_and_is_no_lie(
    transaction: object, seconds: object
) -> None:
    stand = Stand(Gateway("a"), Gateway("b", transaction, seconds))
    with pytest.raises(Unproven, match="fewer than 2"):
        await stand.names.resolve("example")
    assert [one.lies for one in stand.pool.status()] == [0, 0]


async def test_nobody_is_asked_again_for_as_long_as_they_say() -> None:
    gateway, short = Gateway("a", seconds=100), Gateway("b", seconds=0)
    stand = Stand(gateway, Gateway("b", seconds=100), remembered=1)
    for later, asked in ((0, 1), (99, 1), (100, 2)):
        stand.clock.seconds = 1_700_000_000.0 + later
        await stand.names.resolve("example")
        assert len(gateway.asked) == asked
    await stand.names.resolve("other")
    await stand.names.resolve("example")
    assert gateway.asked[-2:] == [ArnsRequest("other"), ArnsRequest("example")]
    stand = Stand(gateway, Gateway("b", seconds=90))
    lasts = []
    for later in (0, 30, 80):
        stand.clock.seconds = 1_700_000_000.0 + later
        lasts.append((await stand.names.resolve("example")).seconds)
    assert lasts == [90, 60, 10]
    stand = Stand(short, Gateway("c"))
    for _ in range(2):
        await stand.names.resolve("example")
    assert len(short.asked) == 1


async def test_that_they_do_not_agree_is_remembered_for_a_while() -> None:
    one, other = Gateway("a"), Gateway("b", None)
    stand = Stand(one, other)
    for _ in range(2):
        with pytest.raises(Unproven) as refused:
            await stand.names.resolve("example")
        assert set(refused.value.reasons) == {"a", "b"}
    assert len(one.asked) == 1
    other.transaction = ONE
    stand.clock.seconds += LIMITS.arns_least_seconds
    assert (await stand.names.resolve("example")).pointer == Pointer("ar", ONE)


async def test_nobody_is_asked_where_nobody_is_to_be() -> None:
    names = ArnsNames(None, clock=FixedClock(0))
    with pytest.raises(Unproven) as refused:
        await names.resolve("example")
    assert "--offline" in refused.value.advice


@pytest.mark.parametrize(
    "name", ["a", "a-b", "A1", "0", "x" * 42, "x" * 51, "u_a", "v_w_a", "u-v_a"]
)
def test_names(name: str) -> None:
    assert read_arns_name(name) == name.lower()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-a",
        "a-",
        "x" * 52,
        "x" * 43,
        "_a",
        "a_",
        "u__",
        "a.b",
        "ż",
        "u" * 62 + "_a",
        "a/b",
        "a b",
    ],
)
async def test_what_can_be_no_name(name: str) -> None:
    with pytest.raises(Unsupported, match="no name of ArNS"):
        await Stand(Gateway("a"), Gateway("b")).names.resolve(name)
