"""`walkaway up` from settings to a served head, over real sockets."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import time
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from typer.testing import CliRunner

from walkaway.chain.follower import SyncProgress
from walkaway.chain.status import ChainStatus
from walkaway.cli import up
from walkaway.cli.command_line import app
from walkaway.cli.config import Settings, load_settings
from walkaway.cli.running import ask_running
from walkaway.devnet import ens
from walkaway.devnet.execution.accounts import NAMES_OWNER
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import DevnetSettings
from walkaway.errors import ConfigError
from walkaway.names.pointer import Pointer


class Recorder:
    """A reporter that remembers, and says when the endpoint listens."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.periods: list[SyncProgress] = []
        self.heads: list[ChainStatus] = []
        self.url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.gateway_url: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def tell(self, doing: str) -> None:
        self.told.append(doing)

    def sync(self, progress: SyncProgress) -> None:
        self.periods.append(progress)

    def listening(self, url: str) -> None:
        self.url.set_result(url)

    def gateway(self, url: str) -> None:
        self.gateway_url.set_result(url)

    def head(self, status: ChainStatus) -> None:
        self.heads.append(status)

    def close(self) -> None:
        pass


def settings_for(devnet: Devnet, home: Path, *, checkpoint: str) -> Settings:
    file = home / "walkaway.toml"
    file.touch(mode=0o600)
    entries = "".join(
        f'[[source]]\nname = "{s.name}"\noperator = "{s.operator}"\nurl = "{s.url}"\n'
        f"kinds = {sorted(s.kinds)}\n"
        for s in devnet.sources
    )
    file.write_text(
        f"default_sources = false\nport = 0\ngateway_port = 0\nhost = '127.0.0.1'\n{entries}"
    )
    flags = {"state_directory": str(home / "state"), "checkpoint": checkpoint}
    return load_settings(flags, {}, config=file)


HELLO = Pointer("ipfs", "bafkqabtimvwgy3yk")
"""Content that stands in its own address, so that nobody is asked for it."""


def devnet_with_app() -> Devnet:
    """A devnet of now, on which the name app.eth leads to `HELLO`."""
    settings = DevnetSettings()
    past = (settings.warm_slots + 2) * settings.seconds_per_slot
    devnet = Devnet(settings, genesis_time=int(time.time()) - past)
    ens.set_contenthash(devnet, "app.eth", HELLO)
    devnet.advance(2)
    return devnet


async def opened(url: str, path: str = str(HELLO), status: int = 200) -> bytes:
    """What a gateway gives for a path."""
    async with aiohttp.ClientSession(trust_env=False) as session:
        path_url = url.replace("localhost", "127.0.0.1")
        async with session.get(f"{path_url}{path}") as response:
            content = await response.read()
            assert response.status == status, content
            return content


async def test_from_settings_to_sigterm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with devnet_with_app() as devnet:
        monkeypatch.setattr(up, "chain_spec", lambda _: devnet.spec)
        root = f"0x{devnet.checkpoint.root.hex()}"
        reporter = Recorder()
        serving = asyncio.create_task(
            up.serve(settings_for(devnet, tmp_path, checkpoint=root), reporter)
        )
        url = await asyncio.wait_for(reporter.url, 20)
        assert await opened(await reporter.gateway_url) == b"hello\n"
        assert await ask_running(url, "eth_chainId", []) == hex(devnet.spec.chain_id)
        head = devnet.execution.block_at(int(await ask_running(url, "eth_blockNumber", []), 16))
        assert head is not None
        assert "starting from the given checkpoint" in reporter.told
        assert reporter.heads[-1].latest is not None
        assert reporter.heads[-1].latest.block_hash == head.hash
        gateway = await reporter.gateway_url
        assert await opened(gateway, "/ipns/app.eth") == b"hello\n"
        assert b"leads nowhere in ENS" in await opened(gateway, "/ipns/evil.eth", 404)
        told = json.loads(await opened(gateway, "/explain?url=app.eth&format=json"))
        assert (told["isProven"], told["cid"]) == (True, HELLO.root)
        assert devnet.checkpoint.root.hex() in json.dumps(told["names"])
        assert "eth_getProof" in json.dumps(told["asked"]) or not told["asked"]
        assert json.loads(await opened(gateway, "/walkaway/status"))["withoutEns"] == ""
        named = await ask_running(url, "walkaway_resolve", ["App.eth", {"texts": ["url"]}])
        assert (named["name"], named["pointer"]) == ("app.eth", str(HELLO))
        assert (named["standing"], named["texts"]) == ("proven", {"url": None})
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(serving, 20)
    state = tmp_path / "state"
    assert (state / "devnet.universal-resolver").exists()
    assert (state / "devnet.state").exists()
    assert stat.S_IMODE((state / "evidence").stat().st_mode) == 0o700


async def test_a_taken_port_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Devnet(DevnetSettings()) as devnet:
        monkeypatch.setattr(up, "chain_spec", lambda _: devnet.spec)
        root = f"0x{devnet.checkpoint.root.hex()}"
        settings_for(devnet, tmp_path, checkpoint=root)
        flags = {"state_directory": str(tmp_path), "checkpoint": root, "port": port}
        settings = load_settings(flags, {}, config=tmp_path / "walkaway.toml")
        with pytest.raises(ConfigError, match=str(port)) as raised:
            await up.serve(settings, Recorder())
    assert raised.value.advice


async def test_the_gateway_waits_for_no_chain_and_outlives_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(up, "_AGAIN_SECONDS", 0.01)
    file = tmp_path / "walkaway.toml"
    file.touch(mode=0o600)
    file.write_text(
        "default_sources = false\nport = 0\ngateway_port = 0\nhost = '127.0.0.1'\n"
        "[[source]]\nname = 'nobody'\noperator = 'me'\nkinds = ['beacon', 'execution']\n"
        "url = 'http://127.0.0.1:1'\n"
    )
    flags = {"state_directory": str(tmp_path / "state"), "checkpoint": "0x" + "ab" * 32}
    settings = load_settings(flags, {}, config=file)
    reporter = Recorder()
    serving = asyncio.create_task(up.serve(settings, reporter))
    url = await asyncio.wait_for(reporter.gateway_url, 20)
    while sum("not followed for now" in told for told in reporter.told) < 2:
        await asyncio.sleep(0.01)
        assert not serving.done()
    assert any("no network" in told for told in reporter.told)
    assert await opened(url) == b"hello\n"
    for path in ("/ipns/app.eth", "/web3/app.eth/"):
        assert b"it is not followed for now: " in await opened(url, path, 502)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


async def test_the_gateway_alone_follows_the_chain_for_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with devnet_with_app() as devnet:
        monkeypatch.setattr(up, "chain_spec", lambda _: devnet.spec)
        root = f"0x{devnet.checkpoint.root.hex()}"
        settings = replace(settings_for(devnet, tmp_path, checkpoint=root), serve=("gateway",))
        reporter = Recorder()
        serving = asyncio.create_task(up.serve(settings, reporter))
        gateway = await asyncio.wait_for(reporter.gateway_url, 20)
        while not reporter.heads:
            await asyncio.sleep(0.01)
            assert not serving.done()
        assert await opened(gateway, "/ipns/app.eth") == b"hello\n"
        nothing = await opened(gateway, "/web3/app.eth:1337/", 404)
        assert f"no contract at 0x{NAMES_OWNER.address.hex()}".encode() in nothing
        assert not reporter.url.done(), "no endpoint is served"
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving


async def test_offline_nobody_is_asked(tmp_path: Path) -> None:
    asked = list[object]()

    async def note(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(writer)
        writer.close()

    source = await asyncio.start_server(note, "127.0.0.1", 0)
    file = tmp_path / "walkaway.toml"
    file.write_text(
        "default_sources = false\n[[source]]\nname = 'near'\noperator = 'me'\n"
        f"kinds = ['content']\nurl = 'http://127.0.0.1:{source.sockets[0].getsockname()[1]}'\n"
    )
    absent = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
    for offline in (True, False):
        flags = {"state_directory": str(tmp_path), "serve": "gateway", "gateway_port": 0}
        settings = load_settings(flags, {}, config=file)
        reporter = Recorder()
        serving = asyncio.create_task(up.serve(settings, reporter, offline=offline))
        url = (await asyncio.wait_for(reporter.gateway_url, 20)).replace("localhost", "127.0.0.1")
        assert await opened(url) == b"hello\n"
        async with (
            aiohttp.ClientSession(trust_env=False) as session,
            session.get(f"{url}/ipfs/{absent}") as response,
        ):
            assert response.status >= 400
        assert bool(asked) is not offline
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
    source.close()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--offline", "--serve", "gateway,rpc"], "--offline asks nobody"),
        (["--serve", "gateway,web"], "serve must be rpc or gateway, or both of them"),
    ],
)
def test_what_cannot_be_served_is_usage(words: list[str], reason: str) -> None:
    refused = CliRunner().invoke(app, ["up", *words])
    assert refused.exit_code == 2
    assert reason in refused.stderr


def test_what_is_served_is_named_once_or_with_commas() -> None:
    for words in (["gateway,rpc"], ["gateway", "rpc"]):
        flags = {"serve": up._served(words, offline=False)}
        assert load_settings(flags, {}).serve == ("rpc", "gateway")
    assert up._served(None, offline=False) is None
    assert up._served(["gateway"], offline=True) == "gateway"


async def test_the_gateway_alone(tmp_path: Path) -> None:
    flags = {"state_directory": str(tmp_path), "serve": ["gateway"], "gateway_port": 0}
    settings = load_settings(flags, {"WALKAWAY_DEFAULT_SOURCES": "false"}, follows_chain=False)
    reporter = Recorder()
    serving = asyncio.create_task(up.serve(settings, reporter))
    assert await opened(await asyncio.wait_for(reporter.gateway_url, 20)) == b"hello\n"
    assert not reporter.url.done()
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
