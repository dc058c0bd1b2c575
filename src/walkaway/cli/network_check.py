"""Whether there is a network at all: asked once, before anything that would wait for it.

A machine without a network should say so at once, and not after each source
has run into its deadline. One attempt to connect to each source's host, all at
the same time; the first that succeeds ends the matter. The attempts run in
daemon threads, since a name look-up cannot be called off.
"""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from walkaway.errors import NoNetwork
from walkaway.limits import LIMITS
from walkaway.sources.defaults import ListedSource

__all__ = ["Connect", "can_be_reached_for", "require_network"]

Connect = Callable[[str, int, float], None]
"""Opens and closes a connection to host and port within some seconds, or raises OSError."""

_PORTS = {"http": 80, "https": 443, "tls": 853, "dns": 53}


def can_be_reached_for(source: ListedSource) -> bool:
    """Whether a connection tells of the network: there are none to files, nor by datagrams."""
    return urlsplit(source.url).scheme in _PORTS


def _connect(host: str, port: int, seconds: float) -> None:
    socket.create_connection((host, port), seconds).close()


def require_network(
    sources: Sequence[ListedSource],
    *,
    connect: Connect = _connect,
    seconds: float = LIMITS.reach_seconds,
) -> None:
    """Return as soon as one source can be reached.

    Raises:
        NoNetwork: none can, with the reason of each.
    """
    outcomes: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
    for source in sources:
        thread = threading.Thread(
            target=_attempt, args=(source, connect, seconds, outcomes), daemon=True
        )
        thread.start()
    reasons = {source.name: f"no answer within {seconds:g} seconds" for source in sources}
    deadline = time.monotonic() + seconds
    for _ in sources:
        try:
            name, reason = outcomes.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        if not reason:
            return
        reasons[name] = reason
    raise NoNetwork(
        f"no network: none of the {len(sources)} sources can be reached", reasons=reasons
    )


def _attempt(
    source: ListedSource,
    connect: Connect,
    seconds: float,
    outcomes: queue.SimpleQueue[tuple[str, str]],
) -> None:
    parts = urlsplit(source.url)
    try:
        connect(parts.hostname or "", parts.port or _PORTS[parts.scheme], seconds)
    except socket.gaierror:
        outcomes.put((source.name, "the name of its host cannot be resolved (DNS)"))
    except TimeoutError:
        outcomes.put((source.name, f"no answer within {seconds:g} seconds"))
    except ConnectionRefusedError:
        outcomes.put((source.name, "connection refused"))
    except OSError as error:
        outcomes.put((source.name, error.strerror or "cannot be reached"))
    else:
        outcomes.put((source.name, ""))
