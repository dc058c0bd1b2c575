"""A file of 300 MB on Arweave, from gateways of which one alters a chunk now and then."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.adversary.arweave_gateways import large
from tests.content.arweave.stand import asking

pytestmark = pytest.mark.adversary

SIZE = 300_000_000
MOST_MEMORY = 64 * 1024 * 1024


@contextmanager
def gateways(size: int) -> Iterator[tuple[str, list[str]]]:
    command = [sys.executable, "-m", "tests.adversary.arweave_gateways", str(size)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        name, *urls = process.stdout.readline().split()
        try:
            yield name, urls
        finally:
            process.kill()


def memory() -> int:
    """The bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


async def test_a_large_file_streams_with_bounded_memory_past_a_liar(tmp_path: Path) -> None:
    with gateways(SIZE) as (name, urls):
        async with asking(tmp_path, urls) as stand:
            file = await stand.open(name)
            assert file.size == SIZE
            before, most, at = memory(), 0, 0
            async for piece in file.stream(0, None):
                assert piece == large(at, at + len(piece))
                at += len(piece)
                most = max(most, memory() - before)
            lies = sum(status.lies for status in stand.pool.status())
    assert at == SIZE
    assert most < MOST_MEMORY
    assert lies > 0
