"""Releases that stand on several networks, at the gateway: what it answers, and what it tells."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.content.exporter.dags import Dag
from tests.content.mirrors.stand import PAGE, Release, Sources, ipfs
from tests.gateway.asgi_client import Reply, ask
from tests.gateway.test_app import IMMUTABLE, Names
from tests.proofs.ipfs.test_car import read
from walkaway.gateway.answers.explanation import Explanations
from walkaway.gateway.app import Gateway
from walkaway.gateway.safety.denylist import Denylist
from walkaway.names.pointer import Pointer
from walkaway.names.resolution import Resolution, Standing
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.multibase import BASE32

RULED = b"/old/* /index.html 200\n"


@pytest.fixture
def release() -> Release:
    return Release()


@asynccontextmanager
async def gateway(
    folder: Path,
    sources: Sources,
    release: Pointer,
    *mirrors: Pointer,
    denied: str = "",
    names: Names | None = None,
    through: Sequence[str] = (),
) -> AsyncIterator[Gateway]:
    denylist = Denylist(folder / "list.deny")
    (folder / "list.deny").write_text(denied)
    denylist.load()
    named = names or Names()
    async with sources.content(folder, release, mirrors) as content:
        networks = content.networks
        made = Gateway(
            content.blocks,
            content.store,
            named,
            others=networks.others,
            mirrors=networks.mirrors,
            relayed=content.blocks.relayed,
            denylist=denylist,
        )
        made.explanations = Explanations(
            content.blocks,
            named,
            others=networks.others,
            mirrors=networks.mirrors,
            supply=content.blocks.supply,
            denylist=denylist,
        )
        yield made


def host(release: Release) -> str:
    return f"{release.root.as_v1()}.ipfs.localhost:8080"


async def explained(gateway: Gateway, pointer: Pointer) -> dict[str, object]:
    url = f"/explain?url=http://127.0.0.1:8080{pointer}/&format=json"
    told: dict[str, object] = json.loads((await ask(gateway, url, host="localhost:8080")).body)
    return told


async def test_files_of_a_mirror_are_held_a_short_time_and_told_as_what_they_are(
    tmp_path: Path, release: Release
) -> None:
    sources = Sources.of()
    site = sources.website(release)
    async with gateway(tmp_path, sources, ipfs(release.root), site) as made:
        page = await ask(made, "/", host=host(release))
        assert (page.status, page.body) == (200, PAGE)
        assert page.header("content-type") == "text/html"
        assert page.header("cache-control") == "public, max-age=60"
        assert str(release.root) not in page.header("etag")
        part = await ask(
            made, "/docs/large", host=host(release), headers={"range": "bytes=999-1000"}
        )
        assert (part.status, part.body) == (206, b"\0\1")
        told = await explained(made, ipfs(release.root))
        assert (told["isProven"], told["mirror"]) == (False, str(site))
        assert "same release" in json.dumps(told["file"])
        assert "your settings" in json.dumps(told["file"])
        shown = await ask(made, f"/explain?url=ipfs://{release.root}", host="localhost:8080")
        assert f"this is from <code>{site}</code>" in shown.text


async def test_a_folder_of_a_mirror_is_its_index_and_has_its_slash(
    tmp_path: Path, release: Release
) -> None:
    sources = Sources.of()
    async with gateway(tmp_path, sources, ipfs(release.root), sources.website(release)) as made:
        moved = await ask(made, "/docs?x=1", host=host(release))
        assert (moved.status, moved.header("location")) == (301, "/docs/?x=1")
        assert (await ask(made, "/docs/", host=host(release))).body == b"<p>docs"
        by_path = await ask(made, f"/ipfs/{release.root}")
        assert (by_path.status, by_path.header("location")) == (301, f"/ipfs/{release.root}/")
        gone = await ask(made, "/nothing", host=host(release))
        assert (gone.status, b"manifest" in gone.body) == (502, True)


async def test_blocks_of_a_mirror_are_as_good_as_any(tmp_path: Path, release: Release) -> None:
    sources = Sources.of({}, release.car())
    piece = sources.piece()
    async with gateway(tmp_path, sources, ipfs(release.root), piece) as made:
        page = await ask(made, "/", host=host(release))
        assert (page.status, page.header("cache-control")) == (200, IMMUTABLE)
        assert page.header("etag") == f'"{release.root}"'
        listed = await ask(made, f"/ipfs/{release.root}?format=car")
        assert {cid for cid, _ in read(listed.body)[1]} == set(release.dag.held)
        told = await explained(made, ipfs(release.root))
        assert (told["isProven"], told["mirror"]) == (True, None)
        assert str(piece) in json.dumps(told["blocks"])


async def test_no_blocks_are_made_of_files(tmp_path: Path, release: Release) -> None:
    sources = Sources.of()
    async with gateway(tmp_path, sources, ipfs(release.root), sources.website(release)) as made:
        reply = await ask(made, f"/ipfs/{release.root}?format=car")
        assert (reply.status, b"has no blocks to be given as" in reply.body) == (502, True)


async def test_who_asks_only_this_machine_and_other_nodes_get_no_mirrors(
    tmp_path: Path, release: Release
) -> None:
    sources = Sources.of({}, release.car())
    async with gateway(tmp_path, sources, ipfs(release.root), sources.piece()) as made:
        held = {"cache-control": "only-if-cached"}
        assert (await ask(made, "/", host=host(release), headers=held)).status == 412
        relayed = {"cdn-loop": "another-node"}
        assert (await ask(made, "/", host=host(release), headers=relayed)).status == 502
        assert sources.filecoin.asked == 0
        assert (await ask(made, "/", host=host(release))).status == 200
        assert (await ask(made, "/", host=host(release), headers=held)).status == 200


async def test_what_is_denied_is_denied_on_mirrors_too(tmp_path: Path, release: Release) -> None:
    sources = Sources.of({}, release.car())
    site, piece = sources.website(release), sources.piece()
    for at, (mirror, denied, status) in enumerate(
        [
            (site, str(site), 502),
            (site, f"/ipfs/{release.root}/docs/large", 410),
            (piece, f"/ipfs/{release.large}", 410),
            (piece, f"/ipfs/{Cid.of(codecs.RAW, release.leaves[0])}", 410),
        ]
    ):
        folder = tmp_path / str(at)
        folder.mkdir()
        async with gateway(
            folder, sources, ipfs(release.root), mirror, denied=f"{denied}\n"
        ) as made:
            reply = await ask(made, "/docs/large", host=host(release))
            assert (reply.status, b"denies this content" in reply.body) == (status, True)
            if mirror == piece:
                # Whoever has given the last block is asked first: the same holds for the next.
                assert (await ask(made, "/", host=host(release))).status == 200
                assert (await ask(made, "/docs/large", host=host(release))).status == 410


async def test_a_name_leads_to_a_release_wherever_that_stands(
    tmp_path: Path, release: Release
) -> None:
    sources = Sources.of()
    leads = Resolution(ipfs(release.root), 300.0, Standing.PROVEN)
    site = sources.website(release)
    names = Names(app_eth=leads)
    async with gateway(tmp_path, sources, ipfs(release.root), site, names=names) as made:
        reply = await ask(made, "/", host="app-eth.localhost:8080")
        assert (reply.status, reply.body) == (200, PAGE)
        assert reply.header("cache-control") == "public, max-age=60"


async def test_the_sites_own_rules_hold_where_its_blocks_come_from_a_mirror(
    tmp_path: Path, release: Release
) -> None:
    dag: Dag = release.dag
    root = dag.directory([("_redirects", dag.raw(RULED)), ("index.html", release.page)])
    release.root = root
    sources = Sources.of({}, release.car())
    async with gateway(tmp_path, sources, ipfs(root), sources.piece()) as made:
        reply = await ask(made, "/old/page", host=host(release))
        assert (reply.status, reply.body) == (200, PAGE)
        assert (await ask(made, "/new", host=host(release))).status == 404


async def test_what_was_on_arweave_is_given_from_ipfs_and_not_for_good(
    tmp_path: Path, release: Release
) -> None:
    sources = Sources.of(release.blocks)
    absent = Pointer("ar", str(ArweaveId(bytes(32))))
    other = f"{BASE32.encode(bytes(32))}.ar.localhost:8080"
    async with gateway(tmp_path, sources, absent, ipfs(release.root)) as made:
        for _ in range(2):
            reply: Reply = await ask(made, "/", host=other)
            assert (reply.status, reply.body) == (200, PAGE)
            assert reply.header("cache-control") == "public, max-age=60"
        assert (await ask(made, "/nothing", host=other)).status == 502
        told = await explained(made, absent)
        assert (told["isProven"], told["mirror"]) == (False, str(ipfs(release.root)))
        assert Cid.parse(str(told["cid"])) == release.page
        shown = await ask(made, f"/explain?url={absent}", host="localhost:8080")
        assert "your settings" in shown.text
