"""How much memory takes what a lookup found, in bytes and no less than it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from walkaway.errors import Unproven
from walkaway.names.dns.verdict import Insecure, Verdict
from walkaway.proofs.dnssec import Alias, Records, SecureDelegation, SignedRRset, ZoneKeys
from walkaway.proofs.proven import Proven

__all__ = ["weight_of_found", "weight_of_steps"]

_LEAST: Final = 4096
"""An entry by itself, with its evidence."""
_RECORD: Final = 256
_BYTE: Final = 2
_BYTE_OF_PARTS: Final = 24
"""A record's bytes may be parts of one byte each, and each part an object of its own."""


def weight_of_found(found: Verdict | Unproven) -> int:
    """Of records with their proof, of what resolvers say, or of why there is nothing."""
    if isinstance(found, Unproven):
        return _LEAST + 4 * sum(map(len, (found.summary, *found.reasons.values())))
    if isinstance(found, Insecure):
        word = found.word
        said = (word.value, *(records for records, _ in word.dissent))
        return _LEAST + sum(_RECORD + len(rdata) for each in said for rdata in each.rdatas)
    answers = [proven.value for proven in (found.answer, *found.aliases)]
    rrsets = [answer.rrset for answer in answers if isinstance(answer, Records | Alias)]
    return _weight(rrsets, _BYTE_OF_PARTS) + weight_of_steps(found.steps)


def weight_of_steps(steps: Iterable[Proven[ZoneKeys | SecureDelegation]]) -> int:
    """Of the keys and digests that lead to a zone."""
    return _weight((step.value.rrset for step in steps), _BYTE)


def _weight(rrsets: Iterable[SignedRRset], of_byte: int) -> int:
    return _LEAST + sum(
        _RECORD + of_byte * len(rdata.to_digestable()) for rrset in rrsets for rdata in rrset
    )
