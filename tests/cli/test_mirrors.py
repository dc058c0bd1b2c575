"""A node whose settings name a mirror, from its file to what it serves and explains."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from tests.cli.test_two_nodes import settings_of
from tests.content.mirrors.stand import PAGE, Release, Sources
from walkaway.cli.gateway import gateway_plan, open_gateway


@pytest.mark.parametrize("kind", ["files", "blocks"])
async def test_a_release_is_served_from_a_mirror(tmp_path: Path, kind: str) -> None:
    release, sources = Release(), Sources.of()
    by_word = kind == "files"
    mirror = sources.website(release) if by_word else sources.archive(release.car())
    url = await sources.arweave.start()
    lines = [
        f"[[source]]\nname = 'gw'\noperator = 'me'\nkinds = ['arweave']\nurl = '{url}'",
        f"[mirrors]\n'ipfs://{release.root}' = ['{mirror}']",
    ]
    settings = settings_of(tmp_path / "node", "ens = false", "arns_operators = 1", *lines)
    try:
        async with open_gateway(gateway_plan(settings)) as node, aiohttp.ClientSession() as client:
            base = f"http://127.0.0.1:{node.server.port}"
            async with client.get(f"{base}/ipfs/{release.root}/") as reply:
                assert (reply.status, await reply.read()) == (200, PAGE)
            asked = f"/explain?url=ipfs://{release.root}/&format=json"
            async with client.get(base + asked) as reply:
                told = await reply.json()
    finally:
        await sources.arweave.stop()
    assert told["isProven"] is not by_word
    assert told["mirror"] == (str(mirror) if by_word else None)
    given_by = {block["from"] for block in told["blocks"]}
    assert given_by == (set() if by_word else {str(mirror)})
