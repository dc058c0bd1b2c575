"""One run after another: what a run left, on top of what it ran over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from walkaway.evm.engine import Overrides

__all__ = ["merged"]


def merged(
    overrides: Mapping[bytes, Overrides], changes: Mapping[bytes, Overrides]
) -> dict[bytes, Overrides]:
    """Overrides under which a run sees ``overrides`` as ``changes`` left them.

    What ``changes`` says of an account wins; a ``storage`` of theirs replaces
    every slot, single slots of theirs go over what is there.
    """
    return {**overrides, **{at: _over(overrides.get(at), change) for at, change in changes.items()}}


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
    if before.storage is not None:
        return replace(account, storage={**before.storage, **change.slots})
    return replace(account, slots={**before.slots, **change.slots})
