"""Content from sources of which most fail or lie: it arrives whole, or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from walkaway.chain.clock import SystemClock
from walkaway.content.budget import Budget
from walkaway.content.exporter.file import open_file
from walkaway.content.service import Content, ContentPlan, open_content
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.content.source import ContentSource
from walkaway.errors import Unproven
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.ipfs import codecs, dag_pb, unixfs_data
from walkaway.proofs.ipfs.cid import Cid
from walkaway.sources.defaults import ListedSource

pytestmark = pytest.mark.adversary

MEBIBYTE = 1 << 20
MOST_MEMORY = 96 * MEBIBYTE
"""What fetching a file may add to a process, however long the file is: what is fetched ahead
and what waits to be written, in each of the copies that Python makes of a block on its way."""

Blocks = dict[bytes, bytes]


def file_of(chunks: int) -> tuple[Cid, Blocks, str]:
    """A file in chunks of a mebibyte: its root, its blocks by multihash, its SHA-256."""
    rng, digest = random.Random(7), hashlib.sha256()
    blocks: Blocks = {}
    links: list[dag_pb.PbLink] = []
    for _ in range(chunks):
        chunk = rng.randbytes(MEBIBYTE)
        digest.update(chunk)
        cid = Cid.of(codecs.RAW, chunk)
        blocks[cid.multihash] = chunk
        links.append(dag_pb.PbLink(cid, "", MEBIBYTE))
    message = unixfs_data.UnixFsData(
        unixfs_data.Kind.FILE,
        filesize=chunks * MEBIBYTE,
        blocksizes=(MEBIBYTE,) * chunks,
    )
    root = dag_pb.encode(dag_pb.PbNode(tuple(links), unixfs_data.encode(message)))
    cid = Cid.of(codecs.DAG_PB, root)
    blocks[cid.multihash] = root
    return cid, blocks, digest.hexdigest()


async def fetched(root: Cid, folder: Path, sources: dict[str, ContentSource]) -> dict[str, Any]:
    """What a process of its own makes of a file from these sources."""
    async with AsyncExitStack() as stack:
        urls = {}
        for name, source in sources.items():
            urls[name] = await source.start()
            stack.push_async_callback(source.stop)
        order = {"folder": str(folder), "root": str(root), "sources": urls}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.adversary.content_client",
            json.dumps(order),
            stdout=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        said, _ = await process.communicate()
    assert process.returncode == 0
    told: dict[str, Any] = json.loads(said)
    return told


async def test_a_file_arrives_whole_from_one_honest_source_in_five(tmp_path: Path) -> None:
    root, blocks, digest = file_of(50)
    told = await fetched(
        root,
        tmp_path,
        {
            "honest": ContentSource(blocks, Manners(begins_after=0.03)),
            "wrong": ContentSource(blocks, Manners(Manner.WRONG, one_in=10, spared=1)),
            "short": ContentSource(blocks, Manners(Manner.SHORT)),
            "hangs": ContentSource(blocks, Manners(Manner.HANGS)),
            "endless": ContentSource(blocks, Manners(Manner.ENDLESS)),
        },
    )
    assert told["sha256"] == digest
    assert told["blocks"] == len(blocks)
    assert told["after"] - told["before"] < MOST_MEMORY
    standings = told["sources"]
    assert standings["honest"] == {"state": "in use", "lies": 0, "errors": 0} | {
        "answers": standings["honest"]["answers"]
    }
    assert standings["wrong"]["lies"] > 0
    assert standings["wrong"]["state"] == "quarantined"
    for name in ("short", "hangs", "endless"):
        assert standings[name]["answers"] == 0
    assert list((tmp_path / "evidence").glob("*-wrong-*.json"))


@asynccontextmanager
async def opened(folder: Path, limits: Limits, **sources: ContentSource) -> AsyncIterator[Content]:
    """Content from these sources, in this process."""
    async with AsyncExitStack() as stack:
        listed = []
        for name, source in sources.items():
            url = await source.start()
            stack.push_async_callback(source.stop)
            listed.append(ListedSource(name, name, ("content",), url))
        plan = ContentPlan(folder / "store", folder / "evidence", sources=tuple(listed))
        yield await stack.enter_async_context(
            open_content(plan, clock=SystemClock(), limits=limits)
        )


@pytest.mark.parametrize(
    ("manner", "says"),
    [
        (Manner.WRONG, "lied: a block does not hash to its address"),
        (Manner.SHORT, "its answer was cut short"),
        (Manner.HANGS, "no answer within"),
        (Manner.ENDLESS, f"its answer is larger than {LIMITS.block_bytes} bytes"),
        (Manner.BUSY, "limits our rate"),
    ],
)
async def test_from_liars_alone_comes_nothing(tmp_path: Path, manner: Manner, says: str) -> None:
    root, blocks, _ = file_of(1)
    limits = replace(LIMITS, request_seconds=0.3)
    async with opened(tmp_path, limits, one=ContentSource(blocks, Manners(manner))) as content:
        with pytest.raises(Unproven) as raised:
            await open_file(content.blocks, root, Budget())
        assert (await content.store.stat()).blocks == 0
    assert says in raised.value.reasons["one"]


async def test_a_source_that_trickles_holds_up_nothing_for_long(tmp_path: Path) -> None:
    root, blocks, digest = file_of(8)
    limits = replace(LIMITS, block_flow_seconds=0.3)
    slow = ContentSource(blocks, Manners(Manner.TRICKLES))
    honest = ContentSource(blocks, Manners(begins_after=0.02))
    async with opened(tmp_path, limits, slow=slow, honest=honest) as content:
        file = await open_file(content.blocks, root, Budget())
        whole = b"".join([piece async for piece in file.stream()])
        answers = {status.name: status.answers for status in content.pool.status()}
    assert hashlib.sha256(whole).hexdigest() == digest
    assert answers["honest"] >= 8
