"""Which text is a name of ENS, and how contracts are given it."""

from __future__ import annotations

import random
from itertools import islice

import pytest
from ens_normalize import DisallowedSequence, ens_normalize

from walkaway.errors import InvalidRequest
from walkaway.limits import LIMITS
from walkaway.names.ens.normalize import beautified, is_normalized, normalize

NODES = {
    "eth": "93cdeb708b7545dc668eb9280176169d1c33cfd8ed6f04690a0bcc88a93fc4ae",
    "foo.eth": "de9b09fd7c5f901e23a3f19fecc54828e9c848539801e86591bd9801b019f84f",
}
"""From ENSIP-1."""


@pytest.mark.parametrize(("name", "node"), NODES.items())
def test_nodes_are_those_of_the_specification(name: str, node: str) -> None:
    assert normalize(name).node.hex() == node


def test_spellings_of_one_name_are_one() -> None:
    name = normalize("VITALIK.eth")
    assert (name.typed, str(name)) == ("VITALIK.eth", "vitalik.eth")
    assert name.wire == b"\x07vitalik\x03eth\0"
    assert normalize("\u03be.eth").node == normalize("\u039e.eth").node
    assert beautified(normalize("\u03be.eth")) == "\u039e.eth"
    assert not is_normalized("VITALIK.eth")
    assert is_normalized("vitalik.eth")


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "a..eth",
        ".eth",
        "eth.",
        "xn--a.eth",
        "a_b.eth",
        "a b.eth",
        "[" + "aa" * 32 + "].eth",
        "\ud800.eth",
        "b\u0430d.eth",
        "nick\u200d.eth",
        "a" * 256 + ".eth",
        "a." * LIMITS.ens_name_bytes,
    ],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        normalize(text)
    assert not is_normalized(text)


def test_a_refusal_says_what_may_be_meant() -> None:
    with pytest.raises(InvalidRequest, match="underscore") as refused:
        normalize("a_b.eth")
    assert "'_' could be ''" in refused.value.advice or not refused.value.advice


def test_labels_as_long_as_the_wire_holds_are_names() -> None:
    assert normalize("a" * 255 + ".eth").wire[:2] == b"\xffa"


def test_of_sampled_text_each_is_refused_or_has_one_form() -> None:
    """The library ships no suite of its own: text is drawn from the scripts that it knows."""
    drawn = random.Random("ENSIP-15")
    pools = [range(0x21, 0x7F), range(0xA1, 0x250), range(0x370, 0x500), range(0x600, 0x700)]
    pools += [range(0x3040, 0x3100), range(0x4E00, 0x4F00), range(0x1F300, 0x1F700)]
    texts = (
        "".join(chr(drawn.choice(pool)) for _ in range(drawn.randint(1, 6))) + ".eth"
        for pool in (drawn.choice(pools) for _ in range(3000))
    )
    accepted = 0
    for text in islice(texts, 3000):
        try:
            name = normalize(text)
        except InvalidRequest:
            with pytest.raises(DisallowedSequence):
                ens_normalize(text)
            continue
        accepted += 1
        assert is_normalized(str(name))
        assert normalize(beautified(name)).labels == name.labels
    assert accepted > 300
