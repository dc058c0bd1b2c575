"""Who gave what: each once, the last few, and never whose answer did not hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from walkaway.content.suppliers import Supplied, Suppliers
from walkaway.errors import ProofError, SourceLacks, WalkawayError
from walkaway.limits import LIMITS
from walkaway.sources.request import Answer


def answered(source: str) -> Answer:
    return Answer(source, b"")


def raising(error: WalkawayError) -> int:
    raise error


def test_parts_of_one_thing_come_of_several() -> None:
    suppliers = Suppliers()
    judge = suppliers.about("id").noting(lambda _: 1)
    for name in ("one", "two", "one"):
        assert judge(answered(name)) == 1
    assert suppliers.of("id") == Supplied("id", ("one", "two"))
    assert suppliers.of("other") is None


def test_a_lie_is_told_beside_who_gave_it_and_a_lack_is_neither() -> None:
    suppliers = Suppliers()
    noted = suppliers.about(b"hash")
    with pytest.raises(ProofError):
        noted.noting(lambda _: raising(ProofError("other bytes")))(answered("liar"))
    with pytest.raises(SourceLacks):
        noted.noting(lambda _: raising(SourceLacks("has none")))(answered("empty"))
    noted.noting(lambda _: None, gives=lambda given: given is not None)(answered("pointing"))
    noted.noting(lambda _: 1)(answered("honest"))
    noted.lied("late")
    assert suppliers.of(b"hash") == Supplied(b"hash", ("honest",), ("liar", "late"))


def test_the_last_few_are_remembered() -> None:
    suppliers = Suppliers(replace(LIMITS, remembered_supplies=2))
    for address in ("a", "b", "a", "c"):
        suppliers.note(address, given_by="one")
    assert [suppliers.of(address) is None for address in "abc"] == [False, True, False]
