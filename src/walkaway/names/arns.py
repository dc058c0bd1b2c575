"""ArNS: names of Arweave, which nobody can prove, as several gateways read them alike.

https://ar.io/arns. A gateway of ar.io says where a name leads (``/ar-io/resolver``, as
ar-io-node has it); the registry that it reads gives no proof. So what ``k`` distinct
operators say alike is taken for their word, and all else that was said is shown.

A further kind of name that has no proof has its place here beside this one: a request, a
reader of what comes, and `Pool.agreed`.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import replace
from typing import Final

from walkaway.chain.single_flight import SingleFlight
from walkaway.errors import SourceFault, Unproven, Unsupported
from walkaway.limits import LIMITS, Limits
from walkaway.names.pointer import Pointer
from walkaway.names.resolution import Resolution, Standing
from walkaway.proofs.proven import Evidence
from walkaway.sources.agreement import readable
from walkaway.sources.clock import Clock
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, ArnsRequest
from walkaway.sources.word import Word

__all__ = ["ArnsNames", "read_arns_name"]

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,49}[a-z0-9])?", re.ASCII)
_UNDERNAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,59}[a-z0-9])?", re.ASCII)
_TRANSACTION: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_ID_CHARACTERS: Final = 43
"""A name as long as the id of a transaction would be taken for one, so there is none."""


def read_arns_name(text: str) -> str:
    """A name as gateways are asked for it: in lower case, ``undername_name`` in one label.

    Raises `Unsupported` for what can be none.
    """
    name = text.lower()
    undername, divided, base = name.rpartition("_")
    is_one = _NAME.fullmatch(base) is not None and len(base) != _ID_CHARACTERS
    if not is_one or (divided and _UNDERNAME.fullmatch(undername) is None):
        raise Unsupported(f"{text[:100]!r} can be no name of ArNS")
    return name


class ArnsNames:
    """Resolves names of ArNS by the word of gateways. Implements `Names`.

    ``pool`` holds the gateways, None where nobody is to be asked; ``operators`` is how
    many distinct operators must agree.
    """

    def __init__(
        self, pool: Pool | None, *, clock: Clock, operators: int = 2, limits: Limits = LIMITS
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._operators = operators
        self._limits = limits
        self._kept: OrderedDict[str, tuple[float, float, Resolution | Unproven]] = OrderedDict()
        self._flights: SingleFlight[Resolution] = SingleFlight()

    async def resolve(self, name: str) -> Resolution:
        """Where a name leads, as they say.

        Raises:
            Unproven: fewer than so many agree; says who said what.
            Unsupported: it can be no name of ArNS.
        """
        asked = read_arns_name(name)
        now = self._clock.now()
        since, until, found = self._kept.get(asked, (0.0, 0.0, None))
        if found is None or until <= now:
            return await self._flights.run(asked, lambda: self._ask(asked))
        if isinstance(found, Unproven):
            raise _anew(found)
        return replace(found, seconds=max((found.seconds or 0.0) - (now - since), 0.0))

    async def _ask(self, name: str) -> Resolution:
        if self._pool is None:
            raise Unproven(
                f"the name {name} is not resolved",
                reasons={},
                advice="leave --offline out, or list a source of kind arweave under [[source]]",
            )
        seconds: dict[str, int] = {}

        def pointed(answer: Answer) -> Pointer:
            pointer, seconds[answer.source] = _read(answer)
            return pointer

        try:
            word = await self._pool.agreed(
                ArnsRequest(name),
                pointed,
                k=self._operators,
                others_seconds=self._limits.word_others_seconds,
            )
        except Unproven as error:
            refused = Unproven(
                f"the name {name} of ArNS is not resolved: {error.summary}",
                reasons=error.reasons,
                advice=error.advice,
            )
            self._keep(name, _anew(refused), self._limits.arns_least_seconds)
            raise refused from None
        resolution = Resolution(
            word.value,
            min(seconds[source] for source in word.said_by),
            Standing.WORD,
            because=_because(name, word),
        )
        self._keep(name, resolution, resolution.seconds or 0.0)
        return resolution

    def _keep(self, name: str, found: Resolution | Unproven, seconds: float) -> None:
        """Remember it for as long as they say, so that it is not asked for again and again."""
        limits = self._limits
        kept = min(max(seconds, limits.arns_least_seconds), limits.arns_seconds)
        self._kept.pop(name, None)
        now = self._clock.now()
        self._kept[name] = (now, now + kept, found)
        while len(self._kept) > limits.arns_remembered:
            self._kept.popitem(last=False)


def _read(answer: Answer) -> tuple[Pointer, int]:
    """The transaction that a gateway names, and for how many seconds it says so."""
    document = answer.body
    if not isinstance(document, dict):
        raise SourceFault("its answer is no resolution of a name")
    transaction, seconds = document.get("txId"), document.get("ttlSeconds", 0)
    if not isinstance(transaction, str) or not _TRANSACTION.fullmatch(transaction):
        raise SourceFault("its answer names no transaction")
    if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds < 0:
        raise SourceFault("its answer has no time for which it holds")
    return Pointer("ar", transaction), seconds


def _anew(error: Unproven) -> Unproven:
    """The same without what it passed through, which would be kept with it."""
    return Unproven(error.summary, reasons=error.reasons, advice=error.advice)


def _because(name: str, word: Word[Pointer]) -> Evidence:
    return Evidence(
        "the word of gateways that nobody can prove",
        (
            ("name", name),
            ("leads to", str(word.value)),
            ("say so", ", ".join(word.said_by)),
            *(("disagree", f"{', '.join(who)}: {readable(value)}") for value, who in word.dissent),
        ),
    )
