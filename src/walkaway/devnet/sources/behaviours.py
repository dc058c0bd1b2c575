"""Every way in which a devnet source can behave, and what it takes to behave so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from walkaway.devnet.beacon.api import AnswersGets, BeaconApi
from walkaway.devnet.beacon.chain import BeaconChain
from walkaway.devnet.beacon.light_client_server import LightClientData, LightClientServer
from walkaway.devnet.execution.readable_chain import ReadableChain
from walkaway.devnet.execution.rpc import AnswersCalls, ExecutionRpc
from walkaway.devnet.sources.beacon_lies import ForgedCheckpoint, ForgedCommittee, MinorityHead
from walkaway.devnet.sources.execution_lies import (
    Denial,
    ForgedReceipt,
    ForgedState,
    LyingBalance,
    LyingStorage,
    OmittedReceipt,
)
from walkaway.devnet.sources.faults import Fault, FaultyWay
from walkaway.devnet.sources.log_lies import (
    ClearedBloom,
    ForeignReceipts,
    LyingLogs,
    added,
    altered,
    dropped,
    swapped,
)

__all__ = ["Behaviour", "Node", "node"]

STALE_BLOCKS = 4
OLD_HEAD_SLOTS = 8
RANDOM_ERROR_SHARE = 0.5


class Behaviour(Enum):
    """How a source behaves; what it does not lie about, it answers honestly."""

    HONEST = "honest"
    SLOW = "slow"
    HANGS = "hangs"
    SERVER_ERRORS = "server errors, at random"
    GARBAGE = "garbage"
    TRUNCATED = "truncated"
    STALE = "stale: some blocks behind"
    LYING_BALANCE = "lying: a balance in the leaf of its proof"
    LYING_STORAGE = "lying: a slot's value in its proof"
    FORGED_STATE = "lying: a whole state of its own"
    OMITTED_RECEIPT = "lying: a receipt left out"
    FORGED_RECEIPT = "lying: a receipt's status turned"
    DENIAL = "lying: it knows no block and no transaction"
    DROPPED_LOG = "lying: a log left out of each receipt"
    ADDED_LOG = "lying: a log told twice"
    SWAPPED_LOGS = "lying: logs in another order"
    ALTERED_LOG = "lying: other data in a log"
    FOREIGN_RECEIPTS = "lying: the receipts of another block"
    CLEARED_BLOOM = "lying: headers without a bloom filter"
    ONE_SIGNER = "lying: a head that one member signed"
    HALF_COMMITTEE = "lying: a head that half of the committee signed"
    FORGED_COMMITTEE = "lying: a committee of strangers"
    FORGED_CHECKPOINT = "lying: another checkpoint"
    OLD_HEAD = "old: a valid head of some slots ago"


_FAULTS = {
    Behaviour.SLOW: Fault.SLOW,
    Behaviour.HANGS: Fault.HANGS,
    Behaviour.SERVER_ERRORS: Fault.SERVER_ERRORS,
    Behaviour.GARBAGE: Fault.GARBAGE,
    Behaviour.TRUNCATED: Fault.TRUNCATED,
}


_LIES: dict[Behaviour, Callable[[AnswersCalls], AnswersCalls]] = {
    Behaviour.LYING_BALANCE: LyingBalance,
    Behaviour.LYING_STORAGE: LyingStorage,
    Behaviour.OMITTED_RECEIPT: OmittedReceipt,
    Behaviour.FORGED_RECEIPT: ForgedReceipt,
    Behaviour.DENIAL: Denial,
    Behaviour.DROPPED_LOG: lambda honest: LyingLogs(honest, dropped),
    Behaviour.ADDED_LOG: lambda honest: LyingLogs(honest, added),
    Behaviour.SWAPPED_LOGS: lambda honest: LyingLogs(honest, swapped),
    Behaviour.ALTERED_LOG: lambda honest: LyingLogs(honest, altered),
    Behaviour.FOREIGN_RECEIPTS: ForeignReceipts,
    Behaviour.CLEARED_BLOOM: ClearedBloom,
}


@dataclass(frozen=True, slots=True)
class Node:
    """One node as a source sees it: two APIs, and the way from them."""

    rpc: AnswersCalls
    beacon: AnswersGets
    way: FaultyWay


def node(behaviour: Behaviour, execution: ReadableChain, beacon: BeaconChain, seed: int) -> Node:
    """A node over the devnet's chains that behaves so."""
    share = RANDOM_ERROR_SHARE if behaviour is Behaviour.SERVER_ERRORS else 1.0
    return Node(
        _rpc(behaviour, execution),
        _beacon(behaviour, beacon),
        FaultyWay(_FAULTS.get(behaviour, Fault.NONE), seed=seed, share=share),
    )


def _rpc(behaviour: Behaviour, chain: ReadableChain) -> AnswersCalls:
    honest = ExecutionRpc(chain, behind=STALE_BLOCKS if behaviour is Behaviour.STALE else 0)
    if behaviour in _LIES:
        return _LIES[behaviour](honest)
    if behaviour is Behaviour.FORGED_STATE:
        return ForgedState(honest, chain)
    return honest


def _beacon(behaviour: Behaviour, chain: BeaconChain) -> AnswersGets:
    honest = BeaconApi(chain, _light_client(behaviour, chain))
    return ForgedCheckpoint(honest) if behaviour is Behaviour.FORGED_CHECKPOINT else honest


def _light_client(behaviour: Behaviour, chain: BeaconChain) -> LightClientData:
    seats = chain.spec.preset.sync_committee_size
    if behaviour is Behaviour.ONE_SIGNER:
        return MinorityHead(chain, 1)
    if behaviour is Behaviour.HALF_COMMITTEE:
        return MinorityHead(chain, seats // 2)
    if behaviour is Behaviour.FORGED_COMMITTEE:
        return ForgedCommittee(chain)
    return LightClientServer(chain, OLD_HEAD_SLOTS if behaviour is Behaviour.OLD_HEAD else 0)
