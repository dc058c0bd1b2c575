"""The depth of JSON is known before the parser, which recurses in C, sees it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkaway.proofs.json_depth import nests_deeper

TEXTS = st.text(alphabet='ab"\\[]{}é\n', max_size=8)


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)


DOCUMENTS = st.recursive(st.none() | st.integers() | TEXTS, _containers, max_leaves=30)


def depth_of(document: Any) -> int:
    if isinstance(document, dict):
        return 1 + max(map(depth_of, document.values()), default=0)
    if isinstance(document, list):
        return 1 + max(map(depth_of, document), default=0)
    return 0


@given(DOCUMENTS, st.integers(0, 8), st.booleans())
def test_the_depth_is_seen_without_parsing(document: Any, limit: int, escaped: bool) -> None:
    text = json.dumps(document, ensure_ascii=escaped).encode()
    assert nests_deeper(text, limit) == (depth_of(document) > limit)


@pytest.mark.parametrize(
    "document",
    [
        b"[" + (b"[" * 30 + b"]" * 30 + b",") * 10_000 + b"[]]",
        b"[" * 40 + b'"' + b"\\\\" * 2_000_000 + b'"' + b"]" * 40,
        b"[" + b'"[",' * 300_000 + b'""]',
        b'"' * 3_000_001 + b"[" * 40,
    ],
    ids=["nested", "backslashes", "strings", "quotes"],
)
def test_a_long_document_is_looked_through(document: bytes) -> None:
    nests_deeper(document, 32)


def test_an_escape_hides_no_quote_and_a_backslash_pair_hides_none() -> None:
    assert nests_deeper(b'["\\\\",[[]]]', 2)
    assert not nests_deeper(b'["\\"[[[[", "\\\\\\"[[[["]', 2)
