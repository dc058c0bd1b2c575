"""No single-byte change to recorded light-client data alters an answer.

Each byte outside the list of public keys is changed, and a sample inside it
(all keys hang on one root). A changed message is refused with a `ProofError`,
or proves exactly what the honest one proves; and the only bytes for which the
latter is allowed are those of `signature_slot`, which nothing binds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from tests.proofs.consensus.recordings import (
    CAPELLA_CLOCK,
    MAINNET,
    bootstrap_of,
    capella_store,
    devnet_committee,
    devnet_spec,
    devnet_update,
    read_json,
)
from tests.proofs.consensus.simulator import Chain, with_forks
from tests.vectors import vectors
from walkaway.anchors.spec import ForkName
from walkaway.errors import ProofError, Unsupported
from walkaway.proofs import Evidence
from walkaway.proofs.consensus.decode import (
    BOOTSTRAP,
    FINALITY_UPDATE,
    OPTIMISTIC_UPDATE,
    from_json,
    from_ssz,
    to_ssz,
    updates_from_json,
    updates_from_ssz,
    updates_to_ssz,
)
from walkaway.proofs.consensus.kept import kept_from_bytes
from walkaway.proofs.consensus.light_client import LightClientStore

pytestmark = pytest.mark.adversary

LEAST_CHANGES = 2_000
CHANGES_INSIDE_KEYS = 250


@dataclass(frozen=True)
class Recorded:
    """A message as bytes, how to put it to a store, and which bytes of it nothing binds."""

    data: bytes
    put: Callable[[bytes], LightClientStore]
    keys: range
    unbound: frozenset[int]


def answer(store: LightClientStore) -> object:
    """All that a store would prove from here on: its heads and its committees."""
    state = kept_from_bytes(store.spec, store.to_bytes()).state
    return (
        store.finalized.value,
        store.optimistic.value,
        state.current_sync_committee,
        state.next_sync_committee,
    )


def signature_slot(data: bytes, *, tail: bytes) -> frozenset[int]:
    """Where the eight bytes of ``signature_slot`` are: right behind the signature ``tail``."""
    at = data.index(tail) + len(tail)
    return frozenset(range(at, at + 8))


def bootstrap(path: Path) -> Recorded:
    fork, message = bootstrap_of(path)
    root = message.header.beacon.root()

    def put(data: bytes) -> LightClientStore:
        return LightClientStore.bootstrap(MAINNET, root, from_ssz(BOOTSTRAP, MAINNET, fork, data))

    data = path.read_bytes()
    start = data.index(message.current_sync_committee.pubkeys[0])
    return Recorded(data, put, range(start, start + 48 * 512), frozenset())


def update_on(store: LightClientStore, data: bytes) -> Recorded:
    """An answer with one update, put to copies of ``store``."""
    (message,) = updates_from_ssz(store.spec, data)
    assert message.next_sync_committee is not None
    clock = message.signature_slot + 100

    def put(changed: bytes) -> LightClientStore:
        other = store.copy()
        for update in updates_from_ssz(store.spec, changed):
            other.process_update(update, current_slot=clock, strict=True)
        return other

    keys = message.next_sync_committee.pubkeys
    start = data.index(keys[0])
    tail = message.sync_aggregate.sync_committee_signature
    return Recorded(
        data, put, range(start, start + 48 * len(keys)), signature_slot(data, tail=tail)
    )


def capella_bootstrap() -> Recorded:
    folder = vectors("consensus/mainnet-capella")
    message = from_json(BOOTSTRAP, MAINNET, read_json(folder / "bootstrap.json"))
    root = message.header.beacon.root()

    def put(data: bytes) -> LightClientStore:
        return LightClientStore.bootstrap(
            MAINNET, root, from_ssz(BOOTSTRAP, MAINNET, "capella", data)
        )

    data = to_ssz(BOOTSTRAP, MAINNET, ForkName.CAPELLA, message)
    start = data.index(message.current_sync_committee.pubkeys[0])
    return Recorded(data, put, range(start, start + 48 * 512), frozenset())


def capella_update() -> Recorded:
    folder = vectors("consensus/mainnet-capella")
    store = capella_store(folder)
    first, second, *_ = updates_from_json(MAINNET, read_json(folder / "updates.json"))
    store.process_update(first, current_slot=CAPELLA_CLOCK)
    return update_on(store, updates_to_ssz(MAINNET, [second]))


def synced_capella_store() -> tuple[Path, LightClientStore]:
    folder = vectors("consensus/mainnet-capella")
    store = capella_store(folder)
    for update in updates_from_json(MAINNET, read_json(folder / "updates.json")):
        store.process_update(update, current_slot=CAPELLA_CLOCK)
    return folder, store


def capella_finality() -> Recorded:
    folder, store = synced_capella_store()
    message = from_json(FINALITY_UPDATE, MAINNET, read_json(folder / "finality.json"))

    def put(data: bytes) -> LightClientStore:
        other = store.copy()
        update = from_ssz(FINALITY_UPDATE, MAINNET, "capella", data)
        other.process_finality_update(update, current_slot=CAPELLA_CLOCK, strict=True)
        return other

    data = to_ssz(FINALITY_UPDATE, MAINNET, ForkName.CAPELLA, message)
    tail = message.sync_aggregate.sync_committee_signature
    return Recorded(data, put, range(0), signature_slot(data, tail=tail))


def capella_optimistic() -> Recorded:
    folder, store = synced_capella_store()
    message = from_json(OPTIMISTIC_UPDATE, MAINNET, read_json(folder / "optimistic.json"))

    def put(data: bytes) -> LightClientStore:
        other = store.copy()
        update = from_ssz(OPTIMISTIC_UPDATE, MAINNET, "capella", data)
        other.process_optimistic_update(update, current_slot=CAPELLA_CLOCK, strict=True)
        return other

    data = to_ssz(OPTIMISTIC_UPDATE, MAINNET, ForkName.CAPELLA, message)
    tail = message.sync_aggregate.sync_committee_signature
    return Recorded(data, put, range(0), signature_slot(data, tail=tail))


def recorded_bootstrap(folder: str) -> Recorded:
    (path,) = vectors(f"mainnet-recordings/{folder}").glob("*light_client_bootstrap*")
    return bootstrap(path)


def recorded_update(folder: str, period: int) -> Recorded:
    path = vectors(f"mainnet-recordings/{folder}")
    (start,) = path.glob("*light_client_bootstrap*")
    (answer,) = path.glob(f"*start_period_{period}_*")
    _, message = bootstrap_of(start)
    store = LightClientStore.bootstrap(MAINNET, message.header.beacon.root(), message)
    return update_on(store, answer.read_bytes())


def devnet_fulu_update() -> Recorded:
    folder = vectors("consensus/devnet-minimal-electra-fulu")
    fixture = read_json(folder / "Test_MultiPeriodClientUpdateToCosmos.json")
    spec = devnet_spec(fixture)
    anchor = Evidence("given by the recording")
    store = LightClientStore.given_committee(spec, 2, devnet_committee(fixture), anchor=anchor)
    return update_on(store, updates_to_ssz(spec, [devnet_update(spec, fixture["headers"][0])]))


def simulated_update(slot: int, finalized: int, **forks: int) -> Recorded:
    """An update of a simulated chain, for forks of which nothing is recorded."""
    chain = Chain(with_forks(**forks))
    start = chain.bootstrap(8)
    store = LightClientStore.bootstrap(chain.spec, start.header.beacon.root(), start)
    return update_on(store, updates_to_ssz(chain.spec, [chain.update(slot, finalized)]))


KINDS: dict[str, Callable[[], Recorded]] = {
    "capella bootstrap": capella_bootstrap,
    "capella update": capella_update,
    "capella finality update": capella_finality,
    "capella optimistic update": capella_optimistic,
    "deneb bootstrap": lambda: recorded_bootstrap("eth_call1"),
    "deneb update": lambda: recorded_update("eth_call1", 1392),
    "electra bootstrap": lambda: recorded_bootstrap("eth_blockNumber_electra"),
    "electra update": lambda: recorded_update("eth_getTransaction_Type_4", 1428),
    "fulu update": devnet_fulu_update,
    "simulated electra update": lambda: simulated_update(40, 24, electra=0),
    "simulated gloas update": lambda: simulated_update(40, 24, gloas=0),
    "simulated update across electra": lambda: simulated_update(40, 24, deneb=0, electra=4),
    "simulated update across gloas": lambda: simulated_update(40, 24, fulu=0, gloas=4),
}


def changes(recorded: Recorded, random: Random) -> Iterator[tuple[int, bytes]]:
    """At least `LEAST_CHANGES` changes: all bytes outside the keys, in rounds, and some inside."""
    outside = [at for at in range(len(recorded.data)) if at not in recorded.keys]
    inside = random.sample(recorded.keys, min(CHANGES_INSIDE_KEYS, len(recorded.keys)))
    rounds = -(-(LEAST_CHANGES - len(inside)) // len(outside))
    for at in inside + outside * max(rounds, 1):
        changed = bytearray(recorded.data)
        changed[at] ^= random.randrange(1, 256)
        yield at, bytes(changed)


@pytest.mark.parametrize("kind", KINDS)
def test_no_single_byte_change_alters_an_answer(kind: str) -> None:
    recorded = KINDS[kind]()
    honest = answer(recorded.put(recorded.data))
    tried, survived = 0, set()
    for at, changed in changes(recorded, Random(kind)):
        tried += 1
        try:
            store = recorded.put(changed)
        except (ProofError, Unsupported):
            continue
        assert answer(store) == honest, f"byte {at} alters what is proven"
        survived.add(at)
    assert tried >= LEAST_CHANGES
    assert survived <= recorded.unbound, "a byte that should be bound is not"


@pytest.mark.parametrize("kind", KINDS)
def test_no_truncation_and_no_addition_is_accepted(kind: str) -> None:
    recorded = KINDS[kind]()
    random = Random(kind)
    lengths = {*range(200), *random.sample(range(len(recorded.data)), 200), len(recorded.data) - 1}
    # Less than the length prefix of the first update is an answer without updates.
    lengths -= {0}
    for length in lengths:
        with pytest.raises(ProofError):
            recorded.put(recorded.data[:length])
    for more in (b"\0", b"\0" * 32, recorded.data[:64]):
        with pytest.raises(ProofError):
            recorded.put(recorded.data + more)


@pytest.mark.parametrize("name", ["finality", "optimistic"])
def test_no_single_character_of_json_alters_an_answer(name: str) -> None:
    folder, store = synced_capella_store()
    text = json.dumps(read_json(folder / f"{name}.json"))

    def put(changed: str) -> LightClientStore:
        other, document = store.copy(), json.loads(changed)
        if name == "finality":
            finality = from_json(FINALITY_UPDATE, MAINNET, document)
            other.process_finality_update(finality, current_slot=CAPELLA_CLOCK, strict=True)
        else:
            optimistic = from_json(OPTIMISTIC_UPDATE, MAINNET, document)
            other.process_optimistic_update(optimistic, current_slot=CAPELLA_CLOCK, strict=True)
        return other

    honest = answer(put(text))
    random = Random(name)
    refused = 0
    for at in random.sample(range(len(text)), 2_000):
        character = random.choice('0123456789abcdefABCDEFx"{}[], \\\u0661')
        try:
            changed = put(text[:at] + character + text[at + 1 :])
        except (ProofError, Unsupported, json.JSONDecodeError):
            refused += 1
            continue
        assert answer(changed) == honest, f"character {at} alters what is proven"
    assert refused > 1_500
