"""One run after another: what a run left, on top of what it ran over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from walkaway.evm.engine import Overrides

__all__ = ["lay_over", "merged"]


def merged(
    overrides: Mapping[bytes, Overrides], changes: Mapping[bytes, Overrides]
) -> dict[bytes, Overrides]:
    """Overrides under which a run sees ``overrides`` as ``changes`` left them.

    What ``changes`` says of an account wins; a ``storage`` of theirs replaces
    every slot, single slots of theirs go over what is there.
    """
    result = dict(overrides)
    lay_over(result, changes)
    return result


def lay_over(overrides: dict[bytes, Overrides], changes: Mapping[bytes, Overrides]) -> None:
    """As `merged`, in place: it costs no more than what changes."""
    for address, change in changes.items():
        overrides[address] = _over(overrides.get(address), change)


def _over(before: Overrides | None, change: Overrides) -> Overrides:
    if before is None:
        return change
    account = Overrides(
        balance=before.balance if change.balance is None else change.balance,
        nonce=before.nonce if change.nonce is None else change.nonce,
        code=before.code if change.code is None else change.code,
    )
    if change.storage is not None:
        return replace(account, storage=change.storage)
    if not change.slots:
        return replace(account, slots=before.slots, storage=before.storage)
    if before.storage is not None:
        return replace(account, storage={**before.storage, **change.slots})
    return replace(account, slots={**before.slots, **change.slots})
