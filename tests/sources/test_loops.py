"""A node knows its own marks, and no others; what went through too many goes no further."""

from __future__ import annotations

import pytest

from walkaway.limits import LIMITS
from walkaway.sources.loops import LoopMarks


def test_a_question_goes_from_node_to_node_and_stops_where_it_was() -> None:
    nodes = [LoopMarks() for _ in range(3)]
    header = nodes[0].header(())
    for node in nodes[1:]:
        through = node.read([header])
        assert through is not None
        header = node.header(through)
    assert header.count("walkaway-") == 3
    for node in nodes:
        assert node.read([header]) is None
    assert LoopMarks().read([header]) is not None


def test_no_two_marks_are_alike() -> None:
    marks = LoopMarks()
    assert marks.header(()) != marks.header(())


def test_marks_of_others_are_kept_in_order() -> None:
    values = ["cdn.example; a=b", "[::1]:80 ,, other,"]
    assert LoopMarks().read(values) == ("cdn.example; a=b", "[::1]:80", "other")
    assert LoopMarks().header(("x", "y; z=1")).startswith("x, y; z=1, walkaway-")
    assert LoopMarks().read([]) == LoopMarks().read([""]) == ()


@pytest.mark.parametrize(
    "values",
    [
        ["a"] * (LIMITS.loop_marks + 1),
        ["a" * (LIMITS.loop_characters + 1)],
        ["a\r\nHost: evil"],
        ["\u00e9"],
        ["; no=name"],
    ],
)
def test_what_cannot_be_passed_on_is_not(values: list[str]) -> None:
    assert LoopMarks().read(values) is None


@pytest.mark.parametrize("mark", ["walkaway-", "walkaway-" + "zz" * 16, "walkaway-" + "00" * 16])
def test_marks_that_nobody_made_are_of_somebody_else(mark: str) -> None:
    assert LoopMarks().read([mark]) == (mark,)
