"""What may be said in an error: no address, and at no great cost."""

from __future__ import annotations

from time import perf_counter

import pytest

from walkaway.rpc.error_codes import speakable


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("at https://rpc.example/KEY now", "at (address withheld) now"),
        ("(wss://user:KEY@h)", "((address withheld)"),
        ("1https://h/KEY", "(address withheld)"),
        ("nothing :// here", "nothing :// here"),
        ("eth_call: no", "eth_call: no"),
    ],
)
def test_no_address_is_spoken(text: str, said: str) -> None:
    assert speakable(text) == said


@pytest.mark.parametrize("piece", ["a.", "a", "a:", "a:/", "a://", "+-"])
def test_the_time_is_linear_in_the_text(piece: str) -> None:
    text = (piece * 65_536)[:65_536]
    began = perf_counter()
    speakable(text)
    assert perf_counter() - began < 1.0
