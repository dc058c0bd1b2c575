"""The filters of Routing V1 (IPIP-484): by addresses, and by transfer protocols. Pure.

A filter is a list with commas: what may be, and behind a ``!`` what may not.
``unknown`` lets through what says nothing of itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

__all__ = ["passing_addresses", "passing_protocols"]

UNKNOWN: Final = "unknown"


class _Filter(NamedTuple):
    wanted: frozenset[str]
    unwanted: frozenset[str]

    def lets_through(self, names: frozenset[str]) -> bool:
        return not names & self.unwanted and (not self.wanted or bool(names & self.wanted))


def passing_addresses(text: str, addresses: Sequence[str]) -> tuple[str, ...] | None:
    """The multiaddresses that pass, or None where their peer is to be left out."""
    if not text:
        return tuple(addresses)
    rule = _read(text)
    if not addresses:
        return () if UNKNOWN in rule.wanted else None
    passing = tuple(address for address in addresses if rule.lets_through(_protocols(address)))
    return passing or None


def passing_protocols(text: str, protocols: Sequence[str]) -> bool:
    """Whether a peer that speaks these transfer protocols passes."""
    if not text:
        return True
    rule = _read(text)
    if not protocols:
        return UNKNOWN in rule.wanted
    return rule.lets_through(frozenset(name.lower() for name in protocols))


def _read(text: str) -> _Filter:
    names = [name.strip().lower() for name in text.split(",")]
    return _Filter(
        frozenset(name for name in names if name and not name.startswith("!")),
        frozenset(name[1:] for name in names if name.startswith("!")),
    )


def _protocols(address: str) -> frozenset[str]:
    """The parts of a multiaddress, its protocols among them."""
    return frozenset(address.lower().split("/")[1:])
