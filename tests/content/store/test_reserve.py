"""Room held back: there while the disk has room, gone when it has none, and never a fault."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from walkaway.content.store.reserve import Reserve


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "store"
    path.write_bytes(bytes(8000))
    return path


def test_it_takes_up_room_once_the_store_is_large(tmp_path: Path, large: Path) -> None:
    reserve = Reserve(tmp_path, 1000)
    held = tmp_path / "reserve"
    large.write_bytes(bytes(7999))
    reserve.fill(large)
    assert not held.exists()
    large.write_bytes(bytes(8000))
    reserve.fill(large)
    reserve.fill(large)
    assert held.stat().st_size == 1000
    assert not reserve.release_where_full()
    assert held.exists()


def test_it_goes_where_the_disk_has_less(tmp_path: Path, large: Path) -> None:
    reserve = Reserve(tmp_path, 1000)
    reserve.fill(large)
    assert Reserve(tmp_path, 2**62).release_where_full()
    assert not (tmp_path / "reserve").exists()
    assert Reserve(tmp_path, 2**62).release_where_full(), "full, with nothing to give back"


def test_a_disk_that_fails_is_no_fault(
    tmp_path: Path, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "posix_fallocate", full)
        Reserve(tmp_path, 1000).fill(large)
    assert not (tmp_path / "reserve").exists()
    nowhere = Reserve(tmp_path / "none", 1000)
    nowhere.fill(large)
    nowhere.fill(tmp_path / "none")
    assert not nowhere.release_where_full()
