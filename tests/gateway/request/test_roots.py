"""Roots as labels of hosts."""

from __future__ import annotations

import pytest

from walkaway.errors import InvalidRequest
from walkaway.gateway.request.roots import label_of


@pytest.mark.parametrize(
    ("name", "label"), [("en.wikipedia-on-ipfs.org", "en-wikipedia--on--ipfs-org"), ("A_b", "a_b")]
)
def test_a_name_in_one_label(name: str, label: str) -> None:
    assert label_of("ipns", name) == label


@pytest.mark.parametrize("end", "#?\\@:[]/% \n")
def test_no_name_leads_to_another_host(end: str) -> None:
    with pytest.raises(InvalidRequest, match="a host can have"):
        label_of("ipns", f"evil.example{end}x")
