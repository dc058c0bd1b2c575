"""Whatever a name says, and whenever: nobody is served what did not stand for long enough."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

import pytest

from tests.names.changing import NEW, NOON, OLD, THIRD, ChangingNames
from walkaway.chain.clock import FixedClock
from walkaway.errors import Unproven, WalkawayError
from walkaway.names.history import PointerHistory
from walkaway.names.hold import HoldPolicy
from walkaway.names.pointer import Pointer
from walkaway.names.steady import SteadyNames

pytestmark = pytest.mark.adversary

HOLD = 1000.0
LOOKS = 400
APP = "app.eth"
SAID: Final[list[Pointer | WalkawayError]] = [
    OLD,
    NEW,
    THIRD,
    Unproven("nobody knows it", reasons={}),
]


class Watcher:
    """Knows by itself, from what was said at each look, what may be served."""

    def __init__(self) -> None:
        self.served: Pointer | None = None
        self.stood: tuple[Pointer, float] | None = None
        self.refused: set[Pointer] = set()

    def may_be_served(self, said: Pointer | WalkawayError, now: float) -> set[Pointer | None]:
        """What may be the answer to this look; None is a refusal."""
        if isinstance(said, WalkawayError):
            return {self.served, None}
        if self.stood is None or self.stood[0] != said or said == self.served:
            self.stood = said, now
        stood_for = now - self.stood[1]
        if self.served is None or said == self.served:
            return {said}
        is_due = stood_for >= HOLD and said not in self.refused
        return {said} if is_due else {self.served}


@pytest.mark.parametrize("seed", range(8))
async def test_no_change_comes_before_its_time(tmp_path: Path, seed: int) -> None:
    rng, clock = random.Random(seed), FixedClock(NOON)
    history = PointerHistory(tmp_path / "names.sqlite")
    names, watcher = ChangingNames({APP: OLD}), Watcher()
    steady = SteadyNames(names, history, HoldPolicy(HOLD), clock, timer=lambda: clock.seconds)
    changes = 0
    try:
        for _ in range(LOOKS):
            clock.seconds += rng.choice([1.0, 61.0, 400.0, HOLD])
            if rng.random() < 0.3:
                names.says[APP] = rng.choice(SAID)
            said = names.says[APP]
            may = watcher.may_be_served(said, clock.seconds)
            try:
                served: Pointer | None = (await steady.resolve(APP)).pointer
            except Unproven:
                served = None
            assert served in may, (seed, clock.seconds - NOON)
            if served is not None:
                changes += watcher.served not in (None, served)
                watcher.served = served
            held = await history.held(APP)
            if held is not None and held.says is not None and rng.random() < 0.02:
                watcher.refused.add(held.says)
                await history.reject(APP, held.says, now=clock.seconds)
    finally:
        history.close()
    assert changes > 3, "nothing was ever believed, so that nothing was tried"
