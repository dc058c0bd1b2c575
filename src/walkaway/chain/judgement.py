"""When an answer that does not fit is a lie, and when it is only another block's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from walkaway.errors import Elsewhere, ProofError, SourceLacks, Unsupported

__all__ = ["judged_by_form"]


@contextmanager
def judged_by_form() -> Iterator[None]:
    """Inside, what does not fit the commitment may be another block's.

    It becomes `Elsewhere`, which the pool takes for a lie where the question named
    the block by hash, and for a reorg or a lag where it named a number. What
    this version cannot read (a new type of transaction) is no mark at all.
    """
    try:
        yield
    except Elsewhere:
        raise
    except ProofError as error:
        raise Elsewhere(
            str(error), commitment=error.commitment, expected=error.expected, got=error.got
        ) from error
    except Unsupported as error:
        raise SourceLacks(str(error)) from error
