"""How long a changed name waits: the policy, and what follows from it. Pure.

The pointer that a name said first is accepted at once: there is nothing to hold against
it. From then on another is accepted where it has stood for as long as the policy says,
and never where the name is pinned or the pointer was rejected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from walkaway.errors import ConfigError, Unproven
from walkaway.names.leads import contract_name
from walkaway.names.pointer import Pointer
from walkaway.names.resolution import Change, Standing, Waiting

__all__ = ["HeldName", "HoldPolicy", "Said", "decide", "read_span", "waiting"]

_SPAN: Final = re.compile(r"([0-9]{1,6})([smhdw]?)", re.ASCII)
_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True, slots=True)
class Said:
    """What a name says, how firmly that stands, and on what in short (JSON)."""

    pointer: Pointer
    standing: Standing
    stood_on: str = "[]"


@dataclass(frozen=True, slots=True)
class HeldName:
    """What this machine holds of a name.

    ``pointer`` is the accepted one, which is served; it was first seen at
    ``first_seen`` and the name was last seen to say it at ``seen`` (unix time).
    ``says`` is what the name says where that is another pointer, since
    ``says_since``, and ``rejected`` whether the person has rejected that. ``hold`` is for
    how many seconds changes wait, as whoever decided on the last one had it.
    """

    name: str
    pointer: Pointer
    standing: Standing
    first_seen: float
    seen: float
    pinned: bool = False
    says: Pointer | None = None
    says_standing: Standing = Standing.WORD
    says_since: float = 0.0
    rejected: bool = False
    hold: float = 0.0


@dataclass(frozen=True, slots=True)
class HoldPolicy:
    """How many seconds a changed name waits: all names, and some by name."""

    seconds: float = 0.0
    by_name: Mapping[str, float] = field(default_factory=dict)

    def of(self, name: str) -> float:
        """The seconds that a name waits; ``name`` is in its canonical form.

        The name of a contract waits as the name in it does, unless it has a time of its own.
        """
        named = contract_name(name)
        seconds = self.seconds if named is None else self.by_name.get(named[0], self.seconds)
        return self.by_name.get(name, seconds)


def read_span(text: str) -> float:
    """The seconds of a span of time: ``24h``, ``7d``, ``90s``, ``0``. Raises `ConfigError`."""
    match = _SPAN.fullmatch(text.strip().lower())
    if match is None or (not match[2] and int(match[1])):
        raise ConfigError("a span of time such as 24h, 7d, 30m, or 0 for none")
    return float(int(match[1]) * _UNITS[match[2]])


def decide(
    held: HeldName | None, name: str, said: Said, *, rejected: bool, hold: float, now: float
) -> HeldName:
    """What is held of a name once it has said something.

    ``rejected`` is whether the person has rejected that pointer.

    Raises `Unproven` where that is all that is known of the name.
    """
    if held is None:
        if rejected:
            raise Unproven(
                f"the name {name[:100]!r} is not resolved",
                reasons={"this machine": f"you rejected what it says: {said.pointer}"},
                advice=f"hold it at a version that you trust: walkaway pin-name {name} VERSION",
            )
        return HeldName(name, said.pointer, said.standing, now, now, hold=hold)
    held = replace(held, hold=hold)
    if said.pointer == held.pointer:
        return replace(
            held, standing=said.standing, seen=now, says=None, says_since=0.0, rejected=False
        )
    # A clock that was ahead does not make it wait until then.
    since = min(held.says_since, now) if held.says == said.pointer else now
    if not rejected and not held.pinned and now - since >= hold:
        return HeldName(name, said.pointer, said.standing, since, now, hold=hold)
    return replace(
        held,
        says=said.pointer,
        says_standing=said.standing,
        says_since=since,
        rejected=rejected,
    )


def waiting(held: HeldName, hold: float) -> Change | None:
    """What the name says in place of what is served, and until when that waits.

    ``hold`` is the policy of who asks, which ends no wait that another began.
    """
    if held.says is None:
        return None
    if held.rejected:
        return Change(held.says, Waiting.REJECTED, held.says_since)
    if held.pinned:
        return Change(held.says, Waiting.PINNED, held.says_since)
    return Change(held.says, Waiting.NEW, held.says_since, held.says_since + max(hold, held.hold))
