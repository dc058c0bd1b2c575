"""Names as labels of hosts: each comes back as itself, or has none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkaway.errors import InvalidRequest, WalkawayError
from walkaway.gateway.request.name_labels import (
    inlined,
    label_of_name,
    name_of_label,
    uninlined,
)
from walkaway.names.spelling import canonical

LABEL = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
OF_ENS = st.text(alphabet="ab-_xn\U0001f984\u03be\u00fc", min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("app.eth", "app-eth"),
        ("APP.eth.", "app-eth"),
        ("eth", "eth"),
        ("en.wikipedia-on-ipfs.org", "en-wikipedia--on--ipfs-org"),
        ("safe-.bank.eth", "safe---bank-eth"),
        ("pay--app.eth", "pay----app-eth"),
        # As `new URL` has them in browsers, which take "\U0001f984-eth" for the first.
        ("\U0001f984.eth", "xn---eth-fy14c"),
        ("xn--3s9h.eth", "xn---eth-fy14c"),
        ("b\u00fccher.example", "xn--bcher-example-wob"),
        ("xn--bcher-kva.example", "xn--bcher-example-wob"),
        ("a.xn--9.example", "a-xn----9-example"),
    ],
)
def test_a_name_as_one_label(name: str, label: str) -> None:
    assert label_of_name(name) == label
    assert name_of_label(label) == canonical(name)


@pytest.mark.parametrize(
    "name",
    [
        # Its label is that of safe-.bank.eth, and so on.
        "safe.-bank.eth",
        "pay.-.app.eth",
        "xn-foo.eth",
        # Browsers take these for no host, or for another.
        "\U0001f468\u200d\U0001f4bb.eth",
        "\u05d0\u05d1\u05d2.eth",
        "xn--4dbcd.example",
        "xn--9.example",
    ],
)
def test_a_name_whose_label_is_not_its_own_has_none(name: str) -> None:
    assert canonical(name)
    with pytest.raises(InvalidRequest, match="has no host of its own") as refused:
        label_of_name(name)
    assert "by path" in refused.value.advice


@pytest.mark.parametrize("name", ["", ".", ".eth", "a..eth", "\ud800.eth", "xn--app-.eth"])
def test_what_is_no_name_has_no_label(name: str) -> None:
    with pytest.raises(InvalidRequest, match="no name"):
        label_of_name(name)


@pytest.mark.parametrize("label", ["-app-eth", "xn--", "xn--9", "xn--app-"])
def test_a_label_that_stands_for_nothing(label: str) -> None:
    with pytest.raises(InvalidRequest, match="no name"):
        name_of_label(label)


def test_a_name_with_dots_stands_for_itself() -> None:
    assert name_of_label("en.wikipedia-on-ipfs.org") == "en.wikipedia-on-ipfs.org"


@given(st.lists(LABEL, min_size=2, max_size=4))
def test_names_of_the_dns_come_back_from_their_label(labels: list[str]) -> None:
    name = ".".join(labels)
    assert uninlined(inlined(name)) == name


@given(st.lists(OF_ENS, min_size=1, max_size=3))
def test_no_label_stands_for_another_name(labels: list[str]) -> None:
    name = ".".join([*labels, "eth"])
    try:
        label = label_of_name(name)
    except WalkawayError:
        return
    assert name_of_label(label) == canonical(name)
