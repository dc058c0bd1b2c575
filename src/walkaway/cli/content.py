"""What commands about content share: what a person's settings make of it."""

from __future__ import annotations

from walkaway.chain.clock import SystemClock
from walkaway.cli.config import Settings
from walkaway.content.service import ContentPlan
from walkaway.names.held import HeldNames
from walkaway.sizes import MEGABYTE
from walkaway.sources.defaults import CONTENT_KINDS

__all__ = ["content_plan", "held_names"]


def content_plan(settings: Settings, *, offline: bool = False) -> ContentPlan:
    """Where content is kept and who is asked for it; nobody where ``offline``."""
    return ContentPlan(
        folder=settings.store_folder,
        evidence=settings.state_directory / "evidence",
        store_bytes=settings.store_megabytes * MEGABYTE,
        sources=tuple(s for s in settings.sources if CONTENT_KINDS.intersection(s.kinds)),
        guard_exceptions=settings.guard_exceptions,
        offline=offline,
    )


def held_names(settings: Settings) -> HeldNames:
    """The names that this machine holds, and the person's own. Raises `ConfigError`."""
    return HeldNames(
        settings.state_directory / "ipns",
        SystemClock(),
        dnslinks=dict(_divided(entry) for entry in settings.dnslinks),
    )


def _divided(entry: str) -> tuple[str, str]:
    name, _, path = entry.partition("=")
    return name, path
