"""Two answers are compared by what they say, and not by how they write it."""

from __future__ import annotations

from bench.colibri import differences


def said(ours: object, theirs: object) -> set[str]:
    return set(differences(ours, theirs))


def test_forms_that_say_the_same_are_no_difference() -> None:
    ours = {"r": "0xAB", "value": "0x0", "logs": [{"removed": False}], "to": None}
    assert said(ours, {"r": "0x00ab", "logs": [{}], "accessList": []}) == set()


def test_what_differs_is_named() -> None:
    ours = {"a": "0x1", "b": "0x1", "list": [{"c": "0x1"}, {"c": "0x2"}]}
    theirs = {"a": "0x2", "d": "0x1", "list": [{"c": "0x1"}, {"c": "0x3"}]}
    assert said(ours, theirs) == {"another a", "no b", "also d", "another c"}
    assert said([1], [1, 2]) == {"another answer"}
    assert said("0x1", "0x2") == {"another answer"}
