"""The persistent trie against EELS' trie, and its proofs against our verifier."""

from __future__ import annotations

from ethereum.forks.osaka import trie as eels
from hypothesis import given, settings
from hypothesis import strategies as st

from walkaway.devnet.execution import trie
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.trie import verify

# Few first bytes and short values, so that extensions and inlined nodes are common.
KEYS = st.binary(min_size=2, max_size=2).map(lambda key: bytes(b % 4 * 17 for b in key) + b"\1" * 2)
HASHED = st.integers(0, 40).map(lambda number: keccak256(number.to_bytes(2)))
STEPS = st.lists(st.tuples(KEYS | HASHED.map(lambda key: key[:4]), st.binary(max_size=40)))


def eels_root(content: dict[bytes, bytes]) -> bytes:
    theirs: eels.Trie[bytes, bytes] = eels.Trie(secured=False, default=b"")
    for key, value in content.items():
        eels.trie_set(theirs, key, value)
    return bytes(eels.root(theirs))


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_any_history_gives_eels_root_and_every_key_is_provable(
    steps: list[tuple[bytes, bytes]],
) -> None:
    content: dict[bytes, bytes] = {}
    node: trie.Node | None = None
    past: list[tuple[trie.Node | None, bytes]] = []
    for key, value in steps:
        past.append((node, trie.root_hash(node)))
        if value:
            content[key] = value
            node = trie.insert(node, key, value)
        else:
            content.pop(key, None)
            node = trie.remove(node, key)
    root = trie.root_hash(node)
    assert root == eels_root(content)
    for key, _ in steps:
        assert verify(root, key, trie.prove(node, key)) == content.get(key)
    # What was built before still stands: nodes never change.
    for earlier, its_root in past:
        assert trie.root_hash(earlier) == its_root


def test_removing_what_is_not_there_changes_nothing() -> None:
    node = trie.insert(trie.insert(None, b"\x11\x11", b"one"), b"\x11\x22", b"two")
    root = trie.root_hash(node)
    for absent in (b"\x11\x33", b"\x22\x22", b"\x11\x12"):
        assert trie.root_hash(trie.remove(node, absent)) == root
    assert trie.remove(None, b"\x00") is None
