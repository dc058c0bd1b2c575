"""Hashing ahead: in order, and within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Event

import pytest

from walkaway.content.importer.ahead import Ahead
from walkaway.content.importer.file_dag import Block, leaf
from walkaway.content.importer.profiles import UNIXFS_V1_2025
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs.dag_pb import PbLink


def made(content: bytes) -> Block:
    return leaf(UNIXFS_V1_2025, content)


def nowhere(link: PbLink) -> Iterator[Block]:
    return iter(())


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as executor:
        yield executor


def test_only_what_memory_has_no_room_for_is_due(threads: ThreadPoolExecutor) -> None:
    ahead = Ahead(threads, replace(LIMITS, import_ahead_bytes=100))
    due: list[int] = []
    for size in (60, 40, 1, 100, 101):
        ahead.leaf(partial(made, bytes(size)), size, nowhere)
        due.append(len(list(ahead.due())))
    assert due == [0, 0, 1, 2, 2]
    assert list(ahead.rest()) == []


def test_only_so_many_wait(threads: ThreadPoolExecutor) -> None:
    ahead = Ahead(threads, replace(LIMITS, import_ahead_blocks=2))
    for _ in range(2):
        ahead.leaf(partial(made, b""), 0, nowhere)
        assert list(ahead.due()) == []
    ahead.then(lambda: iter((made(b"third"),)), nowhere)
    assert len(list(ahead.due())) == 1
    assert len(list(ahead.rest())) == 2


def test_what_is_hashed_first_still_waits_for_its_turn(threads: ThreadPoolExecutor) -> None:
    size = 100_000
    begun, second_done = Event(), Event()

    def first() -> Block:
        begun.set()
        assert second_done.wait(30)
        return made(b"first")

    def second() -> Block:
        second_done.set()
        return made(b"second")

    ahead, order = Ahead(threads), list[str]()

    def place(name: str, link: PbLink) -> Iterator[Block]:
        order.append(name)
        return iter((made(name.encode()),))

    ahead.leaf(first, size, partial(place, "one"))
    assert begun.wait(30)
    ahead.leaf(second, size, partial(place, "two"))
    ahead.then(lambda: iter((made(b"below"), made(b"top"))), partial(place, "three"))
    blocks = [block.value for _, block in ahead.rest()]
    assert blocks == [b"first", b"one", b"second", b"two", b"below", b"top", b"three"]
    assert order == ["one", "two", "three"]
