"""A walk that is stopped: it looks no further, and has no address to give."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from walkaway.content.importer.profiles import UNIXFS_V1_2025
from walkaway.content.importer.tree import AS_KUBO
from walkaway.content.importer.walk import PathGiven, Stream, Walk, Wrapped
from walkaway.errors import Unreadable


def test_what_is_measured_is_the_files_that_will_be_read(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_bytes(bytes(100))
    (tmp_path / "d" / "l").symlink_to("f")
    (tmp_path / "d" / ".hidden").write_bytes(bytes(7))
    given = PathGiven(tmp_path)
    with ThreadPoolExecutor(1) as threads:
        walk = Walk(UNIXFS_V1_2025, AS_KUBO, threads)
        assert walk.measure(given) == 100
        assert walk.measure(Wrapped({"a": given, "b": given})) == 200
        assert walk.measure(Wrapped({"a": given, "b": Stream(0)})) is None
        assert walk.hidden_passed_over == 0
        walk.stop()
        assert walk.measure(given) == 0
        with pytest.raises(Unreadable, match="stopped before its end"):
            _ = walk.root
