"""What DNSSEC proves: a zone's keys, what is delegated, and answers or their absence.

Every value says how long it holds: ``seconds`` may it be kept, which is the least of
its TTL, the TTL that was signed, and the time that its signatures have left; and
``expires`` is the unix time at which the first signature below it ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from dns.name import Name
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS

from walkaway.proofs.dnssec.rrset import SignedRRset

__all__ = [
    "Alias",
    "Answer",
    "Delegation",
    "InsecureAnswer",
    "InsecureDelegation",
    "Lifetime",
    "NoCut",
    "NoData",
    "NoSuchName",
    "Records",
    "SecureDelegation",
    "Timed",
    "ZoneKeys",
]


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long something proven holds: for how many seconds, and to which unix time."""

    seconds: float
    expires: float


@dataclass(frozen=True, slots=True)
class Timed:
    """Something proven that does not hold for ever."""

    lifetime: Lifetime

    @property
    def seconds(self) -> float:
        """For how long it may be kept."""
        return self.lifetime.seconds

    @property
    def expires(self) -> float:
        """The unix time at which the first signature below it ends."""
        return self.lifetime.expires


@dataclass(frozen=True, slots=True)
class ZoneKeys(Timed):
    """The keys that may sign what stands in a zone: supported, not revoked."""

    zone: Name
    keys: tuple[DNSKEY, ...]
    rrset: SignedRRset
    """All of the zone's keys, as they were signed."""


@dataclass(frozen=True, slots=True)
class SecureDelegation(Timed):
    """A zone below, and the digests of keys of which one must sign its keys."""

    child: Name
    ds: tuple[DS, ...]
    """Those of supported algorithms and the best digests; never empty."""
    rrset: SignedRRset
    """All of the delegation's digests, as they were signed."""


@dataclass(frozen=True, slots=True)
class InsecureDelegation(Timed):
    """Nobody signs what stands at a name and below it: that is proven, and why."""

    child: Name
    reason: str


@dataclass(frozen=True, slots=True)
class NoCut(Timed):
    """No zone begins at a name: what stands there is the zone's above."""

    name: Name


@dataclass(frozen=True, slots=True)
class NoSuchName(Timed):
    """Neither a name nor anything below it exists, nor a wildcard in its place."""

    name: Name


Delegation: TypeAlias = SecureDelegation | InsecureDelegation | NoCut | NoSuchName


@dataclass(frozen=True, slots=True)
class Records(Timed):
    """The records of one type at a name, all of them."""

    rrset: SignedRRset


@dataclass(frozen=True, slots=True)
class Alias(Timed):
    """The name stands for another (CNAME, DNAME): ask for that one."""

    target: Name
    rrset: SignedRRset


@dataclass(frozen=True, slots=True)
class NoData(Timed):
    """The name, or a wildcard in its place, exists, but has no record of the type."""

    name: Name


@dataclass(frozen=True, slots=True)
class InsecureAnswer(Timed):
    """That nobody signs whether something stands at a name: that is proven, and why."""

    name: Name
    reason: str


Answer: TypeAlias = Records | Alias | NoData | NoSuchName | InsecureAnswer
