"""IPNS names with Kubo: what each publishes, the other finds and proves; and keys of both."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.interop.kubo_process import Kubo, kubo_daemon, kubo_repository
from tests.interop.walkaway_process import Walkaway, WalkawayGateway, walkaway_gateway
from walkaway.rpc.jsonrpc import Json

pytestmark = pytest.mark.interop

CONTENT = "/ipfs/bafkqaddwgevxmmraojswg33smq"
OTHER = "/ipfs/bafkqadtwgiww63tmpeqhezldn5zgi"


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    """A file that holds one."""
    file = tmp_path / "passphrase"
    file.write_text("correct horse battery staple\n")
    return file


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[WalkawayGateway]:
    """A node of ours that others publish to and find names by."""
    async with walkaway_gateway(Walkaway(tmp_path / "node")) as running:
        yield running


def told_of(gateway: WalkawayGateway) -> dict[str, Json]:
    """Settings of a Kubo that finds and publishes names through our node, and nobody else."""
    return {
        "Routing.Type": "delegated",
        "Routing.DelegatedRouters": [f"{gateway.url}/routing/v1/ipns"],
        "Ipns.DelegatedPublishers": [f"{gateway.url}/routing/v1/ipns"],
    }


async def show(folder: Path, name: str, source: str) -> dict[str, Json]:
    """What `walkaway name show` says on a machine that has never heard of the name."""
    told: dict[str, Json] = json.loads(
        await Walkaway(folder, [source]).run("name", "show", name, "--json")
    )
    return told


async def test_what_kubo_published_is_found_through_it_and_it_takes_what_we_publish(
    tmp_path: Path, passphrase: Path
) -> None:
    async with kubo_repository({"Routing.Type": "dhtserver"}) as kubo:
        name = (await kubo.run("key", "gen", "site")).decode().strip()
        async with kubo_daemon(kubo) as daemon:
            # Alone in its DHT, it keeps the record and gives it to whoever asks.
            await kubo.run("name", "publish", "--key=site", "--allow-offline", CONTENT)
            for kind in ("content", "routing"):
                told = await show(tmp_path / kind, name, f"{kind}={daemon.gateway}")
                assert (told["name"], told["value"]) == (name, CONTENT)
            secret = ("--passphrase-file", str(passphrase))
            made = await Walkaway(tmp_path / "ours").run(
                "name", "key", "new", "site", *secret, "--json"
            )
            ours = Walkaway(tmp_path / "ours", [f"routing={daemon.gateway}"])
            await ours.run("name", "publish", "site", OTHER, *secret)
            assert await resolved(kubo, json.loads(made)["name"]) == OTHER


async def test_kubo_publishes_to_us_and_follows_what_we_publish(
    tmp_path: Path, passphrase: Path, gateway: WalkawayGateway
) -> None:
    """One key, moved by both in turn: each follows the other's sequence."""
    ours = Walkaway(tmp_path / "ours", [f"routing={gateway.url}"])
    async with kubo_repository(told_of(gateway)) as kubo:
        name = (await kubo.run("key", "gen", "site")).decode().strip()
        await kubo.run("key", "export", "--output", str(tmp_path / "site.key"), "site")
        async with kubo_daemon(kubo):
            await kubo.run("name", "publish", "--key=site", CONTENT)
            first = await show(tmp_path / "first", name, f"routing={gateway.url}")
            assert first["value"] == CONTENT
            secret = ("--passphrase-file", str(passphrase))
            key = Walkaway(tmp_path / "ours")
            await key.run("name", "key", "import", "site", str(tmp_path / "site.key"), *secret)
            told = json.loads(await ours.run("name", "publish", "site", OTHER, *secret, "--json"))
            assert told["name"] == name
            assert told["sequence"] == int(str(first["sequence"])) + 1
            assert await resolved(kubo, name) == OTHER


async def test_kubo_takes_our_record_for_valid_and_our_key_for_its_own(
    tmp_path: Path, passphrase: Path, gateway: WalkawayGateway
) -> None:
    ours = Walkaway(tmp_path / "ours", [f"routing={gateway.url}"])
    key = Walkaway(tmp_path / "ours")
    secret = ("--passphrase-file", str(passphrase))
    name = json.loads(await key.run("name", "key", "new", "site", *secret, "--json"))["name"]
    await ours.run("name", "publish", "site", CONTENT, *secret)
    record = tmp_path / "record"
    url = f"{gateway.url}/ipns/{name}?format=ipns-record"
    record.write_bytes(await asyncio.to_thread(fetched, url))
    exported = tmp_path / "site.key"
    await key.run("name", "key", "export", "site", "--output", str(exported), *secret)
    async with kubo_repository() as kubo:
        inspected = await kubo.run("name", "inspect", f"--verify={name}", "--enc=json", str(record))
        told = json.loads(inspected)
        assert told["Validation"]["Valid"] is True
        assert told["SignatureType"] == "V1+V2"
        assert told["Entry"]["Value"] == CONTENT
        assert (await kubo.run("key", "import", "site", str(exported))).decode().strip() == name


async def resolved(kubo: Kubo, name: str) -> str:
    """Where Kubo says that a name leads, asking anew."""
    told = await kubo.run("name", "resolve", "--nocache", f"/ipns/{name}")
    return told.decode().strip()


def fetched(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        content: bytes = answer.read()
        return content
