"""uvicorn's fast HTTP protocol, with the limit on heads that its parser does not have."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from walkaway.limits import LIMITS

__all__ = ["BoundedHttpProtocol"]


class BoundedHttpProtocol(HttpToolsProtocol):
    """Closes a connection whose request line, headers or trailers outgrow `rpc_head_bytes`."""

    _head_bytes = 0
    _unfinished = 0
    _is_in_body = False

    def data_received(self, data: bytes) -> None:
        """Feed the parser; bytes that yielded nothing yet count until they do."""
        counted = self._head_bytes
        super().data_received(data)
        if self._head_bytes > counted or self._is_in_body:
            self._unfinished = 0
        else:
            self._unfinished += len(data)
        if self._head_bytes + self._unfinished > LIMITS.rpc_head_bytes:
            self._refuse()

    def on_message_begin(self) -> None:
        """A new request: count anew."""
        self._head_bytes = self._unfinished = 0
        self._is_in_body = False
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A piece of the request line."""
        self._head_bytes += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or a trailer behind a chunked body."""
        self._head_bytes += len(name) + len(value)
        if self._head_bytes <= LIMITS.rpc_head_bytes:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """What follows is the body, which is counted where it is read."""
        self._is_in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next byte is another request's."""
        self._is_in_body = False
        super().on_message_complete()

    def _refuse(self) -> None:
        if not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")
