"""A file of 300 MB: in little memory, and each wrong chunk caught where it stands."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.content.arweave.stand import asking
from tests.interop.arweave.large_file import Reading, digest_of, large_file
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.errors import Unproven
from walkaway.limits import LIMITS
from walkaway.proofs.arweave.chunk import CHUNK_BYTES

pytestmark = pytest.mark.interop

SIZE = 300_000_000
MOST_MEMORY = 48 * 1024 * 1024
"""What reading may hold at its most, with all that is ahead: a sixth of the file."""
SOON_BACK = replace(LIMITS, quarantine_first_seconds=0.1, quarantine_longest_seconds=0.4)
"""A liar is asked again within the file, and lies again."""


async def test_it_streams_past_liars_in_little_memory(tmp_path: Path) -> None:
    manners = [
        Manners(),
        Manners(Manner.WRONG),
        Manners(Manner.WRONG, one_in=3, spared=100),
        Manners(Manner.WRONG, one_in=7),
    ]
    read = Reading()
    async with large_file(SIZE, manners) as large, asking(tmp_path, large.urls, SOON_BACK) as stand:
        file = await stand.open(large.name)
        await read.follow(file.stream(0, None))
        told = {status.name: status.lies for status in stand.pool.status()}
    assert (read.size, read.digest()) == (SIZE, digest_of(SIZE))
    assert read.memory < MOST_MEMORY
    lies = [json.loads(path.read_text()) for path in stand.lies.glob("*.json")]
    caught = Counter(lie["source"] for lie in lies)
    assert caught == {name: count for name, count in told.items() if count}
    assert caught.keys() == {"gateway-1", "gateway-2", "gateway-3"}
    assert caught.total() > len(caught)
    assert all(lie["why"].startswith("a chunk is another") for lie in lies)
    assert len({lie["asked"]["offset"] for lie in lies}) > len(caught)


async def test_it_ends_where_the_first_wrong_chunk_stands(tmp_path: Path) -> None:
    spared, read = 800, Reading()
    liars = [Manners(Manner.WRONG, spared=spared)]
    async with large_file(SIZE, liars) as large, asking(tmp_path, large.urls) as stand:
        file = await stand.open(large.name)
        with pytest.raises(Unproven, match="a chunk is another"):
            await read.follow(file.stream(0, None))
    # Those ahead of it are asked for at once, and may be answered before it.
    assert spared - LIMITS.arweave_chunks_ahead <= read.size / CHUNK_BYTES <= spared
    assert read.digest() == digest_of(read.size)
