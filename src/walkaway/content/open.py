"""Opening a pointer: from a name or an address, and a path, to what stands there.

The one way in for whoever shows or saves content. A further network finds its
place in `Networks`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.exporter.node import Look, look_at
from walkaway.content.proven_file import OpensFiles, ProvenFile
from walkaway.content.resolve import Resolved, resolve
from walkaway.content.web3.url import read_pointer
from walkaway.errors import TooMuch, Unsupported
from walkaway.limits import LIMITS, Limits
from walkaway.names.pointer import Network, Pointer, check_lead
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


@dataclass(frozen=True, slots=True)
class NameStep:
    """A name on the way, and where it led."""

    name: str
    resolution: Resolution


@dataclass(frozen=True, slots=True)
class Root:
    """Content by its own address on its network, after all names on the way were followed.

    ``steps`` are those names, in order, each with where it led and on what that stands.
    """

    pointer: Pointer
    steps: tuple[NameStep, ...] = ()

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
        return min((seconds for seconds in told if seconds is not None), default=None)

    @property
    def proven(self) -> bool:
        """Whether each of the names was, and none is somebody's word."""
        return all(step.resolution.proven for step in self.steps)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a pointer leads to on IPFS. ``look`` is of ``resolved.cid``, the end of the path."""

    root: Root
    resolved: Resolved
    look: Look


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """What a pointer leads to on another network."""

    root: Root
    file: ProvenFile


@dataclass(frozen=True, slots=True)
class Networks:
    """Where content comes from: ``blocks`` of IPFS, and each other network that is read."""

    blocks: Blocks
    others: Mapping[Network, OpensFiles] = field(default_factory=dict)

    async def open(self, root: Root, budget: Budget) -> ProvenFile:
        """The file at a root that is not on IPFS. Raises as `OpensFiles.open`."""
        network = self.others.get(root.pointer.network)
        if network is None:
            raise Unsupported(f"{str(root.pointer)[:200]}: nothing is fetched of that network")
        return await network.open(root.pointer, budget)


async def open_pointer(
    networks: Networks, names: Names, pointer: Pointer, budget: Budget
) -> Opened | OpenedFile:
    """What stands where a pointer leads; of its content only the beginning is fetched.

    Raises:
        NoSuchPath: its path leads nowhere; that is proven.
        Unproven: a name, or the content, is not to be had.
        ProofError: what there is of one does not prove it, or is malformed.
        Unsupported: it is of a kind that is not resolved or not read.
        TooMuch: it leads through more names or content than is followed.
    """
    root = await find_root(names, pointer, budget.limits)
    if root.pointer.network != "ipfs":
        return OpenedFile(root, await networks.open(root, budget))
    resolved = await resolve(networks.blocks, root.cid, root.path, budget)
    return Opened(root, resolved, await look_at(networks.blocks, resolved.cid, budget))


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
