"""What to write instead, for what people write where an address of some network is meant."""

from __future__ import annotations

import re

import pytest

from walkaway.cli.content_words import read_pointer
from walkaway.errors import InvalidRequest
from walkaway.proofs.arweave.arweave_id import ArweaveId

ITEM = str(ArweaveId(bytes(range(32))))
CONTRACT = "0x" + "Ab" * 20
CID = "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"


@pytest.mark.parametrize(
    ("word", "advice"),
    [
        (f"ar:{ITEM}/a", f"write ar://{ITEM}/a"),
        (f"ar:/{ITEM}", f"write ar://{ITEM}"),
        (f"arweave://{ITEM}", f"write ar://{ITEM}"),
        ("Filecoin://bafk", "write piece://bafk"),
        ("ethereum://app.eth/x", "write web3://app.eth/x"),
        ("w3:/app.eth", "write w3://app.eth"),
        (ITEM, f"an id of Arweave is written ar://{ITEM}"),
        (f"{ITEM}/docs", f"an id of Arweave is written ar://{ITEM}/docs"),
        (CONTRACT, f"a page of a contract is written web3://{CONTRACT}/"),
        (f"{CONTRACT}:10/x", f"a page of a contract is written web3://{CONTRACT}:10/x"),
        ("ardrive", "write it as CID .* walkaway resolve ar://ardrive"),
        ("bzz://x", "write it as CID"),
        ("ar://", "write it as CID"),
        ("ar://ardrive", "an id of Arweave has 43 characters.* walkaway resolve ar://NAME"),
        ("/ar/ardrive/x", "an id of Arweave has 43 characters"),
        ("https://ardrive.ar.example/x", "an id of Arweave has 43 characters"),
        ("web3://vitalik", "CONTRACT is 0x and 40 hex digits, or a name such as app.eth"),
        ("/web3/0x12/", "CONTRACT is 0x and 40 hex digits"),
        ("app.eth:0", "CONTRACT is 0x and 40 hex digits"),
        ("http://vitalik.1.web3.localhost/", "CONTRACT is 0x and 40 hex digits"),
        (f"piece://{CID}", "what is on IPFS: ipfs://CID"),
        ("/piece/x", "a piece of Filecoin has a CID of its own kind"),
    ],
)
def test_each_says_what_to_write(word: str, advice: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_pointer(word)
    assert re.match(f".*{advice}", refused.value.advice), refused.value.advice
