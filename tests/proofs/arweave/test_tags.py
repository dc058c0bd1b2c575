"""Tags: Avro's binary encoding, as strictly as ANS-104 has it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkaway.errors import ProofError, WalkawayError
from walkaway.limits import LIMITS
from walkaway.proofs.arweave.tags import (
    Tag,
    content_type,
    decode_tags,
    encode_tags,
    is_bundle,
    value_of,
)

TWO = (Tag(b"Content-Type", b"text/html"), Tag(b"n", "✓".encode()))
ONE_MEMBER = b"\x02n\x02v"


@given(
    st.lists(
        st.builds(Tag, st.binary(min_size=1, max_size=90), st.binary(min_size=1, max_size=90)),
        max_size=20,
    )
)
def test_what_is_written_is_read(tags: list[Tag]) -> None:
    assert decode_tags(encode_tags(tuple(tags))) == tuple(tags)


def test_no_tags_have_two_forms() -> None:
    assert decode_tags(b"") == decode_tags(b"\0") == ()
    assert encode_tags(()) == b""


def test_tags_are_read_in_several_blocks_and_in_blocks_that_say_their_size() -> None:
    member = Tag(b"n", b"v")
    assert decode_tags(b"\x02" + ONE_MEMBER + b"\x02" + ONE_MEMBER + b"\0") == (member, member)
    assert decode_tags(b"\x03\x10" + ONE_MEMBER * 2 + b"\0") == (member, member)
    with pytest.raises(ProofError, match="not as long as said"):
        decode_tags(b"\x03\x0e" + ONE_MEMBER * 2 + b"\0")


@pytest.mark.parametrize(
    ("fault", "data"),
    [
        ("cut short", b"\x02"),
        ("cut short", b"\x02\x02n\x02"),
        ("cut short", encode_tags(TWO)[:-1]),
        ("behind the tags", b"\0\0"),
        ("behind the tags", encode_tags(TWO) + b"\0"),
        ("shortest form", b"\x82\x00" + ONE_MEMBER + b"\0"),
        ("too great", b"\xff\xff\xff\xff\x01"),
        ("tag's name", b"\x02\x00\x02v\0"),
        ("tag's value", b"\x02\x02n\x00\0"),
        ("tag's name", b"\x02\x01n\x02v\0"),
    ],
)
def test_malformed_tags_are_refused(fault: str, data: bytes) -> None:
    with pytest.raises(ProofError, match=fault):
        decode_tags(data)


def test_limits_are_held_to() -> None:
    longest = Tag(b"n" * LIMITS.arweave_tag_name_bytes, b"v" * LIMITS.arweave_tag_value_bytes)
    with pytest.raises(ProofError, match="over 4096"):
        decode_tags(encode_tags((longest,)))
    for longest in (Tag(b"n" * 1024, b"v"), Tag(b"n", b"v" * 3072)):
        assert decode_tags(encode_tags((longest,))) == (longest,)
    for too_long in (Tag(b"n" * 1025, b"v"), Tag(b"n", b"v" * 3073)):
        with pytest.raises(ProofError, match="not of 1 to"):
            decode_tags(encode_tags((too_long,)))
    most = (Tag(b"n", b"v"),) * LIMITS.arweave_tags
    assert decode_tags(encode_tags(most)) == most
    with pytest.raises(ProofError, match="over 128 tags"):
        decode_tags(encode_tags((*most, most[0])))


def test_the_first_tag_of_a_name_counts() -> None:
    tags = (*TWO, Tag(b"content-type", b"text/plain"), Tag(b"x", b"\xff"))
    assert value_of(tags, "CONTENT-TYPE") == "text/html"
    assert value_of(tags, "x") is None
    assert value_of(tags, "y") is None


def test_a_content_type_fits_into_a_header() -> None:
    assert content_type(TWO) == "text/html"
    for value in (b"text/html\r\nX: y", "té".encode(), b"\xff", b""):
        assert content_type((Tag(b"Content-Type", value),)) is None
    assert content_type(()) is None


def test_a_bundle_says_so_in_two_tags() -> None:
    both = (Tag(b"Bundle-Format", b"binary"), Tag(b"Bundle-Version", b"2.0.0"))
    assert is_bundle(both)
    assert not is_bundle(both[:1])
    assert not is_bundle((both[0], Tag(b"Bundle-Version", b"1.0.0")))


@given(st.binary(max_size=60))
def test_garbage_raises_nothing_outside_the_tree(data: bytes) -> None:
    try:
        decode_tags(data)
    except WalkawayError:
        return
