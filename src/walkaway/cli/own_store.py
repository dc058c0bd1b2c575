"""The block store that a person's settings name, by itself: for what asks nobody."""

from __future__ import annotations

from dataclasses import replace

from walkaway.cli.config import Settings
from walkaway.content.store.block_store import BlockStore
from walkaway.limits import LIMITS
from walkaway.sizes import MEGABYTE

__all__ = ["open_store"]


def open_store(settings: Settings) -> BlockStore:
    """The store alone. Raises `ConfigError`."""
    limits = replace(LIMITS, store_bytes=settings.store_megabytes * MEGABYTE)
    return BlockStore.open(settings.store_folder, limits)
