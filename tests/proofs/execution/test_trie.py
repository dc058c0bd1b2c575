"""Trie proofs: presence and absence, whole and strict, against the specification's tries."""

from __future__ import annotations

import pytest
from ethereum.forks.osaka.trie import Trie, trie_set
from ethereum.forks.osaka.trie import root as reference_root
from hypothesis import given
from hypothesis import strategies as st

from tests.proofs.execution.tries import ProvingTrie
from walkaway.errors import Elsewhere, ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.hex_prefix import nibbles
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.trie import EMPTY_ROOT, verify

KEYS = st.binary(min_size=2, max_size=2) | st.sampled_from(
    [b"\0\0", b"\0\1", b"\0\x10", b"\1\0", b"\x10\0", b"\x11\x11", b"\x11\x12"]
)
VALUES = st.binary(min_size=1, max_size=3) | st.binary(min_size=30, max_size=40)
LEAVES = st.dictionaries(KEYS, VALUES, max_size=12)


@given(LEAVES)
def test_the_tests_own_trie_agrees_with_the_specification(leaves: dict[bytes, bytes]) -> None:
    trie: Trie[bytes, bytes] = Trie(secured=False, default=b"")
    for key, value in leaves.items():
        trie_set(trie, key, value)
    assert ProvingTrie(leaves).root == reference_root(trie)


@given(LEAVES, KEYS, st.booleans())
def test_every_key_is_proven_present_or_absent(
    leaves: dict[bytes, bytes], other: bytes, list_embedded: bool
) -> None:
    trie = ProvingTrie(leaves)
    for key in (*leaves, other):
        proof = trie.proof(key, list_embedded=list_embedded)
        assert verify(trie.root, key, proof) == leaves.get(key)


@given(LEAVES.filter(bool), st.data())
def test_no_changed_byte_is_believed(leaves: dict[bytes, bytes], data: st.DataObject) -> None:
    trie = ProvingTrie(leaves)
    key = data.draw(st.sampled_from(sorted(leaves)))
    proof = [bytearray(node) for node in trie.proof(key)]
    node = data.draw(st.sampled_from(proof))
    node[data.draw(st.integers(0, len(node) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ProofError):
        verify(trie.root, key, [bytes(node) for node in proof])


@given(LEAVES.filter(lambda leaves: len(leaves) > 1), st.data())
def test_a_node_less_or_a_node_more_is_refused(
    leaves: dict[bytes, bytes], data: st.DataObject
) -> None:
    trie = ProvingTrie(leaves)
    key = data.draw(st.sampled_from(sorted(leaves)))
    proof = trie.proof(key)
    extra = data.draw(st.sampled_from([b"\x80", b"", b"\xc0", proof[0]]))
    for nodes in ([*proof, extra], proof[1:], [extra, *proof]):
        with pytest.raises(ProofError):
            verify(trie.root, key, nodes)
    if len(proof) > 1:
        with pytest.raises(ProofError, match="ends before"):
            verify(trie.root, key, proof[:-1])


@given(st.lists(st.binary(max_size=40), max_size=4), KEYS)
def test_garbage_is_a_proof_error(nodes: list[bytes], key: bytes) -> None:
    with pytest.raises(ProofError):
        verify(b"\1" * 32, key, nodes)


def test_the_empty_trie_is_proven_by_nothing_or_by_the_empty_node() -> None:
    assert EMPTY_ROOT.hex().startswith("56e81f171bcc55a6ff8345e692c0f86e")
    assert verify(EMPTY_ROOT, b"k", []) is None
    assert verify(EMPTY_ROOT, b"k", [b"\x80"]) is None


@pytest.mark.parametrize("nodes", [[], [b"\x80"]])
def test_the_empty_trie_under_another_root_is_elsewhere(nodes: list[bytes]) -> None:
    with pytest.raises(Elsewhere):
        verify(b"\1" * 32, b"k", nodes)


def test_a_sound_proof_under_another_root_is_elsewhere_and_names_both() -> None:
    trie = ProvingTrie({b"ab": b"old value", b"cd": b"x" * 40})
    for key in (b"ab", b"zz"):
        with pytest.raises(Elsewhere) as caught:
            verify(EMPTY_ROOT, key, trie.proof(key))
        assert (caught.value.expected, caught.value.got) == (EMPTY_ROOT, trie.root)


def test_an_unsound_proof_under_another_root_is_not_elsewhere() -> None:
    trie = ProvingTrie({b"ab": b"v" * 40, b"cd": b"w" * 40})
    with pytest.raises(ProofError) as caught:
        verify(b"\1" * 32, b"ab", trie.proof(b"cd"))
    assert not isinstance(caught.value, Elsewhere)


LONG = b"v" * 40


def rooted(*nodes: rlp.Encodable) -> tuple[bytes, list[bytes]]:
    """The root and the encodings of nodes as they are, whatever they say."""
    encoded = [rlp.encode(node) for node in nodes]
    return keccak256(encoded[0]), encoded


def branch(**children: rlp.Encodable) -> list[rlp.Encodable]:
    """A branch with children at hex digits, named like ``x0``, and perhaps a ``value``."""
    items: list[rlp.Encodable] = [b""] * 17
    for name, child in children.items():
        items[16 if name == "value" else int(name[1:], 16)] = child
    return items


SHORT_LEAF: list[rlp.Encodable] = [b"\x31", b"v"]
LONG_LEAF: list[rlp.Encodable] = [b"\x31", LONG]


@pytest.mark.parametrize(
    ("why", "nodes"),
    [
        ("has 3 items", [[b"", b"", b""]]),
        ("not a list", [LONG]),
        ("neither hash nor content", [branch(x0=b"short")]),
        ("neither hash nor content", [[b"\x00\x01", b""]]),
        ("neither hash nor content", [[b"\x10", b""]]),
        ("leads nowhere", [[b"\x00", b"h" * 32]]),
        ("hex-prefix", [[b"", b"v"]]),
        ("hex-prefix", [[b"\x40\x01", b"v"]]),
        ("hex-prefix", [[b"\x0f\x01", b"v"]]),
        ("hex-prefix", [[b"\xf0", b"v"]]),
        ("a list stands", [[[], b"v"]]),
        ("a list stands", [[b"\x20\x01", []]]),
        ("leaf of the trie is empty", [[b"\x20\x01", b""]]),
        ("32 bytes or more stands inside", [branch(x0=LONG_LEAF)]),
        (
            "less than 32 bytes stands outside",
            [branch(x0=keccak256(rlp.encode(SHORT_LEAF))), SHORT_LEAF],
        ),
        ("does not hash", [branch(x0=b"h" * 32), LONG_LEAF]),
        ("not on the path", [branch(x0=SHORT_LEAF), SHORT_LEAF, SHORT_LEAF]),
    ],
)
def test_a_malformed_node_is_refused_even_where_it_hashes_to_its_name(
    why: str, nodes: list[rlp.Encodable]
) -> None:
    root, encoded = rooted(*nodes)
    with pytest.raises(ProofError, match=why):
        verify(root, b"\x01", encoded)


def test_a_branch_may_hold_a_value_of_its_own() -> None:
    root, nodes = rooted([b"\x00\x01", branch(value=b"v")])
    assert verify(root, b"\x01", nodes) == b"v"
    root, nodes = rooted([b"\x00\x01", branch(x0=SHORT_LEAF)])
    assert verify(root, b"\x01", nodes) is None
    root, nodes = rooted([b"\x00\x01", branch(value=[])])
    with pytest.raises(ProofError, match="a list stands"):
        verify(root, b"\x01", nodes)


def test_proofs_are_limited_in_nodes_and_bytes() -> None:
    with pytest.raises(ProofError, match="limit"):
        verify(EMPTY_ROOT, b"", [b""] * (LIMITS.trie_nodes + 1))
    root, nodes = rooted([b"\x20\x01", bytes(LIMITS.trie_node_bytes)])
    with pytest.raises(ProofError, match="limit"):
        verify(root, b"\x01", nodes)


def test_nibbles_come_high_half_first() -> None:
    assert nibbles(b"\x12\xf0") == b"\x01\x02\x0f\x00"
