"""Roots of changed tries that are known in part, against tries that are known in full."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.proofs.execution.tries import ProvingTrie
from walkaway.errors import ProofError, UnknownNode
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.hex_prefix import nibbles, packed
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.partial_trie import PartialTrie
from walkaway.proofs.execution.trie import EMPTY_ROOT

KEYS = st.binary(min_size=2, max_size=2) | st.sampled_from(
    [b"\0\0", b"\0\1", b"\0\x10", b"\1\0", b"\x10\0", b"\x11\x11", b"\x11\x12"]
)
VALUES = st.binary(min_size=1, max_size=3) | st.binary(min_size=30, max_size=40)
LEAVES = st.dictionaries(KEYS, VALUES, max_size=12)
CHANGES = st.dictionaries(KEYS, VALUES | st.just(b""), min_size=1, max_size=5)

LONG = bytes(40)


def after(leaves: dict[bytes, bytes], changes: dict[bytes, bytes]) -> dict[bytes, bytes]:
    return {key: value for key, value in (leaves | changes).items() if value}


def partial(leaves: dict[bytes, bytes], keys: list[bytes]) -> PartialTrie:
    """The trie of which only the nodes towards these keys are known."""
    full = ProvingTrie(leaves)
    trie = PartialTrie(full.root)
    for key in keys:
        trie.learn(full.proof(key))
    return trie


@given(LEAVES, CHANGES)
def test_all_nodes_give_the_root_of_the_whole_trie(
    leaves: dict[bytes, bytes], changes: dict[bytes, bytes]
) -> None:
    trie = partial(leaves, [*leaves, *changes])
    assert trie.change(changes) == ProvingTrie(after(leaves, changes)).root


@given(LEAVES, st.lists(CHANGES, min_size=1, max_size=4))
def test_the_proofs_of_what_changes_give_that_root_or_name_what_is_not_known(
    leaves: dict[bytes, bytes], steps: list[dict[bytes, bytes]]
) -> None:
    trie = partial(leaves, [key for changes in steps for key in changes])
    for changes in steps:
        before = trie.root
        try:
            root = trie.change(changes)
        except UnknownNode as error:
            unknown = error.path
            break
        leaves = after(leaves, changes)
        assert root == ProvingTrie(leaves).root
    else:
        return
    assert trie.root == before == ProvingTrie(leaves).root
    assert b"" in changes.values()
    assert not any(nibbles(key).startswith(unknown) for changes in steps for key in changes)


@given(LEAVES.filter(bool), KEYS, VALUES)
def test_setting_never_needs_more_than_the_proof(
    leaves: dict[bytes, bytes], key: bytes, value: bytes
) -> None:
    trie = partial(leaves, [key])
    assert trie.change({key: value}) == ProvingTrie(leaves | {key: value}).root


def test_a_branch_that_shrinks_onto_a_hash_is_refused_and_its_place_named() -> None:
    leaves = {b"\x11\x11": LONG, b"\x11\x22": LONG}
    trie = partial(leaves, [b"\x11\x11"])
    with pytest.raises(UnknownNode, match="at 112") as refused:
        trie.change({b"\x11\x11": b""})
    assert refused.value.path == b"\1\1\2"
    trie.learn(ProvingTrie(leaves).proof(b"\x11\x22"))
    assert trie.change({b"\x11\x11": b""}) == ProvingTrie({b"\x11\x22": LONG}).root


def test_what_is_set_beside_it_spares_the_branch() -> None:
    leaves = {b"\x11\x11": LONG, b"\x11\x22": LONG}
    trie = partial(leaves, [b"\x11\x11", b"\x11\x33"])
    left = {b"\x11\x22": LONG, b"\x11\x33": b"new"}
    assert trie.change({b"\x11\x11": b"", b"\x11\x33": b"new"}) == ProvingTrie(left).root


def test_a_trie_that_loses_all_is_empty() -> None:
    assert partial({b"\x11\x11": LONG}, [b"\x11\x11"]).change({b"\x11\x11": b""}) == EMPTY_ROOT


def test_nothing_is_known_without_nodes() -> None:
    with pytest.raises(UnknownNode, match="the top"):
        PartialTrie(keccak256(b"a root")).change({b"\0\0": b"value"})


LEAF = packed(b"\1\2\3\4", leaf=True)
CHILDREN: list[rlp.Encodable] = [b""] * 16


@pytest.mark.parametrize(
    "node",
    [
        b"no list",
        [],
        [LEAF, b"", b""],
        [LEAF, b""],
        [LEAF, [b"list"]],
        [packed(b"\1\2\3", leaf=True), b"too short"],
        [packed(b"\1\2\3\4\5", leaf=True), b"too long"],
        [packed(b"", leaf=False), LONG[:32]],
        [packed(b"\1\2\3\4", leaf=False), LONG[:32]],
        [b"\x40", b"no such flag"],
        [*CHILDREN, b"a value"],
        [LONG[:32], *CHILDREN[1:], b""],
        [LONG[:32], LONG[:32], *CHILDREN[2:], b"a value"],
    ],
)
@pytest.mark.parametrize("value", [b"", b"set"])
def test_a_node_that_is_none_is_refused(node: rlp.Encodable, value: bytes) -> None:
    encoded = rlp.encode(node)
    trie = PartialTrie(keccak256(encoded))
    trie.learn([encoded])
    with pytest.raises(ProofError):
        trie.change({b"\x12\x34": value})


def test_a_branch_stands_nowhere_below_the_last_nibble() -> None:
    branch = rlp.encode([LONG[:32], LONG[:32], *CHILDREN[2:], b""])
    top = rlp.encode([packed(b"\1\2\3", leaf=False), keccak256(branch)])
    below = rlp.encode([keccak256(branch), LONG[:32], *CHILDREN[2:], b""])
    trie = PartialTrie(keccak256(top))
    trie.learn([top, branch, below])
    with pytest.raises((ProofError, UnknownNode)):
        trie.change({b"\x12\x30": b"value"})


@pytest.mark.parametrize(
    "changes",
    [
        {b"\x10\0": b""},
        {b"\x10\0": b"", b"\1\x20": LONG},
        {b"\2\0": LONG},
        {b"\1\x10": b"", b"\1\x11": b""},
    ],
    ids=["taken up", "taken up and split at its end", "split in the middle", "taken away"],
)
def test_an_extension_changes_with_what_is_around_it(changes: dict[bytes, bytes]) -> None:
    """The leaves below 0x011 hang on an extension, which is a branch's child beside 0x1000."""
    leaves = {b"\1\x10": LONG, b"\1\x11": LONG, b"\x10\0": LONG}
    trie = partial(leaves, [*leaves, *changes])
    assert trie.change(changes) == ProvingTrie(after(leaves, changes)).root


@pytest.mark.parametrize("value", [LONG, b"\1"], ids=["by hash", "inside the parent"])
@pytest.mark.parametrize(
    "changes",
    [
        {b"\1\x10": b"other"},
        {b"\1\x20": b""},
        {b"\2\0": b""},
        {b"\x20\0": b""},
        {b"\x10\1": b"more"},
        {b"\x10\1": b""},
    ],
    ids=["other", "none there", "not below", "no child", "leaf split", "another leaf"],
)
def test_each_kind_of_node_changes_or_stays(changes: dict[bytes, bytes], value: bytes) -> None:
    leaves = {b"\1\x10": value, b"\1\x11": value, b"\x10\0": value}
    trie = partial(leaves, [*leaves, *changes])
    assert trie.change(changes) == ProvingTrie(after(leaves, changes)).root
