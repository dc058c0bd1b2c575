"""CIDs: both versions, as text and as bytes, and nothing that two readers read apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vectors import vectors
from walkaway.errors import ProofError, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs, multihash
from walkaway.proofs.ipfs.cid import Cid, read_cid
from walkaway.proofs.ipfs.multibase import BASE32, BASE36, BASE58BTC, base_named

EMPTY_DIRECTORY = "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn"
EMPTY_DIRECTORY_V1 = "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"

CIDS = st.builds(
    lambda codec, code, digest: Cid(1, codec, multihash.encode(code, digest)),
    st.sampled_from([codecs.RAW, codecs.DAG_JSON, codecs.LIBP2P_KEY, 0x3FFF]),
    st.sampled_from([codecs.IDENTITY, codecs.SHA2_256, codecs.BLAKE2B_256]),
    st.binary(max_size=40),
) | st.binary(min_size=32, max_size=32).map(
    lambda digest: Cid(0, codecs.DAG_PB, multihash.encode(codecs.SHA2_256, digest))
)


@settings(max_examples=100)
@given(CIDS, st.binary(max_size=3))
def test_addresses_survive_as_text_and_as_bytes(cid: Cid, rest: bytes) -> None:
    encoded = cid.encode()
    assert Cid.parse(str(cid)) == Cid.decode(encoded) == cid
    assert read_cid(b"\xff" + encoded + rest, 1) == (cid, 1 + len(encoded))


@settings(max_examples=100)
@given(st.binary(max_size=40) | st.binary(max_size=40).map(lambda rest: b"\x01\x55" + rest))
def test_whatever_decodes_has_one_encoding(data: bytes) -> None:
    try:
        cid = Cid.decode(data)
    except ProofError:
        return
    assert cid.encode() == data


def test_the_two_versions_of_one_address() -> None:
    old, new = Cid.parse(EMPTY_DIRECTORY), Cid.parse(EMPTY_DIRECTORY_V1)
    assert (old.version, new.version, old.codec) == (0, 1, codecs.DAG_PB)
    assert old != new
    assert old.multihash == new.multihash
    assert old.as_v1() == new.as_v1() == new
    assert str(old) == old.text(BASE58BTC) == EMPTY_DIRECTORY
    assert str(new) == EMPTY_DIRECTORY_V1
    assert old.as_v0() == new.as_v0() == old


@pytest.mark.parametrize(
    "cid", [Cid.of(codecs.RAW, b""), Cid.of(codecs.DAG_PB, b"", codecs.SHA2_512)], ids=str
)
def test_what_version_0_cannot_name_has_no_form_in_it(cid: Cid) -> None:
    with pytest.raises(ProofError, match="no form in version 0"):
        cid.as_v0()


def test_an_address_in_every_base_in_use() -> None:
    cid = Cid.of(codecs.RAW, b"hello world")
    assert str(cid) == "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
    for name in ("base16", "base32upper", "base36", "base58btc", "base64url"):
        assert Cid.parse(cid.text(base_named(name))) == cid


def test_a_name_of_a_key_is_an_address_too() -> None:
    text = "k51qzi5uqu5dit2ku9mutlfgwyz8u730on38kd10m97m36bjt66my99hb6103f"
    cid = Cid.parse(text)
    assert (cid.codec, cid.hash_code, len(cid.digest)) == (codecs.LIBP2P_KEY, codecs.IDENTITY, 36)
    assert cid.text(BASE36) == text


def test_an_address_of_data_names_its_function() -> None:
    cid = Cid.of(codecs.DAG_CBOR, b"abc", codecs.BLAKE2B_256)
    assert cid.hash_code == codecs.BLAKE2B_256
    assert cid.digest == multihash.digest(codecs.BLAKE2B_256, b"abc")
    assert str(Cid.of(codecs.RAW, b"", codecs.IDENTITY)) == "bafkqaaa"


def test_an_address_is_not_made_by_what_proves_nothing() -> None:
    with pytest.raises(Unsupported):
        Cid.of(codecs.RAW, b"abc", codecs.SHA1)
    with pytest.raises(ProofError, match="over 128"):
        Cid.of(codecs.RAW, bytes(129), codecs.IDENTITY)


def test_version_0_has_no_other_base() -> None:
    with pytest.raises(ProofError, match="base58btc"):
        Cid.parse(EMPTY_DIRECTORY).text(BASE32)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("no multibase prefix", "z" + EMPTY_DIRECTORY),
        ("not of base58btc", EMPTY_DIRECTORY[:-1] + "0"),
        ("no known multibase", EMPTY_DIRECTORY[:-1]),
        ("cut short", "f01"),
        ("no known version", "f0055"),
        ("no known version", "f0255"),
        ("not as long", "f015512"),
    ],
)
def test_text_that_is_no_address_is_refused(fault: str, text: str) -> None:
    with pytest.raises(ProofError, match=fault if fault != "not as long" else "cut short"):
        Cid.parse(text)


@pytest.mark.parametrize(
    ("fault", "data"),
    [
        ("cut short", b""),
        ("no known version", b"\x12\x20" + bytes(31)),
        ("not as long", b"\x01\x55\x12\x20" + bytes(33)),
        ("shortest", b"\x81\x00\x55\x00\x00"),
        ("over 160 bytes", b"\x01\x55\x00\x80\x01" + bytes(LIMITS.cid_bytes)),
        ("over 128 bytes", b"\x01\x55\x00\x81\x01" + bytes(129)),
    ],
)
def test_bytes_that_are_no_address_are_refused(fault: str, data: bytes) -> None:
    with pytest.raises(ProofError, match=fault):
        Cid.decode(data)


@pytest.mark.parametrize("data", ["1220" + "00" * 31, "01551220" + "00" * 31, "015512"])
def test_an_address_cut_short_within_other_bytes_is_refused(data: str) -> None:
    with pytest.raises(ProofError, match="cut short"):
        read_cid(bytes.fromhex(data))


def test_the_addresses_that_the_codec_fixtures_are_named_by() -> None:
    names = [path.name for path in vectors("ipfs/codec-fixtures/fixtures").glob("cid-*")]
    texts = [name.removeprefix("cid-") for name in names if not name.endswith("of")]
    assert len(texts) > 10
    for text in texts:
        cid = Cid.parse(text)
        assert Cid.decode(cid.encode()) == cid
        assert text in {str(cid), cid.text(BASE58BTC)}
