"""Piece commitments by the native kernel, which hashes as many nodes at once as there are lanes.

The kernel (`native/` in the repository, the distribution `walkaway-native`) is
held to its twin, `reference.py`, by a differential test.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import Protocol, cast

from walkaway.errors import Unsupported, WalkawayError

__all__ = ["NativePieceHasher", "available", "lanes"]

PIECE_INTERFACE = 1
"""The kernel's, by its own count; another one could mean another thing by the same call."""


class _Hasher(Protocol):
    def update(self, payload: bytes) -> None: ...

    def root(self) -> tuple[int, bytes]: ...


class _Kernel(Protocol):
    """What the extension module offers."""

    PIECE_INTERFACE: int
    KernelFault: type[Exception]

    def PieceHasher(self, lanes: str) -> _Hasher: ...  # noqa: N802

    def piece_lanes(self) -> list[str]: ...


@cache
def _kernel() -> _Kernel | None:
    """The kernel, where one is installed that this module can speak to."""
    try:
        kernel = cast("_Kernel", importlib.import_module("walkaway_native"))
    except ImportError:
        return None
    return kernel if getattr(kernel, "PIECE_INTERFACE", 0) == PIECE_INTERFACE else None


def available() -> bool:
    """Whether the native kernel is installed, in a version that goes with this one."""
    return _kernel() is not None


def lanes() -> list[str]:
    """The ways to hash that this processor has, the fastest first; none without the kernel."""
    kernel = _kernel()
    return kernel.piece_lanes() if kernel else []


class NativePieceHasher:
    """A payload's commitment, of which parts come one after another, in bounded memory.

    By the fastest lanes, or those named. Other threads run while it works. Raises
    `Unsupported` when made where there is no kernel, or no lanes of that name.
    """

    def __init__(self, by_lanes: str | None = None) -> None:
        kernel = _kernel()
        if kernel is None:
            raise Unsupported(
                "the native kernel that goes with this version is not installed",
                advice="build it with `make native`",
            )
        names = kernel.piece_lanes()
        if by_lanes is not None and by_lanes not in names:
            raise Unsupported(f"this processor has no lanes {by_lanes}, but {', '.join(names)}")
        self._fault = kernel.KernelFault
        self._hasher = kernel.PieceHasher(by_lanes or names[0])

    def update(self, payload: bytes) -> None:
        """Take the next part."""
        try:
            self._hasher.update(payload)
        except self._fault as error:
            raise WalkawayError(f"the native kernel failed: {error}") from error

    def root(self) -> tuple[int, bytes]:
        """The height and the root over what has come; more may still come."""
        try:
            height, root = self._hasher.root()
        except self._fault as error:
            raise WalkawayError(f"the native kernel failed: {error}") from error
        return height, bytes(root)
