"""Mirrors, tried: blocks out of archives first, since these prove themselves, then whole files."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final, TypeVar, final

from walkaway.chain.single_flight import SingleFlight
from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.mirrors.block_mirror import CarMirror, OneBlock, is_car
from walkaway.content.mirrors.first import Way, first_of
from walkaway.content.mirrors.table import Mirror, MirrorTable
from walkaway.content.network import Supply
from walkaway.content.proven_file import OpensFiles, ProvenFile
from walkaway.content.store.block_store import BlockStore
from walkaway.errors import NoSuchPath, Unproven
from walkaway.limits import LIMITS, Limits
from walkaway.names.pointer import Network, Pointer
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.proven import Proven

__all__ = ["Mirrors"]

T = TypeVar("T")

_IPFS: Final = "IPFS"
"""What everybody is called who is asked for blocks, where none of them is named."""


@final
class Mirrors:
    """The mirrors that a person's settings name, tried. `close` it before the store.

    ``others`` open what stands on networks other than IPFS; ``note`` is told which mirror a
    block came from.
    """

    def __init__(
        self,
        table: MirrorTable,
        others: Mapping[Network, OpensFiles],
        store: BlockStore,
        *,
        note: Callable[[Cid, Supply], None] = lambda _cid, _supply: None,
        limits: Limits = LIMITS,
    ) -> None:
        self._table = table
        self._others = others
        self._store = store
        self._note = note
        self._limits = limits
        self._opening: SingleFlight[ProvenFile] = SingleFlight()
        self._open: OrderedDict[Pointer, CarMirror] = OrderedDict()
        self._led: dict[Pointer, tuple[str, float]] = {}

    async def first(
        self,
        pointer: Pointer,
        blocks: Blocks,
        go: Callable[[Blocks], Awaitable[T]],
        go_to: Callable[[Mirror, Blocks], Awaitable[T]],
        let_go: Callable[[T], Awaitable[None]] | None = None,
    ) -> T:
        """What ``go`` makes of what stands at an address or, where that is not to be had or not
        soon, what ``go_to`` makes of a mirror. What came too late is let go of.

        ``go`` is given ``blocks`` with those of mirrors behind them. What it proves is the
        answer, also that a path leads nowhere: no mirror has a say in it then. A mirror that
        had files of the release lately begins at once beside it.

        Raises:
            Unproven: it is to be had nowhere; says of each mirror why.
            WalkawayError: what ``go`` has proven.
        """
        mirrors = self._table.of(pointer)
        if not mirrors:
            return await go(blocks)

        release = mirrors[0].release
        leads = self._leads(release)

        async def go_there(mirror: Mirror) -> T:
            if mirror.block is not None and mirror.base.network == "ipfs":
                raise Unproven("nothing of another DAG proves to be this block", reasons={})
            if mirror.block is not None or await self.blocks_at(mirror) is not None:
                # Why that way led nowhere, if it did, is told by the way through its blocks.
                raise Unproven("", reasons={})
            found = await go_to(mirror, blocks)
            if not leads:
                self._led[release] = (str(mirror.base), time.monotonic())
            return found

        ways = [Way(str(mirror.base), partial(go_there, mirror)) for mirror in mirrors]
        ways.sort(key=lambda way: way.name != leads)
        ways.insert(0, Way(str(pointer), partial(go, self.backed(pointer, blocks)), decides=True))
        why_not = f"{str(pointer)[:200]} is to be had nowhere"
        at_once = 2 if leads else 1
        return await first_of(ways, self.patience, why_not, at_once=at_once, let_go=let_go)

    def _leads(self, release: Pointer) -> str:
        """The mirror that had files of a release when that was not to be had, lately; else
        nothing. Whoever opens a page asks for many: the others need not wait as the first did.
        """
        mirror, since = self._led.get(release, ("", 0.0))
        is_late = time.monotonic() - since > self._limits.mirror_again_seconds
        return "" if is_late else mirror

    def backed(self, pointer: Pointer, blocks: Blocks) -> Blocks:
        """Blocks of what stands at an address, with those of its mirrors behind them."""
        mirrors = self._table.of(pointer) if pointer.network == "ipfs" else ()
        return _BackedBlocks(blocks, mirrors, self) if mirrors else blocks

    async def blocks_at(self, mirror: Mirror) -> Blocks | None:
        """The blocks that stand at a mirror; None where it has files, which are no blocks.

        Raises why it is not to be had, as `OpensFiles.open`.
        """
        network = self._others.get(mirror.base.network)
        if mirror.release.network != "ipfs" or network is None:
            return None
        at = mirror.archive
        if at in self._open:
            self._open.move_to_end(at)
            return self._open[at]
        try:
            file = await self._opening.run(at, partial(self._file, network, at))
        except NoSuchPath:
            return None
        if await is_car(file):
            return await self._archive(network, at, file)
        return None if mirror.block is None else OneBlock(file, mirror.block, self._store)

    async def block(self, cid: Cid, mirror: Mirror) -> Proven[bytes]:
        """A block from a mirror. Raises `Unproven` where it has none, else as `Blocks.get`."""
        blocks = await self.blocks_at(mirror)
        if blocks is None:
            raise Unproven("it has no blocks, only files", reasons={})
        block = await blocks.get(cid)
        self._note(cid, Supply(str(mirror.base)))
        return block

    @property
    def patience(self) -> float:
        """How many seconds whoever is asked may say nothing before a mirror is tried."""
        return self._limits.mirror_patience_seconds

    async def close(self) -> None:
        """Read no archive further."""
        while self._open:
            await self._open.popitem()[1].close()

    async def _file(self, network: OpensFiles, at: Pointer) -> ProvenFile:
        return await network.open(at, Budget(self._limits, size=self._limits.mirror_car_bytes))

    async def _archive(self, network: OpensFiles, at: Pointer, file: ProvenFile) -> CarMirror:
        if at not in self._open:
            again = partial(self._file, network, at)
            self._open[at] = CarMirror(file, again, self._store, self._limits)
        found = self._open[at]
        while len(self._open) > self._limits.mirror_cars_open:
            await self._open.popitem(last=False)[1].close()
        return found


@final
class _BackedBlocks:
    """`Blocks` of a release, with its mirrors behind them. Whoever gave the last one is asked
    first for the next.
    """

    def __init__(self, blocks: Blocks, mirrors: tuple[Mirror, ...], behind: Mirrors) -> None:
        self._blocks = blocks
        self._mirrors = [mirror for mirror in mirrors if mirror.base.network != "ipfs"]
        self._behind = behind
        self._leads = _IPFS

    async def get(self, cid: Cid) -> Proven[bytes]:
        ways = [Way(_IPFS, partial(self._of_network, cid), decides=True)]
        ways += [Way(str(at.base), partial(self._of_mirror, at, cid)) for at in self._mirrors]
        ways.sort(key=lambda way: way.name != self._leads)
        why_not = f"nobody could supply this block: {cid}"
        return await first_of(ways, self._behind.patience, why_not)

    async def _of_network(self, cid: Cid) -> Proven[bytes]:
        block = await self._blocks.get(cid)
        self._leads = _IPFS
        return block

    async def _of_mirror(self, mirror: Mirror, cid: Cid) -> Proven[bytes]:
        block = await self._behind.block(cid, mirror)
        self._leads = str(mirror.base)
        return block
