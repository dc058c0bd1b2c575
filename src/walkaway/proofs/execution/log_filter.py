"""Which logs a question means, and whether a bloom filter can hold any of them.

The semantics are the execution API's
(https://ethereum.github.io/execution-apis/api/methods/eth_getLogs): any of the
addresses, and at each topic position any of the topics given there. An empty
position takes every topic, but the log must have one there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.receipts import Log, bloom_bits

__all__ = ["LogFilter"]


@dataclass(frozen=True)
class LogFilter:
    """``addresses`` of 20 bytes and, by position, ``topics`` of 32; an empty set means any."""

    addresses: frozenset[bytes] = frozenset()
    topics: tuple[frozenset[bytes], ...] = ()

    @cached_property
    def digest(self) -> bytes:
        """32 bytes that name the filter in a claim: Keccak-256 over its sorted members."""
        parts = [sorted(choices) for choices in (self.addresses, *self.topics)]
        return keccak256(rlp.encode(parts))

    def matches(self, log: Log) -> bool:
        """Whether a log is meant."""
        if self.addresses and log.address not in self.addresses:
            return False
        if len(self.topics) > len(log.topics):
            return False
        pairs = zip(self.topics, log.topics, strict=False)
        return all(not wanted or topic in wanted for wanted, topic in pairs)

    def may_match(self, bloom: bytes) -> bool:
        """Whether a 256-byte bloom filter leaves room for a log that is meant.

        False is certain: a block with that bloom holds none (Yellow Paper 4.3.1).
        """
        bits = int.from_bytes(bloom, "big")
        if not bits:
            return False
        wanted = (choices for choices in (self.addresses, *self.topics) if choices)
        return all(_holds_any(bits, choices) for choices in wanted)


def _holds_any(bits: int, choices: Iterable[bytes]) -> bool:
    return any(bits & entry == entry for entry in map(bloom_bits, choices))
