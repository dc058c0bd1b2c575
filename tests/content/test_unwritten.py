"""What was fetched is written in batches, waits in a bounded place, and is never in the way."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

import pytest

from tests.content.stand import MemoryStore, cid_of
from walkaway.content.unwritten import Unwritten
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs.block import prove_block

SMALL = replace(LIMITS, unwritten_block_bytes=10)


async def keep(unwritten: Unwritten, *data: bytes) -> None:
    for one in data:
        await unwritten.keep(cid_of(one), prove_block(cid_of(one), one))


async def test_what_is_kept_is_written_and_given_until_then() -> None:
    store = MemoryStore()
    store.may_write.clear()
    unwritten = Unwritten(store)
    await keep(unwritten, b"one", b"two")
    held = unwritten.held(cid_of(b"one"))
    assert held is not None
    assert held.value == b"one"
    assert store.blocks == {}
    store.may_write.set()
    await unwritten.written()
    assert set(store.blocks.values()) == {b"one", b"two"}
    assert unwritten.held(cid_of(b"one")) is None
    await unwritten.written()


async def test_what_comes_while_it_writes_is_one_batch() -> None:
    store = MemoryStore()
    store.may_write.clear()
    unwritten = Unwritten(store)
    await keep(unwritten, b"one")
    await asyncio.sleep(0)
    await keep(unwritten, b"two", b"three", b"two")
    store.may_write.set()
    await unwritten.written()
    assert store.batches == [1, 2]


async def test_whoever_brings_more_than_there_is_room_for_waits() -> None:
    store = MemoryStore()
    store.may_write.clear()
    unwritten = Unwritten(store, SMALL)
    await keep(unwritten, b"01234", b"56789")
    waiting = asyncio.create_task(keep(unwritten, b"more"))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    store.may_write.set()
    await waiting
    await unwritten.written()
    assert len(store.blocks) == 3


async def test_whoever_gives_up_waiting_takes_nothing_along() -> None:
    store = MemoryStore()
    store.may_write.clear()
    unwritten = Unwritten(store, SMALL)
    await keep(unwritten, b"0123456789")
    waiting = asyncio.create_task(keep(unwritten, b"more"))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    store.may_write.set()
    await unwritten.written()
    await keep(unwritten, b"after")
    await unwritten.written()
    assert set(store.blocks.values()) == {b"0123456789", b"after"}


async def test_whoever_stops_waiting_for_it_does_not_stop_the_writing() -> None:
    store = MemoryStore()
    store.may_write.clear()
    unwritten = Unwritten(store)
    await keep(unwritten, b"one")
    waiting = asyncio.create_task(unwritten.written())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    store.may_write.set()
    await unwritten.written()
    assert list(store.blocks.values()) == [b"one"]


async def test_a_bug_in_the_store_stops_nothing_that_comes_after(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    unwritten = Unwritten(store, SMALL)
    with monkeypatch.context() as patched:
        patched.setattr(store, "keep", None)
        await keep(unwritten, b"0123456789")
        await unwritten.written()
    assert "could not be kept: TypeError" in caplog.text
    await keep(unwritten, b"0123456789")
    await unwritten.written()
    assert len(store.blocks) == 1


async def test_a_full_disk_loses_what_was_never_promised(caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryStore(full=True)
    unwritten = Unwritten(store, SMALL)
    with caplog.at_level(logging.WARNING, "walkaway.content"):
        await keep(unwritten, b"0123456789", b"0123456789")
        await unwritten.written()
    assert "could not be kept" in caplog.text
    store.full = False
    await keep(unwritten, b"0123456789")
    await unwritten.written()
    assert list(store.blocks.values()) == [b"0123456789"]
