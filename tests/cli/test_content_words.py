"""Places in content as people write them, each form read as it is meant."""

from __future__ import annotations

import pytest

from walkaway.cli.content_words import name_in_url, name_of, read_pointer
from walkaway.errors import InvalidRequest
from walkaway.names.pointer import Pointer
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.filecoin.piece_cid import PieceCid
from walkaway.proofs.ipfs.multibase import BASE32

CID = "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"
OLD = "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o"
KEY = "k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8"
ITEM = str(ArweaveId(bytes(range(32))))
ITEM_LABEL = BASE32.encode(bytes(range(32)))
CONTRACT = "0x" + "ab" * 20
PIECE = str(PieceCid.over(bytes(32), 1000))


@pytest.mark.parametrize(
    ("word", "pointer"),
    [
        (CID, Pointer("ipfs", CID)),
        (f"{OLD}/a/b/", Pointer("ipfs", OLD, ("a", "b"))),
        (f"{CID}/a%20b/../?#", Pointer("ipfs", CID, ("a%20b", "..", "?#"))),
        (f"/ipfs/{CID}//a", Pointer("ipfs", CID, ("a",))),
        (
            "/ipns/en.wikipedia-on-ipfs.org/wiki",
            Pointer("ipns", "en.wikipedia-on-ipfs.org", ("wiki",)),
        ),
        (f"ipfs://{CID}/a%20b?x#y", Pointer("ipfs", CID, ("a b",))),
        (f"IPFS://{OLD}", Pointer("ipfs", OLD)),
        (f"ipns://{KEY}/a/./b", Pointer("ipns", KEY, ("a", "b"))),
        (f"http://127.0.0.1:8080/ipfs/{OLD}/a%2520b?filename=x", Pointer("ipfs", OLD, ("a%20b",))),
        (f"https://gateway.example/ipns/{KEY}", Pointer("ipns", KEY)),
        (f"http://{CID}.ipfs.localhost:8080/ipfs/x", Pointer("ipfs", CID, ("ipfs", "x"))),
        (f"http://{KEY}.ipns.localhost/a", Pointer("ipns", KEY, ("a",))),
        (
            "https://en-wikipedia--on--ipfs-org.ipns.gateway.example/wiki/",
            Pointer("ipns", "en.wikipedia-on-ipfs.org", ("wiki",)),
        ),
        (f"{KEY}/a", Pointer("ipns", KEY, ("a",))),
        ("app.eth.", Pointer("ipns", "app.eth.")),
        ("http://xn---eth-fy14c.localhost/", Pointer("ipns", "\U0001f984.eth")),
        ("App.eth/a.js", Pointer("ipns", "App.eth", ("a.js",))),
        ("example.org", Pointer("ipns", "example.org")),
        ("En.Wikipedia-on-IPFS.org./wiki", Pointer("ipns", "En.Wikipedia-on-IPFS.org.", ("wiki",))),
        ("http://app-eth.localhost:8080/a%20b", Pointer("ipns", "app.eth", ("a b",))),
        ("http://app.eth.localhost:8080", Pointer("ipns", "app.eth")),
        ("http://app.eth/a", Pointer("ipns", "app.eth", ("a",))),
        (f"ar://{ITEM}/a%20b", Pointer("ar", ITEM, ("a b",))),
        (f"/ar/{ITEM}/a", Pointer("ar", ITEM, ("a",))),
        (f"http://{ITEM_LABEL}.ar.localhost:8080/a", Pointer("ar", ITEM, ("a",))),
        (f"https://arweave.example/ar/{ITEM}", Pointer("ar", ITEM)),
        (f"https://arweave.example/{ITEM}/a%20b?x", Pointer("ar", ITEM, ("a b",))),
        ("web3://app.eth:10/a%20b?c", Pointer("web3", "app.eth:10", (), "/a%20b?c")),
        ("app.eth:10/a%20b?c/d", Pointer("web3", "app.eth:10", (), "/a%20b?c/d")),
        ("App.ETH:1", Pointer("web3", "app.eth:1")),
        ("\U0001f984.eth:1?a", Pointer("web3", "%F0%9F%A6%84.eth:1", (), "?a")),
        (f"/web3/{CONTRACT}/a?b", Pointer("web3", f"{CONTRACT}:1", (), "/a?b")),
        (
            "http://app-eth.10.web3.localhost:8080/a?b",
            Pointer("web3", "app.eth:10", (), "/a?b"),
        ),
        (
            f"http://127.0.0.1:8080/web3/{CONTRACT}/?b",
            Pointer("web3", f"{CONTRACT}:1", (), "/?b"),
        ),
        (PIECE, Pointer("piece", PIECE)),
        (f"piece://{PIECE}", Pointer("piece", PIECE)),
    ],
)
def test_each_form_is_read_as_it_is_meant(word: str, pointer: Pointer) -> None:
    assert read_pointer(word) == pointer


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("", "names no content"),
        ("/", "names no content"),
        ("/ipfs/", "names no content"),
        ("/ipld/x", "names no content"),
        ("printer", "is no CID"),
        ("1.2.3.4", "is no CID"),
        ("app-eth.localhost", "is no CID"),
        ("app-eth.localhost:8080", "is no CID"),
        ("site.example:8080/docs", "is no CID"),
        ("eth", "is no CID"),
        ("ipfs://", "names no content"),
        ("\udcff.eth", "no text"),
        (f"{CID}/\udcff", "no text"),
        ("http://xn--9.localhost/", "no name"),
        ("ipfs://example.org", "is no CID"),
        ("http://example.org/", "names no content"),
        ("http://example.org/a/b", "names no content"),
        ("http://[::1/ipfs/x", "names no content"),
        (f"ftp://example.org/ipfs/{CID}", "names no content"),
        (f"ipfs://{CID}/%ff", "not UTF-8"),
        (f"ipfs://{CID}/../../x", "above its root"),
        (f"http://{CID}x.ipfs.localhost/", "is no CID"),
        ("ar://short", "invalid path"),
        (f"/piece/{CID}", "names no piece"),
        ("web3://nothing/", "neither a contract"),
        ("app.eth:0/", "of a web3 URL"),
        ("app.eth:", "is no CID"),
        ("app.eth:1/\u00e4", "percent-encoded"),
    ],
)
def test_what_names_no_content_is_refused(word: str, reason: str) -> None:
    with pytest.raises(InvalidRequest, match=reason):
        read_pointer(word)


def test_a_web3_url_may_hold_a_name_alone() -> None:
    for word, name in (
        ("web3://App.eth", "app.eth:1"),
        ("w3://app.eth:10/", "app.eth:10"),
        ("app.eth:10", "app.eth:10"),
        ("app.eth", "app.eth"),
        ("ipns://app.eth", "ipns://app.eth"),
    ):
        assert name_in_url(word) == name
    for word in ("web3://app.eth/a", "web3://app.eth?a", f"web3://{CONTRACT}@app.eth"):
        with pytest.raises(InvalidRequest, match="more than a name") as refused:
            name_in_url(word)
        assert refused.value.advice == "its name alone is app.eth:1"
    with pytest.raises(InvalidRequest, match="leads nowhere else"):
        name_in_url(f"web3://{CONTRACT}/")


def test_content_is_called_as_its_path_ends() -> None:
    assert name_of(read_pointer(f"{CID}/a/b")) == "b"
    assert name_of(read_pointer(f"web3://{CONTRACT}/a/b%20c?d/e")) == "b c"
    assert name_of(read_pointer("web3://app.eth:10/")) == "app.eth.10"
    assert name_of(read_pointer("web3://app.eth/?a=1")) == "app.eth"
    assert name_of(read_pointer(CID)) == CID
    assert name_of(read_pointer("/ipns/site.example")) == "site.example"
