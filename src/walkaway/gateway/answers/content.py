"""From a content path to the answer: who denies it, where it leads, what stands there.

https://specs.ipfs.tech/http-gateways/path-gateway/. The denylist is held against the
path as it was asked for, as it is by each name on the way and by address, and against
every block that is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from walkaway.content.blocks import Blocks
from walkaway.content.budget import AheadRoom, Budget
from walkaway.content.exporter.file import as_file, open_file
from walkaway.content.exporter.node import Look, look_at
from walkaway.content.mirrors.mirrors import Mirrors
from walkaway.content.open import Networks, Root, find_root
from walkaway.content.proven_file import OpensFiles
from walkaway.content.resolve import resolve
from walkaway.content.store.assembled import AssembledFiles
from walkaway.errors import NoSuchPath, Unproven
from walkaway.gateway.answers.answer import Answer
from walkaway.gateway.answers.archives import car_answer, tar_answer
from walkaway.gateway.answers.directories import INDEX, find_index, listing_answer, with_slash
from walkaway.gateway.answers.documents import block_answer, document_answer, is_document
from walkaway.gateway.answers.failures import Failure
from walkaway.gateway.answers.files import assembled_answer, file_answer, link_answer
from walkaway.gateway.answers.found import Found
from walkaway.gateway.answers.keep import Keep
from walkaway.gateway.answers.other_networks import other_network_answer
from walkaway.gateway.answers.records import record_answer
from walkaway.gateway.answers.site_rules import answer_by_rules
from walkaway.gateway.request.asked import Asked
from walkaway.gateway.request.conditions import holds_already
from walkaway.gateway.request.formats import Format
from walkaway.gateway.request.roots import check_root
from walkaway.gateway.safety.allowed import AllowedBlocks, allow_block, allow_pointer
from walkaway.gateway.safety.denylist import Denylist
from walkaway.limits import LIMITS, Limits
from walkaway.names.pointer import Network, Pointer
from walkaway.names.resolution import Names
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.unixfs import Symlink

__all__ = ["ContentPaths"]

_NOT_CONVERTED = (Format.DAG_JSON, Format.DAG_CBOR)


class ContentPaths:
    """Answers for content paths. ``local`` gives what is on this machine, and asks nobody;
    ``relayed`` gives what other nodes ask for (`NetworkBlocks.relayed`), as ``blocks`` where
    None, and ``held`` the records that they ask for, as ``names`` where None. ``others`` give
    what is on networks other than IPFS, ``mirrors`` say what stands on several.
    """

    def __init__(
        self,
        blocks: Blocks,
        local: Blocks,
        names: Names,
        *,
        others: Mapping[Network, OpensFiles] | None = None,
        mirrors: Mirrors | None = None,
        relayed: Callable[[Sequence[str]], Blocks] | None = None,
        held: Names | None = None,
        assembled: AssembledFiles | None = None,
        denylist: Denylist | None = None,
        limits: Limits = LIMITS,
    ) -> None:
        self._local = AllowedBlocks(local, denylist)
        self._networks = Networks(blocks, others or {}, mirrors)
        self._relayed = relayed
        self._names = names
        self._held = names if held is None else held
        self._keep = Keep(assembled, denylist)
        self._denylist = denylist
        self._limits = limits
        self._ahead = AheadRoom(limits.ahead_bytes_together)

    async def answer(self, asked: Asked) -> Answer:
        """What a content path holds, in the form in which it is asked for.

        Raises:
            WalkawayError: why there is no answer, as `failures` tells it.
        """
        self._allow(asked.pointer)
        check_root(asked.mount.network, asked.mount.root)
        if asked.wish.negotiated.format is Format.IPNS_RECORD:
            return await record_answer(asked, self._held if asked.wish.through else self._names)
        if not asked.wish.only_if_cached:
            return await self._content(asked, self._anywhere(asked.wish.through))
        try:
            return await self._content(asked, self._local)
        except Unproven:
            raise Failure(
                412, "it is not on this machine, and nobody else was to be asked"
            ) from None

    def _allow(self, pointer: Pointer) -> None:
        allow_pointer(self._denylist, pointer)

    def _anywhere(self, through: Sequence[str]) -> Blocks | None:
        """Where other nodes have blocks from that ask this one; None where nobody's do."""
        if self._relayed is None or not through:
            return None
        return AllowedBlocks(self._relayed(through), self._denylist)

    async def _content(self, asked: Asked, only: Blocks | None) -> Answer:
        """What stands there by these blocks alone, or from wherever it is to be had."""
        root = await find_root(self._names, asked.pointer, self._limits, passing=self._allow)

        async def at(root: Root, blocks: Blocks) -> Answer:
            if root.mirror is not None:
                self._allow(root.pointer)
            answer = await self._at(asked, root, AllowedBlocks(blocks, self._denylist))
            answer.steps = root.steps
            return answer

        if only is not None:
            return await at(root, only)
        return await self._networks.first(root, at, Answer.drop)

    async def _at(self, asked: Asked, root: Root, blocks: Blocks) -> Answer:
        budget = Budget(self._limits, ahead=self._ahead)
        if root.pointer.network != "ipfs":
            return await self._of_other_network(asked, root, budget)
        try:
            resolved = await resolve(blocks, root.cid, root.path, budget)
        except NoSuchPath:
            ruled = None
            if _may_have_rules(asked):
                base = root.path[: len(root.path) - len(asked.path)]
                ruled = await self._by_rules(asked, blocks, root.cid, base, root.seconds)
            if ruled is None:
                raise
            return ruled
        allow_block(self._denylist, resolved.cid)
        return await _answer(
            Found(asked, resolved, root.seconds, blocks, self._local, budget, self._keep)
        )

    async def _of_other_network(self, asked: Asked, root: Root, budget: Budget) -> Answer:
        if asked.wish.only_if_cached:
            raise Unproven("what is on another network is not looked for here alone", reasons={})
        file = await self._networks.open(root, budget)
        # What a manifest leads to is denied by its own address as well.
        if root.pointer.network == "ar":
            self._allow(Pointer("ar", file.etag))
        return await other_network_answer(asked, root, file, self._limits)

    async def _by_rules(
        self,
        asked: Asked,
        blocks: Blocks,
        root: Cid,
        base: tuple[str, ...],
        seconds: float | None,
    ) -> Answer | None:
        """What the site's own rules make of a path that is not there, if it has any."""
        budget = Budget(self._limits, ahead=self._ahead)
        site = await resolve(blocks, root, base, budget)
        found = Found(asked, site, seconds, blocks, self._local, budget, self._keep)
        return await answer_by_rules(found, plain_answer)


def _may_have_rules(asked: Asked) -> bool:
    """Whether a site's own rules speak for paths that are not there; none makes a worker."""
    is_plain = asked.wish.negotiated.format is Format.PLAIN
    return asked.mount.has_own_origin and is_plain and not asked.wish.is_worker_script


async def _answer(found: Found) -> Answer:
    """The answer in the format that is asked for."""
    format = found.asked.wish.negotiated.format
    if found.resolved.remainder:
        raise Failure(
            501,
            "reading IPLD Kinds other than Links (CBOR Tag 42) is not implemented: "
            f"/{'/'.join(found.resolved.remainder)[:200]} leads into a block",
        )
    if format is Format.RAW:
        return await block_answer(found)
    if format is Format.CAR:
        return await car_answer(found)
    if format is Format.TAR:
        return await tar_answer(found)
    return await plain_answer(found)


async def plain_answer(found: Found) -> Answer:
    """What stands at the end of the path: a file, a directory's page, a document."""
    wish = found.asked.wish
    name = found.asked.path[-1] if found.asked.path else ""
    etag = f'"{found.cid}"'
    file = await found.keep.file(found.cid)
    # What is kept assembled is a file: nothing else has to be looked at.
    if file is not None and wish.negotiated.format not in _NOT_CONVERTED:
        if holds_already(wish.headers.get("if-none-match", ""), etag):
            return found.not_modified(etag)
        return await assembled_answer(found, file, name, etag)
    look = await look_at(found.blocks, found.cid, found.budget)
    if is_document(look.what):
        answer = await document_answer(found, look)
        if answer is None:
            raise _not_acceptable(wish.negotiated.format, look)
        return answer
    if wish.negotiated.format in _NOT_CONVERTED:
        raise _not_acceptable(wish.negotiated.format, look)
    if look.what.is_directory:
        return await _directory(found, look)
    return await _file(found, look, name)


async def _file(found: Found, look: Look, name: str) -> Answer:
    etag = f'"{found.cid}"'
    if holds_already(found.asked.wish.headers.get("if-none-match", ""), etag):
        return found.not_modified(etag)
    if isinstance(look.node, Symlink):
        return await link_answer(found, look.node, etag)
    return await file_answer(found, as_file(found.blocks, look, found.budget), name, etag)


async def _directory(found: Found, look: Look) -> Answer:
    asked = found.asked
    if not asked.slash:
        return with_slash(found)
    index = await find_index(found, look)
    if index is None:
        return await listing_answer(found, look)
    etag = f'"{found.cid}"'
    if holds_already(asked.wish.headers.get("if-none-match", ""), etag):
        return found.not_modified(etag)
    kept = await found.keep.file(index)
    if kept is not None:
        return await assembled_answer(found, kept, INDEX, etag)
    return await file_answer(found, await open_file(found.blocks, index, found.budget), INDEX, etag)


def _not_acceptable(format: Format, look: Look) -> Failure:
    return Failure(
        406,
        f"this content is {look.what.value}, and is not converted to {format.value}",
        advice="ask without a format, or for format=raw",
    )
