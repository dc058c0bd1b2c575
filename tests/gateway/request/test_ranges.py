"""Ranges as RFC 9110 has them; what is out of order is passed over, not guessed at."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkaway.gateway.request.conditions import holds_already, range_applies
from walkaway.gateway.request.ranges import ByteRange, Multipart, Unsatisfiable, read_ranges
from walkaway.limits import LIMITS


@pytest.mark.parametrize(
    ("header", "ranges"),
    [
        ("bytes=0-0", [(0, 1)]),
        ("bytes=6-16", [(6, 17)]),
        ("Bytes = 6-16", [(6, 17)]),
        ("bytes=95-", [(95, 100)]),
        ("bytes=-3", [(97, 100)]),
        ("bytes=-1000", [(0, 100)]),
        ("bytes=90-1000", [(90, 100)]),
        ("bytes=6-16, 0-4", [(6, 17), (0, 5)]),
        ("bytes=6-16,200-300", [(6, 17)]),
        # Passed over: the whole is sent.
        ("items=0-1", []),
        ("bytes", []),
        ("bytes=", []),
        ("bytes=-", []),
        ("bytes=5-4", []),
        ("bytes=a-b", []),
        ("bytes=0-1,", []),
        ("bytes=" + "9" * 19 + "-", []),
        ("bytes=0-99,0-99", []),
    ],
)
def test_what_is_asked_for(header: str, ranges: list[tuple[int, int]]) -> None:
    assert [(r.start, r.end) for r in read_ranges(header, 100)] == ranges


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200,300-", "bytes=-0"])
def test_what_lies_outside(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        read_ranges(header, 100)


def test_nothing_lies_in_an_empty_file() -> None:
    with pytest.raises(Unsatisfiable):
        read_ranges("bytes=0-", 0)


def test_too_many_pieces_are_passed_over() -> None:
    most = replace(LIMITS, web_ranges=3)
    assert len(read_ranges("bytes=0-0,1-1,2-2", 100, most)) == 3
    assert read_ranges("bytes=0-0,1-1,2-2,3-3", 100, most) == ()


@given(st.text(max_size=40), st.integers(0, 1 << 60))
def test_any_header_is_answered_within_the_content(text: str, size: int) -> None:
    try:
        ranges = read_ranges("bytes=" + text, size)
    except Unsatisfiable:
        return
    assert all(0 <= r.start < r.end <= size for r in ranges)
    assert sum(r.length for r in ranges) <= size


def test_several_ranges_are_one_body_of_the_length_that_is_told() -> None:
    content = bytes(range(100))
    parts = Multipart([ByteRange(6, 17), ByteRange(0, 5)], 100, "text/plain")
    body = b"".join(
        head + content[r.start : r.end] for head, r in zip(parts.heads, parts.ranges, strict=True)
    )
    body += parts.tail
    assert len(body) == parts.length
    boundary = parts.media_type.partition("boundary=")[2].encode()
    first, second, third = body.split(b"--" + boundary)[1:]
    assert b"Content-Range: bytes 6-16/100\r\n\r\n" + content[6:17] in first
    assert b"Content-Range: bytes 0-4/100\r\n\r\n" + content[:5] in second
    assert b"Content-Type: text/plain\r\n" in first
    assert third == b"--\r\n"
    again = Multipart([ByteRange(6, 17)], 100, "text/plain")
    assert again.media_type != parts.media_type, "content cannot know the boundary"


@pytest.mark.parametrize(
    ("header", "held"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"x", "y","a"', True),
        ("*", True),
        (" * ", True),
        ('"b"', False),
        ("a", False),
        ("", False),
        ('"x,a"', False),
    ],
)
def test_a_tag_that_the_sender_holds(header: str, held: bool) -> None:
    assert holds_already(header, '"a"') is held
    assert holds_already(header, '"other"', 'W/"a"') is held


def test_a_range_means_the_content_that_the_sender_knows() -> None:
    assert range_applies("", '"a"')
    assert range_applies('"a"', '"a"')
    assert not range_applies('"b"', '"a"')
    assert not range_applies('W/"a"', 'W/"a"'), "a weak tag vouches for no byte"
    assert not range_applies("Wed, 21 Oct 2015 07:28:00 GMT", '"a"')
