"""dag-pb: one encoding for each node, and no other reading of any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.ipfs.dag_values import LINKS, TEXTS
from tests.vectors import vectors
from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs, dag_json, dag_pb
from walkaway.proofs.ipfs.block import prove_block
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.dag_pb import PbLink, PbNode
from walkaway.proofs.ipfs.data_model import Value

PB_LINKS = st.builds(PbLink, LINKS, st.none() | TEXTS, st.none() | st.integers(0, 2**64 - 1))
NODES = st.builds(
    PbNode, st.lists(PB_LINKS, max_size=4).map(tuple), st.none() | st.binary(max_size=20)
)

HASH = "0a09015500050001020304"
LINK = "120b" + HASH
SAMPLE = dag_pb.encode(
    PbNode(
        (PbLink(Cid.of(codecs.RAW, b"a"), "a", 1), PbLink(Cid.of(codecs.DAG_PB, b""), "b", 300)),
        b"data",
    )
)


@settings(max_examples=100)
@given(NODES)
def test_nodes_survive_with_their_links_sorted(node: PbNode) -> None:
    encoded = dag_pb.encode(node)
    decoded = dag_pb.decode(encoded)
    assert decoded.data == node.data
    assert list(decoded.links) == sorted(node.links, key=lambda link: (link.name or "").encode())
    assert dag_pb.encode(decoded) == encoded


def test_a_changed_byte_gives_another_node_or_none() -> None:
    sample = dag_pb.decode(SAMPLE)
    refused = 0
    for at in range(len(SAMPLE)):
        for bit in range(8):
            changed = bytearray(SAMPLE)
            changed[at] ^= 1 << bit
            try:
                assert dag_pb.decode(bytes(changed)) != sample
            except ProofError:
                refused += 1
    assert refused > len(SAMPLE)


def test_a_node_cut_short_is_another_or_none() -> None:
    sample = dag_pb.decode(SAMPLE)
    for end in range(len(SAMPLE)):
        try:
            cut = dag_pb.decode(SAMPLE[:end])
        except ProofError:
            continue
        assert cut.data is None
        assert cut.links == sample.links[: len(cut.links)]


def test_absent_and_empty_are_two_things() -> None:
    cid = Cid.parse("bafkqabiaaebagba")
    assert dag_pb.decode(b"") == PbNode()
    assert dag_pb.decode(bytes.fromhex("0a00")) == PbNode((), b"")
    assert dag_pb.decode(bytes.fromhex(LINK)) == PbNode((PbLink(cid),))
    named = bytes.fromhex("120f" + HASH + "1200" + "1800")
    assert dag_pb.decode(named) == PbNode((PbLink(cid, "", 0),))
    assert dag_pb.encode(PbNode((PbLink(cid, "", 0),))) == named


def test_links_are_sorted_by_bytes_and_keep_their_order_otherwise() -> None:
    # In UTF-16, as some languages sort, the last two stand the other way round.
    names = ["a", "B", None, "a", "", "\U00010000", "\uffff"]
    links = tuple([PbLink(Cid.of(codecs.RAW, b""), name, at) for at, name in enumerate(names)])
    decoded = dag_pb.decode(dag_pb.encode(PbNode(links)))
    assert [link.size for link in decoded.links] == [2, 4, 1, 0, 3, 6, 5]


def test_links_may_stand_behind_the_data_and_unsorted() -> None:
    first, second = ("120e" + HASH + f"1201{name}" for name in ("62", "61"))
    node = dag_pb.decode(bytes.fromhex("0a0178" + first + second))
    assert [link.name for link in node.links] == ["b", "a"]
    assert dag_pb.encode(node) == bytes.fromhex(second + first + "0a0178")


@pytest.mark.parametrize(
    ("fault", "data"),
    [
        ("field that it should not", "1a00"),
        ("field that it should not", "0801"),
        ("field twice", "0a000a00"),
        ("field twice", LINK + "0a00" + LINK),
        ("field twice", "0a00" + LINK + "0a00"),
        ("longer than what holds it", "0a01"),
        ("longer than what holds it", "0a8001"),
        ("cut short", "0a"),
        ("shortest form", "0a8000"),
        ("begin with its CID", "1200"),
        ("begin with its CID", "12021200"),
        ("cut short", "12020a00"),
        ("longer than what holds it", "12020a05" + "00" * 5),
        ("do not fill it", "120d" + HASH + "0a00"),
        ("do not fill it", "120f" + HASH + "1800" + "1200"),
        ("do not fill it", "120f" + HASH + "1200" + "1200"),
        ("do not fill it", "120d" + HASH + "1880" + "0a00"),
        ("not UTF-8", "120e" + HASH + "1201ff"),
        ("wider than 64", "1216" + HASH + "18" + "ff" * 9 + "02"),
    ],
)
def test_what_is_malformed_is_refused(fault: str, data: str) -> None:
    with pytest.raises(ProofError, match=fault):
        dag_pb.decode(bytes.fromhex(data))


def test_a_name_that_is_no_unicode_is_not_written() -> None:
    with pytest.raises(ProofError, match="no Unicode"):
        dag_pb.encode(PbNode((PbLink(Cid.of(codecs.RAW, b""), "\ud800"),)))


def test_links_and_bytes_are_limited() -> None:
    link = bytes.fromhex("12060a0401550000")
    assert len(dag_pb.decode(link * LIMITS.node_links).links) == LIMITS.node_links
    with pytest.raises(ProofError, match="more than 65536 links"):
        dag_pb.decode(link * (LIMITS.node_links + 1))
    with pytest.raises(ProofError, match="over the limit"):
        dag_pb.decode(bytes(LIMITS.block_bytes + 1))


def test_the_codec_fixtures_survive_byte_for_byte_and_say_what_their_json_says() -> None:
    paths = sorted(vectors("ipfs/codec-fixtures/fixtures").rglob("*.dag-pb"))
    assert len(paths) > 15
    for path in paths:
        data = path.read_bytes()
        assert prove_block(Cid.parse(path.stem), data).value == data
        node = dag_pb.decode(data)
        assert dag_pb.encode(node) == data
        (twin,) = path.parent.glob("*.dag-json")
        assert dag_json.decode(twin.read_bytes()) == as_value(node)


def as_value(node: PbNode) -> Value:
    """The node in the data model, as the specification's "logical format" has it."""
    links: list[Value] = []
    for link in node.links:
        fields: dict[str, Value] = {"Hash": link.cid, "Name": link.name, "Tsize": link.size}
        links.append({name: value for name, value in fields.items() if value is not None})
    return {"Links": links} | ({} if node.data is None else {"Data": node.data})
