"""Opening a pointer: from a name or an address, and a path, to what stands there.

The one way in for whoever shows or saves content. A further network finds its
place in `Networks`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.exporter.node import Look, look_at
from walkaway.content.mirrors.mirrors import Mirrors
from walkaway.content.mirrors.table import Mirror
from walkaway.content.proven_file import Believed, OpensFiles, ProvenFile
from walkaway.content.resolve import Resolved, resolve
from walkaway.content.web3.url import read_pointer
from walkaway.errors import NoSuchPath, ProofError, TooMuch, Unsupported
from walkaway.limits import LIMITS, Limits
from walkaway.names.leads import check_lead
from walkaway.names.pointer import Network, Pointer
from walkaway.names.resolution import Names, Resolution
from walkaway.names.spelling import canonical
from walkaway.proofs.ipfs.cid import Cid

__all__ = [
    "NameStep",
    "Networks",
    "Opened",
    "OpenedFile",
    "Root",
    "find_root",
    "name_in",
    "open_pointer",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NameStep:
    """A name on the way, and where it led."""

    name: str
    resolution: Resolution


@dataclass(frozen=True, slots=True)
class Root:
    """Content by its own address on its network, after all names on the way were followed.

    ``steps`` are those names, in order, each with where it led and on what that stands;
    ``mirror`` says what this address stands in for, where it is that of a mirror.
    """

    pointer: Pointer
    steps: tuple[NameStep, ...] = ()
    mirror: Mirror | None = None

    def at_mirror(self, mirror: Mirror) -> Root:
        """The same where a mirror has it."""
        return replace(self, pointer=mirror.pointer, mirror=mirror)

    @property
    def believed(self) -> tuple[Believed, ...]:
        """What is somebody's word of that this is what was asked for, but for names."""
        return () if self.mirror is None else (self.mirror.believed,)

    @property
    def cid(self) -> Cid:
        """The address on IPFS. Raises `Unsupported` where it is on another network."""
        if self.pointer.network != "ipfs":
            raise Unsupported(
                f"{str(self.pointer)[:200]} is not on IPFS, and has no CID",
                advice="what is made of blocks can be had of IPFS alone",
            )
        return Cid.parse(self.pointer.root)

    @property
    def path(self) -> tuple[str, ...]:
        """The path below the address."""
        return self.pointer.path

    @property
    def seconds(self) -> float | None:
        """How long that may be held; None where nothing says."""
        told = [step.resolution.seconds for step in self.steps]
        if self.mirror is not None:
            told.append(LIMITS.mirrored_seconds)
        return min((seconds for seconds in told if seconds is not None), default=None)

    @property
    def proven(self) -> bool:
        """Whether each of the names was, and none is somebody's word."""
        return all(step.resolution.proven for step in self.steps)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a pointer leads to on IPFS. ``look`` is of ``resolved.cid``, the end of the path;
    ``blocks`` give what is below it.
    """

    root: Root
    resolved: Resolved
    look: Look
    blocks: Blocks


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """What a pointer leads to on another network."""

    root: Root
    file: ProvenFile


@dataclass(frozen=True, slots=True)
class Networks:
    """Where content comes from: ``blocks`` of IPFS, each other network that is read, and the
    ``mirrors`` of releases that stand on several, if there are any.
    """

    blocks: Blocks
    others: Mapping[Network, OpensFiles] = field(default_factory=dict)
    mirrors: Mirrors | None = None

    async def open(self, root: Root, budget: Budget) -> ProvenFile:
        """The file at a root that is not on IPFS; of a folder of a mirror its index, where
        nothing else stands in its place. Raises as `OpensFiles.open`.
        """
        if root.mirror is None:
            return await self._open(root.pointer, budget)
        try:
            file = _given(await self._open(root.pointer, budget))
        except (NoSuchPath, ProofError):
            index = await self._open(root.mirror.index, budget)
            file = replace(_given(index), is_folder=True)
        is_folder = file.is_folder or root.mirror.is_front_page
        return replace(file, is_folder=is_folder, believed=(*file.believed, *root.believed))

    async def first(
        self,
        root: Root,
        go: Callable[[Root, Blocks], Awaitable[T]],
        let_go: Callable[[T], Awaitable[None]] | None = None,
    ) -> T:
        """What ``go`` makes of a root, with the blocks of IPFS, or of a mirror of it where the
        root is not to be had. Raises as `Mirrors.first`.
        """
        if self.mirrors is None:
            return await go(root, self.blocks)
        return await self.mirrors.first(
            root.pointer,
            self.blocks,
            lambda blocks: go(root, blocks),
            lambda mirror, blocks: go(root.at_mirror(mirror), blocks),
            let_go,
        )

    def backed(self, root: Root) -> Blocks:
        """The blocks of IPFS, with those of mirrors of a root behind them."""
        if self.mirrors is None:
            return self.blocks
        return self.mirrors.backed(root.pointer, self.blocks)

    async def _open(self, pointer: Pointer, budget: Budget) -> ProvenFile:
        network = self.others.get(pointer.network)
        if network is None:
            raise Unsupported(f"{str(pointer)[:200]}: nothing is fetched of that network")
        return await network.open(pointer, budget)


async def open_pointer(
    networks: Networks, names: Names, pointer: Pointer, budget: Budget
) -> Opened | OpenedFile:
    """What stands where a pointer leads, or at a mirror of that; of its content only the
    beginning is fetched.

    Raises:
        NoSuchPath: its path leads nowhere; that is proven.
        Unproven: a name, or the content, is not to be had.
        ProofError: what there is of one does not prove it, or is malformed.
        Unsupported: it is of a kind that is not resolved or not read.
        TooMuch: it leads through more names or content than is followed.
    """

    async def open_at(root: Root, blocks: Blocks) -> Opened | OpenedFile:
        if root.pointer.network != "ipfs":
            return OpenedFile(root, await networks.open(root, budget))
        resolved = await resolve(blocks, root.cid, root.path, budget)
        return Opened(root, resolved, await look_at(blocks, resolved.cid, budget), blocks)

    return await networks.first(await find_root(names, pointer, budget.limits), open_at)


def _given(file: ProvenFile) -> ProvenFile:
    """What a mirror gives. Raises `ProofError` where a contract there answers with no file."""
    if file.status != 200:
        raise ProofError(f"the contract answers with status {file.status}, and with no file")
    return file


async def find_root(
    names: Names,
    pointer: Pointer,
    limits: Limits = LIMITS,
    *,
    passing: Callable[[Pointer], None] = lambda _: None,
) -> Root:
    """Follow names until an address stands in their place; each may add to the path.

    ``passing`` is shown every pointer on the way, the first and the last among them, with
    all of the path that is left; what it raises ends the way.

    Raises:
        Unproven: nobody could supply a proof of where a name leads.
        ProofError: what there is for a name does not prove it, or the address is malformed.
        Unsupported: no kind of name that is resolved, or one that leads where none of its kind
            can.
        InvalidRequest: it is no name, or no web3 URL.
        TooMuch: one name leads to another, on and on.
    """
    asked, steps = pointer.root, list[NameStep]()
    passing(pointer)
    while (name := name_in(pointer)) is not None:
        if len(steps) == limits.name_steps:
            raise TooMuch(f"{asked[:100]!r} leads through more than {limits.name_steps} names")
        resolution = await names.resolve(name)
        steps.append(NameStep(name, resolution))
        pointer = _led(pointer, name, resolution.pointer)
        passing(pointer)
    if pointer.network == "ipfs":
        Cid.parse(pointer.root)
    return Root(pointer, tuple(steps))


def name_in(pointer: Pointer) -> str | None:
    """The name that a pointer begins with; None where an address stands there.

    Raises `InvalidRequest` for a pointer of ``web3`` that is no URL.
    """
    if pointer.network == "web3":
        return read_pointer(pointer).name
    return pointer.root if pointer.network == "ipns" else None


def _led(pointer: Pointer, name: str, to: Pointer) -> Pointer:
    """Where a pointer leads whose name leads ``to`` that: to the same below it."""
    check_lead(canonical(name), to)
    if pointer.network == "web3":
        return read_pointer(pointer).at(to).pointer
    if to.network == "web3":
        raise Unsupported(
            f"the name {name[:100]!r} leads to a contract, of which pages are asked by web3 URLs",
            advice=f"open it as web3://{name[:100]}/",
        )
    return replace(to, path=(*to.path, *pointer.path))
