"""What the answers of gateways are held against: the id that was asked for.

An answer that is of a kind which is not read is no lie. Nor does it end the search: it may
be a gateway alone that says so.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from walkaway.content.arweave.found import Found, held_stream
from walkaway.content.arweave.items import found_item
from walkaway.content.arweave.rebuilding import rebuilt_items
from walkaway.errors import ProofError, SourceFault, SourceLacks, Unsupported
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.transaction import Transaction, prove_transaction
from walkaway.proofs.arweave.whole import prove_whole
from walkaway.proofs.proven import Proven
from walkaway.sources.request import Answer, ItemFields, ItemPlace, WholeTransaction

__all__ = [
    "GivenItem",
    "HeaderQuestion",
    "ItemQuestion",
    "NamedPlace",
    "found_data",
    "judge_data",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GivenItem:
    """A data item that is proven, and its bytes."""

    found: Found
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """Where a large data item stands, by the word of a source."""

    place: ItemPlace
    source: str


class HeaderQuestion:
    """Asks for the header of a transaction of format 2; one of format 1 proves no content."""

    def __init__(self, wanted: ArweaveId) -> None:
        self.wanted = wanted

    def judge(self, answer: Answer) -> tuple[Proven[Transaction], bytes]:
        """The transaction, and its header. Raises `ProofError`, `SourceLacks`."""
        header = _bytes(answer)
        return _read(lambda: prove_transaction(self.wanted, header)), header


class ItemQuestion:
    """Asks for a data item. A place where it turned out not to stand is not taken again."""

    def __init__(self, wanted: ArweaveId, limits: Limits = LIMITS) -> None:
        self.wanted = wanted
        self._most = limits.arweave_item_bytes
        self._refuted: dict[ItemPlace, str] = {}

    def judge(self, answer: Answer) -> GivenItem | NamedPlace:
        """The item, or where it stands. Raises `ProofError`, `SourceLacks`."""
        place = answer.body
        if isinstance(place, ItemPlace):
            if place in self._refuted:
                raise SourceLacks(self._refuted[place])
            if place.end - place.start > self._most:
                # Nothing of an item is proven before its end.
                raise SourceLacks(f"says that it is over {self._most} bytes")
            return NamedPlace(place, answer.source)
        if isinstance(answer.body, ItemFields):
            return self._rebuilt(answer.body)
        data = _bytes(answer)
        return GivenItem(_read(lambda: found_item(self.wanted, data)), data)

    def _rebuilt(self, fields: ItemFields) -> GivenItem:
        """The item of which these are the fields. They lose something on their way where
        tags are no text, so that it is no lie where nothing is proven by them.
        """
        for data in rebuilt_items(fields):
            with suppress(ProofError):
                return GivenItem(found_item(self.wanted, data), data)
        raise SourceLacks("gives fields of a data item's header that do not prove it")

    def refute(self, place: ItemPlace, reason: str) -> None:
        """Note that the item was not to be had there."""
        self._refuted[place] = f"not to be had from byte {place.start} of {place.root}: {reason}"


def judge_data(transaction: Proven[Transaction], answer: Answer) -> bytes:
    """All data of a transaction, where they were cut as usual; else they prove nothing,
    and are no lie. Raises `SourceLacks`.
    """
    data = _whole(answer).data
    try:
        prove_whole(transaction, data)
    except ProofError as error:
        raise SourceLacks(f"its data were cut in an unusual way, or are others: {error}") from None
    return data


def found_data(transaction: Proven[Transaction], data: bytes) -> Found:
    """A transaction whose data are all here. Raises `ProofError` where they are others, or
    were not cut as usual.
    """
    proven = prove_whole(transaction, data)
    header = transaction.value
    stream = held_stream(data)
    return Found(header.id, header.owner, len(data), header.tags, stream, proven.because)


def _read(prove: Callable[[], T]) -> T:
    try:
        return prove()
    except Unsupported as error:
        raise SourceLacks(f"has what is not read here: {error}") from None


def _bytes(answer: Answer) -> bytes:
    if not isinstance(answer.body, bytes):
        raise SourceFault("gives what was not asked for")
    return answer.body


def _whole(answer: Answer) -> WholeTransaction:
    if not isinstance(answer.body, WholeTransaction):
        raise SourceFault("gives what was not asked for")
    return answer.body
