"""Gateways of Arweave over one large file, in a process of their own, so that what the reader
holds can be told from what they do.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import sys
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.content.arweave.stand import add_transaction
from walkaway.devnet.content.arweave import ArweaveSource
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.content.weave import Weave

__all__ = ["LargeFile", "Reading", "digest_of", "large_file"]

START_SECONDS = 60
PART_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class LargeFile:
    """The id of a file, and the URLs of the gateways that have it, in order."""

    name: str
    urls: Sequence[str]


@dataclass(slots=True)
class Reading:
    """What came of a file so far: how many bytes, their SHA-256, and the most memory that
    this process took more than before, in bytes.
    """

    size: int = 0
    memory: int = 0
    _hasher: hashlib._Hash = field(default_factory=hashlib.sha256)

    async def follow(self, pieces: AsyncIterable[bytes]) -> None:
        """Read to the end, and let go of each piece."""
        before = _resident()
        async for piece in pieces:
            self.size += len(piece)
            self._hasher.update(piece)
            self.memory = max(self.memory, _resident() - before)

    def digest(self) -> bytes:
        """The SHA-256 of what came."""
        return self._hasher.digest()


def _resident() -> int:
    """Bytes of this process that are in memory."""
    pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def parts(size: int) -> Iterator[bytes]:
    """The first ``size`` bytes of the one file that there is."""
    for place, at in enumerate(range(0, size, PART_BYTES)):
        yield random.Random(place).randbytes(PART_BYTES)[: size - at]


def digest_of(size: int) -> bytes:
    """The SHA-256 of its first ``size`` bytes."""
    hasher = hashlib.sha256()
    for part in parts(size):
        hasher.update(part)
    return hasher.digest()


@asynccontextmanager
async def large_file(size: int, manners: Sequence[Manners]) -> AsyncIterator[LargeFile]:
    """Serve a file of so many bytes from a gateway for each of the manners, until it is left."""
    told = json.dumps([{**asdict(each), "manner": each.manner.name} for each in manners])
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, str(size), told),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            line = await process.stdout.readline()
        yield LargeFile(**json.loads(line))
    finally:
        process.stdin.close()
        await process.wait()


async def _serve(size: int, manners: Sequence[Manners]) -> None:
    """Until whoever started this closes its input."""
    weave = Weave()
    name = add_transaction(weave, b"".join(parts(size)))
    async with AsyncExitStack() as stack:
        urls = []
        for each in manners:
            source = ArweaveSource(weave, each)
            urls.append(await source.start())
            stack.push_async_callback(source.stop)
        sys.stdout.write(json.dumps({"name": name, "urls": urls}) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


def _main(size: str, told: str) -> None:
    manners = [
        Manners(**{**each, "manner": Manner[str(each["manner"])]}) for each in json.loads(told)
    ]
    asyncio.run(_serve(int(size), manners))


if __name__ == "__main__":
    _main(*sys.argv[1:])
