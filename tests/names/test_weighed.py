"""What is remembered stays within its number and its weight."""

from __future__ import annotations

from walkaway.names.weighed import Weighed


def test_what_was_used_longest_ago_makes_way_for_the_number() -> None:
    kept: Weighed[str, int] = Weighed(2, 1000)
    for key in "ab":
        kept.put(key, ord(key), 1)
    assert kept.get("a") == ord("a")
    kept.put("c", 3, 1)
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (ord("a"), None, 3)
    assert len(kept) == 2


def test_and_for_the_weight() -> None:
    kept: Weighed[str, str] = Weighed(100, 10)
    for key in "abc":
        kept.put(key, key, 3)
    assert len(kept) == 3
    kept.put("d", "d", 4)
    assert [key for key in "abcd" if kept.get(key)] == ["b", "c", "d"]
    # What is put again weighs once, and what is forgotten weighs nothing.
    for _ in range(10):
        kept.put("d", "d", 4)
    kept.remove("b")
    kept.remove("b")
    kept.put("e", "e", 3)
    assert [key for key in "bcde" if kept.get(key)] == ["c", "d", "e"]


def test_what_is_too_heavy_by_itself_is_not_kept() -> None:
    kept: Weighed[str, str] = Weighed(100, 10)
    kept.put("a", "a", 11)
    assert kept.get("a") is None
    kept.put("b", "b", 10)
    assert kept.get("b") == "b"
