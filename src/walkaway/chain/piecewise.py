"""Things that a header commits to together, and that sources give one by one.

No part can be judged alone: where the parts do not fit together nobody can tell
which one is false, so that each source that gave any is asked for all of them,
and passed over from then on if those do not fit either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from walkaway.chain.judgement import judged_by_form
from walkaway.errors import NotKnown, ProofError, SourceLacks, Unproven
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, RpcRequest

__all__ = ["proven_together"]

Part = TypeVar("Part")
Whole = TypeVar("Whole")


async def proven_together(
    pool: Pool,
    requests: Sequence[RpcRequest],
    read: Callable[[object], Part],
    prove: Callable[[list[Part]], Whole],
) -> Whole | None:
    """What the parts prove together; None where no source's parts do.

    ``read`` decodes one answer's body, which is not null; ``prove`` takes the
    parts in the order of the requests. Both raise `ProofError`.
    """
    failed: set[str] = set()

    def has_not_failed(source: str) -> bool:
        return source not in failed

    while True:
        whole, givers = await _attempt(pool, requests, read, prove, has_not_failed)
        if whole is not None or not givers:
            return whole
        for giver in sorted(givers) if len(givers) > 1 else ():
            whole, _ = await _attempt(pool, requests, read, prove, giver.__eq__)
            if whole is not None:
                return whole
        failed.update(givers)


async def _attempt(
    pool: Pool,
    requests: Sequence[RpcRequest],
    read: Callable[[object], Part],
    prove: Callable[[list[Part]], Whole],
    may_give: Callable[[str], bool],
) -> tuple[Whole | None, set[str]]:
    """What the parts of some sources prove, if anything, and who gave them."""

    def take(answer: Answer) -> tuple[Part, str]:
        if not may_give(answer.source):
            raise SourceLacks("another source is asked now")
        if answer.body is None:
            raise NotKnown("it does not know what was asked for")
        with judged_by_form():
            return read(answer.body), answer.source

    try:
        given = await pool.prove_many([(request, take) for request in requests])
    except Unproven:
        return None, set()
    with suppress(ProofError):
        return prove([part for part, _ in given]), set()
    return None, {giver for _, giver in given}
