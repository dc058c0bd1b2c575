"""Beacon nodes that lie to light clients in well-formed messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256

from walkaway.devnet.beacon.api import AnswersGets, Reply
from walkaway.devnet.beacon.chain import BeaconBlock, BeaconChain
from walkaway.devnet.beacon.keys import VALIDATORS, Committee, committee_of_period, validator
from walkaway.devnet.beacon.light_client import light_client_header_from_block
from walkaway.devnet.beacon.light_client_server import (
    LightClientServer,
    finality_update_of,
    optimistic_update_of,
)
from walkaway.proofs.consensus.containers import (
    LightClientBootstrap,
    LightClientFinalityUpdate,
    LightClientOptimisticUpdate,
    LightClientUpdate,
)
from walkaway.proofs.consensus.forks import signing_root

__all__ = ["ForgedCheckpoint", "ForgedCommittee", "MinorityHead"]

_BLOCK_ROOT = re.compile(rb'("(?:block_)?root": "0x)([0-9a-f]{64})"')


class MinorityHead:
    """Serves as head a real block beside the chain, truly signed by ``signers`` seats alone."""

    def __init__(self, chain: BeaconChain, signers: int) -> None:
        self._chain = chain
        self._honest = LightClientServer(chain)
        self._signers = signers
        self._made: tuple[bytes, LightClientUpdate] | None = None

    def bootstrap(self, root: bytes) -> LightClientBootstrap | None:
        """See `LightClientData`; honest."""
        return self._honest.bootstrap(root)

    def updates(self, start_period: int, count: int) -> list[LightClientUpdate]:
        """See `LightClientData`; honest."""
        return self._honest.updates(start_period, count)

    def finality_update(self) -> LightClientFinalityUpdate | None:
        """See `LightClientData`."""
        update = self._update()
        return finality_update_of(update) if update and update.finality_branch else None

    def optimistic_update(self) -> LightClientOptimisticUpdate | None:
        """See `LightClientData`."""
        update = self._update()
        return None if update is None else optimistic_update_of(update)

    def _update(self) -> LightClientUpdate | None:
        """The honest update with another block in its place, made once a head."""
        head, honest = self._chain.head, self._honest.newest()
        replaced = self._chain.parent(head)
        below = None if replaced is None else self._chain.parent(replaced)
        if honest is None or replaced is None or below is None:
            return None
        if self._made is None or self._made[0] != head.root:
            beside = self._chain.build(replaced.slot, below, "minority")
            self._made = head.root, self._signed(honest, beside)
        return self._made[1]

    def _signed(self, honest: LightClientUpdate, beside: BeaconBlock) -> LightClientUpdate:
        spec = self._chain.spec
        message = signing_root(spec, beside.root, honest.signature_slot)
        committee = self._committee(spec.period_at_slot(honest.signature_slot))
        return replace(
            honest,
            attested_header=light_client_header_from_block(spec, beside.message),
            sync_aggregate=committee.sign(message, range(self._signers)),
        )

    def _committee(self, period: int) -> Committee:
        size = self._chain.spec.preset.sync_committee_size
        return committee_of_period(period, size, self._chain.seed)


class ForgedCommittee(MinorityHead):
    """Serves a head that a committee of strangers signed, and calls them the next committee."""

    def __init__(self, chain: BeaconChain) -> None:
        super().__init__(chain, chain.spec.preset.sync_committee_size)

    def bootstrap(self, root: bytes) -> LightClientBootstrap | None:
        """See `LightClientData`."""
        found = super().bootstrap(root)
        strangers = self._committee(0).public
        return None if found is None else replace(found, current_sync_committee=strangers)

    def updates(self, start_period: int, count: int) -> list[LightClientUpdate]:
        """See `LightClientData`."""
        strangers = self._committee(0).public
        found = super().updates(start_period, count)
        return [replace(update, next_sync_committee=strangers) for update in found]

    def _committee(self, period: int) -> Committee:
        size = self._chain.spec.preset.sync_committee_size
        return Committee([validator(VALIDATORS + period % 8 + seat) for seat in range(size)])


class ForgedCheckpoint:
    """Names other block roots than the chain's wherever somebody looks for a checkpoint."""

    def __init__(self, inner: AnswersGets) -> None:
        self._inner = inner

    def answer(self, path: str, query: Mapping[str, str], accept: str) -> Reply:
        """See `AnswersGets`; light-client data is honest."""
        reply = self._inner.answer(path, query, accept)
        if "/light_client/" in path or reply.status != 200:
            return reply
        return replace(reply, body=_BLOCK_ROOT.sub(_another_root, reply.body))


def _another_root(found: re.Match[bytes]) -> bytes:
    return found[1] + sha256(found[2]).hexdigest().encode() + b'"'
