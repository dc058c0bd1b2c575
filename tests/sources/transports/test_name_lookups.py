"""Names are looked up as the system looks them up, and no longer than is allowed."""

from __future__ import annotations

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
