"""The data model: links are found wherever they stand, in their order."""

from __future__ import annotations

from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.data_model import Value, links_in


def test_links_come_in_the_order_in_which_they_stand() -> None:
    one, two, three = (Cid.of(codecs.RAW, bytes((number,))) for number in range(3))
    value: Value = {"a": [1, one, {"b": two, "c": "text"}], "d": None, "e": three, "f": one}
    assert list(links_in(value)) == [one, two, three, one]
    assert list(links_in("no link")) == []
