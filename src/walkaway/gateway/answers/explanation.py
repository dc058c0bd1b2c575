"""Why a page is to be believed: the way from its address to its blocks, walked again.

The name is resolved and the blocks on the path are read once more while what is asked of
sources is recorded. Nothing is told that was not proven just now, but for who supplied
what, which nobody proves and nobody has to.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from itertools import islice

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.exporter.directory import find_in
from walkaway.content.exporter.file import as_file
from walkaway.content.exporter.node import Look, What, look_at
from walkaway.content.filecoin.content import read_root
from walkaway.content.filecoin.pdp import PdpVerifier
from walkaway.content.filecoin.pdp_words import pdp_words
from walkaway.content.mirrors.mirrors import Mirrors
from walkaway.content.network import Supply
from walkaway.content.open import NameStep, Networks, Root, find_root
from walkaway.content.proven_file import Believed, OpensFiles, ProvenFile
from walkaway.content.resolve import resolve
from walkaway.content.suppliers import Address, Supplied
from walkaway.errors import InvalidRequest, WalkawayError
from walkaway.gateway.answers.answer import Answer
from walkaway.gateway.answers.directories import INDEX
from walkaway.gateway.request.asked import Asked
from walkaway.gateway.request.roots import check_root
from walkaway.gateway.safety.allowed import AllowedBlocks, allow_pointer
from walkaway.gateway.safety.denylist import Denylist
from walkaway.limits import LIMITS, Limits
from walkaway.names.pointer import Network, Pointer
from walkaway.names.resolution import Names, Resolution
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.proven import Proven
from walkaway.sources.recording import Exchange, recording
from walkaway.sources.standing import SourceStatus

__all__ = ["Explanation", "Explanations", "PathBlock"]


@dataclass(frozen=True, slots=True)
class PathBlock:
    """A block that was read on the way, its bytes, and who gave it; None where nobody had to."""

    cid: Cid
    size: int
    supply: Supply | None


@dataclass(slots=True)
class Explanation:
    """What a page's address led to, step by step, as far as it led.

    ``names`` are the names on the way with where each led; ``root`` what they led to;
    ``blocks`` those of the path and of what stands at its end, of which ``cid`` is the
    address, up to a limit; ``file`` is what stands there on another network. ``exchanges``
    were made for this explanation, ``untold`` is how many more; ``liars`` are the sources
    that were caught since this program began. ``supplied`` says who gave the file, or parts
    of it; ``besides`` is what is said of it and proven by nobody, where that was asked for.
    ``failure`` is what ended the way before its end.
    """

    address: str
    asked: Asked
    names: list[NameStep] = field(default_factory=list)
    root: Root | None = None
    cid: Cid | None = None
    blocks: list[PathBlock] = field(default_factory=list)
    file: ProvenFile | None = None
    is_cut: bool = False
    exchanges: Sequence[Exchange] = ()
    untold: int = 0
    liars: tuple[SourceStatus, ...] = ()
    supplied: tuple[Supplied, ...] = ()
    besides: tuple[Believed, ...] = ()
    failure: WalkawayError | None = None

    @property
    def believed(self) -> tuple[Believed, ...]:
        """What of it, but for names, is somebody's word or less than a proof."""
        if self.file is not None:
            return self.file.believed
        return () if self.root is None else self.root.believed

    @property
    def is_proven(self) -> bool:
        """Whether every step held, and none is somebody's word."""
        is_whole = self.failure is None and self.root is not None
        by_word = any(word.said_by for word in self.believed)
        return is_whole and not by_word and all(step.resolution.proven for step in self.names)


class Explanations:
    """Explains pages of this gateway.

    ``others`` give what is on networks other than IPFS, ``mirrors`` what stands on several.
    ``supply`` tells who gave a block, ``supplied`` who gave what is not on IPFS, ``sources``
    how all stand who are asked for anything. ``pdp`` is asked who proves to hold a piece.
    """

    def __init__(
        self,
        blocks: Blocks,
        names: Names,
        *,
        others: Mapping[Network, OpensFiles] | None = None,
        mirrors: Mirrors | None = None,
        supply: Callable[[Cid], Supply | None] = lambda _: None,
        supplied: Callable[[Address], Supplied | None] = lambda _: None,
        sources: Callable[[], Sequence[SourceStatus]] = tuple,
        pdp: PdpVerifier | None = None,
        denylist: Denylist | None = None,
        limits: Limits = LIMITS,
    ) -> None:
        self._networks = Networks(blocks, others or {}, mirrors)
        self._names = names
        self._supply = supply
        self._supplied = supplied
        self._sources = sources
        self._pdp = pdp
        self._denylist = denylist
        self._limits = limits

    async def explain(
        self, address: str, lead: Callable[[], Awaitable[Asked | Answer]], data_set: str = ""
    ) -> Explanation:
        """Walk the way again from an address; ``lead`` says which content path it is, and
        ``data_set`` of which data set of Filecoin it is asked whether it holds the piece.

        Raises:
            InvalidRequest: it leads to no content, or to no piece where a data set is named.
            Unsupported: nobody is asked about data sets.
            Failure: a denylist denies it.
        """
        with recording() as heard:
            asked = await lead()
            if isinstance(asked, Answer):
                raise InvalidRequest(
                    "this address is the gateway's own: nothing is proven to show it",
                    advice="explain the address of a page that the gateway opened",
                )
            told = Explanation(address, asked)
            try:
                await self._walk(told)
            except WalkawayError as error:
                told.failure = error
            if data_set:
                told.besides = await self._besides(told, data_set)
        told.supplied = self._suppliers(told.file)
        told.exchanges, told.untold = tuple(heard.exchanges), heard.left_out
        told.liars = tuple(source for source in self._sources() if source.lies)
        return told

    async def _besides(self, told: Explanation, data_set: str) -> tuple[Believed, ...]:
        if told.root is None or told.root.pointer.network != "piece":
            raise InvalidRequest(
                "data sets are of Filecoin, and hold its pieces alone",
                advice="ask for a piece: /explain?url=piece://CID&data_set=7",
            )
        return await pdp_words(self._pdp, read_root(told.root.pointer.root).cid, data_set)

    def _suppliers(self, file: ProvenFile | None) -> tuple[Supplied, ...]:
        """Who gave what the evidence of a file begins with."""
        if file is None:
            return ()
        facts = (fact for anchor in file.because.anchors() for _, fact in anchor.facts)
        addresses = dict.fromkeys(fact for fact in facts if not isinstance(fact, int))
        known = (self._supplied(address) for address in addresses)
        return tuple(islice(filter(None, known), self._limits.explained_blocks))

    async def _walk(self, told: Explanation) -> None:
        pointer = told.asked.pointer
        check_root(pointer.network, pointer.root)
        names = _NotedNames(self._names, told.names)
        told.root = await find_root(names, pointer, self._limits, passing=self._allow)

        async def walk_at(root: Root, blocks: Blocks) -> Explanation:
            # What is not to be had is told as far as it led; of mirrors, only where one has it.
            way = told if root.mirror is None else replace(told, root=root, blocks=[])
            await self._walk_at(way, root, blocks)
            return way

        way = await self._networks.first(told.root, walk_at)
        if way is not told:
            told.root, told.cid, told.blocks = way.root, way.cid, way.blocks
            told.file, told.is_cut = way.file, way.is_cut

    async def _walk_at(self, told: Explanation, root: Root, blocks: Blocks) -> None:
        budget = Budget(self._limits)
        if root.mirror is not None:
            self._allow(root.pointer)
        if root.pointer.network != "ipfs":
            await self._read_file(told, root, budget)
            return
        noted = _NotedBlocks(AllowedBlocks(blocks, self._denylist), told, self._supply)
        resolved = await resolve(noted, root.cid, root.path, budget)
        told.cid = resolved.cid
        look = await look_at(noted, resolved.cid, budget)
        if look.what.is_directory and told.asked.slash:
            entry, _ = await find_in(noted, look, INDEX, budget)
            if entry is None:
                return
            told.cid = entry.cid
            look = await look_at(noted, entry.cid, budget)
        await self._read(noted, look, told, budget)

    async def _read_file(self, told: Explanation, root: Root, budget: Budget) -> None:
        """Open what is on another network, and read its beginning."""
        told.file = file = await self._networks.open(root, budget)
        end = self._limits.explained_bytes if file.size is None else file.size
        end = min(end, self._limits.explained_bytes)
        told.is_cut = file.size is None or end < file.size
        async with aclosing(file.stream(0, end)) as pieces:
            async for _ in pieces:
                pass

    async def _read(self, blocks: Blocks, look: Look, told: Explanation, budget: Budget) -> None:
        """Read the file that the page is, as far as its blocks are told."""
        if look.what is not What.FILE:
            return
        async with aclosing(as_file(blocks, look, budget).stream()) as pieces:
            async for _ in pieces:
                if len(told.blocks) >= self._limits.explained_blocks:
                    told.is_cut = True
                    return

    def _allow(self, pointer: Pointer) -> None:
        allow_pointer(self._denylist, pointer)


@dataclass(frozen=True, slots=True)
class _NotedNames:
    """`Names` that keeps each step, so that those are known which were made before one failed."""

    names: Names
    steps: list[NameStep]

    async def resolve(self, name: str) -> Resolution:
        resolution = await self.names.resolve(name)
        self.steps.append(NameStep(name, resolution))
        return resolution


@dataclass(frozen=True, slots=True)
class _NotedBlocks:
    """`Blocks` that keeps which were read, each once, in the order in which they were there."""

    blocks: Blocks
    told: Explanation
    supply: Callable[[Cid], Supply | None]

    async def get(self, cid: Cid) -> Proven[bytes]:
        block = await self.blocks.get(cid)
        if all(read.cid != cid for read in self.told.blocks):
            self.told.blocks.append(PathBlock(cid, len(block.value), self.supply(cid)))
        return block
