"""The same addresses as Kubo's for the same files, and content fetched both ways."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.interop.kubo.tree import build_tree, described
from tests.interop.kubo_process import Kubo, kubo_daemon, kubo_repository
from tests.interop.walkaway_process import Walkaway, walkaway_gateway
from walkaway.rpc.jsonrpc import Json

pytestmark = pytest.mark.interop

PROFILES = ("unixfs-v1-2025", "unixfs-v0-2015")
MISSING = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"
"""An address that nobody here holds anything for."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 MB of files that ask much of whoever packs them."""
    folder = tmp_path_factory.mktemp("kubo") / "tree"
    build_tree(folder)
    return folder


@pytest.fixture
async def kubo() -> AsyncIterator[Kubo]:
    """A Kubo that imports as we do, and knows nobody."""
    async with kubo_repository(profile=PROFILES[0]) as repository:
        yield repository


@pytest.mark.parametrize("profile", PROFILES)
async def test_both_give_a_folder_the_same_address(
    profile: str, tree: Path, tmp_path: Path
) -> None:
    async with kubo_repository(profile=profile) as kubo:
        theirs = await kubo.add(tree)
    ours = await Walkaway(tmp_path).add(tree, "--hidden", "--profile", profile)
    assert ours == theirs


async def test_what_kubo_packed_comes_back_unchanged(
    kubo: Kubo, tree: Path, tmp_path: Path
) -> None:
    cid = await kubo.add(tree)
    async with kubo_daemon(kubo) as daemon:
        for name, source in (
            ("gateway", f"content={daemon.gateway}"),
            ("rpc", f"kubo={daemon.rpc}"),
        ):
            (tmp_path / name).mkdir()
            fetching = Walkaway(tmp_path / name / "state", [source])
            await fetching.run("get", cid, "--output", str(tmp_path / name / "tree"))
            assert described(tmp_path / name / "tree") == described(tree)


async def test_kubo_fetches_from_us_whom_it_finds_by_our_routing(
    tree: Path, tmp_path: Path
) -> None:
    walkaway = Walkaway(tmp_path / "state")
    cid = await walkaway.add(tree, "--hidden")
    async with walkaway_gateway(walkaway) as gateway:
        finds_us: dict[str, Json] = {
            "Routing.Type": "delegated",
            "Routing.DelegatedRouters": [f"{gateway.url}/routing/v1/providers"],
            "HTTPRetrieval.Enabled": True,
        }
        async with kubo_repository(finds_us) as kubo, kubo_daemon(kubo):
            await kubo.run("get", cid, "--output", str(tmp_path / "tree"))
            assert described(tmp_path / "tree") == described(tree)
            code, _, _ = await kubo.attempt("cat", MISSING, within=5)
            assert code != 0
