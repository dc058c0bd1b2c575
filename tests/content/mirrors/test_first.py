"""Several ways to one thing: which begins when, which wins, and what becomes of the others."""

from __future__ import annotations

import asyncio

import pytest

from walkaway.content.mirrors.first import Way, first_of
from walkaway.errors import NoSuchPath, ProofError, Stale, StoreFault, Unproven, WalkawayError

LONG, SOON = 30.0, 0.02


class Ways:
    """Ways that are told what to do; ``log`` says what they did."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def gives(self, name: str, after: float = 0.0, *, decides: bool = False) -> Way[str]:
        return self._way(name, None, after, decides=decides)

    def fails(
        self, name: str, error: Exception, after: float = 0.0, *, decides: bool = False
    ) -> Way[str]:
        return self._way(name, error, after, decides=decides)

    async def let_go(self, what: str) -> None:
        self.log.append(f"{what} is let go of")

    def _way(self, name: str, error: Exception | None, after: float, *, decides: bool) -> Way[str]:
        async def go() -> str:
            self.log.append(f"{name} begins")
            try:
                await asyncio.sleep(after)
            except asyncio.CancelledError:
                self.log.append(f"{name} is called off")
                raise
            if error is not None:
                raise error
            return name

        return Way(name, go, decides)


@pytest.fixture
def ways() -> Ways:
    return Ways()


async def test_the_first_is_enough(ways: Ways) -> None:
    assert await first_of([ways.gives("one"), ways.gives("two")], LONG, "no") == "one"
    assert ways.log == ["one begins"]


@pytest.mark.parametrize(
    "error",
    [
        Unproven("nobody", reasons={"a": "gone"}),
        Stale("old", age=2, limit=1),
        StoreFault("no room"),
    ],
)
async def test_the_next_begins_where_one_could_not_have_it(
    ways: Ways, error: WalkawayError
) -> None:
    both = [ways.fails("one", error, decides=True), ways.gives("two")]
    assert await first_of(both, LONG, "no") == "two"


async def test_the_next_begins_beside_one_that_says_nothing(ways: Ways) -> None:
    both = [ways.gives("one", LONG, decides=True), ways.gives("two")]
    assert await first_of(both, SOON, "no") == "two"
    assert ways.log == ["one begins", "two begins", "one is called off"]
    assert (
        await first_of([ways.gives("slow", 3 * SOON), ways.gives("two", LONG)], SOON, "") == "slow"
    )


async def test_some_begin_together(ways: Ways) -> None:
    both = [ways.gives("one", LONG), ways.gives("two"), ways.gives("three")]
    assert await first_of(both, LONG, "no", at_once=2) == "two"
    assert ways.log == ["one begins", "two begins", "one is called off"]
    assert await first_of([ways.gives("alone")], LONG, "no", at_once=2) == "alone"


async def test_what_is_proven_by_the_way_that_decides_ends_the_search(ways: Ways) -> None:
    for error in (NoSuchPath("it is not there"), ProofError("it is malformed")):
        both = [ways.fails("one", error, 3 * SOON, decides=True), ways.gives("two", LONG)]
        with pytest.raises(type(error)):
            await first_of(both, SOON, "no")
    assert ways.log[-1] == "two is called off"
    # Others have no say in that: the next one is tried.
    two = [ways.fails("one", NoSuchPath("it is not there")), ways.gives("two")]
    assert await first_of(two, LONG, "no") == "two"


async def test_what_came_too_late_is_let_go_of(ways: Ways) -> None:
    gate = asyncio.Event()

    async def waits(what: str) -> str:
        await gate.wait()
        return what

    both = [Way("one", lambda: waits("one")), Way("two", lambda: waits("two"))]
    asking = asyncio.ensure_future(first_of(both, SOON, "no", let_go=ways.let_go))
    await asyncio.sleep(3 * SOON)
    gate.set()
    assert await asking == "one"
    assert ways.log == ["two is let go of"]


async def test_whoever_gives_up_calls_all_of_them_off(ways: Ways) -> None:
    both = [ways.gives("one", LONG), ways.gives("two", LONG)]
    asking = asyncio.ensure_future(first_of(both, SOON, "no"))
    await asyncio.sleep(3 * SOON)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert set(ways.log[2:]) == {"one is called off", "two is called off"}


async def test_all_reasons_are_told(ways: Ways) -> None:
    nobody = Unproven("nobody", reasons={"a": "gone", "two": "as the first saw it"}, advice="pay")
    every = [
        ways.fails("one", nobody, decides=True),
        ways.fails("two", NoSuchPath("nothing there")),
        ways.fails("three", Unproven("", reasons={})),
        ways.fails("four", Unproven("dark", reasons={"b": "off"})),
    ]
    with pytest.raises(Unproven) as raised:
        await first_of(every, LONG, "nowhere")
    assert (raised.value.summary, raised.value.advice) == ("nowhere", "pay")
    assert raised.value.reasons == {"a": "gone", "two": "nothing there", "four": "dark (b: off)"}
    with pytest.raises(Unproven) as raised:
        await first_of([ways.fails("one", Stale("old", age=2, limit=1), decides=True)], LONG, "no")
    assert raised.value.reasons == {"one": "old"}


async def test_a_way_tells_best_itself_why_it_led_nowhere(ways: Ways) -> None:
    first = Unproven("nobody", reasons={"a": "gone", "two": "as the first saw it"})
    both = [
        ways.fails("one", first, 3 * SOON, decides=True),
        ways.fails("two", NoSuchPath("nothing there")),
    ]
    with pytest.raises(Unproven) as raised:
        await first_of(both, SOON, "nowhere")
    assert raised.value.reasons == {"a": "gone", "two": "nothing there"}


async def test_a_fault_of_ours_is_no_reason(ways: Ways) -> None:
    with pytest.raises(ZeroDivisionError):
        await first_of([ways.fails("one", ZeroDivisionError()), ways.gives("two")], LONG, "no")
