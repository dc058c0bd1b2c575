"""One node's gateway is the other's source: of blocks, and of who has them."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tests.names.ipns.signing import Signer
from walkaway.cli.config import Settings, load_settings
from walkaway.cli.gateway import gateway_plan, open_gateway
from walkaway.content.budget import Budget
from walkaway.content.exporter.file import open_file
from walkaway.errors import Unproven
from walkaway.proofs.ipfs import codecs, dag_pb, unixfs_data
from walkaway.proofs.ipfs.cid import Cid

CHUNKS = [bytes([number]) * 100_000 for number in range(1, 6)]


def settings_of(folder: Path, *lines: str) -> Settings:
    """Settings of a node with a folder of its own, and no sources but those given."""
    folder.mkdir()
    file = folder / "walkaway.toml"
    own = (f"state_directory = '{folder}'", "default_sources = false", "host = '127.0.0.1'")
    file.write_text("\n".join((*own, "gateway_port = 0", *lines)))
    return load_settings({}, {}, config=file, follows_chain=False)


def source(kinds: str, port: int) -> str:
    """The lines of a source."""
    url = f"http://127.0.0.1:{port}"
    return f"[[source]]\nname = 'other'\noperator = 'me'\nkinds = {kinds}\nurl = '{url}'"


def file_of(chunks: list[bytes]) -> tuple[Cid, list[tuple[Cid, bytes]]]:
    leaves = [(Cid.of(codecs.RAW, chunk), chunk) for chunk in chunks]
    sizes = tuple(len(chunk) for chunk in chunks)
    message = unixfs_data.UnixFsData(unixfs_data.Kind.FILE, filesize=sum(sizes), blocksizes=sizes)
    links = tuple(dag_pb.PbLink(cid, "", len(chunk)) for cid, chunk in leaves)
    root = dag_pb.encode(dag_pb.PbNode(links, unixfs_data.encode(message)))
    cid = Cid.of(codecs.DAG_PB, root)
    return cid, [*leaves, (cid, root)]


@pytest.mark.parametrize("kinds", ["['content']", "['routing']", "['content', 'routing']"])
async def test_a_file_goes_from_one_node_to_the_other(tmp_path: Path, kinds: str) -> None:
    root, blocks = file_of(CHUNKS)
    async with open_gateway(gateway_plan(settings_of(tmp_path / "one"))) as one:
        await one.content.store.put_many(blocks)
        port = one.server.port
        excepted = f"guard_exceptions = ['127.0.0.1:{port}']"
        settings = settings_of(tmp_path / "other", excepted, source(kinds, port))
        async with open_gateway(gateway_plan(settings)) as other:
            file = await open_file(other.content.blocks, root, Budget())
            assert [piece async for piece in file.stream()] == CHUNKS
            with pytest.raises(Unproven) as raised:
                await other.content.blocks.get(Cid.of(codecs.RAW, b"nobody has this"))
    assert set(raised.value.reasons) >= {"store", "other"}
    alone = gateway_plan(settings_of(tmp_path / "third"), offline=True)
    async with open_gateway(alone) as third:
        with pytest.raises(Unproven):
            await open_file(third.content.blocks, root, Budget())


def free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


async def test_nodes_that_ask_each_other_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """Both are asked at once for what neither has: each is told so, and no question goes round."""
    ports = free_ports()
    nobody_has = Cid.of(codecs.RAW, b"nobody has this")
    async with AsyncExitStack() as stack:
        nodes = []
        for mine, others in (ports, ports[::-1]):
            settings = settings_of(tmp_path / f"{mine}", source("['content']", others))
            plan = gateway_plan(settings)
            plan = replace(plan, listen=replace(plan.listen, port=mine))
            nodes.append(await stack.enter_async_context(open_gateway(plan)))
        found = await asyncio.gather(
            *(node.content.blocks.get(nobody_has) for node in nodes), return_exceptions=True
        )
        for error in found:
            assert isinstance(error, Unproven)
            assert error.reasons["other"] == "could not get it (HTTP status 502)"
        signer = Signer()
        async with asyncio.timeout(3):
            lacking = await asyncio.gather(
                *(node.names.names.resolve(signer.text) for node in nodes), return_exceptions=True
            )
        for refused in lacking:
            assert isinstance(refused, Unproven)
            assert refused.reasons["other"] == "could not get it (HTTP status 502)"
        another = Signer(2)
        await nodes[0].names.held.put(another.name, another.record(lasts=1e9))
        assert (await nodes[1].names.names.resolve(another.text)).proven
        root, blocks = file_of(CHUNKS[:1])
        await nodes[0].content.store.put_many(blocks)
        assert (await nodes[1].content.blocks.get(root)).value == blocks[-1][1]
