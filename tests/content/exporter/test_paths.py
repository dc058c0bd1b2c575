"""Paths of what is exported stay inside their root, or are refused."""

from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkaway.content.exporter.paths import path_inside
from walkaway.errors import ProofError, TooMuch
from walkaway.limits import LIMITS


@pytest.mark.parametrize(
    ("parent", "name", "path"),
    [
        ("root", "a", "root/a"),
        ("root/a", "b c\n", "root/a/b c\n"),
        ("root", "...", "root/..."),
        ("root", "a/b", "root/a/b"),
        ("root/a/b", "../file", "root/a/file"),
        ("root", "a//./b/../c", "root/a/c"),
        ("root/a", "/etc/passwd", "root/a/etc/passwd"),
        ("root", "..\\a", "root/..\\a"),
    ],
)
def test_a_name_is_followed_inside_the_root(parent: str, name: str, path: str) -> None:
    assert path_inside(parent, name) == path


@pytest.mark.parametrize(
    ("parent", "name", "fault"),
    [
        ("root", "..", "out of its root"),
        ("root", "../root/a", "out of its root"),
        ("root/a", "../../b", "relative UnixFS paths outside the root are now allowed"),
        ("root", "a/../../root/a", "out of its root"),
        ("root", "", "its own directory"),
        ("root/a", ".", "its own directory"),
        ("root/a", "b/..", "its own directory"),
        ("root/a", "..", "its own directory"),
        ("root", "a\0b", "zero byte"),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(parent: str, name: str, fault: str) -> None:
    with pytest.raises(ProofError, match=fault):
        path_inside(parent, name)


@given(st.lists(st.sampled_from(["..", ".", "", "a", "b"]), min_size=1, max_size=8))
def test_what_is_let_through_is_what_a_file_system_would_make_of_it(steps: list[str]) -> None:
    name = "/".join(steps)
    try:
        path = path_inside("root/x", name)
    except ProofError:
        return
    assert path == posixpath.normpath(f"root/x/{name}")
    assert path.startswith("root/")


def test_a_path_has_a_limit() -> None:
    room = LIMITS.content_path_bytes - len("root/")
    assert path_inside("root", "é" * (room // 2))
    with pytest.raises(TooMuch, match="over 8192 bytes"):
        path_inside("root", "é" * (room // 2 + 1))
