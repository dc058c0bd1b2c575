"""Names and their past, as they are shown: for a person, and as data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from walkaway.cli.terminal import plain, sheet
from walkaway.names.history import PastPointer
from walkaway.names.hold import HeldName, HoldPolicy, waiting
from walkaway.names.resolution import Change, Waiting

__all__ = [
    "change_as_data",
    "moment",
    "past_as_data",
    "past_table",
    "standing_as_data",
    "standing_of",
]


def standing_of(held: HeldName, policy: HoldPolicy) -> RenderableType:
    """What is served of a name, and what waits."""
    pinned = Text("  pinned", "warn") if held.pinned else Text("")
    title = Text.assemble(plain(held.name, "name"), "  ", plain(held.pointer, whole=True), pinned)
    change = waiting(held, policy.of(held.name))
    return title if change is None else Group(title, Padding(_change(change), (0, 0, 0, 4)))


def standing_as_data(held: HeldName, policy: HoldPolicy) -> dict[str, object]:
    """The same for a program; times are unix seconds."""
    change = waiting(held, policy.of(held.name))
    return {
        "name": held.name,
        "pointer": str(held.pointer),
        "standing": held.standing.value,
        "first_seen": held.first_seen,
        "seen": held.seen,
        "pinned": held.pinned,
        "waiting": None if change is None else change_as_data(change),
    }


def change_as_data(change: Change) -> dict[str, object]:
    """What a name says now, which waits, for a program; times are unix seconds."""
    return {
        "pointer": None if change.pointer is None else str(change.pointer),
        "why": change.why.value,
        "since": change.since,
        "until": change.until,
        "reason": change.reason,
    }


def moment(seconds: float) -> str:
    """A unix time as a person reads it, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def past_table(past: Sequence[PastPointer], held: HeldName, width: int) -> RenderableType:
    """What a name said, the newest first: from when to when, what, and how firmly it stood."""
    return sheet(
        [
            (f"{moment(each.first_seen)} to {moment(each.last_seen)}", _line(each, held))
            for each in past
        ],
        width=width,
    )


def past_as_data(past: PastPointer, held: HeldName) -> dict[str, object]:
    """A stretch for a program; times are unix seconds."""
    return {
        "pointer": str(past.pointer),
        "standing": past.standing.value,
        "first_seen": past.first_seen,
        "last_seen": past.last_seen,
        "stood_on": list(past.stood_on),
        "served": past.pointer == held.pointer,
        "rejected": past.rejected,
    }


def _line(past: PastPointer, held: HeldName) -> Text:
    state = Text("")
    if past.pointer == held.pointer:
        state = Text("  served", "good")
    elif past.rejected:
        state = Text("  rejected", "bad")
    elif past.pointer == held.says:
        state = Text("  waits", "warn")
    standing = Text(f"  {past.standing.value}", "quiet")
    return Text.assemble(plain(past.pointer, whole=True), standing, state)


def _change(change: Change) -> Text:
    says = f"says {change.pointer} since {moment(change.since)}"
    if change.why is Waiting.REJECTED:
        return Text.assemble(plain(says, whole=True), (", which was rejected", "bad"))
    if change.until is None:
        return Text.assemble(plain(says, whole=True), (", which waits for you", "warn"))
    until = f", which is believed from {moment(change.until)} on"
    return Text.assemble(plain(says, whole=True), (until, "warn"))
