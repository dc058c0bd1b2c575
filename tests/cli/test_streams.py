"""Streams that may be pipes: all bytes come and go, and Ctrl-C waits for none of them."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO

import pytest

from walkaway.cli.streams import ByteStream, standard_input, standard_output
from walkaway.errors import Unreadable, Unwritable

MIB = 1 << 20
# A suite that was started in the background ignores Ctrl-C, and so would what it starts.
START = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from walkaway.cli.main import main
main()
"""
PROGRAM = (sys.executable, "-c", START)


@pytest.fixture(autouse=True)
def _own_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("WALKAWAY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WALKAWAY_DEFAULT_SOURCES", "false")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def pipe() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """The end to read from and the end to write into."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as read_from, os.fdopen(writing, "wb") as write_to:
        yield read_from, write_to


async def test_a_file_is_read_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(3_000_000))
    with path.open("rb") as file:
        sizes = [len(piece) async for piece in ByteStream(file, "file").pieces()]
    assert sizes == [MIB, MIB, 902_848]


async def test_all_is_written_by_no_buffer(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as file:
        await ByteStream(file, "file").write(bytes(3_000_000))
        await ByteStream(file, "file").write(b"end")
        assert path.stat().st_size == 3_000_003


def test_what_does_not_wait_by_itself_is_waited_for(pipe: tuple[BinaryIO, BinaryIO]) -> None:
    content = os.urandom(MIB)
    read_from, write_to = pipe
    os.set_blocking(read_from.fileno(), False)
    os.set_blocking(write_to.fileno(), False)

    async def write() -> None:
        await asyncio.sleep(0.1)
        await ByteStream(write_to, "a pipe").write(content)
        write_to.close()

    async def read() -> bytes:
        return b"".join([piece async for piece in ByteStream(read_from, "a pipe").pieces()])

    async def both() -> bytes:
        came, _ = await asyncio.gather(read(), write())
        return came

    assert asyncio.run(both()) == content


def test_the_system_refuses_in_words() -> None:
    with Path("/dev/full").open("wb") as full:
        with pytest.raises(Unwritable, match="the disk cannot be written: No space left"):
            asyncio.run(ByteStream(full, "the disk").write(b"x"))

    async def read(file: BinaryIO) -> None:
        await anext(ByteStream(file, "memory").pieces())

    with Path("/proc/self/mem").open("rb") as unreadable:
        with pytest.raises(Unreadable, match="memory cannot be read: Input/output error"):
            asyncio.run(read(unreadable))


async def test_nobody_left_to_read_is_no_fault(pipe: tuple[BinaryIO, BinaryIO]) -> None:
    read_from, write_to = pipe
    read_from.close()
    with pytest.raises(BrokenPipeError):
        await ByteStream(write_to, "a pipe").write(b"x")


def test_a_stream_that_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(Unreadable, match="standard input is closed"):
        standard_input()
    with pytest.raises(Unwritable, match="standard output is closed"):
        standard_output()


@pytest.mark.parametrize("words", [("get", "--offline"), ("car", "export", "--offline")])
def test_ctrl_c_does_not_wait_for_whoever_does_not_read(
    words: tuple[str, ...], pipe: tuple[BinaryIO, BinaryIO]
) -> None:
    Path("long").write_bytes(bytes(MIB))
    added = subprocess.run([*PROGRAM, "add", "-q", "long"], check=True, capture_output=True)
    read_from, write_to = pipe
    started = [*PROGRAM, *words, added.stdout.decode().strip()]
    with subprocess.Popen(started, stdout=write_to, stderr=subprocess.PIPE) as process:
        before, now = 0, _waiting(read_from)
        while process.poll() is None and not (now == before > 1000):
            time.sleep(0.1)
            before, now = now, _waiting(read_from)
        _stopped(process)


def test_ctrl_c_does_not_wait_for_whoever_does_not_write() -> None:
    started = [*PROGRAM, "car", "import", "-"]
    with subprocess.Popen(started, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(b"\x3a")
        process.stdin.flush()
        while process.poll() is None and _waiting(process.stdin):
            time.sleep(0.01)
        time.sleep(0.1)
        _stopped(process)


def _waiting(pipe: IO[bytes]) -> int:
    """How many bytes are in a pipe."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def _stopped(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        assert process.wait(20) == 130
    finally:
        process.kill()
    assert process.stderr is not None
    assert process.stderr.read() in (b"stopped\n", b"")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("car import - <&-", "standard input is closed"),
        ("get bafkqaaik --offline >&-", "standard output is closed"),
        ("get bafkqaaik --offline > /dev/full", "standard output cannot be written: No space"),
        ("ls bafkqaaik --offline --json > /dev/full", "standard output cannot be written"),
        ("pin ls > /dev/full", "standard output cannot be written"),
    ],
)
def test_a_stream_that_does_not_do_is_told_of_in_one_line(command: str, says: str) -> None:
    line = f"'{PROGRAM[0]}' -c '{PROGRAM[2]}' {command}"
    ended = subprocess.run(["sh", "-c", line], check=False, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stdout == ""
    told = ended.stderr.splitlines()
    assert told[0].startswith(f"error  {says}")
    assert all(row.startswith("next   ") for row in told[1:])
