"""The manner in which a contract is asked for pages: what its ``resolveMode()`` says (ERC-6860)."""

from __future__ import annotations

from enum import Enum
from typing import Final

from walkaway.errors import Unsupported

__all__ = ["RESOLVE_MODE", "Mode", "read_mode"]

RESOLVE_MODE: Final = bytes.fromhex("dd473fae")
"""The call ``resolveMode()``."""

_WORD: Final = 32


class Mode(Enum):
    """How a contract is asked."""

    AUTO = "auto"
    """By a method and its arguments, which the path names."""
    MANUAL = "manual"
    """By the path and query themselves."""
    RESOURCE = "5219"
    """By ``request`` (ERC-5219), which answers as a web server does (ERC-6944)."""


def read_mode(output: bytes | None) -> Mode:
    """What ``resolveMode()`` gave back; None where it failed, as in a contract without it.

    Raises `Unsupported` for a mode that is not known.
    """
    if output is None or len(output) < _WORD:
        return Mode.AUTO
    said = output[:_WORD].rstrip(b"\0")
    if not said:
        return Mode.AUTO
    for mode in Mode:
        if said == mode.value.encode():
            return mode
    raise Unsupported(f"the contract's resolve mode is {ascii(said)[1:]}, which is not known")
