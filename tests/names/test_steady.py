"""Names that are held: changes wait for their time, and the person has the last word."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.names.changing import NEW, NOON, OLD, THIRD, ChangingNames
from walkaway.chain.clock import FixedClock
from walkaway.errors import ConfigError, InvalidRequest, StoreFault, Unproven
from walkaway.limits import LIMITS
from walkaway.names.history import PointerHistory
from walkaway.names.hold import HoldPolicy, read_span
from walkaway.names.pointer import Pointer
from walkaway.names.resolution import Change, Resolution, Standing, Waiting
from walkaway.names.steady import SteadyNames

DAY = 86_400.0
APP = "app.eth"
GONE = Unproven("nobody knows it", reasons={"a": "silent"})


class World:
    """One name whose owner, clock and holder are at hand."""

    def __init__(self, history: PointerHistory, *, hold: float = DAY) -> None:
        self.clock, self.history, self.moment = FixedClock(NOON), history, 0.0
        self.names = ChangingNames({APP: OLD, "other.eth": OLD})
        policy = HoldPolicy(hold, {"free.eth": 0.0})
        self.steady = SteadyNames(
            self.names, history, policy, self.clock, timer=lambda: self.moment
        )

    async def look(self, name: str = APP) -> Resolution:
        return await self.steady.resolve(name)

    async def served(self) -> Pointer:
        return (await self.look()).pointer

    async def hijacked(self) -> None:
        """The name was seen, and says something else from now on."""
        assert await self.served() == OLD
        self.names.says[APP] = NEW
        self.clock.seconds += 60


@pytest.fixture
def history(tmp_path: Path) -> Iterator[PointerHistory]:
    made = PointerHistory(tmp_path / "history.sqlite")
    yield made
    made.close()


@pytest.fixture
def world(history: PointerHistory) -> World:
    return World(history)


async def test_a_change_waits_until_it_has_stood_for_long_enough(world: World) -> None:
    first = await world.look()
    assert (first.pointer, first.standing, first.waiting) == (OLD, Standing.PROVEN, None)
    await world.hijacked()
    held = await world.look()
    since = NOON + 60
    assert held.pointer == OLD
    assert held.standing is Standing.OWN
    assert held.because is not None
    assert held.because.is_anchor
    assert held.waiting == Change(NEW, Waiting.NEW, since, since + DAY)
    world.clock.seconds += LIMITS.history_note_seconds
    await world.look()
    stretch = (await world.history.past(APP))[0]
    assert (stretch.first_seen, stretch.last_seen) == (since, world.clock.seconds)
    world.clock.seconds = since + DAY - 1
    assert await world.served() == OLD
    world.clock.seconds += 1
    believed = await world.look()
    assert (believed.pointer, believed.standing, believed.waiting) == (NEW, Standing.PROVEN, None)


async def test_whoever_only_looks_ends_no_wait(world: World) -> None:
    await world.hijacked()
    await world.look()
    by_default = SteadyNames(world.names, world.history, HoldPolicy(), world.clock, decides=False)
    held = await by_default.resolve(APP)
    since = NOON + 60
    assert (held.pointer, held.waiting) == (OLD, Change(NEW, Waiting.NEW, since, since + DAY))
    world.names.says[APP] = GONE
    assert (await by_default.resolve(APP)).pointer == OLD
    world.names.says[APP] = NEW
    assert await world.served() == OLD
    # Whoever serves it, by a policy that has changed, does.
    serving = SteadyNames(world.names, world.history, HoldPolicy(), world.clock)
    assert (await serving.resolve(APP)).pointer == NEW
    assert (await by_default.resolve(APP)).pointer == NEW


async def test_a_policy_that_changes_is_heeded_where_names_do_not(world: World) -> None:
    serving = SteadyNames(world.names, world.history, HoldPolicy(), world.clock)
    await serving.resolve(APP)
    await world.look()
    held = await world.history.held(APP)
    assert held is not None
    assert held.hold == DAY
    await serving.resolve(APP)
    held = await world.history.held(APP)
    assert held is not None
    assert held.hold == 0


async def test_a_name_that_goes_back_begins_to_wait_anew(world: World) -> None:
    await world.hijacked()
    assert await world.served() == OLD
    world.names.says[APP] = OLD
    world.clock.seconds += DAY / 2
    assert (await world.look()).waiting is None
    world.names.says[APP] = NEW
    world.clock.seconds += DAY / 2 + 1
    assert await world.served() == OLD
    # So does another change in the place of the one that waits.
    world.names.says[APP] = THIRD
    world.clock.seconds += DAY
    assert (await world.look()).waiting == Change(
        THIRD, Waiting.NEW, world.clock.seconds, world.clock.seconds + DAY
    )


async def test_without_a_policy_names_change_at_once_and_their_past_is_kept(
    history: PointerHistory,
) -> None:
    world = World(history, hold=0)
    await world.hijacked()
    assert await world.served() == NEW
    world.clock.seconds += 60
    world.names.says[APP] = OLD
    assert await world.served() == OLD
    past = await history.past(APP)
    assert [(each.pointer, each.first_seen) for each in past] == [
        (OLD, NOON + 120), (NEW, NOON + 60), (OLD, NOON),
    ]  # fmt: skip
    assert past[0].stood_on == ("a contenthash record: name app.eth, block 0x0102",)
    assert past[0].standing is Standing.PROVEN
    world.names.says[APP] = GONE
    with pytest.raises(Unproven):
        await world.look()


async def test_answers_are_kept_no_longer_than_a_decision_may_take(world: World) -> None:
    assert (await world.look()).seconds == LIMITS.held_seconds
    await world.hijacked()
    assert (await world.look()).seconds == 0


async def test_a_pin_holds_for_good_and_unpinning_lets_go(world: World) -> None:
    await world.hijacked()
    await world.history.pin(APP, now=world.clock.seconds)
    assert await world.served() == OLD
    world.clock.seconds += 100 * DAY
    held = await world.look()
    assert held.pointer == OLD
    assert held.waiting is not None
    assert (held.waiting.why, held.waiting.until) == (Waiting.PINNED, None)
    await world.history.unpin(APP)
    assert await world.served() == NEW, "it has stood for longer than changes wait"


async def test_a_name_is_pinned_at_a_version_that_it_never_said(world: World) -> None:
    await world.history.pin(APP, THIRD, now=NOON)
    held = await world.look()
    assert held.pointer == THIRD
    assert held.waiting == Change(OLD, Waiting.PINNED, NOON)
    with pytest.raises(InvalidRequest, match="never resolved"):
        await world.history.pin("unseen.eth", now=NOON)


async def test_accepting_is_of_what_was_shown(world: World) -> None:
    await world.hijacked()
    await world.look()
    with pytest.raises(InvalidRequest, match="something else by now"):
        await world.history.accept(APP, THIRD)
    await world.history.accept(APP, NEW)
    assert (await world.look()).standing is Standing.PROVEN
    assert await world.served() == NEW
    with pytest.raises(InvalidRequest, match="nothing waits"):
        await world.history.accept(APP, NEW)


async def test_what_is_rejected_is_never_believed(world: World) -> None:
    await world.hijacked()
    await world.look()
    await world.history.reject(APP, NEW, now=world.clock.seconds)
    world.clock.seconds += 100 * DAY
    held = await world.look()
    assert held.pointer == OLD
    assert held.waiting is not None
    assert held.waiting.why is Waiting.REJECTED
    # A third one waits as any change does, and what was refused may be taken back.
    world.names.says[APP] = THIRD
    assert (await world.look()).waiting == Change(
        THIRD, Waiting.NEW, world.clock.seconds, world.clock.seconds + DAY
    )
    world.names.says[APP] = NEW
    await world.look()
    await world.history.accept(APP, NEW)
    assert await world.served() == NEW


async def test_rejecting_what_is_served_goes_back_to_the_one_before(
    history: PointerHistory,
) -> None:
    world = World(history, hold=0)
    assert await world.served() == OLD
    with pytest.raises(InvalidRequest, match="never held at anything else"):
        await history.reject(APP, OLD, now=NOON)
    assert await world.served() == OLD
    await world.hijacked()
    assert await world.served() == NEW
    await history.reject(APP, NEW, now=world.clock.seconds)
    assert await world.served() == OLD


async def test_what_is_not_resolved_is_served_while_it_is_fresh_or_pinned(world: World) -> None:
    await world.look()
    world.names.says[APP] = GONE
    world.clock.seconds += DAY - 1
    held = await world.look()
    assert held.pointer == OLD
    assert held.waiting == Change(None, Waiting.UNRESOLVED, NOON, reason="nobody knows it")
    asked = world.names.asked
    assert (await world.look()).waiting == held.waiting
    assert world.names.asked == asked
    world.clock.seconds += 1
    world.moment += LIMITS.held_name_again_seconds
    with pytest.raises(Unproven):
        await world.look()
    await world.history.pin(APP, now=world.clock.seconds)
    assert await world.served() == OLD


async def test_who_has_something_to_show_waits_for_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.look()
    monkeypatch.setattr(world.steady, "_limits", replace(LIMITS, held_name_wait_seconds=0.01))
    monkeypatch.setattr(world.names, "resolve", lambda _: asyncio.sleep(60))
    held = await world.look()
    assert held.pointer == OLD
    assert held.waiting is not None
    assert held.waiting.reason == "the name 'app.eth' is not resolved"


async def test_the_persons_own_names_pass_as_they_are(world: World) -> None:
    world.names.standing = Standing.OWN
    assert (await world.look()).standing is Standing.OWN
    assert await world.history.held(APP) is None


async def test_policies_are_by_name_and_names_by_any_spelling(history: PointerHistory) -> None:
    world = World(history)
    world.names.says["free.eth"] = OLD
    await world.look("free.eth")
    world.names.says["free.eth"] = NEW
    assert (await world.look("free.eth")).pointer == NEW
    await world.hijacked()
    for spelling in ("App.ETH.", "\uff21pp.eth", "a\xadpp.eth"):
        world.names.says[spelling] = NEW
        assert (await world.look(spelling)).pointer == OLD, spelling


async def test_two_processes_share_the_file(world: World, tmp_path: Path) -> None:
    await world.hijacked()
    await world.look()
    before = world.history.version()
    assert world.history.version() == before
    other = PointerHistory(tmp_path / "history.sqlite")
    try:
        await other.accept(APP, NEW)
    finally:
        other.close()
    assert world.history.version() != before
    assert await world.served() == NEW


async def test_a_disk_that_takes_nothing_keeps_nobody_from_what_is_not_held(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.look()

    async def full(_work: object) -> None:
        raise StoreFault("the disk is full")

    monkeypatch.setattr(world.history.file, "write", full)
    world.clock.seconds += 3600
    assert await world.served() == OLD
    world.names.says["free.eth"] = NEW
    assert (await world.look("free.eth")).pointer == NEW
    with pytest.raises(StoreFault):
        await world.look("other.eth")
    world.names.says[APP] = NEW
    with pytest.raises(StoreFault):
        await world.look()


@pytest.mark.parametrize(
    ("spoilt", "says"),
    [
        ("PRAGMA user_version = 99", "newer walkaway"),
        ("PRAGMA user_version = 1", "older walkaway"),
        ("CREATE TABLE a (b)", "another program's"),
    ],
)
async def test_a_file_of_others_is_left_alone(tmp_path: Path, spoilt: str, says: str) -> None:
    path = tmp_path / "history.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute(spoilt)
    history = PointerHistory(path)
    with pytest.raises(ConfigError, match=says):
        await World(history).look()


async def test_a_history_that_cannot_be_used_is_no_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    path.write_bytes(b"no database at all" * 100)
    history = PointerHistory(path)
    with pytest.raises(ConfigError, match="cannot be used"):
        await World(history).look()
    history.close()
    path.unlink()
    whole = PointerHistory(path)
    world = World(whole)
    await world.look()

    await whole.file.write(lambda file: file.execute("UPDATE held SET pointer = 'nonsense'"))
    with pytest.raises(StoreFault):
        await world.look()
    whole.close()


@pytest.mark.parametrize(
    ("text", "seconds"), [("24h", 86_400), ("7d", 604_800), ("30m", 1800), ("0", 0), ("90 s", None)]
)
def test_spans_of_time(text: str, seconds: float | None) -> None:
    if seconds is None:
        with pytest.raises(ConfigError, match="24h"):
            read_span(text)
    else:
        assert read_span(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "24", "-1h", "1.5h", "24h7m", "9999999d", "²h"])
def test_what_is_no_span_of_time(text: str) -> None:
    with pytest.raises(ConfigError, match="24h"):
        read_span(text)
