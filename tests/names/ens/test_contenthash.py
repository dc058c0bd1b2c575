"""Contenthashes of every network, both ways, and what is none."""

from __future__ import annotations

import json

import pytest

from tests.vectors import vectors
from walkaway.errors import ProofError, Unsupported
from walkaway.names.ens.contenthash import Codec, decode, encode
from walkaway.names.pointer import Pointer

ARWEAVE = "ys32Pt8uC7TrVxHdOLByOspfPEq2LO63wREHQIM9SJQ"
IPFS = "bafybeibj6lixxzqtsb45ysdjnupvqkufgdvzqbnvmhw2kf7cfkesy7r7d4"
KEY = "k51qzi5uqu5dihst24f3rp2ej4co9berxohfkxaenbq1wjty7nrd5e9xp4afx1"

EVERY = {
    Codec.IPFS: IPFS,
    Codec.IPNS: KEY,
    Codec.SWARM: "d1de9994b4d039f6548d191eb26786769f580809256b4685ef316805265ea162",
    Codec.ONION: "zqktlwi4fecvo6ri",
    Codec.ONION3: "p53lf57qovyuvwsc6xnrppyply3vtqm7l6pcobkmyqsiofyeznfu5uqd",
    Codec.SKYNET: "CABAB_1Dt0FJsxqsu_J4TodNCbCGvtFf1Uys_3EgzOlTcg",
    Codec.ARWEAVE: ARWEAVE,
    Codec.ADNL: "61bd855da6c07e8d1c807e880c2a9a6272011cfc2b34b2e9de32cd37ff6f4ae5",
}


def test_the_vectors_are_read_and_written() -> None:
    cases = json.loads(vectors("names/contenthash.json").read_text())
    assert {case["codec"] for case in cases} == {codec.label for codec in Codec}
    for case in cases:
        data = bytes.fromhex(case["hex"])
        codec = Codec[case["codec"].upper()]
        read = decode(data)
        assert (read.codec, read.text, read.data) == (codec, case["text"], data)
        assert encode(codec, case["text"]) == read


@pytest.mark.parametrize("codec", Codec)
def test_each_network_is_written_and_read_again_and_no_byte_less(codec: Codec) -> None:
    written = encode(codec, EVERY[codec])
    assert decode(written.data) == written
    assert written.text == EVERY[codec]
    for size in range(len(written.data)):
        with pytest.raises(ProofError):
            decode(written.data[:size])
    with pytest.raises(ProofError):
        decode(written.data + b"\0")
    with pytest.raises(ProofError):
        encode(codec, EVERY[codec][:-1] + "!")


def test_content_that_is_fetched_here_has_a_pointer() -> None:
    assert encode(Codec.IPFS, IPFS).pointer() == Pointer("ipfs", IPFS)
    assert encode(Codec.IPNS, KEY).pointer() == Pointer("ipns", KEY)
    assert encode(Codec.ARWEAVE, ARWEAVE).pointer() == Pointer("ar", ARWEAVE)


@pytest.mark.parametrize(
    "codec", [Codec.SWARM, Codec.ONION, Codec.ONION3, Codec.SKYNET, Codec.ADNL]
)
def test_other_content_is_refused_by_the_name_of_its_network(codec: Codec) -> None:
    with pytest.raises(Unsupported, match=f"content on {codec.label} "):
        encode(codec, EVERY[codec]).pointer()


@pytest.mark.parametrize("codec", ["70", "72"])
def test_an_old_ipns_value_may_hold_a_dns_name(codec: str) -> None:
    name = b"app.uniswap.org"
    old = bytes.fromhex(f"e50101{codec}00") + bytes([len(name)]) + name
    assert decode(old).text == "app.uniswap.org"
    assert decode(old).pointer() == Pointer("ipns", "app.uniswap.org")
    assert decode(encode(Codec.IPNS, "app.uniswap.org").data).text == "app.uniswap.org"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "ff",
        "e301",
        # version 0
        "e3011220" + "29" * 32,
        # a name of raw content
        "e50101551220" + "29" * 32,
        # a DNS name with a label too few, or that no domain has
        "e50101720009" + b"localhost".hex(),
        "e5010172000b" + b"a..exam.ple".hex(),
        "e5010172000a" + b"a/../b.eth".hex(),
        # Swarm by another hash, and of another codec
        "e40101fa011220" + "29" * 32,
        "e40101701b20" + "29" * 32,
        "bc03" + b"zqktlwi4fecvo6r1".hex(),
    ],
)
def test_what_is_malformed_is_refused(value: str) -> None:
    with pytest.raises(ProofError):
        decode(bytes.fromhex(value))


def test_a_network_that_is_not_known_is_named_by_its_code() -> None:
    with pytest.raises(Unsupported, match="0xe6"):
        decode(bytes.fromhex("e60101"))


def test_no_more_is_read_than_an_address_needs() -> None:
    with pytest.raises(ProofError, match="over 512 bytes"):
        decode(bytes.fromhex("e301") + bytes(600))
