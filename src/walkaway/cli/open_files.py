"""How many files and connections this program may have open, and what it may serve with that.

Each answer that streams takes up to two: the connection, and the copy that is kept. Systems
often allow a program 1,024 unless it asks for more.
"""

from __future__ import annotations

import resource
from contextlib import suppress
from dataclasses import replace

from walkaway.limits import LIMITS, Limits

__all__ = ["fitting", "raise_open_files"]

_WANTED = 8192


def raise_open_files() -> int:
    """Ask the system for as many as are of use; how many there may be from now on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    have = _WANTED if soft == resource.RLIM_INFINITY else soft
    most = _WANTED if hard == resource.RLIM_INFINITY else min(hard, _WANTED)
    if have < most:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            return most
    return have


def fitting(open_files: int, limits: Limits = LIMITS) -> Limits:
    """The limits of a gateway that leave half of so many open files to everything else."""
    return replace(
        limits,
        web_requests=max(1, min(limits.web_requests, open_files // 8)),
        assembled_open=max(1, min(limits.assembled_open, open_files // 16)),
    )
