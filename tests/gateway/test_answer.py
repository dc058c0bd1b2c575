"""How answers are sent: whole files let everybody else have a turn between their pieces."""

from __future__ import annotations

import asyncio
import os
from itertools import pairwise
from pathlib import Path

from starlette.types import Message

from walkaway.content.store.assembled_file import AssembledFile
from walkaway.gateway.answer import PIECE_BYTES, FilePart, send_ready


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
