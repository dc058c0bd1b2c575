"""Recorded mainnet questions, ready to be asked: what a source would answer, and where it lies."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.rpc.recorded_mainnet import MAINNET, Recording, colibri_recording
from tests.rpc.test_recordings import STATE, state_proof
from tests.vectors import ROOT
from walkaway.chain.chain import Chain, ChainSettings
from walkaway.chain.clock import FixedClock
from walkaway.sources.pool import Pool

__all__ = ["RECORDINGS", "RecordedQuestion", "recorded_questions", "started_on"]

RECORDINGS = ROOT / "mainnet-recordings"
LENDERS = {"eth_getLogs1": "eth_getBalance1"}
"""Recordings without a checkpoint, and the one that lends theirs."""
CHECKPOINT_AGE = 90 * 86400
"""Some recordings begin weeks before their head, in seconds."""


@dataclass(frozen=True, slots=True)
class RecordedQuestion:
    """One recorded JSON-RPC question; ``folders`` hold what was recorded, its own first."""

    name: str
    method: str
    params: list[Any]
    expected: Any
    folders: tuple[Path, ...]

    def recording(self) -> Recording:
        """What is needed to answer it, as sources."""
        folder = self.folders[0]
        recording = colibri_recording(folder, self.folders[-1])
        for name, block, keys in STATE:
            if name == self.name:
                asked = self.params[1] if keys is None else [self.params[i] for i in keys]
                recording.add_proof(state_proof(folder, block), asked)
        if self.method == "eth_call":
            recording.add_call_state(folder)
        for path in folder.glob("eth_getBlockReceipts_*.json"):
            block_hash = "0x" + recording.head.header.hash.hex()
            receipts = json.loads(path.read_text())["result"]
            recording.rpc_answer("eth_getBlockReceipts", (block_hash,), receipts)
        return recording


def recorded_questions() -> Iterator[RecordedQuestion]:
    """Every recording that holds a question; none where the recordings are not here."""
    for path in sorted(RECORDINGS.glob("*/test.json")):
        test, name = json.loads(path.read_text()), path.parent.name
        lender = (RECORDINGS / LENDERS[name],) if name in LENDERS else ()
        yield RecordedQuestion(
            name, test["method"], test["params"], test["expected_result"], (path.parent, *lender)
        )


@asynccontextmanager
async def started_on(recording: Recording) -> AsyncIterator[Chain]:
    """A chain synced from the recording's checkpoint to its head, in the recording's time."""
    clock = FixedClock(recording.now)
    settings = ChainSettings(checkpoint=recording.checkpoint, checkpoint_age_limit=CHECKPOINT_AGE)
    async with Pool(recording.sources(), clock=clock, seed=1) as pool:
        chain = Chain(MAINNET, pool, settings, clock=clock)
        await chain.start(follow=False)
        yield chain
        await chain.stop()
