"""Names are looked up as the system looks them up, and no longer than is allowed."""

from __future__ import annotations

import asyncio
import socket
import threading
from dataclasses import replace

import pytest

from walkaway.limits import LIMITS
from walkaway.sources.transports.name_lookups import NameLookups

TCP = (socket.SOCK_STREAM, socket.IPPROTO_TCP, "")


async def test_every_address_of_a_name_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def known(host: str, port: int, **_: object) -> object:
        assert (host, port) == ("node.example", 443)
        return [
            (socket.AF_INET, *TCP, ("192.0.2.1", 443)),
            (socket.AF_INET6, *TCP, ("2001:db8::1", 443, 0, 0)),
            (socket.AF_INET6, *TCP, ("fe80::1", 443, 0, 3)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", known)
    lookups = NameLookups()
    found = await lookups.resolve("node.example", 443)
    assert [result["host"] for result in found] == ["192.0.2.1", "2001:db8::1", "fe80::1%3"]
    assert {result["hostname"] for result in found} == {"node.example"}
    assert {result["port"] for result in found} == {443}
    await lookups.close()


async def test_a_name_that_is_not_found_in_time_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait())
    lookups = NameLookups(replace(LIMITS, dns_seconds=0.05, dns_threads=1))
    for _ in range(2):  # the second finds the only thread taken
        with pytest.raises(OSError, match=r"within 0\.05 s"):
            await lookups.resolve("slow.example", 443)
    released.set()
    await lookups.close()


@pytest.mark.parametrize("name", ["localhost", "a.ipfs.localhost", "A.LocalHost.", "localhost."])
async def test_names_below_localhost_are_this_machine(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("it was looked up"))
    lookups = NameLookups()
    found = await lookups.resolve(name, 8080)
    assert [(one["host"], one["port"]) for one in found] == [("127.0.0.1", 8080), ("::1", 8080)]
    (only,) = await lookups.resolve(name, 8080, socket.AF_INET6)
    assert (only["host"], only["hostname"]) == ("::1", name)
    await lookups.close()


async def test_names_that_only_look_so_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []

    def none(host: str, *_: object, **__: object) -> object:
        looked_up.append(host)
        raise socket.gaierror("unknown")

    monkeypatch.setattr(socket, "getaddrinfo", none)
    lookups = NameLookups()
    for name in ("notlocalhost", "localhost.example"):
        with pytest.raises(socket.gaierror):
            await lookups.resolve(name, 80)
    await lookups.close()
    assert looked_up == ["notlocalhost", "localhost.example"]


async def test_a_name_is_looked_up_once_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    released, looked_up = threading.Event(), list[str]()

    def slow(host: str, port: int, **_: object) -> object:
        looked_up.append(host)
        released.wait()
        return [(socket.AF_INET, *TCP, ("192.0.2.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    lookups = NameLookups()
    leaving = asyncio.create_task(lookups.resolve("a.example", 443))
    staying = [asyncio.create_task(lookups.resolve("a.example", 443)) for _ in range(5)]
    await asyncio.sleep(0.01)
    leaving.cancel()
    released.set()
    assert {(await each)[0]["host"] for each in staying} == {"192.0.2.1"}
    assert looked_up == ["a.example"]
    await lookups.resolve("a.example", 443)
    assert looked_up == ["a.example"] * 2, "an address is not kept"
    await lookups.close()


async def test_what_was_not_found_is_not_looked_up_again_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_up: list[str] = []

    def none(host: str, *_: object, **__: object) -> object:
        looked_up.append(host)
        raise socket.gaierror("unknown")

    monkeypatch.setattr(socket, "getaddrinfo", none)
    lookups = NameLookups(replace(LIMITS, dns_failed_seconds=0.2))
    for _ in range(3):
        with pytest.raises(socket.gaierror, match="unknown"):
            await lookups.resolve("a.example", 443)
    assert looked_up == ["a.example"]
    await asyncio.sleep(0.25)
    with pytest.raises(socket.gaierror):
        await lookups.resolve("a.example", 443)
    assert looked_up == ["a.example"] * 2
    await lookups.close()
