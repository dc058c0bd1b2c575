"""Where a browser opens what is named."""

from __future__ import annotations

import pytest

from walkaway.cli.content_words import read_pointer
from walkaway.cli.open import address_of
from walkaway.errors import InvalidRequest
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.filecoin.piece_cid import PieceCid
from walkaway.proofs.ipfs.multibase import BASE32

CID = "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"
KEY = "k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8"
ITEM = str(ArweaveId(bytes(32)))
PIECE = str(PieceCid.over(bytes(32), 1000))
CALLER = "0x" + "ab" * 20


@pytest.mark.parametrize(
    ("word", "address"),
    [
        ("App.eth/a b", "http://app-eth.localhost:8080/a%20b"),
        ("app.eth.", "http://app-eth.localhost:8080/"),
        ("\U0001f984.eth", "http://xn---eth-fy14c.localhost:8080/"),
        (CID, f"http://{CID}.ipfs.localhost:8080/"),
        (f"{KEY}/a", f"http://{KEY}.ipns.localhost:8080/a"),
        # Their labels are those of safe-.bank.eth and xn--foo-eth.
        ("safe.-bank.eth/a", "http://127.0.0.1:8080/ipns/safe.-bank.eth/a"),
        ("xn-foo.eth", "http://127.0.0.1:8080/ipns/xn-foo.eth"),
        (f"ar://{ITEM}/a b", f"http://{BASE32.encode(bytes(32))}.ar.localhost:8080/a%20b"),
        ("web3://my-app.eth:10/a%2fb?c", "http://my--app-eth.10.web3.localhost:8080/a%2fb?c"),
        ("app.eth:10", "http://app-eth.10.web3.localhost:8080/"),
        # What has no host: who calls, and pieces.
        (f"web3://{CALLER}@app.eth/a", f"http://127.0.0.1:8080/web3/{CALLER}@app.eth:1/a"),
        (f"piece://{PIECE}", f"http://127.0.0.1:8080/piece/{PIECE}"),
    ],
)
def test_each_place_opens_where_it_and_nothing_else_is(word: str, address: str) -> None:
    assert address_of(read_pointer(word), 8080) == address


@pytest.mark.parametrize("word", ["a..eth", ".eth", "xn--app-.eth"])
def test_what_is_no_name_opens_nowhere(word: str) -> None:
    with pytest.raises(InvalidRequest, match="no name"):
        address_of(read_pointer(word), 8080)
