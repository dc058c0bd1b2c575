"""Looking names up (DNS), in threads of its own and for a bounded time.

The system's resolver blocks a thread until it gives up, which takes a slow name
many seconds, and no one can stop it. So each `NameLookups` has a few threads
that do nothing else: names that somebody chose to be slow delay other names of
the same set, and neither what runs in other threads nor the names of another set.
Names below ``localhost`` are this machine, whatever a resolver says (RFC 6761, 6.3).
"""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult

from walkaway.limits import LIMITS, Limits

__all__ = ["NameLookups"]

_Asked: TypeAlias = "tuple[str, int, socket.AddressFamily]"

_LOOPBACKS = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))


class NameLookups(AbstractResolver):
    """Resolves names for aiohttp. Close it when done."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._seconds = limits.dns_seconds
        self._threads = ThreadPoolExecutor(limits.dns_threads, thread_name_prefix="walkaway-dns")
        self._failed_seconds = limits.dns_failed_seconds
        self._under_way: dict[_Asked, asyncio.Future[list[ResolveResult]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name. Raises `OSError` where it has none, or none in time."""
        if _is_this_machine(host):
            return [_result(host, port, *each) for each in _LOOPBACKS if family in (0, each[0])]
        try:
            async with asyncio.timeout(self._seconds):
                return list(await asyncio.shield(self._shared((host, port, family))))
        except TimeoutError:
            raise OSError(f"no answer within {self._seconds:g} s") from None

    async def close(self) -> None:
        """Let go of the threads; one that still waits ends when the system gives up."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _shared(self, asked: _Asked) -> asyncio.Future[list[ResolveResult]]:
        """A lookup, or the same one that is under way already: no thread can be called off."""
        lookup = self._under_way.get(asked)
        if lookup is None:
            loop = asyncio.get_running_loop()
            lookup = loop.run_in_executor(self._threads, _look_up, *asked)
            self._under_way[asked] = lookup
            lookup.add_done_callback(lambda ended: self._ended(asked, ended))
        return lookup

    def _ended(self, asked: _Asked, lookup: asyncio.Future[list[ResolveResult]]) -> None:
        # Perhaps nobody waits for it any more, nor for how it failed: so that is asked here.
        if lookup.cancelled() or lookup.exception() is None:
            del self._under_way[asked]
        else:
            lookup.get_loop().call_later(self._failed_seconds, self._under_way.pop, asked, None)


def _look_up(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
    found = socket.getaddrinfo(
        host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
    )
    return [
        _result(host, port, kind, _address(address), protocol)
        for kind, _, protocol, _, address in found
    ]


def _result(
    name: str, port: int, family: int, address: str, protocol: int = socket.IPPROTO_TCP
) -> ResolveResult:
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(
        hostname=name, host=address, port=port, family=family, proto=protocol, flags=flags
    )


def _is_this_machine(name: str) -> bool:
    return f".{name.lower().removesuffix('.')}".endswith(".localhost")


def _address(address: tuple[object, ...]) -> str:
    """The address in text, with its zone where it has one (link-local IPv6)."""
    zone = address[3] if len(address) == 4 else 0
    return f"{address[0]}%{zone}" if zone else str(address[0])
