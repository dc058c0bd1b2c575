"""Evidence as a tree: what is unfolded, what tells folded steps apart, what is believed."""

from __future__ import annotations

from walkaway.gateway.pages.evidence_tree import evidence_tree
from walkaway.proofs.proven import Evidence
from walkaway.rpc.evidence import drawn

KEY = bytes(range(32))


def test_two_levels_are_unfolded_and_folded_steps_are_told_apart() -> None:
    checkpoint = Evidence("checkpoint", (("root", KEY),))
    storage = Evidence("storage <proof>", (("key", KEY), ("root", b"\x01")), (checkpoint,))
    bare = Evidence("signed", (), (checkpoint,))
    call = Evidence("a call", (("fork", "osaka"),), (storage, bare))
    page = Evidence("a page", (("path", ""), ("block_number", 7)), (call,))
    tree = evidence_tree(drawn([page])[0])
    assert tree.count("<details open>") == 2
    assert '<span class="dim">block number</span> <code>7</code>' in tree
    assert ">path<" not in tree
    head = '<summary><span class="dim">3</span> storage &lt;proof&gt;'
    assert f'{head} <span class="dim">0x00010203…1c1d1e1f</span></summary>' in tree
    assert '<summary><span class="dim">5</span> signed</summary>' in tree
    assert tree.count("<strong>believed:</strong> checkpoint") == 1
    assert 'checkpoint <span class="dim">(step 4, as above)' in tree


def test_what_was_asked_for_is_not_called_believed() -> None:
    asked = Evidence("CID that was asked for", (("cid", "bafkqaaa"),))
    tree = evidence_tree(drawn([Evidence("a hash", (), (asked,))])[0])
    assert "CID that was asked for" in tree
    assert "believed" not in tree
