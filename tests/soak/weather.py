"""What the sources do: periods in which one of them is honest all the time, and dark ones.

The others change at random, among everything that the devnet's sources can do and
being gone. Also the chain is not at rest: some of its newest blocks are replaced.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass

from tests.soak.dice import own_dice
from tests.soak.truth import Truth
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import BEACON, EXECUTION
from walkaway.devnet.sources.behaviours import Behaviour, Node, node
from walkaway.devnet.sources.server import SourceServer
from walkaway.errors import InvalidRequest
from walkaway.sources.defaults import ListedSource

__all__ = ["Chain", "Period", "Weather"]

NAMES = ("alder", "birch", "cedar", "dogwood", "elm")
DISHONEST = tuple(each for each in Behaviour if each not in (Behaviour.HONEST, Behaviour.SLOW))
REORG_SHARE = 0.08
"""Of all slots, how many begin with a reorg."""
DEEPEST_REORG = 3
GONE_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class Period:
    """A kind of weather. Times are seconds; ``honest_share`` is of those that change."""

    name: str
    shortest: float
    longest: float
    change_every: float
    honest_share: float
    has_keeper: bool = True
    """Whether one source is honest and there from its beginning to its end."""


CALM = Period("calm", 15, 40, change_every=4, honest_share=0.5)
STORMY = Period("stormy", 10, 30, change_every=0.7, honest_share=0.3)
DARK = Period("dark", 4, 15, change_every=1.5, honest_share=0, has_keeper=False)


class _Source:
    """One source, whose port stays its own while it is gone."""

    def __init__(self, name: str, devnet: Devnet, seed: int) -> None:
        self.name = name
        self.behaviour = Behaviour.HONEST
        self._devnet = devnet
        self._seed = seed
        self._server = SourceServer(self._node())
        self._is_up = False
        self.url = ""

    async def come(self) -> None:
        if not self._is_up:
            port = int(self.url.rpartition(":")[2]) if self.url else 0
            self.url = await self._server.start(port)
            self._is_up = True

    async def go(self) -> None:
        if self._is_up:
            self._is_up = False
            await self._server.stop()

    def behave(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self._server.node = self._node()

    def _node(self) -> Node:
        return node(self.behaviour, self._devnet.execution, self._devnet.beacon, self._seed)


class Weather:
    """The sources, and what becomes of them. ``period`` is the one that is now."""

    def __init__(self, devnet: Devnet, rng: random.Random) -> None:
        self._rng = own_dice(rng)
        self._sources = [_Source(name, devnet, self._rng.randrange(2**32)) for name in NAMES]
        self.period = STORMY
        self.began = time.monotonic()
        self.periods = 0
        self._keeper: _Source | None = None
        self.honest_since: float | None = None
        """When the source came that has been honest and there ever since; None where none is."""

    async def begin(self) -> list[ListedSource]:
        """Open all sources, honest for now."""
        for source in self._sources:
            await source.come()
        kinds = tuple(sorted(EXECUTION | BEACON))
        return [
            ListedSource(name=source.name, operator=source.name, kinds=kinds, url=source.url)
            for source in self._sources
        ]

    async def blow(self) -> None:
        """Change the weather until cancelled. It begins stormy."""
        while True:
            length = self._rng.uniform(self.period.shortest, self.period.longest)
            await self._last(length)
            self._set(self._rng.choices((CALM, STORMY, DARK), (5, 3, 2))[0])

    async def lie(self) -> None:
        """Every source lies about balances, until cancelled."""
        for source in self._sources:
            source.behave(Behaviour.LYING_BALANCE)
        await asyncio.Event().wait()

    async def clear(self) -> None:
        """Every source honest and there again."""
        self._set(CALM)
        for source in self._sources:
            source.behave(Behaviour.HONEST)
            await source.come()

    async def end(self) -> None:
        """Close every source."""
        for source in self._sources:
            await source.go()

    @property
    def calm_seconds(self) -> float:
        """For how long some source was honest and there without a break; 0 where none is."""
        return time.monotonic() - self.began if self.period.has_keeper else 0.0

    def _set(self, period: Period) -> None:
        if not (period.has_keeper and self.period.has_keeper):
            self.began = time.monotonic()
        self.period = period
        self.periods += 1

    async def _last(self, seconds: float) -> None:
        """Let the period last, one source after another changing."""
        # How many changes fit into a period hangs on the clock; the next period must not.
        dice = own_dice(self._rng)
        keeper = dice.choice(self._sources) if self.period.has_keeper else None
        if keeper is not None:
            keeper.behave(Behaviour.HONEST)
            await keeper.come()
        if keeper is not self._keeper:
            self._keeper = keeper
            self.honest_since = None if keeper is None else time.monotonic()
        others = [source for source in self._sources if source is not keeper]
        for source in others:
            await self._change(source, dice)
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            await self._change(dice.choice(others), dice)
            await asyncio.sleep(min(left, dice.expovariate(1 / self.period.change_every)))

    async def _change(self, source: _Source, dice: random.Random) -> None:
        if dice.random() < GONE_SHARE:
            await source.go()
            return
        is_honest = dice.random() < self.period.honest_share
        source.behave(Behaviour.HONEST if is_honest else dice.choice(DISHONEST))
        await source.come()


class Chain:
    """Lets the devnet's slots pass by the clock, with a reorg now and then."""

    def __init__(self, devnet: Devnet, truth: Truth, rng: random.Random) -> None:
        self._devnet = devnet
        self._truth = truth
        self._rng = own_dice(rng)
        self.reorgs = 0

    async def grow(self) -> None:
        """Make each slot's block when it begins, until cancelled."""
        devnet, spec = self._devnet, self._devnet.spec
        while True:
            await asyncio.sleep(max(0.0, spec.time_of_slot(devnet.slot + 1) - time.time()))
            late = spec.slot_at_time(time.time()) - devnet.slot - 1
            if late > 0:
                devnet.skip(late)
            self._pass_slot()
            self._truth.note()

    def _pass_slot(self) -> None:
        if self._rng.random() < REORG_SHARE:
            try:
                self._devnet.reorg(self._rng.randint(1, DEEPEST_REORG))
                self.reorgs += 1
            except InvalidRequest:
                pass  # it would reach what is final
            else:
                return
        self._devnet.advance()
