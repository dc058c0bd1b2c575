"""Base64url: one text for each byte string."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkaway.errors import ProofError
from walkaway.proofs.arweave import base64url


@given(st.binary(max_size=40))
def test_what_is_written_is_read(data: bytes) -> None:
    text = base64url.encode(data)
    assert base64url.decode(text) == data
    assert "=" not in text


@pytest.mark.parametrize(
    "text",
    ["A", "AB=", "AB==", "A B ", "AB\n", "A+8", "A/8", "ÄAA", "AAAAA", "AAAA\n", "AAAA    "],
)
def test_no_other_form_is_read(text: str) -> None:
    with pytest.raises(ProofError, match="not in base64url"):
        base64url.decode(text)


@pytest.mark.parametrize("text", ["AB", "A_", "AAB", "__9"])
def test_bits_left_over_are_refused(text: str) -> None:
    with pytest.raises(ProofError, match="bits left over"):
        base64url.decode(text)


@given(st.text(alphabet="AQgw048_-", max_size=9))
def test_each_text_that_is_read_is_the_one_that_is_written(text: str) -> None:
    try:
        data = base64url.decode(text)
    except ProofError:
        return
    assert base64url.encode(data) == text
