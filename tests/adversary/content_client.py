"""A process of its own that fetches one file from sources, and says what came of it.

Run with a JSON document as its argument: ``folder``, ``root`` and ``sources`` (name to
URL). It prints a JSON document: the file's SHA-256, the most memory that it held
before and after in bytes, and how each source stands.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import time
from pathlib import Path

from walkaway.chain.clock import SystemClock
from walkaway.content.budget import Budget
from walkaway.content.exporter.file import open_file
from walkaway.content.service import ContentPlan, open_content
from walkaway.proofs.ipfs.cid import Cid
from walkaway.sources.defaults import ListedSource


def most_memory() -> int:
    """The most that this process ever held, in bytes.

    Of its own doing: what ``getrusage`` says includes what its parent held when it began.
    """
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


async def fetch(order: dict[str, object]) -> dict[str, object]:
    folder, sources = Path(str(order["folder"])), order["sources"]
    assert isinstance(sources, dict)
    plan = ContentPlan(
        folder / "store",
        folder / "evidence",
        sources=tuple(
            ListedSource(name, name, ("content",), str(url)) for name, url in sources.items()
        ),
    )
    digest = hashlib.sha256()
    async with open_content(plan, clock=SystemClock()) as content:
        before, began = most_memory(), time.monotonic()
        file = await open_file(content.blocks, Cid.parse(str(order["root"])), Budget())
        async for piece in file.stream():
            digest.update(piece)
        seconds = time.monotonic() - began
        await content.blocks.written()
        standings = {
            status.name: {
                "state": status.state.value,
                "lies": status.lies,
                "errors": status.errors,
                "answers": status.answers,
            }
            for status in content.pool.status()
        }
        await content.pool.close()
        held = (await content.store.stat()).blocks
    return {
        "sha256": digest.hexdigest(),
        "before": before,
        "after": most_memory(),
        "seconds": seconds,
        "sources": standings,
        "blocks": held,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(fetch(json.loads(sys.argv[1])))))
