"""What commands about content share: what a person's settings make of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from walkaway.chain.clock import SystemClock
from walkaway.cli.config import Settings
from walkaway.cli.content_words import read_pointer
from walkaway.cli.names import NOT_YET, without_chain
from walkaway.cli.network_check import can_be_reached_for, require_network
from walkaway.cli.options import GIVES_CONTENT
from walkaway.content.blocks import Blocks
from walkaway.content.budget import Budget
from walkaway.content.open import Networks, find_root
from walkaway.content.resolve import Resolved, resolve
from walkaway.content.service import Content, ContentPlan, open_content
from walkaway.errors import InvalidRequest, Unproven
from walkaway.names.pointer import Pointer
from walkaway.names.resolution import Names
from walkaway.proofs.ipfs.cid import Cid
from walkaway.sizes import MEGABYTE

__all__ = ["content_of", "content_plan", "find_address", "find_dag", "whole_block"]


def content_plan(settings: Settings, *, offline: bool = False) -> ContentPlan:
    """Where content is kept and who is asked for it; nobody where ``offline``."""
    return ContentPlan(
        folder=settings.store_folder,
        evidence=settings.state_directory / "evidence",
        store_bytes=settings.store_megabytes * MEGABYTE,
        sources=tuple(s for s in settings.sources if GIVES_CONTENT.intersection(s.kinds)),
        guard_exceptions=settings.guard_exceptions,
        offline=offline,
        without_chain=without_chain(settings, offline=offline) or NOT_YET,
        mirrors=tuple((read_pointer(of), read_pointer(at)) for of, at in settings.mirrors),
    )


@asynccontextmanager
async def content_of(settings: Settings, *, offline: bool = False) -> AsyncIterator[Content]:
    """The content that a person's settings give, open.

    Raises:
        NoNetwork: in place of an `Unproven` of the block, or of a name, where none of the
            sources that were asked can be reached at all.
        ConfigError: a folder cannot be used, or an address of a source.
    """
    plan = content_plan(settings, offline=offline)
    try:
        async with open_content(plan, clock=SystemClock()) as content:
            yield content
    except Unproven as error:
        asked = [
            source
            for source in settings.sources
            if source.name in error.reasons and can_be_reached_for(source)
        ]
        if asked:
            await asyncio.to_thread(require_network, asked)
        raise


async def find_address(blocks: Blocks, names: Names, pointer: Pointer, budget: Budget) -> Cid:
    """The address of the block that a place leads to; the block itself is not fetched.

    Raises:
        InvalidRequest: the place is a part of a block.
        NoSuchPath: the path leads nowhere; that is proven.
        Unproven: a name, or a block on the path, is not to be had.
    """
    root = await find_root(names, pointer, budget.limits)
    return whole_block(await resolve(blocks, root.cid, root.path, budget))


async def find_dag(
    networks: Networks, names: Names, pointer: Pointer, budget: Budget
) -> tuple[Cid, Blocks]:
    """The address of the block that a place leads to, and who gives what is below it, mirrors
    that have blocks among them. Raises as `find_address`.
    """
    root = await find_root(names, pointer, budget.limits)
    blocks = networks.backed(root)
    return whole_block(await resolve(blocks, root.cid, root.path, budget)), blocks


def whole_block(resolved: Resolved) -> Cid:
    """The address that a path leads to. Raises `InvalidRequest` for a part of a block."""
    if resolved.remainder:
        inside = "/".join(resolved.remainder)[:100]
        raise InvalidRequest(
            f"/{inside} leads into the block {resolved.cid}, of which no part is taken",
            advice="take the whole block, by the path without that",
        )
    return resolved.cid
