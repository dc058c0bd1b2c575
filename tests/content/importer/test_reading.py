"""Reading in chunks: of one size however the bytes come, and of a file that stands still."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest

from walkaway.content.importer.file_dag import NO_METADATA
from walkaway.content.importer.reading import chunks_of_file, chunks_of_stream
from walkaway.content.importer.tree import RegularFile
from walkaway.errors import Unreadable


def regular(path: Path) -> RegularFile:
    return RegularFile(path, path.stat().st_size, NO_METADATA)


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 8, 9])
def test_every_chunk_but_the_last_is_of_one_size(size: int, tmp_path: Path) -> None:
    content = b"123456789"[:size]
    (tmp_path / "f").write_bytes(content)
    chunks = list(chunks_of_file(regular(tmp_path / "f"), 4))
    assert b"".join(chunks) == content
    assert [len(chunk) for chunk in chunks[:-1]] == [4] * (len(chunks) - 1)
    assert all(chunks)


def test_reads_that_come_short_are_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_bytes(b"1234567890")
    read = os.read
    monkeypatch.setattr(os, "read", lambda descriptor, size: read(descriptor, min(size, 3)))
    assert list(chunks_of_file(regular(tmp_path / "f"), 4)) == [b"1234", b"5678", b"90"]


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def shrink(path: Path) -> None:
    status = path.stat()
    os.truncate(path, 5)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def rewrite(path: Path) -> None:
    path.write_bytes(b"0987654321")
    os.utime(path, ns=(0, 1))


@pytest.mark.parametrize("change", [grow, shrink, rewrite])
def test_a_file_that_changes_while_it_is_read(
    change: Callable[[Path], None], tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"1234567890")
    chunks = chunks_of_file(regular(tmp_path / "file"), 4)
    assert next(chunks) == b"1234"
    change(tmp_path / "file")
    with pytest.raises(Unreadable, match="file changed while it was read"):
        list(chunks)


def test_a_file_that_grows_for_ever_is_not_read_for_ever(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345678")
    chunks = chunks_of_file(regular(tmp_path / "file"), 4)
    for _ in range(2):
        next(chunks)
        grow(tmp_path / "file")
    with pytest.raises(Unreadable, match="changed"):
        next(chunks)


@pytest.mark.parametrize("change", [grow, shrink])
def test_a_file_that_is_another_when_it_is_opened(
    change: Callable[[Path], None], tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"1234567890")
    found = regular(tmp_path / "file")
    change(tmp_path / "file")
    with pytest.raises(Unreadable, match="changed"):
        list(chunks_of_file(found, 4))


def test_a_pipe_in_the_place_of_a_file_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "file")
    with pytest.raises(Unreadable, match="changed"):
        list(chunks_of_file(RegularFile(tmp_path / "file", 0, NO_METADATA), 4))
    with pytest.raises(Unreadable, match="absent: no such file"):
        list(chunks_of_file(RegularFile(tmp_path / "absent", 0, NO_METADATA), 4))


def test_nothing_stays_open(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"1234567890")

    def lowest_free() -> int:
        descriptor = os.dup(0)
        os.close(descriptor)
        return descriptor

    before = lowest_free()
    for take in (0, 1, 3):
        chunks = chunks_of_file(regular(tmp_path / "file"), 4)
        for _ in range(take):
            next(chunks)
        chunks.close()
    assert lowest_free() == before


def test_a_stream_in_pieces_comes_in_the_same_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    content = bytes(range(256)) * 10
    os.write(writing, content)
    os.close(writing)
    read = os.read
    monkeypatch.setattr(os, "read", lambda descriptor, size: read(descriptor, min(size, 7)))
    chunks = list(chunks_of_stream(reading, 1024, Event()))
    os.close(reading)
    assert [len(chunk) for chunk in chunks] == [1024, 1024, 512]
    assert b"".join(chunks) == content


def test_a_stream_that_says_nothing_ends_when_it_is_stopped() -> None:
    reading, writing = os.pipe()
    stopped = Event()
    heard: list[bytes] = []
    reader = Thread(target=lambda: heard.extend(chunks_of_stream(reading, 4, stopped)))
    reader.start()
    os.write(writing, b"12345")
    stopped.set()
    reader.join(30)
    assert not reader.is_alive()
    os.close(reading)
    os.close(writing)


def test_what_is_no_stream_is_refused() -> None:
    reading, writing = os.pipe()
    os.close(writing)
    os.close(reading)
    with pytest.raises(Unreadable, match="standard input"):
        list(chunks_of_stream(reading, 4, Event()))
