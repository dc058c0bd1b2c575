"""Where walkaway's answer is another than the recorded one, and why it stays so."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["DEPARTURES"]

DEPARTURES: Mapping[str, str] = {
    "eth_simulateV1/ethSimulate-empty-with-block-num-set-firstblock": (
        "the base block is older than the Merge: chain specs hold no rules from then, neither "
        "what a block's miner was paid nor how code ran"
    ),
    "eth_simulateV1/ethSimulate-use-as-many-features-as-possible": (
        "logs are counted without those that were taken back by a revert, as go-ethereum does "
        "since the suite was recorded"
    ),
}
"""By the exchange's name."""
