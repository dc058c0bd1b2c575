"""Names whose resolver comes later than whoever asks, such as those of a chain that syncs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from walkaway.errors import Unproven
from walkaway.names.contract_names import LooksUp
from walkaway.names.ens.ens import EnsAnswer
from walkaway.names.ens.records import EnsRecord
from walkaway.names.resolution import Names, Resolution

__all__ = ["LateEns", "LateNames", "ResolvesEns"]


class ResolvesEns(Names, LooksUp, Protocol):
    """Names of ENS; `walkaway.names.ens.ens.Ens` is one."""


N = TypeVar("N", bound=Names)


class _Late(Generic[N]):
    """A place for a resolver that comes and goes. Implements `Names`.

    ``source`` is what answers in its stead while it is not there, ``reason`` what that
    says, and ``advice`` what the person can do.
    """

    def __init__(self, source: str, reason: str, *, advice: str = "") -> None:
        self._source = source
        self._advice = advice
        self._names: N | None = None
        self.reason = reason

    @property
    def why_not(self) -> str:
        """Why nothing is resolved here now; empty where it is."""
        return self.reason if self._names is None else ""

    @contextmanager
    def led_by(self, names: N) -> Iterator[None]:
        """Inside, ``names`` answers."""
        before = self._names
        self._names = names
        try:
            yield
        finally:
            self._names = before

    async def resolve(self, name: str) -> Resolution:
        """As the resolver that is there.

        Raises:
            Unproven: none is; besides what it raises.
        """
        return await self._there(f"the name {name[:100]!r} is not resolved").resolve(name)

    def _there(self, refusal: str) -> N:
        """The resolver. Raises `Unproven`, with the refusal, where there is none."""
        if self._names is None:
            raise Unproven(refusal, reasons={self._source: self.reason}, advice=self._advice)
        return self._names


class LateNames(_Late[Names]):
    """A place for a resolver of any kind of name. Implements `Names`."""


class LateEns(_Late[ResolvesEns]):
    """A place for ENS. Implements `ResolvesEns`."""

    @property
    def chain_id(self) -> int:
        """See `LooksUp`."""
        return self._there("no name of a contract is resolved").chain_id

    async def lookup(self, name: str, wanted: Sequence[EnsRecord]) -> EnsAnswer:
        """As `Ens.lookup`. Raises `Unproven` where it is not there."""
        return await self._there(f"the name {name[:100]!r} is not resolved").lookup(name, wanted)
