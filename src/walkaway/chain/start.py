"""Where trust begins: the checkpoint given, else the one kept, else what operators agree on.

1. A checkpoint that was given counts. Where the kept state descends from it
   (it began there, or has finalized it), the kept state is taken up, since it
   is the same trust and newer.
2. Else the state kept from the last run, if it is young enough.
3. Else what k of n distinct operators agree on.

The age limit holds for all three. A kept state that contradicts the
checkpoint is a conflict: both are shown and nothing is started.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from walkaway.anchors.spec import ChainSpec
from walkaway.chain.clock import FlooredClock
from walkaway.chain.follower import LIGHT_CLIENT, beacon_question, message
from walkaway.chain.kept import Kept
from walkaway.errors import ConfigError, ProofError, Stale
from walkaway.limits import LIMITS
from walkaway.proofs import Evidence
from walkaway.proofs.consensus.decode import BOOTSTRAP
from walkaway.proofs.consensus.light_client import LightClientStore
from walkaway.sources.checkpoints import agreed_checkpoint
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer

__all__ = ["Checkpoint", "Started", "start_store"]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A trusted beacon block root (32 bytes), and how it came to be trusted."""

    root: bytes
    origin: str


@dataclass(frozen=True, slots=True)
class Started:
    """A store to follow the chain with, and the checkpoint that its trust hangs on."""

    store: LightClientStore
    checkpoint: Checkpoint


async def start_store(
    spec: ChainSpec,
    pool: Pool,
    clock: FlooredClock,
    *,
    given: bytes | None,
    kept: Kept | None,
    operators: int,
    age_limit: float = LIMITS.checkpoint_age_seconds,
    tell: Callable[[str], None] = lambda _: None,
) -> Started:
    """A store by the order of precedence above.

    Raises:
        Stale: the checkpoint is older than ``age_limit`` seconds.
        ConfigError: what was kept contradicts what was given.
        Unproven: no source serves the bootstrap, or too few operators agree.
    """
    if kept is not None and (given is None or _descends(kept, given)):
        started = _take_up(spec, kept)
        age = _age(spec, clock, started.store)
        if age <= age_limit:
            tell("taking up the state of the last run")
            return started
        tell(f"the state of the last run is {_days(age)} old, too old to go on from")
    if given is not None:
        tell("starting from the given checkpoint")
        return await _bootstrap(spec, pool, clock, Checkpoint(given, "given"), age_limit)
    tell(f"asking what checkpoint {operators} independent operators agree on")
    word = await agreed_checkpoint(pool, spec, operators)
    origin = f"agreed by {', '.join(word.said_by)}"
    started = await _bootstrap(spec, pool, clock, Checkpoint(word.value.root, origin), age_limit)
    if started.store.finalized_slot != word.value.slot:
        raise ProofError(
            "the agreed checkpoint is of another slot than the operators say",
            expected=word.value.slot,
            got=started.store.finalized_slot,
        )
    return started


def _descends(kept: Kept, given: bytes) -> bool:
    return given == kept.checkpoint or given in kept.finalized.values()


def _take_up(spec: ChainSpec, kept: Kept) -> Started:
    checkpoint = Checkpoint(kept.checkpoint, "kept from an earlier run")
    anchor = Evidence("checkpoint", (("root", kept.checkpoint), ("origin", checkpoint.origin)))
    try:
        return Started(LightClientStore.from_bytes(spec, kept.store, anchor=anchor), checkpoint)
    except ProofError as error:
        raise ConfigError(
            f"the kept state cannot be taken up: {error}",
            advice="remove the state file and start from a checkpoint you trust",
        ) from error


async def _bootstrap(
    spec: ChainSpec, pool: Pool, clock: FlooredClock, checkpoint: Checkpoint, age_limit: float
) -> Started:
    anchor = Evidence("checkpoint", (("root", checkpoint.root), ("origin", checkpoint.origin)))

    def verify(answer: Answer) -> LightClientStore:
        bootstrap = message(BOOTSTRAP, spec, answer)
        return LightClientStore.bootstrap(spec, checkpoint.root, bootstrap, anchor=anchor)

    question = beacon_question(f"{LIGHT_CLIENT}/bootstrap/0x{checkpoint.root.hex()}", by_hash=True)
    store = await pool.first_proven(question, verify, heavy=True)
    age = _age(spec, clock, store)
    if age > age_limit:
        raise Stale(
            f"the checkpoint is {_days(age)} old; beyond {_days(age_limit)} validators who have "
            "left could have signed another history",
            age=age,
            limit=age_limit,
            advice="pass a newer one with --checkpoint",
        )
    return Started(store, checkpoint)


def _age(spec: ChainSpec, clock: FlooredClock, store: LightClientStore) -> float:
    return clock.now() - spec.time_of_slot(store.finalized_slot)


def _days(seconds: float) -> str:
    return f"{seconds / 86400:.1f} days"
