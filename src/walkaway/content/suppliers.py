"""Who gave what on networks other than IPFS, and who gave something else in its place.

Nobody proves this, and nobody has to: it is told to whoever wants to know on whom opening
a page depends.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from walkaway.errors import ProofError
from walkaway.limits import LIMITS, Limits
from walkaway.sources.request import Answer

__all__ = ["Address", "NotesSupply", "Supplied", "Suppliers"]

T = TypeVar("T")

Address: TypeAlias = str | bytes
"""By what something is asked for, as evidence shows it: an id of Arweave or a piece's CID as
text, a blob's hash as bytes."""


@dataclass(frozen=True, slots=True)
class Supplied:
    """What was asked for, who gave it or parts of it, and who lied about it, by the names of
    the sources in the order in which they did.
    """

    address: Address
    given_by: tuple[str, ...]
    lied: tuple[str, ...] = ()


class Suppliers:
    """Remembers the last few since this program began."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._most = limits.remembered_supplies
        self._supplied: OrderedDict[Address, Supplied] = OrderedDict()

    def of(self, address: Address) -> Supplied | None:
        """Who gave it; None where nobody had to, or long ago."""
        return self._supplied.get(address)

    def note(self, address: Address, *, given_by: str = "", lied: str = "") -> None:
        """Remember that a source gave it, or a part of it, or lied about it."""
        known = self._supplied.pop(address, Supplied(address, ()))
        self._supplied[address] = Supplied(
            address, _with(known.given_by, given_by), _with(known.lied, lied)
        )
        while len(self._supplied) > self._most:
            self._supplied.popitem(last=False)

    def about(self, address: Address) -> NotesSupply:
        """Remembers what becomes of answers about one address."""
        return NotesSupply(self, address)


@dataclass(frozen=True, slots=True)
class NotesSupply:
    """Hears of answers about one address."""

    suppliers: Suppliers
    address: Address

    def noting(
        self, judge: Callable[[Answer], T], *, gives: Callable[[T], bool] = lambda _: True
    ) -> Callable[[Answer], T]:
        """The same judge, of which it is remembered whose answers held and whose were lies;
        ``gives`` says whether what held is the thing itself.
        """

        def judged(answer: Answer) -> T:
            try:
                value = judge(answer)
            except ProofError:
                self.lied(answer.source)
                raise
            if gives(value):
                self.suppliers.note(self.address, given_by=answer.source)
            return value

        return judged

    def lied(self, source: str) -> None:
        """Remember that an answer was a lie, which showed only later."""
        self.suppliers.note(self.address, lied=source)


def _with(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return names if not name or name in names else (*names, name)
