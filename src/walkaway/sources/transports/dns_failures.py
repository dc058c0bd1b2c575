"""How a connection to a resolver fails, in words that hold no address."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl

from walkaway.errors import SourceFault
from walkaway.sources.transports.http_client import NOT_RESOLVED

__all__ = ["CONNECTION_ERRORS", "connection_fault"]

CONNECTION_ERRORS = (OSError, EOFError, UnicodeError)
"""What asyncio's sockets and streams, and the lookup of a name, raise."""

_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (TimeoutError, "no answer in time"),
    (socket.gaierror, NOT_RESOLVED),
    (ssl.SSLCertVerificationError, "its certificate is not valid"),
    (ssl.SSLError, "TLS failed"),
    (asyncio.IncompleteReadError, "closed the connection without a whole answer"),
    (UnicodeError, "its name is none that can be looked up"),
)


def connection_fault(error: BaseException) -> SourceFault:
    """The fault that an error of a socket stands for."""
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return SourceFault(reason)
    number = error.errno if isinstance(error, OSError) else None
    why = os.strerror(number) if number is not None else type(error).__name__
    return SourceFault(f"no connection: {why}")
