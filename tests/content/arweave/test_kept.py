"""What is kept of Arweave on this machine: bounded, whole, and nobody's to read but ours."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from walkaway.content.arweave.kept import Kept
from walkaway.limits import LIMITS

SMALL = replace(LIMITS, arweave_kept_bytes=100, arweave_header_bytes=90)


def test_what_is_kept_is_read_by_its_form(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept")
    kept.write("item", "a", b"an item")
    kept.write("header", "a", b"a header")
    assert (kept.read("item", "a"), kept.read("header", "a")) == (b"an item", b"a header")
    assert kept.read("data", "a") is None
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o700
    kept.forget("a")
    assert list((tmp_path / "kept").iterdir()) == []


def test_the_ones_that_were_not_read_for_longest_make_room(tmp_path: Path) -> None:
    kept = Kept(tmp_path, SMALL)
    for age, name in ((3, "a"), (2, "b"), (1, "c")):
        kept.write("item", name, bytes(30))
        os.utime(tmp_path / f"{name}.item", (1_000_000 - age, 1_000_000 - age))
    assert kept.read("item", "a") == bytes(30)
    kept.write("item", "d", bytes(30))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.item", "c.item", "d.item"]


def test_what_another_process_kept_is_counted_too(tmp_path: Path) -> None:
    Kept(tmp_path, SMALL).write("item", "a", bytes(80))
    Kept(tmp_path, SMALL).write("item", "b", bytes(80))
    assert len(list(tmp_path.iterdir())) == 1


def test_a_disk_that_refuses_keeps_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "file"
    folder.write_bytes(b"in the way")
    kept = Kept(folder, SMALL)
    kept.write("item", "a", b"x")
    assert kept.read("item", "a") is None
    kept.forget("a")
    assert folder.read_bytes() == b"in the way"


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    (tmp_path / "a.item").mkdir()
    (tmp_path / "a.item" / "x").write_bytes(b"")
    Kept(tmp_path, SMALL).write("item", "a", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["a.item"]


def test_what_is_too_large_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.item").write_bytes(bytes(91))
    assert Kept(tmp_path, SMALL).read("item", "a") is None
