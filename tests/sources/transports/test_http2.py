"""HTTP/2 without sockets: of whatever bytes come a reply or a fault comes, and nothing else."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from yarl import URL

from tests.sources.transports.http2_server import frame, reply
from walkaway.errors import SourceFault
from walkaway.limits import LIMITS
from walkaway.sources.transports.http2 import ConnectionLost, Ended, Http2Streams
from walkaway.sources.transports.http_client import HttpQuestion, HttpReply

QUESTION = HttpQuestion(URL("https://dns.example/dns-query"), "*/*", 1000, b"question")


def asked() -> tuple[Http2Streams, list[int]]:
    """Three questions on their way."""
    streams = Http2Streams()
    return streams, [streams.begin(QUESTION) for _ in range(3)]


def told() -> bytes:
    """What a server answers to the three."""
    streams, numbers = asked()
    server = H2Connection(H2Configuration(client_side=False))
    server.initiate_connection()
    server.receive_data(streams.to_send())
    for number in numbers:
        reply(server, number, b"answer %d" % number, retry_after="7")
    return server.data_to_send()


@pytest.mark.parametrize("step", [1, 7, 4096])
def test_replies_come_however_they_are_cut(step: int) -> None:
    streams, numbers = asked()
    data = told()
    came: dict[int, Ended] = {}
    for at in range(0, len(data), step):
        came.update(streams.receive(data[at : at + step]))
    assert list(came) == numbers
    for number, found in came.items():
        assert isinstance(found, HttpReply)
        assert (found.status, found.content) == (200, b"answer %d" % number)
        assert (found.content_type, found.headers["Retry-After"]) == (
            "application/dns-message",
            "7",
        )


def test_a_get_has_no_body() -> None:
    streams = Http2Streams()
    streams.begin(HttpQuestion(URL("https://dns.example/x?y=z"), "*/*", 1000))
    server = H2Connection(H2Configuration(client_side=False, header_encoding="ascii"))
    events = server.receive_data(streams.to_send())
    (headers,) = [dict(event.headers) for event in events if hasattr(event, "headers")]
    assert headers[":method"] == "GET"
    assert headers[":path"] == "/x?y=z"
    assert "content-type" not in headers


def test_what_comes_for_a_question_given_up_is_passed_over() -> None:
    streams, numbers = asked()
    streams.give_up(numbers[0])
    streams.give_up(numbers[0])
    assert [number for number, _ in streams.receive(told())] == numbers[1:]


def test_replies_before_the_end_count() -> None:
    """A server that leaves in order, in one breath with its answers."""
    streams, numbers = asked()
    found = streams.receive(told() + frame(7, bytes(8)))
    assert [next(found)[0] for _ in numbers] == numbers
    with pytest.raises(ConnectionLost):
        next(found)


@pytest.mark.parametrize("seed", range(300))
def test_any_bytes_are_a_reply_or_a_fault(seed: int) -> None:
    """Frames that are changed, left out, repeated, put elsewhere, or made up."""
    dice, streams = random.Random(seed), asked()[0]
    frames, data = [], told()
    while data:
        end = 9 + int.from_bytes(data[:3], "big")
        frames.append(bytearray(data[:end]))
        data = data[end:]
    for _ in range(dice.randrange(1, 4)):
        at = dice.randrange(len(frames))
        made_up = frame(dice.randrange(12), dice.randbytes(dice.choice([0, 4, 5, 6, 8, 20])),
                        flags=dice.randrange(256), stream=dice.choice([0, 1, 2, 3, 9]))  # fmt: skip
        match dice.randrange(5):
            case 0:
                frames[at][dice.randrange(3, len(frames[at]))] ^= 1 << dice.randrange(8)
            case 1:
                frames.insert(at, bytearray(made_up))
            case 2:
                frames.insert(dice.randrange(len(frames)), frames[at])
            case 3:
                dice.shuffle(frames)
            case _:
                frames[at:at] = [bytearray(made_up) for _ in range(LIMITS.http2_frames)]
    with suppress(SourceFault):
        for _, ended in streams.receive(b"".join(frames)):
            assert isinstance(ended, HttpReply | SourceFault)
    streams.to_send()
