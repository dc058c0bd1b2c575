"""Answers that are ready: for whom, for how long, and how many."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from walkaway.content.store.assembled import AssembledFiles
from walkaway.gateway.answers.answer import Answer, FilePart
from walkaway.gateway.hot import HotAnswers
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid

KEY = (b"localhost", b"/a", b"", 0)


def scope(*headers: tuple[str, str], method: str = "GET") -> dict[str, object]:
    told = [(name.encode(), value.encode()) for name, value in headers]
    return {"method": method, "raw_path": b"/a", "query_string": b"", "headers": told}


HOST = ("host", "localhost")


@pytest.mark.parametrize(
    "headers",
    [
        [HOST],
        [HOST, ("accept", "text/html,*/*;q=0.8"), ("user-agent", "x"), ("cookie", "a=b")],
        [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "no-cors"), HOST],
        [HOST, ("sec-fetch-site", "none")],
    ],
)
def test_plain_requests(headers: list[tuple[str, str]]) -> None:
    assert HotAnswers().key(scope(*headers)) == KEY


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [HOST, HOST],
        [HOST, ("range", "bytes=0-1")],
        [HOST, ("if-none-match", "*")],
        [HOST, ("accept", "application/vnd.ipld.car")],
        [HOST, ("accept", "application/x-tar")],
        [HOST, ("accept", "Application/VND.IPLD.RAW")],
        [HOST, ("sec-fetch-site", "cross-site")],
        [HOST, ("sec-fetch-mode", "navigate")],
        [HOST, ("origin", "https://evil.example")],
        [HOST, ("cache-control", "only-if-cached")],
        [HOST, ("x-forwarded-host", "localhost")],
        [HOST, ("service-worker", "script")],
        [HOST, ("unheard-of", "1")],
    ],
)
def test_requests_that_have_to_be_read(headers: list[tuple[str, str]]) -> None:
    assert HotAnswers().key(scope(*headers)) is None


def test_other_methods_have_to_be_read() -> None:
    assert HotAnswers().key(scope(HOST, method="HEAD")) is None


async def test_what_may_be_given_again_is_ready() -> None:
    hot = HotAnswers()
    hot.keep(KEY, Answer(200, [(b"etag", b"x")], b"body", ready_seconds=60))
    found = hot.find(KEY)
    assert found is not None
    assert found.start["headers"] == [(b"etag", b"x"), (b"content-length", b"4")]
    assert found.body == b"body"
    assert found.head == b"HTTP/1.1 200 OK\r\netag: x\r\ncontent-length: 4\r\n"
    assert hot.find((b"localhost", b"/b", b"", 0)) is None


async def test_what_a_decision_moved_is_not_given_again() -> None:
    hot = HotAnswers()
    hot.decisions = lambda: 7
    key = hot.key(scope(HOST))
    assert key is not None
    hot.keep(key, Answer(200, [], b"body", ready_seconds=60))
    assert hot.find(key) is not None
    hot.decisions = lambda: 8
    later = hot.key(scope(HOST))
    assert later is not None
    assert hot.find(later) is None


async def test_what_may_not_is_not() -> None:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield b""

    hot = HotAnswers(replace(LIMITS, web_hot_bytes=400))
    hot.keep(KEY, Answer(200, [], b"once"))
    assert hot.find(KEY) is None
    body = stream()
    hot.keep(KEY, Answer(200, [], body, ready_seconds=60))
    assert hot.find(KEY) is None
    await body.aclose()
    hot.keep(KEY, Answer(200, [], bytes(101), ready_seconds=60))
    assert hot.find(KEY) is None
    hot.keep(KEY, Answer(200, [], b"over", ready_seconds=-1))
    assert hot.find(KEY) is None, "its time is over"


async def test_the_oldest_leave() -> None:
    # Each takes 140 bytes: its body, its head, and what it was asked for by.
    hot = HotAnswers(replace(LIMITS, web_hot_bytes=570, web_hot_answers=6))
    keys = [(b"h", str(number).encode(), b"", 0) for number in range(10)]
    for key in keys[:5]:
        hot.keep(key, Answer(200, [], bytes(100), ready_seconds=60))
    assert [hot.find(key) is not None for key in keys[:5]] == [False, True, True, True, True]
    for key in keys:
        hot.keep(key, Answer(200, [], b"", ready_seconds=60))
    assert sum(hot.find(key) is not None for key in keys) == 6


async def test_what_was_asked_takes_room_too() -> None:
    hot = HotAnswers(replace(LIMITS, web_hot_bytes=400))
    keys = [(b"h", b"/", bytes(150 + number), 0) for number in range(3)]
    for key in keys:
        hot.keep(key, Answer(200, [], b"", ready_seconds=60))
    assert [hot.find(key) is not None for key in keys] == [False, True, True]


async def test_a_file_that_was_written_to_is_looked_up_anew(tmp_path: Path) -> None:
    files = AssembledFiles(tmp_path, replace(LIMITS, assembled_small_bytes=1))
    cid = Cid.of(codecs.RAW, b"content")
    writer = files.writer(cid, 7)
    assert writer is not None
    writer.write(b"content")
    file = writer.commit()
    assert file is not None
    hot = HotAnswers()
    hot.keep(KEY, Answer(200, [], FilePart(file, 0, 7), 7, ready_seconds=60))
    assert hot.find(KEY) is not None
    with file.path.open("r+b") as other:
        other.write(b"forgery")
    assert hot.find(KEY) is None
    files.close()
