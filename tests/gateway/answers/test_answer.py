"""How answers are sent: whole files let everybody else have a turn between their pieces."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from itertools import pairwise
from pathlib import Path

import pytest
from starlette.types import Message

from walkaway.content.store.assembled_file import AssembledFile
from walkaway.gateway.answers.answer import PIECE_BYTES, Answer, FilePart, send_answer, send_ready
from walkaway.gateway.answers.pieces import PiecesInHand
from walkaway.limits import Limits
from walkaway.rpc.http_protocol import AnswerCutShort


async def test_others_have_a_turn_between_the_pieces_of_a_file(tmp_path: Path) -> None:
    path, size = tmp_path / "file", 3 * PIECE_BYTES + 1
    path.write_bytes(bytes(size))
    file = AssembledFile(path, size, data=None, fd=os.open(path, os.O_RDONLY))
    happened: list[int] = []

    async def send(message: Message) -> None:
        happened.append(len(message.get("body", b"")))

    async def others() -> None:
        while True:
            happened.append(-1)
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    await send_ready({"type": "http.response.start"}, FilePart(file, 0, size), send)
    beside.cancel()
    sent = [PIECE_BYTES, PIECE_BYTES, PIECE_BYTES, 1]
    assert [one for one in happened if one > 0] == sent
    ends = [place for place, one in enumerate(happened) if one > 0]
    assert all(-1 in happened[one:other] for one, other in pairwise(ends))


async def _streamed(*pieces: bytes) -> AsyncGenerator[bytes, None]:
    for piece in pieces:
        yield piece


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 262_144, 262_145, 2_000_000])
async def test_what_is_at_hand_is_written_little_by_little(size: int) -> None:
    content = bytes(range(256)) * (size // 256) + bytes(size % 256)
    for body in (content, _streamed(content)):
        sent: list[Message] = []

        async def send(message: Message, sent: list[Message] = sent) -> None:
            sent.append(message)

        await send_answer(Answer(200, [], body), send)
        parts = [bytes(message["body"]) for message in sent[1:]]
        assert b"".join(parts) == content
        is_at_once = isinstance(body, bytes) and size <= 262_144
        assert max(map(len, parts)) == (size if is_at_once else min(size, 65_536))
        assert [message["more_body"] for message in sent[1:]] == [True] * (len(parts) - 1) + [False]


async def test_pieces_that_nobody_reads_have_a_room_together() -> None:
    pieces = PiecesInHand(Limits(web_pieces_bytes=300))
    read, asked = asyncio.Event(), list[bool]()

    async def unread(message: Message) -> None:
        if message.get("body"):
            await read.wait()

    def cut_off() -> bool:
        asked.append(True)
        return len(asked) > 1

    def sending(size: int) -> asyncio.Task[None]:
        answer = Answer(200, [], _streamed(bytes(size), bytes(size)))
        return asyncio.create_task(send_answer(answer, unread, pieces=pieces, cut_off=cut_off))

    going = [sending(100), sending(100)]
    await asyncio.sleep(0)
    full = [pieces.is_full]
    # Nobody makes way for the first, and somebody does for the second.
    with pytest.raises(AnswerCutShort):
        await asyncio.wait_for(sending(200), 5)
    going.append(sending(200))
    await asyncio.sleep(0)
    full.append(pieces.is_full)
    read.set()
    await asyncio.gather(*going)
    full.append(pieces.is_full)
    assert full == [False, True, False]
    # One by itself is sent, whatever its size.
    await sending(1000)
