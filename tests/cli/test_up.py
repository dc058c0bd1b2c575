"""`walkaway up` from settings to a served head, over real sockets."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
from pathlib import Path

import pytest

from walkaway.chain.follower import SyncProgress
from walkaway.chain.status import ChainStatus
from walkaway.cli import up
from walkaway.cli.config import Settings, load_settings
from walkaway.cli.running import ask_running
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import DevnetSettings
from walkaway.errors import ConfigError


class Recorder:
    """A reporter that remembers, and says when the endpoint listens."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.periods: list[SyncProgress] = []
        self.heads: list[ChainStatus] = []
        self.url: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def tell(self, doing: str) -> None:
        self.told.append(doing)

    def sync(self, progress: SyncProgress) -> None:
        self.periods.append(progress)

    def listening(self, url: str) -> None:
        self.url.set_result(url)

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
    file.write_text(f"default_sources = false\nport = 0\nhost = '127.0.0.1'\n{entries}")
    flags = {"state_directory": str(home / "state"), "checkpoint": checkpoint}
    return load_settings(flags, {}, config=file)


async def test_from_settings_to_sigterm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Devnet(DevnetSettings()) as devnet:
        monkeypatch.setattr(up, "chain_spec", lambda _: devnet.spec)
        root = f"0x{devnet.checkpoint.root.hex()}"
        reporter = Recorder()
        serving = asyncio.create_task(
            up.serve(settings_for(devnet, tmp_path, checkpoint=root), reporter)
        )
        url = await asyncio.wait_for(reporter.url, 20)
        assert await ask_running(url, "eth_chainId", []) == hex(devnet.spec.chain_id)
        head = devnet.execution.block_at(int(await ask_running(url, "eth_blockNumber", []), 16))
        assert head is not None
        assert "starting from the given checkpoint" in reporter.told
        assert reporter.heads[-1].latest is not None
        assert reporter.heads[-1].latest.block_hash == head.hash
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(serving, 20)
    state = tmp_path / "state"
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
