"""Symbolic links: which of them stay in their tree."""

from __future__ import annotations

import pytest

from walkaway.content.symlinks import leads_out


@pytest.mark.parametrize("target", [b"a", b"./b/c", b"../top", b"..", b"a//b", b"\xff", b"../..a"])
def test_a_link_that_stays_inside(target: bytes) -> None:
    assert not leads_out(target, 2)


@pytest.mark.parametrize(
    "target", [b"/etc", b"../..", b"../../x", b"a/../../..", b"a/..", b"./../../x", b"", b"a\0b"]
)
def test_a_link_that_leads_out(target: bytes) -> None:
    assert leads_out(target, 2)


def test_the_top_is_not_left_and_a_link_alone_has_nowhere_to_lead() -> None:
    assert not leads_out(b"a", 1)
    assert leads_out(b"..", 1)
    assert leads_out(b"a", 0)
