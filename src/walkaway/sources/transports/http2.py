"""HTTP/2 from the client's side: bytes in, replies out, without a socket and without a clock.

RFC 9113, by h2. Whoever is on the other side chooses what comes: the frames that bring no
reply are counted, whatever they are (PING, SETTINGS, CONTINUATION, empty DATA), and so are
the bytes of headers and bodies. No text of the library goes into an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeAlias

from aiohttp import encode_basic_auth
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import H2Error, StreamClosedError
from h2.settings import SettingCodes, Settings
from multidict import CIMultiDict
from yarl import URL

from walkaway.errors import SourceFault
from walkaway.limits import LIMITS, Limits
from walkaway.sources.transports.http_client import AnswerTooLarge, HttpQuestion, HttpReply

__all__ = ["ConnectionLost", "Ended", "Http2Streams"]

_FRAME_HEAD_BYTES = 9
_FRAME_BYTES = 16_384
"""The longest payload of a frame, as long as we do not ask for longer ones (RFC 9113, 4.2)."""

Ended: TypeAlias = HttpReply | SourceFault
"""How a stream ends."""


class ConnectionLost(SourceFault):
    """A question came to nothing for no reason of its own: it may be put again (RFC 9113, 8.7)."""


@dataclass(slots=True)
class _Stream:
    """A question on its way, and what has come of its reply."""

    max_bytes: int
    status: int = 0
    headers: CIMultiDict[str] = field(default_factory=CIMultiDict)
    content: bytearray = field(default_factory=bytearray)

    def reply(self) -> HttpReply:
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return HttpReply(self.status, kind, self.headers, bytes(self.content))


class Http2Streams:
    """The streams of one connection."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._limits = limits
        self._connection = H2Connection(H2Configuration(client_side=True, header_encoding=None))
        self._connection.local_settings = Settings(
            client=True,
            initial_values={
                SettingCodes.ENABLE_PUSH: 0,
                SettingCodes.MAX_HEADER_LIST_SIZE: limits.http2_header_bytes,
            },
        )
        # What is announced holds from the first byte on, and not only once it is acknowledged.
        self._connection.decoder.max_header_list_size = limits.http2_header_bytes
        self._connection.initiate_connection()
        self._came = bytearray()
        self._frames = 0
        self._begun = 0
        self._streams: dict[int, _Stream] = {}

    @property
    def is_spent(self) -> bool:
        """Whether so many questions were put that another connection is to take the next."""
        return self._begun >= self._limits.http2_streams

    def has_room(self, question: HttpQuestion) -> bool:
        """Whether the other side takes one more question now (RFC 9113, 5.1.2 and 5.2)."""
        remote, size = self._connection.remote_settings, len(question.body or b"")
        return (
            len(self._streams) < remote.max_concurrent_streams
            and size <= self._connection.outbound_flow_control_window
            and size <= min(remote.initial_window_size, self._connection.max_outbound_frame_size)
        )

    def begin(self, question: HttpQuestion) -> int:
        """Put a question for which there is room; gives the number of its stream."""
        stream = self._connection.get_next_available_stream_id()
        body = question.body
        self._connection.send_headers(stream, _head(question), end_stream=body is None)
        if body is not None:
            self._connection.send_data(stream, body, end_stream=True)
        self._begun += 1
        self._streams[stream] = _Stream(question.max_bytes)
        return stream

    def give_up(self, stream: int) -> None:
        """Tell the other side, where it has not ended its answer, that nobody waits for it."""
        if self._streams.pop(stream, None) is not None:
            with suppress(StreamClosedError):
                self._connection.reset_stream(stream, ErrorCodes.CANCEL)

    def to_send(self) -> bytes:
        """What is to be sent next; it is taken off."""
        return self._connection.data_to_send()

    def receive(self, data: bytes) -> Iterator[tuple[int, Ended]]:
        """The streams that end with what came, and how.

        Raises:
            ConnectionLost: the other side ends the connection (GOAWAY).
            SourceFault: it breaks the rules, or sends more than a reply takes.
        """
        self._came += data
        while (frame := self._next_frame()) is not None:
            self._frames += 1
            if self._frames > self._limits.http2_frames:
                raise SourceFault("sends HTTP/2 frames without end")
            try:
                events = self._connection.receive_data(frame)
                ended = [end for event in events for end in self._ended(event)]
            except H2Error:
                raise SourceFault("breaks the rules of HTTP/2") from None
            if ended:
                self._frames = 0
            yield from ended

    def _next_frame(self) -> bytes | None:
        """One frame, head and payload, off what came; None where it is not whole yet."""
        if len(self._came) < _FRAME_HEAD_BYTES:
            return None
        size = int.from_bytes(self._came[:3], "big")
        if size > _FRAME_BYTES:
            raise SourceFault("sends an HTTP/2 frame that is too long")
        end = _FRAME_HEAD_BYTES + size
        if len(self._came) < end:
            return None
        frame = bytes(self._came[:end])
        del self._came[:end]
        return frame

    def _ended(self, event: Event) -> Iterator[tuple[int, Ended]]:
        """The stream that ends with an event, if any."""
        if isinstance(event, ConnectionTerminated):
            raise ConnectionLost("closes the connection")
        if isinstance(event, ResponseReceived):
            yield from self._begin_reply(event)
        elif isinstance(event, DataReceived):
            yield from self._take(event)
        elif isinstance(event, StreamEnded) and event.stream_id in self._streams:
            yield event.stream_id, self._streams.pop(event.stream_id).reply()
        elif isinstance(event, StreamReset) and event.stream_id in self._streams:
            del self._streams[event.stream_id]
            refused = event.error_code == ErrorCodes.REFUSED_STREAM
            kind = ConnectionLost if refused else SourceFault
            yield event.stream_id, kind("breaks off its answer")

    def _begin_reply(self, event: ResponseReceived) -> Iterator[tuple[int, Ended]]:
        stream = self._streams.get(event.stream_id)
        if stream is None:
            return
        stream.headers = CIMultiDict((_text(name), _text(value)) for name, value in event.headers)
        stream.status = _status(stream.headers.get(":status", ""))
        if stream.status // 100 != 2:
            stream.max_bytes = min(stream.max_bytes, self._limits.refusal_bytes)
        if int(stream.headers.get("Content-Length", "0")) > stream.max_bytes:
            yield self._too_large(event.stream_id, stream, declared=True)

    def _take(self, event: DataReceived) -> Iterator[tuple[int, Ended]]:
        stream = self._streams.get(event.stream_id)
        self._connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        if stream is None:
            return
        stream.content += event.data
        if len(stream.content) > stream.max_bytes:
            yield self._too_large(event.stream_id, stream, declared=False)

    def _too_large(self, number: int, stream: _Stream, *, declared: bool) -> tuple[int, Ended]:
        self.give_up(number)
        return number, AnswerTooLarge(stream.max_bytes, declared=declared)


def _head(question: HttpQuestion) -> list[tuple[str, str]]:
    """The header fields of a request (RFC 9113, 8.3.1)."""
    url = question.url
    head = [
        (":method", question.method),
        (":scheme", url.scheme),
        (":authority", question.host or url.host_port_subcomponent or ""),
        (":path", url.raw_path_qs),
        ("accept", question.accept),
    ]
    if question.body is not None:
        head += [
            ("content-type", question.body_type),
            ("content-length", str(len(question.body))),
        ]
    return [*head, *_credentials(url)]


def _credentials(url: URL) -> list[tuple[str, str]]:
    if url.user is None and url.password is None:
        return []
    return [("authorization", encode_basic_auth(url.user or "", url.password or ""))]


def _text(field: bytes | str) -> str:
    return field.decode("latin-1") if isinstance(field, bytes) else field


def _status(text: str) -> int:
    if len(text) != 3 or not (text.isascii() and text.isdigit()):
        raise SourceFault("breaks the rules of HTTP/2")
    return int(text)
