"""What a proven value is: the value, what it claims, and why it is believed.

`Proven` has no public constructor. Values are sealed by `proofs._seal.seal`,
which only `proofs/` and `evm/` may import (an import contract and
``tests/test_seal.py`` hold that), so that holding a `Proven` means that
proof code made it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Final, Generic, NoReturn, TypeVar, final, overload

__all__ = ["ASKED_FOR", "Claim", "Evidence", "Finality", "LaterSteps", "Proven", "Subject"]

T_co = TypeVar("T_co", covariant=True)

Subject = tuple[str | int | bytes, ...]
"""What a claim is about: a kind, then its coordinates, e.g. ``("slot", address, key)``."""

ASKED_FOR: Final = "that was asked for"
"""How the rule of an anchor ends that is the question itself: an address that names its content."""


class Finality(Enum):
    """How firmly the chain block under an answer stands."""

    OPTIMISTIC = "optimistic"
    """Signed by two thirds of a sync committee; a reorg could still remove it."""
    FINALIZED = "finalized"
    """The block, or a descendant of it, is a finalized head."""
    GIVEN = "given"
    """The caller named the block hash; nobody's signature was asked for."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What exactly was proven, so that a server can check that it is what was asked.

    ``block_hash`` is the 32-byte hash of the execution block whose state or
    content this is; None only for values that hang on no chain block.
    """

    chain_id: int
    block_hash: bytes | None
    subject: Subject
    finality: Finality


@dataclass(frozen=True, slots=True)
class Evidence:
    """One step of the reasoning: a rule, what it found, and the steps it stands on.

    An empty ``because`` marks an anchor: something believed, not proven.
    Steps are shared: all answers on one head point to the same tail.
    """

    rule: str
    facts: tuple[tuple[str, str | int | bytes], ...] = ()
    because: Sequence[Evidence] = ()

    @property
    def is_anchor(self) -> bool:
        """Whether this is believed at the start rather than proven."""
        return not self.because

    @property
    def is_question(self) -> bool:
        """Whether this is what was asked for, which tells nothing that could be untrue."""
        return self.is_anchor and self.rule.endswith(ASKED_FOR)

    def anchors(self) -> Iterator[Evidence]:
        """The anchors below this step, each once, in the order met."""
        seen: set[int] = set()
        stack = [self]
        while stack:
            step = stack.pop()
            if id(step) in seen:
                continue
            seen.add(id(step))
            if step.is_anchor:
                yield step
            stack.extend(reversed(step.because))


@final
class LaterSteps(Sequence[Evidence]):
    """Steps that are gathered when somebody looks at them, and then kept.

    For those that stand on hundreds of others: most answers are never explained.
    """

    def __init__(self, gather: Callable[[], tuple[Evidence, ...]]) -> None:
        self._gather = gather

    @cached_property
    def _steps(self) -> tuple[Evidence, ...]:
        return self._gather()

    def __len__(self) -> int:
        return len(self._steps)

    @overload
    def __getitem__(self, index: int) -> Evidence: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Evidence]: ...
    def __getitem__(self, index: int | slice) -> Evidence | Sequence[Evidence]:
        return self._steps[index]


@final
class Proven(Generic[T_co]):
    """A value that follows from an anchor. Made only by `proofs/` and `evm/`."""

    __slots__ = ("because", "claim", "value")

    value: T_co
    claim: Claim
    because: Evidence

    def __init__(self) -> None:
        raise TypeError("a Proven is sealed by proof code, never constructed")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise TypeError("a Proven cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise TypeError("a Proven cannot be changed")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Proven does not survive serialisation: prove it again")

    def __repr__(self) -> str:
        return f"Proven({self.value!r}, {self.claim.subject[0]!r})"
