"""The blocks of a DAG, depth first, as trustless gateways send them.

Specification: ipfs/specs ``src/http-gateways/trustless-gateway.md``. Blocks
that stand in their own address are walked through and never given.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from enum import Enum
from typing import Final, Literal, TypeAlias

from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.exporter.directory import SHARD_BYTES, Bucket, read_shard_below
from walkaway.content.exporter.entity_bytes import EntityBytes
from walkaway.content.exporter.file import Place, places_within, read_part
from walkaway.content.exporter.in_order import Want, in_order
from walkaway.content.exporter.load import is_inline
from walkaway.content.exporter.node import read_block
from walkaway.errors import TooMuch
from walkaway.proofs.ipfs.car import Section
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.links import links_of
from walkaway.proofs.ipfs.unixfs import File, Shard

__all__ = ["Scope", "walk"]


class Scope(Enum):
    """How much of a DAG is meant: the specification's ``dag-scope``."""

    BLOCK = "block"
    """Its first block alone."""
    ENTITY = "entity"
    """The blocks of a file, or those that list a directory; of other data the first block."""
    ALL = "all"
    """Whatever is linked to, all the way down."""


def walk(
    blocks: Blocks,
    cid: Cid,
    budget: Budget,
    *,
    path_blocks: Sequence[Cid] = (),
    scope: Scope = Scope.ALL,
    entity_bytes: EntityBytes | None = None,
    duplicates: bool = False,
) -> AsyncGenerator[Section, None]:
    """The blocks of a path, and then those of what it leads to, each with its address.

    ``path_blocks`` is what `resolve` gives. ``entity_bytes`` implies the scope
    of the entity, and only the blocks of a file that hold bytes of the range;
    where none do, the first block alone. With ``duplicates`` a block is given
    as often as it is met, else once. Close it (``aclose``) where it is not
    read to its end.

    Raises:
        Unproven: a block is not to be had.
        ProofError: one is malformed.
        Unsupported: one is of a codec whose links are not known.
        TooMuch: it is more than one request may fetch, or than is remembered.
    """
    if entity_bytes is not None:
        scope = Scope.ENTITY
    walked = _Walk(scope, entity_bytes, budget, duplicates=duplicates)
    begin: list[Section | Want[_About]] = [Want(on, "path", 0, SHARD_BYTES) for on in path_blocks]
    begin.append(Want(cid, "entity", 0, SHARD_BYTES))
    return in_order(blocks, begin, walked.read, budget, pass_over=walked.is_done)


_About: TypeAlias = "Literal['path', 'entity', 'below'] | Place | Bucket"
"""What a block is to the walk: on its path, its end, anything below, part of a file, a shard."""

_USUAL_BYTES: Final = 512 * 1024
"""How large a block may be taken to be that nothing is known of, as goes fetching ahead."""


class _Walk:
    """What was given and walked so far."""

    def __init__(
        self, scope: Scope, entity_bytes: EntityBytes | None, budget: Budget, *, duplicates: bool
    ) -> None:
        self._scope = scope
        self._entity_bytes = entity_bytes
        self._range = 0, 0
        self._duplicates = duplicates
        self._budget = budget
        self._given: dict[Cid, bool] = {}
        """Whether all that is below a block was walked too, of those that were given."""

    def is_done(self, want: Want[_About]) -> bool:
        """Whether a block and all below it were given."""
        return self._given.get(want.cid, False)

    def read(self, want: Want[_About], data: bytes) -> Iterator[Section | Want[_About]]:
        """The block, unless it was given before, and those that come after it."""
        if not is_inline(want.cid) and want.cid not in self._given:
            yield want.cid, data
        if not self._duplicates:
            self._remember(want)
        about = want.about
        if about == "entity":
            yield from self._of_entity(want, data)
        elif about == "below":
            yield from self._below(want, data)
        elif isinstance(about, Place):
            yield from self._parts(read_part(about.part, data, self._budget), about.at, want.depth)
        elif isinstance(about, Bucket):
            yield from self._shards_of(read_shard_below(*about, data), want.depth)

    def _remember(self, want: Want[_About]) -> None:
        limit = self._budget.limits.remembered_blocks
        if len(self._given) == limit:
            raise TooMuch(
                f"the content has over {limit} blocks, too many to give each once",
                advice="ask for duplicates too (dups=y), or for a part of it",
            )
        whole = True
        if isinstance(want.about, Place):
            start, stop = self._range
            at = want.about.at
            whole = start <= at and at + want.about.part.size <= stop
        self._given[want.cid] = whole

    def _of_entity(self, want: Want[_About], data: bytes) -> Iterator[Want[_About]]:
        if self._scope is Scope.ALL:
            yield from self._below(want, data)
        if self._scope is not Scope.ENTITY:
            return
        node = read_block(want.cid, data).node
        if isinstance(node, Shard):
            yield from self._shards_of(node, want.depth)
        elif isinstance(node, File):
            whole = 0, node.size
            found = whole if self._entity_bytes is None else self._entity_bytes.within(node.size)
            self._range = found or (0, 0)
            yield from self._parts(node, 0, want.depth)

    def _below(self, want: Want[_About], data: bytes) -> Iterator[Want[_About]]:
        for cid in links_of(want.cid, data):
            yield Want(cid, "below", want.depth + 1, _USUAL_BYTES)

    def _parts(self, node: File, at: int, depth: int) -> Iterator[Want[_About]]:
        for place in places_within(node, at, *self._range):
            yield Want(place.part.cid, place, depth + 1, place.part.size)

    def _shards_of(self, shard: Shard, depth: int) -> Iterator[Want[_About]]:
        for child in shard.listed():
            if child.name is None:
                yield Want(child.link.cid, Bucket(shard, child), depth + 1, SHARD_BYTES)
