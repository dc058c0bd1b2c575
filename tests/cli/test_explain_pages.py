"""`walkaway explain PLACE`: what the gateway that runs tells of a page, drawn."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from typer.testing import CliRunner

from tests.content.filecoin.test_pdp import NUMBER, PIECE, asking, numbered
from tests.gateway.test_explain_other_networks import ID, STANDING_ON, explaining
from tests.gateway.test_explain_other_networks import told as told_of
from tests.gateway.test_other_networks import a_file
from walkaway.cli.command_line import app
from walkaway.cli.gateway import GatewayPlan, open_gateway
from walkaway.cli.names import NamesPlan
from walkaway.cli.node import Listen
from walkaway.cli.page_tree import page_tree
from walkaway.cli.running import ask_explanation
from walkaway.cli.terminal import Terminal
from walkaway.content.proven_file import Believed
from walkaway.content.service import ContentPlan
from walkaway.errors import InvalidRequest, NoEndpoint, Unsupported, WalkawayError


def drawn(told: Mapping[str, Any]) -> str:
    terminal = Terminal(width=200)
    with terminal.person.capture() as capture:
        terminal.person.print(page_tree(told))
    return capture.get()


@asynccontextmanager
async def gateway_at(folder: Path) -> AsyncIterator[str]:
    """Where a gateway answers that holds nothing."""
    plan = GatewayPlan(
        ContentPlan(folder / "store", folder / "evidence", offline=True),
        NamesPlan(folder / "names", offline=True),
        Listen(("127.0.0.1",), 0),
        folder / "peer.key",
    )
    async with open_gateway(plan) as gateway:
        yield gateway.server.url


async def test_the_gateway_that_runs_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WALKAWAY_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    empty = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
    async with gateway_at(tmp_path) as url:
        words = ["explain", f"/ipfs/{empty}", "--host", "127.0.0.1"]
        words += ["--gateway-port", url.rpartition(":")[2]]
        shown = await asyncio.to_thread(CliRunner().invoke, app, words)
        data = await asyncio.to_thread(CliRunner().invoke, app, [*words, "--json"])
        with pytest.raises(Unsupported, match="no RPC of Filecoin") as refused:
            await ask_explanation(url, {"url": f"piece://{PIECE}", "data_set": "7"})
        with pytest.raises(InvalidRequest, match="address to explain is missing"):
            await ask_explanation(url, {"url": ""})
    assert shown.exit_code == 0, shown.output
    assert f"not shown  /ipfs/{empty}" in shown.output
    assert "refused  this block is not held here" in shown.output
    assert json.loads(data.output)["failure"]["error"] == "Unproven"
    assert 'kinds = ["pdp"]' in refused.value.advice
    gone = await asyncio.to_thread(CliRunner().invoke, app, words)
    assert (gone.exit_code, "no gateway answers" in gone.output) == (4, True)
    assert "--gateway-port names another port" in gone.output


@pytest.mark.parametrize("body", [b"{}", b"[]", b"no JSON"])
async def test_what_is_no_gateway_is_told(body: bytes) -> None:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(body=body)

    site = web.Application()
    site.router.add_get("/explain", handle)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        with pytest.raises(NoEndpoint, match="is no gateway"):
            await ask_explanation(f"http://127.0.0.1:{runner.addresses[0][1]}", {})
    finally:
        await runner.cleanup()


async def test_a_file_is_drawn_with_its_evidence_and_who_gave_it() -> None:
    words = (Believed("that it is the newest", ("one",)), Believed("184 bits"))
    file = replace(a_file(believed=words), because=STANDING_ON)
    text = drawn(await told_of(explaining(f"/ar/{ID}", file), f"url=ar://{ID}"))
    assert text.startswith(f"somebody's word  /ar/{ID}")
    for line in (
        "34 bytes, text/html",
        "Arweave id that was asked for",
        "somebody's word: that it is the newest (said by one)",
        "the limit of the proof: 184 bits",
        f"given by  gateway-1, gateway-2  {ID}  lied about it: <liar>",
    ):
        assert line in text


async def test_a_piece_is_drawn_with_what_is_said_besides() -> None:
    gateway = explaining(f"/piece/{PIECE}", a_file(), asking(numbered(NUMBER)))
    text = drawn(await told_of(gateway, f"url=piece://{PIECE}&data_set=7"))
    assert text.startswith("proven  ")
    assert "besides  somebody's word: data set 7 holds it: piece 3 of data set 7" in text


def test_names_blocks_and_liars_are_drawn() -> None:
    step = {"step": 1, "rule": "a rule", "anchor": True, "facts": {}, "because": []}
    name = {"name": "app.eth", "pointer": "/ipfs/x", "standing": "word", "because": step}
    again = {**name, "name": "b.eth", "because": {"step": 1, "rule": "a rule", "again": True}}
    told: dict[str, Any] = {
        "contentPath": "/ipns/app.eth", "isProven": False, "failure": None, "file": None,
        "names": [name, again, {**name, "name": "c.eth", "because": None}],
        "blocks": [
            {"from": "a", "lied": ["z"]}, {"from": "b", "lied": ["z"]}, {"from": "a", "lied": []},
        ],
        "moreBlocks": True, "suppliedBy": [], "besides": [],
        "caughtLying": [{"name": "z", "lies": 2}],
    }  # fmt: skip
    text = drawn(told)
    assert "app.eth leads to /ipfs/x  word" in text
    assert text.count("a rule") == 1
    assert "given by  a, b  3 blocks and more  lied about it: z" in text
    assert "caught lying  z: 2 lies" in text
    for broken in ({}, {**told, "names": [{}]}, {**told, "file": {}}, {**told, "blocks": [1]}):
        with pytest.raises(WalkawayError, match="can be read"):
            drawn(broken)
