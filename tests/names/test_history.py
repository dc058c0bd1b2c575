"""What is kept of names when somebody makes them without end, or has one change without end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.names.changing import NEW, NOON, OLD, THIRD
from walkaway.errors import InvalidRequest, StoreFault, Unproven
from walkaway.limits import LIMITS, Limits
from walkaway.names.history import PointerHistory
from walkaway.names.hold import HeldName, Said
from walkaway.names.pointer import Pointer
from walkaway.names.resolution import Standing
from walkaway.names.served import ServedPointers

DAY = 86_400.0
CALLER = "0x" + "ab" * 20
PAGES, OTHERS = (Pointer("web3", f"0x{digits * 20}:1") for digits in ("cd", "ef"))
APP, ORIGIN = "app.eth", "app-eth.localhost:8080"
SMALL = replace(
    LIMITS,
    history_names=3,
    history_held_names=6,
    history_held_of_family=3,
    history_sightings_of_name=4,
    history_accepted_of_name=4,
    history_served=4,
)


class Seen:
    """A history in which names are seen to say things, a minute after one another."""

    def __init__(self, path: Path, limits: Limits, hold: float = 0.0) -> None:
        self.history = PointerHistory(path, limits)
        self.served = ServedPointers(self.history.file, limits)
        self.hold, self.now = hold, NOON

    async def says(self, pointer: Pointer, name: str = APP, *, seconds: float = 60) -> HeldName:
        self.now += seconds
        said = Said(pointer, Standing.PROVEN)
        return await self.history.see(name, said, hold=self.hold, now=self.now)

    async def shows(self, pointer: Pointer) -> None:
        """The name says it, and a browser is shown it."""
        await self.says(pointer)
        await self.served.note(ORIGIN, [(APP, pointer)])

    async def flood(self, count: int, below: str = "evil.eth") -> None:
        """Names of one owner are seen, twice each, so that none was seen for a moment alone."""
        for _ in range(2):
            for number in range(count):
                await self.says(OLD, f"{number}.{below}")

    async def reject(self, pointer: Pointer, name: str = APP) -> HeldName:
        return await self.history.reject(name, pointer, now=self.now)

    async def names(self) -> set[str]:
        return {held.name for held in await self.history.names()}


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[Callable[..., Seen]]:
    made: list[Seen] = []

    def make(limits: Limits = SMALL, hold: float = 0.0) -> Seen:
        made.append(Seen(tmp_path / "names.sqlite", limits, hold))
        return made[-1]

    yield make
    for each in made:
        each.history.close()


def version(number: int) -> Pointer:
    return Pointer("ipfs", OLD.root, (str(number),))


async def test_a_flood_of_names_pushes_out_no_decision(seen: Callable[..., Seen]) -> None:
    world = seen()
    for name in (APP, "pinned.evil.eth", "accepted.eth"):
        await world.says(OLD, name)
    await world.says(NEW)
    assert (await world.reject(NEW)).pointer == OLD
    await world.history.pin("pinned.evil.eth", now=world.now)
    world.hold = DAY
    await world.says(NEW, "accepted.eth")
    await world.history.accept("accepted.eth", NEW)
    world.hold = 0.0
    # The name goes back meanwhile, so that nothing of it waits.
    assert (await world.says(OLD)).says is None
    await world.says(OLD, "pinned.evil.eth")
    await world.flood(8)
    assert await world.names() >= {APP, "pinned.evil.eth", "accepted.eth"}
    held = await world.says(NEW)
    assert (held.pointer, held.rejected) == (OLD, True)


async def test_a_flood_pushes_out_no_name_of_others(seen: Callable[..., Seen]) -> None:
    world = seen()
    await world.says(OLD)
    await world.flood(8)
    assert await world.names() == {APP, "6.evil.eth", "7.evil.eth"}
    # Where all are of different owners, the one that was asked for longest ago leaves.
    await world.says(OLD, "b.eth")
    await world.says(OLD, "c.eth")
    await world.says(OLD)
    await world.says(OLD, "d.eth")
    assert await world.names() == {APP, "c.eth", "d.eth"}


async def test_where_changes_wait_no_name_is_forgotten_for_another(
    seen: Callable[..., Seen],
) -> None:
    world = seen(hold=30 * DAY)
    await world.says(OLD)
    with pytest.raises(StoreFault, match=r"3 names below .* are held already") as full:
        await world.flood(8)
    assert "pin-name '*.evil.eth' --forget" in str(full.value.advice)
    await world.says(OLD, "other.eth")
    await world.says(OLD, "another.eth")
    with pytest.raises(StoreFault, match="6 names are held already"):
        await world.says(OLD, "one-too-many.eth")
    # What is held already goes on to be, and the person's own pin finds room.
    assert (await world.says(NEW)).pointer == OLD
    await world.history.pin("mine.eth", OLD, now=world.now)
    # Where no change of it waits, a name is seen all the same.
    world.hold = 0.0
    await world.says(OLD, "free.eth")
    world.hold = 30 * DAY
    assert await world.history.forget("*.evil.eth") == 3
    assert (await world.says(OLD, "one-too-many.eth")).pointer == OLD


async def test_forgetting_by_a_pattern_leaves_what_was_decided(seen: Callable[..., Seen]) -> None:
    world = seen()
    await world.says(OLD)
    await world.says(OLD, "b.eth")
    await world.history.pin(APP, now=world.now)
    assert await world.history.forget("*") == 1
    assert await world.names() == {APP}
    for name in ("b.eth", "*.b.eth"):
        with pytest.raises(InvalidRequest, match="was resolved here"):
            await world.history.forget(name)
    await world.says(NEW)
    await world.reject(NEW)
    assert await world.history.forget("APP.eth") == 1
    assert await world.history.past(APP) == []
    assert (await world.says(NEW)).pointer == NEW, "nothing is left of it"


async def test_a_name_and_its_contracts_share_their_owners_room(seen: Callable[..., Seen]) -> None:
    world = seen(hold=DAY)
    for name, pointer in (("a.evil.eth", OLD), ("a.evil.eth:1", PAGES), ("a.evil.eth:2", PAGES)):
        await world.says(pointer, name)
    with pytest.raises(StoreFault, match=r"3 names below evil\.eth are held"):
        await world.says(PAGES, "a.evil.eth:3")
    assert (await world.says(PAGES, "app.eth:1")).pointer == PAGES
    assert await world.history.forget("*.evil.eth") == 3
    assert await world.names() == {"app.eth:1"}


async def test_a_version_is_kept_as_a_name_says_it(seen: Callable[..., Seen]) -> None:
    world, name = seen(), "app.eth:1"
    typed = Pointer("web3", PAGES.root.upper().replace("X", "x"), target="/")
    held = await world.history.pin(name, typed, now=world.now)
    assert (held.pointer, held.pinned) == (PAGES, True)
    assert (await world.says(PAGES, name)).says is None, "nothing waits: it says that"
    await world.says(OTHERS, name)
    typed = Pointer("web3", OTHERS.root, target="/")
    assert (await world.history.reject(name, typed, now=world.now)).rejected
    assert (await world.history.accept(name, typed)).pointer == OTHERS
    assert [past.pointer for past in await world.history.past(name)] == [OTHERS, PAGES]


async def test_a_name_is_held_at_nothing_that_it_cannot_say(seen: Callable[..., Seen]) -> None:
    world = seen()
    for name, pointer, said in (
        ("app.eth:1", OLD, "leads to a contract, and cannot lead to"),
        ("app.eth", PAGES, "cannot lead to a contract"),
        ("app.eth:1", Pointer("web3", "other.eth:1"), "no address of a contract"),
        ("app.eth:1", Pointer("web3", f"{CALLER}@{PAGES.root}"), "no address of a contract"),
        ("app.eth:1", Pointer("web3", PAGES.root, target="/a"), "without a path"),
        ("app.eth", Pointer("piece", "baga"), "can lead to no such version"),
    ):
        for decided in (
            world.history.pin(name, pointer, now=world.now),
            world.history.accept(name, pointer),
            world.history.reject(name, pointer, now=world.now),
        ):
            with pytest.raises(InvalidRequest, match=said):
                await decided
    assert await world.names() == set()


async def test_a_name_without_a_star_is_no_pattern(seen: Callable[..., Seen]) -> None:
    world = seen()
    await world.says(OLD, "ab.example")
    with pytest.raises(InvalidRequest, match="was resolved here"):
        await world.history.forget("a[bc].example")


async def test_what_was_decided_on_is_listed_first(seen: Callable[..., Seen]) -> None:
    world = seen(LIMITS, hold=DAY)
    await world.says(OLD)
    await world.history.pin(APP, now=world.now)
    for name in ("b.eth", "c.eth", "d.eth"):
        await world.says(OLD, name)
    await world.says(NEW, "b.eth")
    assert [held.name for held in await world.history.names()] == [APP, "b.eth", "d.eth", "c.eth"]
    assert [held.name for held in await world.history.names(2)] == [APP, "b.eth"]


async def test_what_was_rejected_is_no_first_sight_either(seen: Callable[..., Seen]) -> None:
    world = seen()
    await world.history.file.write(
        lambda file: file.execute("INSERT INTO rejected VALUES (?, ?, 0)", (APP, str(NEW)))
    )
    with pytest.raises(Unproven, match="you rejected what it says"):
        await world.says(NEW)
    assert await world.history.held(APP) is None
    assert (await world.says(OLD)).pointer == OLD
    assert (await world.says(NEW)).pointer == OLD


async def test_rejecting_leads_back_to_what_was_accepted_alone(seen: Callable[..., Seen]) -> None:
    world = seen(hold=DAY)
    await world.says(OLD)
    await world.says(NEW)
    assert (await world.says(NEW, seconds=DAY)).pointer == NEW
    # Another waits, and the name goes back before anybody decides: that was never accepted.
    assert (await world.says(THIRD)).pointer == NEW
    assert (await world.says(NEW)).says is None
    held = await world.reject(NEW)
    assert (held.pointer, held.says, held.rejected) == (OLD, NEW, True)
    assert (await world.says(THIRD)).pointer == OLD
    with pytest.raises(InvalidRequest, match="never held at anything else"):
        await world.reject(OLD)


async def test_rejecting_what_a_name_has_left_changes_what_is_served(
    seen: Callable[..., Seen],
) -> None:
    world = seen(hold=DAY)
    await world.says(OLD)
    await world.says(NEW)
    await world.says(NEW, seconds=DAY)
    assert (await world.says(OLD)).says == OLD
    held = await world.reject(NEW)
    assert (held.pointer, held.says) == (OLD, None), "it says what it is held at again"


async def test_rejecting_leads_back_to_what_was_held_last(seen: Callable[..., Seen]) -> None:
    world = seen()
    for pointer in (OLD, NEW, THIRD, OLD, THIRD):
        await world.says(pointer)
    assert (await world.reject(THIRD)).pointer == OLD


async def test_what_is_rejected_is_what_was_shown(seen: Callable[..., Seen]) -> None:
    world = seen(hold=DAY)
    await world.says(OLD)
    await world.says(NEW)
    # The name goes back while the person looks at what waits.
    await world.says(OLD)
    held = await world.reject(NEW)
    assert (held.pointer, held.says) == (OLD, None)
    assert (await world.says(NEW)).rejected
    with pytest.raises(InvalidRequest, match="never seen to say"):
        await world.reject(THIRD)


async def test_a_name_that_flips_without_end_keeps_its_beginning(
    seen: Callable[..., Seen],
) -> None:
    world = seen()
    await world.shows(OLD)
    for number in range(20):
        await world.shows(version(number))
    past = await world.history.past(APP)
    assert past[-1].pointer == OLD
    assert (past[-1].first_seen, past[-1].stood_on) == (NOON + 60, ())
    await world.says(OLD)
    assert len(await world.served.left(ORIGIN)) == SMALL.history_served
    # Of what no browser was shown, the first and the last are kept, too.
    for number in range(20, 40):
        await world.says(version(number))
    kept = [each.pointer for each in await world.history.past(APP)]
    assert OLD in kept
    assert kept[:4] == [version(number) for number in (39, 38, 37, 36)]
    assert len(kept) < 15


async def test_whatever_a_browser_was_shown_keeps_its_place(seen: Callable[..., Seen]) -> None:
    world = seen(replace(SMALL, history_served=100))
    for number in range(20):
        await world.shows(version(number))
    await world.says(version(10))
    left = [each.pointer for each in await world.served.left(ORIGIN)]
    assert left == [version(number) for number in range(11, 20)]


async def test_what_a_name_only_said_is_bounded(seen: Callable[..., Seen]) -> None:
    world = seen(hold=DAY)
    await world.says(OLD)
    for number in range(20):
        await world.says(version(number))
    past = [each.pointer for each in await world.history.past(APP)]
    assert past == [version(number) for number in (19, 18, 17, 16)] + [OLD]
    known = await world.history.file.read(lambda file: [*file.execute("SELECT id FROM known")])
    assert len(known) == 5


async def test_of_all_names_those_with_the_most_versions_lose_some(
    seen: Callable[..., Seen],
) -> None:
    world = seen(replace(LIMITS, history_pointers=9, history_accepted_of_name=8))
    await world.says(OLD)
    await world.says(NEW)
    for number in range(12):
        await world.says(version(number), "evil.eth")
    assert await world.names() == {APP, "evil.eth"}
    assert len(await world.history.past("evil.eth")) == 12, "it loses some, and is not forgotten"
    assert (await world.reject(version(11), "evil.eth")).pointer == version(10)
    await world.history.forget("evil.eth")
    for number in range(7):
        await world.says(version(number), "worse.eth")
    await world.says(OLD, "other.eth")
    assert await world.names() == {APP, "other.eth"}


async def test_a_flood_of_origins_pushes_out_no_other(seen: Callable[..., Seen]) -> None:
    world = seen(replace(SMALL, history_names=100))
    await world.shows(OLD)
    await world.shows(NEW)
    for number in range(8):
        name = f"{number}.evil.eth"
        await world.says(OLD, name)
        await world.served.note(f"{number}-evil-eth.localhost:8080", [(name, OLD)])
    await world.says(OLD)
    assert [each.pointer for each in await world.served.left(ORIGIN)] == [NEW]


async def test_a_clock_that_goes_back_hides_nothing(seen: Callable[..., Seen]) -> None:
    world = seen(hold=DAY)
    world.now += 365 * DAY
    await world.shows(OLD)
    await world.says(NEW)
    # The order of what was seen does not hang on it, nor does the wait last for a year.
    world.now = NOON
    held = await world.says(NEW)
    assert held.says_since == world.now
    assert (await world.says(NEW, seconds=DAY)).pointer == NEW
    await world.served.note(ORIGIN, [(APP, NEW)])
    assert await world.served.left(ORIGIN) == []
    await world.says(OLD)
    await world.history.accept(APP, OLD)
    assert [each.pointer for each in await world.served.left(ORIGIN)] == [NEW]


async def test_a_look_notes_nothing(seen: Callable[..., Seen]) -> None:
    world = seen(hold=DAY)
    new = Said(NEW, Standing.PROVEN)
    later = NOON + 10 * DAY
    assert await world.history.would_hold(APP, new, hold=0.0, now=later) is None
    await world.says(OLD)
    before = await world.history.names()
    for hold in (0.0, DAY):
        held = await world.history.would_hold(APP, new, hold=hold, now=later)
        assert held is not None
        assert (held.pointer, held.says, held.says_since) == (OLD, NEW, later)
    assert await world.history.names() == before
    await world.says(NEW)
    after = await world.history.would_hold(APP, new, hold=0.0, now=world.now + DAY - 1)
    assert after is not None
    assert after.pointer == OLD
    await world.reject(NEW)
    rejected = await world.history.would_hold(APP, new, hold=0.0, now=later)
    assert rejected is not None
    assert rejected.rejected
