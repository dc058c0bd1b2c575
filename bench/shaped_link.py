"""A link with a rate and a delay between two network namespaces, shaped here.

Two TUN devices, one in each namespace, joined by a process that lets each packet
leave at the link's rate and arrive after its delay, as netem does where a kernel
has it; many small kernels do not. It needs root.

`python -m bench.shaped_link NAME` is that process: it makes the namespaces NAME-a
and NAME-b, says `ready`, carries packets until its input ends, and removes both.
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["HERE", "THERE", "Direction", "Link", "shaped_link"]

HERE, THERE = "10.77.0.1", "10.77.0.2"
"""The two ends' addresses."""

MEGABITS = 100
ROUND_TRIP_SECONDS = 0.030
QUEUE_SECONDS = 0.120
"""How long a packet may wait for its turn before it is dropped."""

TUN = Path("/dev/net/tun")
_SET_INTERFACE = 0x400454CA
_TUN, _NO_HEADER = 0x0001, 0x1000
_PACKET_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Link:
    """The names of the two namespaces; what is put before a command to run it in one."""

    here: list[str]
    there: list[str]


@contextmanager
def shaped_link() -> Iterator[Link | None]:
    """A link that lasts as long as the context; None where this machine does not let us."""
    name = f"walkaway-{os.getpid()}"
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.shaped_link", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        is_ready = process.stdout.readline() == b"ready\n"
        ends = [["ip", "netns", "exec", f"{name}-{end}"] for end in "ab"]
        yield Link(*ends) if is_ready else None
    finally:
        process.stdin.close()
        process.wait(timeout=10)
        process.stdout.close()


class Direction:
    """Packets on their way, in order: each has its turn at the rate, then the delay."""

    def __init__(self) -> None:
        self._free_at = 0.0
        self._waiting: deque[tuple[float, bytes]] = deque()

    @property
    def next_due(self) -> float | None:
        """When the next packet arrives; None where none is on its way."""
        return self._waiting[0][0] if self._waiting else None

    def take(self, packet: bytes, now: float) -> None:
        """Send a packet; it is dropped where too many wait before it."""
        starts = max(now, self._free_at)
        if starts - now > QUEUE_SECONDS:
            return
        self._free_at = starts + len(packet) * 8 / (MEGABITS * 1e6)
        self._waiting.append((self._free_at + ROUND_TRIP_SECONDS / 2, packet))

    def arrived(self, now: float) -> Iterator[bytes]:
        """The packets that are through by now."""
        while self._waiting and self._waiting[0][0] <= now:
            yield self._waiting.popleft()[1]


def _carry(ends: tuple[int, int], until: int) -> None:
    """Carry packets between the two devices until ``until`` can be read."""
    ways = {ends[0]: Direction(), ends[1]: Direction()}
    to = {ends[0]: ends[1], ends[1]: ends[0]}
    poll = select.epoll()
    for descriptor in (*ends, until):
        poll.register(descriptor, select.EPOLLIN)
    while True:
        due = [way.next_due for way in ways.values() if way.next_due is not None]
        wait = max(0.0, min(due) - time.monotonic()) if due else -1
        for descriptor, _ in poll.poll(wait):
            if descriptor == until:
                return
            _read_all(descriptor, ways[descriptor])
        now = time.monotonic()
        for end, way in ways.items():
            for packet in way.arrived(now):
                os.write(to[end], packet)


def _read_all(descriptor: int, way: Direction) -> None:
    try:
        while True:
            packet = os.read(descriptor, _PACKET_BYTES)
            way.take(packet, time.monotonic())
    except BlockingIOError:
        return


def _device(namespace: str, address: str, name: str) -> int:
    """An open TUN device that is up in a namespace of its own."""
    descriptor = os.open(TUN, os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, _SET_INTERFACE, struct.pack("16sH", name.encode(), _TUN | _NO_HEADER))
    _ip("netns", "add", namespace)
    _ip("link", "set", name, "netns", namespace)
    for command in (
        ("addr", "add", f"{address}/30", "dev", name),
        ("link", "set", name, "up", "txqueuelen", "10000"),
        ("link", "set", "lo", "up"),
    ):
        _ip("-n", namespace, *command)
    return descriptor


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def _main(name: str) -> None:
    namespaces = [f"{name}-a", f"{name}-b"]
    try:
        here = _device(namespaces[0], HERE, f"wa{os.getpid()}a")
        there = _device(namespaces[1], THERE, f"wa{os.getpid()}b")
        print("ready", flush=True)
        _carry((here, there), sys.stdin.fileno())
    finally:
        for namespace in namespaces:
            subprocess.run(["ip", "netns", "del", namespace], check=False)


if __name__ == "__main__":
    _main(sys.argv[1])
