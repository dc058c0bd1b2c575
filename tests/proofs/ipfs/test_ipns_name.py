"""IPNS names: one name in each way of writing it."""

from __future__ import annotations

import pytest

from walkaway.errors import ProofError
from walkaway.proofs.ipfs import codecs, multihash
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.ipns_name import check_name, name_of_key, name_text, parse_name
from walkaway.proofs.ipfs.libp2p_keys import SigningKey
from walkaway.proofs.ipfs.multibase import BASE58BTC

KEY = SigningKey(bytes(range(32)))
NAME = name_of_key(KEY.public_key)


def test_a_name_is_read_in_each_way_of_writing_it() -> None:
    peer_id = BASE58BTC.encode(NAME.multihash)
    assert peer_id.startswith("12D3Koo")
    assert name_text(NAME).startswith("k51qzi5uqu5d")
    for text in (name_text(NAME), name_text(NAME).upper(), str(NAME), peer_id):
        assert parse_name(text) == NAME


def test_a_name_may_be_a_hash() -> None:
    name = parse_name("QmVujd5Vb7moysJj8itnGufN7MEtPRCNHkKpNuA4onsRa3")
    assert multihash.decode(name.multihash)[0] == codecs.SHA2_256
    assert parse_name(name_text(name)) == name
    assert name_of_key(bytes(100)) == Cid.of(codecs.LIBP2P_KEY, bytes(100))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "Qm",
        "Qm0",
        "example.com",
        "Qm" + "1" * 5000,
        str(Cid.of(codecs.RAW, b"")),
        str(Cid.of(codecs.DAG_PB, b"")),
        str(Cid.of(codecs.LIBP2P_KEY, b"", codecs.SHA2_512)),
    ],
)
def test_what_names_no_key_is_refused(text: str) -> None:
    with pytest.raises(ProofError):
        parse_name(text)


def test_a_cid_of_version_0_is_no_name() -> None:
    with pytest.raises(ProofError, match="libp2p key"):
        check_name(Cid(0, codecs.LIBP2P_KEY, NAME.multihash))
