"""The index of proven blocks: kept across runs, honest about damage, loud about conflict."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from walkaway.chain.header_index import RECORD_BYTES, HeaderIndex
from walkaway.errors import ConfigError
from walkaway.limits import LIMITS

CHAIN_ID = 1337


def hash_of(number: int) -> bytes:
    return number.to_bytes(4, "big") * 8


def index_at(path: Path | None, chain_id: int = CHAIN_ID) -> HeaderIndex:
    index = HeaderIndex(path, chain_id)
    index.load()
    return index


def filled(path: Path, *numbers: int) -> None:
    index = index_at(path)
    for number in numbers:
        index.note(number, hash_of(number))
    index.close()


def test_what_was_proven_is_there_in_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "state" / "net.headers"
    filled(path, 50, 10, 30, 10)
    assert path.stat().st_size == 3 * RECORD_BYTES
    index = index_at(path)
    assert index.nearest(11) == (30, hash_of(30))
    assert index.nearest(30) == (30, hash_of(30))
    assert index.nearest(51) is None
    assert index.newest_below(30) == (10, hash_of(10))
    assert index.newest_below(10) is None
    index.close()


def test_without_a_file_it_is_for_this_run(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "directory").mkdir()
    for path in (None, tmp_path / "file" / "net.headers", tmp_path / "directory"):
        index = index_at(path)
        index.note(3, hash_of(3))
        assert index.nearest(0) == (3, hash_of(3))
        index.close()


def test_two_histories_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.headers"
    filled(path, 7)
    index = index_at(path)
    with pytest.raises(ConfigError, match="two histories: block 7"):
        index.note(7, hash_of(8))
    index.close()
    other = HeaderIndex(tmp_path / "other", CHAIN_ID)
    other.load()
    other.note(7, hash_of(8))
    other.close()
    path.write_bytes(path.read_bytes() + (tmp_path / "other").read_bytes())
    with pytest.raises(ConfigError, match="two histories"):
        index_at(path)


def test_records_of_another_chain_count_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "net.headers"
    filled(path, 7)
    assert index_at(path, CHAIN_ID + 1).nearest(0) is None


def test_each_flipped_byte_costs_its_record_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "net.headers"
    filled(path, 1, 2, 3)
    sound = path.read_bytes()
    for at in range(len(sound)):
        damaged = bytearray(sound)
        damaged[at] ^= 0x10
        path.write_bytes(damaged)
        index = index_at(path)
        left = [n for n in (1, 2, 3) if n != at // RECORD_BYTES + 1]
        assert [n for n in range(10) if index.nearest(n) == (n, hash_of(n))] == left
        index.close()
        assert path.stat().st_size == 2 * RECORD_BYTES


def test_a_record_cut_off_by_a_kill_is_left_out_and_the_next_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "net.headers"
    for cut in range(1, RECORD_BYTES):
        path.unlink(missing_ok=True)
        filled(path, 1, 2)
        path.write_bytes(path.read_bytes()[:-cut])
        filled(path, 3)
        index = index_at(path)
        assert [index.nearest(n) for n in (1, 2)] == [(1, hash_of(1)), (3, hash_of(3))]
        index.close()


def test_it_is_bounded_and_keeps_its_depth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("walkaway.chain.header_index.LIMITS", replace(LIMITS, kept_headers=10))
    path = tmp_path / "net.headers"
    filled(path, *range(100, 200))
    assert path.stat().st_size == 20 * RECORD_BYTES
    index = index_at(path)
    assert index.nearest(0) == (100, hash_of(100))
    assert index.nearest(101) == (102, hash_of(102))
    index.close()
    assert path.stat().st_size == 10 * RECORD_BYTES


def test_a_disk_that_fails_later_ends_the_keeping_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "no space left")

    path = tmp_path / "net.headers"
    index = index_at(path)
    index.note(1, hash_of(1))
    with monkeypatch.context() as patched:
        patched.setattr("walkaway.chain.header_index.os.write", full)
        index.note(2, hash_of(2))
    index.note(3, hash_of(3))
    assert [index.nearest(n) for n in (2, 3)] == [(2, hash_of(2)), (3, hash_of(3))]
    index.close()
    assert path.stat().st_size == RECORD_BYTES
