"""The cache on disk: kept across runs, bounded, safe to kill, and harmless when damaged."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from walkaway.chain.cache import DiskCache

NAME = b"\x07" * 32


def name(number: int) -> bytes:
    return number.to_bytes(32, "big")


@pytest.fixture
async def cache(tmp_path: Path) -> AsyncIterator[DiskCache]:
    opened = DiskCache(tmp_path / "state" / "net.cache", 100_000)
    yield opened
    await opened.close()


def reopened(cache: DiskCache, limit: int = 100_000) -> DiskCache:
    return DiskCache(cache.path, limit)


async def test_an_entry_is_there_in_the_next_run(cache: DiskCache) -> None:
    assert await cache.get("block", NAME) is None
    await cache.put("block", NAME, b"content", final=True)
    assert await cache.get("block", NAME) == b"content"
    assert await cache.get("header", NAME) is None
    await cache.close()
    assert await cache.get("block", NAME) is None
    again = reopened(cache)
    assert await again.get("block", NAME) == b"content"
    await again.drop("block", NAME)
    assert await again.get("block", NAME) is None
    await again.close()


async def test_only_its_owner_may_read_it(cache: DiskCache) -> None:
    await cache.put("code", NAME, b"x")
    assert stat.S_IMODE(cache.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(cache.path.parent.stat().st_mode) == 0o700


async def test_it_is_bounded_and_the_least_recently_used_leave(cache: DiskCache) -> None:
    for number in range(10):
        await cache.put("block", name(number), bytes(10_000), final=True)
    assert await cache.get("block", name(0)) is not None
    await cache.put("block", name(10), bytes(10_000), final=True)
    there = [n for n in range(11) if await cache.get("block", name(n)) is not None]
    assert there == [0, 3, 4, 5, 6, 7, 8, 9, 10]


async def test_what_is_not_final_leaves_first(cache: DiskCache) -> None:
    for number in range(10):
        await cache.put("block", name(number), bytes(10_000), final=number not in (4, 9))
    assert await cache.get("block", name(9), final=True) is not None
    await cache.put("block", name(10), bytes(10_000), final=True)
    there = [n for n in range(11) if await cache.get("block", name(n)) is not None]
    assert there == [1, 2, 3, 5, 6, 7, 8, 9, 10]


async def test_what_is_kept_again_counts_once_and_the_file_stays_small(cache: DiskCache) -> None:
    for _ in range(40):
        await cache.put("block", NAME, os.urandom(10_000))
    for number in range(200):
        await cache.put("block", name(number), os.urandom(10_000))
    await cache.close()
    assert cache.path.stat().st_size < 200_000
    again = reopened(cache)
    there = [n for n in range(200) if await again.get("block", name(n)) is not None]
    assert len(there) in (9, 10)
    await again.close()


async def test_a_lower_limit_holds_from_the_next_entry_on(cache: DiskCache) -> None:
    for number in range(10):
        await cache.put("block", name(number), bytes(5_000))
    await cache.close()
    again = reopened(cache, 20_000)
    await again.put("code", NAME, bytes(1_000))
    there = [n for n in range(10) if await again.get("block", name(n)) is not None]
    assert there == [7, 8, 9]
    await again.close()


async def test_little_of_the_file_is_held_in_memory(
    cache: DiskCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def connected(path: Path, *, timeout: float, check_same_thread: bool) -> sqlite3.Connection:
        opened.append(connect(path, timeout=timeout, check_same_thread=check_same_thread))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", connected)
    await cache.put("header", name(1), b"content")
    (pages,) = opened[0].execute("PRAGMA cache_size").fetchone()
    assert -1024 <= pages < 0  # KiB


async def test_what_would_fill_the_cache_alone_is_not_kept(cache: DiskCache) -> None:
    await cache.put("block", NAME, bytes(12_501))
    assert await cache.get("block", NAME) is None


async def test_one_process_at_a_time(cache: DiskCache) -> None:
    await cache.put("block", NAME, b"content")
    other = reopened(cache)
    await other.put("block", NAME, b"other")
    assert await other.get("block", NAME) is None
    await other.close()
    assert await cache.get("block", NAME) == b"content"
    await cache.close()
    third = reopened(cache)
    assert await third.get("block", NAME) == b"content"
    await third.close()


async def test_each_flipped_byte_gives_the_entry_or_something_that_cannot_pass_for_it(
    cache: DiskCache,
) -> None:
    """Whoever reads proves it again; here nothing may be raised, and it goes on working."""
    content = {number: random.Random(number).randbytes(700) for number in range(12)}
    for number, value in content.items():
        await cache.put("receipts", name(number), value, final=True)
    await cache.close()
    sound = cache.path.read_bytes()
    rng = random.Random(5)
    positions = sorted({*range(100), *rng.sample(range(len(sound)), 150)})
    for at in positions:
        damaged = bytearray(sound)
        damaged[at] ^= 1 << rng.randrange(8)
        cache.path.write_bytes(damaged)
        again = reopened(cache)
        for number in content:
            found = await again.get("receipts", name(number))
            assert found is None or isinstance(found, bytes)
        await again.put("receipts", NAME, b"new")
        if await again.get("receipts", NAME) is None:  # it was thrown away just now
            await again.put("receipts", NAME, b"new")
        assert await again.get("receipts", NAME) == b"new", at
        await again.close()


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(4000)])
async def test_a_file_that_is_none_is_begun_anew(cache: DiskCache, content: bytes) -> None:
    cache.path.parent.mkdir()
    cache.path.write_bytes(content)
    await cache.get("block", NAME)
    await cache.put("block", NAME, b"content")
    assert await cache.get("block", NAME) == b"content"


async def test_a_table_of_another_form_is_begun_anew(cache: DiskCache) -> None:
    cache.path.parent.mkdir()
    with sqlite3.connect(cache.path) as file:
        file.execute("CREATE TABLE entry (kind, final, used, size)")
        file.execute("INSERT INTO entry VALUES ('block', 'x', 'y', 'z')")
    file.close()
    await cache.get("block", NAME)
    await cache.put("block", NAME, b"content")
    assert await cache.get("block", NAME) == b"content"


async def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "net.cache").mkdir()
    for path in (tmp_path / "file" / "net.cache", tmp_path / "net.cache"):
        cache = DiskCache(path, 1000)
        await cache.put("code", NAME, b"x")
        assert await cache.get("code", NAME) is None
        await cache.drop("code", NAME)
        await cache.close()
        await cache.close()


WRITER = """
import asyncio, sys
from pathlib import Path
from walkaway.chain.cache import DiskCache

async def write():
    cache = DiskCache(Path(sys.argv[1]), 300_000)
    number = 0
    while True:
        number += 1
        await cache.put("block", number.to_bytes(32, "big"), number.to_bytes(4, "big") * 2500)
        print(number, flush=True)

asyncio.run(write())
"""


def test_a_kill_at_any_moment_leaves_a_sound_file(tmp_path: Path) -> None:
    path = tmp_path / "net.cache"

    async def check(last: int) -> None:
        cache = DiskCache(path, 300_000)
        for number in range(max(1, last - 10), last + 1):
            assert await cache.get("block", name(number)) == number.to_bytes(4, "big") * 2500
        await cache.close()

    for writes in (1, 7, 40, 55):
        command = [sys.executable, "-c", WRITER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            said = [writer.stdout.readline() for _ in range(writes)]
            time.sleep(0.001 * (writes % 5))
            writer.send_signal(signal.SIGKILL)
        asyncio.run(check(int(said[-1])))
