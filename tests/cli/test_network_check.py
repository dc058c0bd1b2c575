"""A machine without a network is told so at once, and why."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from walkaway.cli.config import load_settings
from walkaway.cli.content import content_of
from walkaway.cli.network_check import can_be_reached_for, require_network
from walkaway.errors import NoNetwork, Unproven
from walkaway.sources.defaults import ListedSource

SECRET = "9aa3d95b3bc440fa88ea12eaa4456161"


def source(name: str, url: str = f"https://node.example/v3/{SECRET}") -> ListedSource:
    return ListedSource(name, name, ("execution",), url)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (socket.gaierror(-3, "temporary failure"), "the name of its host cannot be resolved (DNS)"),
        (TimeoutError(), "no answer within 3 seconds"),
        (ConnectionRefusedError(111, "refused"), "connection refused"),
        (OSError(101, "Network is unreachable"), "Network is unreachable"),
        (OSError(), "cannot be reached"),
    ],
)
def test_each_source_says_why(error: OSError, says: str) -> None:
    def connect(host: str, port: int, seconds: float) -> None:
        raise error

    with pytest.raises(NoNetwork, match="none of the 2 sources") as raised:
        require_network([source("a"), source("b")], connect=connect)
    assert raised.value.reasons == {"a": says, "b": says}
    assert SECRET not in str(raised.value)


def test_one_that_can_be_reached_is_enough() -> None:
    def connect(host: str, port: int, seconds: float) -> None:
        if host != "good.example":
            raise ConnectionRefusedError

    require_network([source("bad"), source("good", "https://good.example")], connect=connect)


def test_nobody_waits_for_a_look_up_that_hangs() -> None:
    released = threading.Event()
    held_up: list[bool] = []

    def connect(host: str, port: int, seconds: float) -> None:
        held_up.append(not threading.current_thread().daemon)
        released.wait(30)

    began = time.monotonic()
    try:
        with pytest.raises(NoNetwork) as raised:
            require_network([source("a")], connect=connect, seconds=0.05)
    finally:
        released.set()
    assert time.monotonic() - began < 10
    assert raised.value.reasons == {"a": "no answer within 0.05 seconds"}
    assert held_up == [False], "the process must be able to end while a look-up hangs"


@pytest.mark.parametrize(
    ("url", "port"),
    [("http://h.example", 80), ("https://h.example", 443), ("http://h.example:7", 7)],
)
def test_the_port_is_that_of_the_address(url: str, port: int) -> None:
    asked: list[tuple[str, int]] = []
    require_network([source("a", url)], connect=lambda host, port, _: asked.append((host, port)))
    assert asked == [("h.example", port)]


def test_real_sockets() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        require_network([source("a", f"http://127.0.0.1:{port}")])
    with pytest.raises(NoNetwork, match="connection refused"):
        require_network([source("a", f"http://127.0.0.1:{port}")])


def test_resolvers_are_tried_where_they_listen() -> None:
    tried: list[tuple[str, int]] = []

    def connect(host: str, port: int, seconds: float) -> None:
        tried.append((host, port))
        raise ConnectionRefusedError

    resolvers = [source("a", "tls://a.example"), source("b", "dns://b.example")]
    resolvers += [source("c", "tls://c.example:8853")]
    assert all(map(can_be_reached_for, resolvers))
    with pytest.raises(NoNetwork):
        require_network(resolvers, connect=connect)
    assert sorted(tried) == [("a.example", 853), ("b.example", 53), ("c.example", 8853)]


@pytest.mark.parametrize("url", ["udp://a.example", "file:///archive.car"])
def test_what_nothing_connects_to_tells_nothing_of_the_network(url: str) -> None:
    assert not can_be_reached_for(source("a", url))


@pytest.mark.parametrize("kind", ["dns", "arweave", "routing", "content"])
async def test_whoever_was_asked_of_content_or_a_name_is_tried(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreached(sources: Sequence[ListedSource]) -> None:
        raise NoNetwork("no network", reasons={one.name: "away" for one in sources})

    monkeypatch.setattr("walkaway.cli.content.require_network", unreached)
    settings = load_settings({"state_directory": str(tmp_path)}, {})
    asked = next(one.name for one in settings.sources if kind in one.kinds)
    with pytest.raises(NoNetwork) as raised:
        async with content_of(settings):
            raise Unproven("a name is not resolved", reasons={asked: "away", "somebody": "no"})
    assert raised.value.reasons == {asked: "away"}
