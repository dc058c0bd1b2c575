"""Asks for one large file over and over, and has the kernel throw away what comes (MSG_TRUNC).

A load generator that copies and parses bodies, as wrk does, is the slowest part where they
are megabytes. `python -m bench.drain URL SECONDS` prints how many answers were whole, and in
how many seconds.
"""

from __future__ import annotations

import select
import socket
import sys
import time
from urllib.parse import urlsplit

__all__ = ["CONNECTIONS", "answers"]

CONNECTIONS = 16
_AT_ONCE = 1 << 22
_HEAD_BYTES = 1 << 16


class _Connection:
    """One kept connection; ``left`` is what is still to come of a body."""

    def __init__(self, host: str, port: int, request: bytes) -> None:
        self.socket = socket.create_connection((host, port))
        self._request = request
        self._nowhere = bytearray(_AT_ONCE)
        self.left = 0
        self._ask()

    def readable(self) -> bool:
        """Read what there is; whether an answer has come to its end."""
        if self.left == 0:
            self.left = _body_left(self.socket.recv(_HEAD_BYTES))
        else:
            most = min(self.left, _AT_ONCE)
            count = self.socket.recv_into(self._nowhere, most, socket.MSG_TRUNC)
            assert count > 0, "the server closed the connection"
            self.left -= count
        if self.left:
            return False
        self._ask()
        return True

    def _ask(self) -> None:
        self.socket.sendall(self._request)


def _body_left(data: bytes) -> int:
    """How much of a body follows a piece that begins with all of the head."""
    head, ended, body = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head[:100]
    assert ended, "the head comes in pieces"
    (length,) = [
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    ]
    return length - len(body)


def answers(url: str, seconds: float) -> tuple[int, float]:
    """How many answers were whole, and after how many seconds no more were counted."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    connections = {
        one.socket.fileno(): one
        for one in (_Connection(parts.hostname, parts.port, request) for _ in range(CONNECTIONS))
    }
    poll = select.epoll()
    for descriptor in connections:
        poll.register(descriptor, select.EPOLLIN)
    began, done = time.perf_counter(), 0
    while (took := time.perf_counter() - began) < seconds:
        for descriptor, _ in poll.poll(seconds):
            done += connections[descriptor].readable()
    return done, took


if __name__ == "__main__":
    print(*answers(sys.argv[1], float(sys.argv[2])))
