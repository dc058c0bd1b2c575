"""Answers to recorded mainnet questions beside those of colibri, a verifying client in WASM.

Both get the same recorded data, offline, and start from the same checkpoint;
each answer is held against the other, and where they differ the figure's name
says in what. colibri makes a proof of what it fetched and then verifies that;
both parts are its own.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.figures import Figure
from bench.recordings import RecordedQuestion, recorded_questions, started_on
from tests.interop.peers import node_package, run_client
from tests.rpc.recorded_mainnet import MAINNET, Recording
from walkaway.proofs.consensus.bls import committee_keys
from walkaway.proofs.consensus.decode import updates_from_ssz
from walkaway.rpc.dispatch import Dispatcher
from walkaway.sources.request import Answer

__all__ = ["differences", "figures"]

SCRIPTS = Path(__file__).parent / "scripts"
ROUNDS = 3
BOTH = "colibri (WASM), proof made and verified"
VERIFIES = "colibri (WASM), verification alone"


def figures() -> list[Figure]:
    """Three figures a question: from a checkpoint, and on a known head.

    None where there are no recordings, or no Node.js.
    """
    questions = list(recorded_questions())
    if not questions:
        return []
    try:
        theirs = asyncio.run(_colibri(questions))
    except pytest.fail.Exception as absent:
        print(f"colibri is left out: {absent}")
        return []
    return [
        figure
        for question, their in zip(questions, theirs, strict=True)
        for figure in _figures_of(question, their)
    ]


def _figures_of(question: RecordedQuestion, theirs: dict[str, Any]) -> Iterator[Figure]:
    answer, cold, known = asyncio.run(_ours(question))
    differing = sorted(set(differences(answer, theirs["result"])))
    said = f"theirs has {', '.join(differing)}" if differing else "same answer"
    name, again = f"{question.name} ({said})", theirs["proof"] + theirs["verification"]
    yield Figure(f"{name}, from a checkpoint", cold, "ms", BOTH, theirs["cold"])
    yield Figure(f"{question.name}, head known", known, "ms", BOTH, again)
    yield Figure(f"{question.name}, head known", known, "ms", VERIFIES, theirs["verification"])


async def _ours(question: RecordedQuestion) -> tuple[Any, float, float]:
    """Our answer, and the least milliseconds to it from a checkpoint and on a known head."""
    call = {"jsonrpc": "2.0", "id": 1, "method": question.method, "params": question.params}
    message, recording = json.dumps(call).encode(), question.recording()
    rounds = [await _our_round(recording, message) for _ in range(ROUNDS)]
    cold, known = (1000 * min(times) for times in zip(*(times for _, times in rounds), strict=True))
    return rounds[0][0], cold, known


async def _our_round(recording: Recording, message: bytes) -> tuple[Any, tuple[float, float]]:
    committee_keys.cache_clear()
    began = time.perf_counter()
    async with started_on(recording) as chain:
        synced = time.perf_counter()
        reply = json.loads(await Dispatcher(chain).reply(message) or b"")
        answered = time.perf_counter()
        return reply["result"], (answered - began, answered - synced)


async def _colibri(questions: list[RecordedQuestion]) -> list[dict[str, Any]]:
    """What colibri answers to each question, and its least milliseconds."""
    home = await node_package(SCRIPTS / "package.json")
    shutil.copy(SCRIPTS / "colibri.mjs", home)
    asked = [
        {
            "name": question.name,
            "method": question.method,
            "params": question.params,
            "rounds": ROUNDS,
            "folders": [str(folder) for folder in question.folders],
            "answers": _not_in_files(question.recording()),
        }
        for question in questions
    ]
    found: list[dict[str, Any]] = await run_client(
        "node", "colibri.mjs", facts={"questions": asked}, cwd=home
    )
    return found


def _not_in_files(recording: Recording) -> dict[str, str]:
    """Answers, as hex, that follow from recorded ones: parts of a range of updates, and the
    root of the newest finalized header, which colibri asks for where its checkpoint is old."""
    answers = {}
    for asked, answer in recording.beacon.items():
        path = asked.removeprefix("GET /").removesuffix(" ssz")
        if "/light_client/updates" not in path or not isinstance(answer, Answer):
            continue
        if isinstance(answer.body, bytes):
            answers[path] = answer.body.hex()
            for update in updates_from_ssz(MAINNET, answer.body):
                finalized = update.finalized_header.beacon
                root = {"data": {"root": "0x" + finalized.root().hex()}}
                url = f"eth/v1/beacon/blocks/{finalized.slot}/root"
                answers[url] = json.dumps(root).encode().hex()
    return answers


def differences(ours: Any, theirs: Any, where: str = "answer") -> Iterator[str]:
    """In what another's answer differs from ours, a few words for each member.

    Forms that say the same are no difference: letter case, leading zeros, and
    members that only one of them has, as empty.
    """
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in ours.keys() | theirs.keys():
            yield from differences(ours.get(name), theirs.get(name), name)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for one, other in zip(ours, theirs, strict=True):
            yield from differences(one, other, where)
    elif _meant(ours) is None and _meant(theirs) is not None:
        yield f"also {where}"
    elif _meant(ours) is not None and _meant(theirs) is None:
        yield f"no {where}"
    elif _meant(ours) != _meant(theirs):
        yield f"another {where}"


def _meant(value: Any) -> object:
    if isinstance(value, str) and value.startswith("0x"):
        return value[2:].lower().lstrip("0") or None
    return value or None
