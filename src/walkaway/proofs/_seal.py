"""The seal: the only way to make a `Proven`. Import it from `proofs/` and `evm/` alone."""

from __future__ import annotations

from typing import TypeVar

from walkaway.proofs.proven import Claim, Evidence, Proven

__all__ = ["seal"]

T = TypeVar("T")


def seal(value: T, claim: Claim, because: Evidence) -> Proven[T]:
    """Seal a value that the caller has just proven. The caller answers for it."""
    proven: Proven[T] = object.__new__(Proven)
    object.__setattr__(proven, "value", value)
    object.__setattr__(proven, "claim", claim)
    object.__setattr__(proven, "because", because)
    return proven
