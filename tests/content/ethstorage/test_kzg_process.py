"""Commitments from another process: the same, while others run, and never a hang."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import ckzg
import pytest

from tests.content.ethstorage.stand import kzg_process
from tests.proofs.blobs.encode import compact, kzg
from walkaway.anchors.kzg_setup import kzg_setup
from walkaway.content.ethstorage import kzg_process as module
from walkaway.content.ethstorage.kzg_process import KzgProcess
from walkaway.errors import ConfigError, ProofError, WalkawayError
from walkaway.limits import LIMITS
from walkaway.proofs.blobs.encoding import COMPACT_BYTES

BLOB = compact(b"what is committed to")


def test_it_computes_the_same() -> None:
    process = kzg_process()
    assert process.ceremony is kzg().ceremony
    commitment = process.commitment(BLOB)
    assert commitment == kzg().commitment(BLOB)
    proof = ckzg.compute_blob_kzg_proof(BLOB, commitment, kzg_setup().points)
    assert process.opens(BLOB, commitment, proof)
    assert not process.opens(compact(b"another"), commitment, proof)
    with pytest.raises(ProofError, match="no field element"):
        process.commitment(b"\xff" * len(BLOB))
    with pytest.raises(ProofError, match="48 bytes each"):
        process.opens(BLOB, b"", proof)


async def test_others_run_meanwhile() -> None:
    await asyncio.to_thread(kzg_process().load)
    full = compact(random.Random(1).randbytes(COMPACT_BYTES))
    computing = asyncio.create_task(asyncio.to_thread(kzg_process().commitment, full))
    turns = 0
    while not computing.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 5


def refuses(pipe: Connection) -> None:
    pipe.send(module._Refused("the points are not installed", "install them"))


def dies(pipe: Connection) -> None:
    pipe.send(True)
    pipe.recv()


def hangs(pipe: Connection) -> None:
    pipe.send(True)
    time.sleep(60)


def loads_for_long(pipe: Connection) -> None:
    time.sleep(60)
    pipe.send(True)


def ends(pipe: Connection) -> None:
    del pipe


def served_by(
    serve: Callable[[Connection], None], monkeypatch: pytest.MonkeyPatch, seconds: float = 10.0
) -> KzgProcess:
    monkeypatch.setattr(module, "_serve", serve)
    return KzgProcess(replace(LIMITS, kzg_seconds=seconds))


def test_without_the_points_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    process = served_by(refuses, monkeypatch)
    with pytest.raises(ConfigError, match="not installed") as failed:
        process.load()
    assert failed.value.advice == "install them"
    process.close()


@pytest.mark.parametrize("serve", [dies, ends])
def test_a_crash_is_told_and_the_next_one_begins_anew(
    serve: Callable[[Connection], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    process = served_by(serve, monkeypatch)
    for _ in range(2):
        with pytest.raises(WalkawayError, match="ended, or hangs"):
            process.commitment(BLOB)
    process.close()


async def test_who_waits_is_told_of_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    process = served_by(hangs, monkeypatch, seconds=30.0)
    await asyncio.to_thread(process.load)
    waiting = asyncio.create_task(asyncio.to_thread(process.commitment, BLOB))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(5.0):
        await asyncio.to_thread(process.close)
        with pytest.raises(WalkawayError, match="ended, or hangs"):
            await waiting
    with pytest.raises(WalkawayError, match="is closed"):
        process.load()


def test_one_that_is_closed_while_it_begins_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    process, start = served_by(loads_for_long, monkeypatch), BaseProcess.start

    def closed(begun: BaseProcess) -> None:
        start(begun)
        process._closed = True

    monkeypatch.setattr(BaseProcess, "start", closed)
    began = time.monotonic()
    with pytest.raises(WalkawayError, match="ended, or hangs"):
        process.load()
    assert time.monotonic() - began < 5.0


def test_one_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    process = served_by(hangs, monkeypatch)
    process.load()
    process._seconds = 0.1
    with pytest.raises(WalkawayError, match="ended, or hangs"):
        process.commitment(BLOB)
    process.close()
