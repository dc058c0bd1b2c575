"""Real data, offline: mainnet in Capella, Deneb and Electra, and a devnet in Fulu."""

from __future__ import annotations

from pathlib import Path

import pytest
from py_arkworks_bls12381 import G1Point

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
from tests.vectors import ROOT, vectors
from walkaway.anchors.spec import ForkName
from walkaway.errors import ProofError
from walkaway.proofs import Evidence
from walkaway.proofs.consensus.containers import SyncCommittee
from walkaway.proofs.consensus.decode import (
    FINALITY_UPDATE,
    OPTIMISTIC_UPDATE,
    UPDATE,
    from_json,
    from_ssz,
    to_ssz,
    updates_from_json,
    updates_from_ssz,
    updates_to_ssz,
)
from walkaway.proofs.consensus.light_client import LightClientStore
from walkaway.proofs.consensus.ssz import Vector

RECORDED = sorted((ROOT / "mainnet-recordings").glob("*/*light_client_bootstrap*"))
DEVNET = sorted((ROOT / "consensus" / "devnet-minimal-electra-fulu").glob("*.json"))


def test_mainnet_through_six_periods_in_capella() -> None:
    folder = vectors("consensus/mainnet-capella")
    store = capella_store(folder)
    updates = updates_from_json(MAINNET, read_json(folder / "updates.json"))
    for update in updates:
        store.process_update(update, current_slot=CAPELLA_CLOCK, strict=True)
    assert store.finalized_slot == updates[-1].finalized_header.beacon.slot
    assert store.finalized_period == 867
    finality = from_json(FINALITY_UPDATE, MAINNET, read_json(folder / "finality.json"))
    assert store.process_finality_update(finality, current_slot=CAPELLA_CLOCK, strict=True)
    optimistic = from_json(OPTIMISTIC_UPDATE, MAINNET, read_json(folder / "optimistic.json"))
    assert store.process_optimistic_update(optimistic, current_slot=CAPELLA_CLOCK, strict=True)
    assert (store.finalized_slot, store.optimistic_slot) == (7109344, 7109431)
    # The recorded blocks say the same of their payloads.
    for head in (store.finalized, store.optimistic):
        block = read_json(folder / "blocks" / f"{head.value.header.slot}.json")
        payload = block["data"]["message"]["body"]["execution_payload"]
        assert head.value.execution_block_hash.hex() == payload["block_hash"][2:]


def test_mainnet_is_not_ahead_of_its_recorded_clock() -> None:
    folder = vectors("consensus/mainnet-capella")
    store = capella_store(folder)
    update = updates_from_json(MAINNET, read_json(folder / "updates.json"))[0]
    with pytest.raises(ProofError, match="in the future"):
        store.process_update(update, current_slot=update.signature_slot - 1)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.parent.name)
def test_mainnet_recordings_start_and_move(path: Path) -> None:
    _, bootstrap = bootstrap_of(path)
    root = bootstrap.header.beacon.root()
    # The file is named after the root it was asked by, as far as the name went.
    assert root.hex().startswith(path.stem.rpartition("_0x")[2])
    store = LightClientStore.bootstrap(MAINNET, root, bootstrap)
    moved = 0
    for answer in sorted(path.parent.glob("*light_client_updates*")):
        data = answer.read_bytes()
        updates = updates_from_ssz(MAINNET, data)
        assert updates_to_ssz(MAINNET, updates) == data
        for update in updates:
            period = MAINNET.period_at_slot(update.attested_header.beacon.slot)
            if period < store.finalized_period:
                continue  # recorded for the history of committees, from before the checkpoint
            moved += bool(
                store.process_update(update, current_slot=update.signature_slot, strict=True)
            )
    assert moved > 0
    assert store.knows_next_committee


def test_a_recorded_change_of_committee_follows_from_a_given_one() -> None:
    folder = vectors("mainnet-recordings/eth_sync")
    keys = (folder / "sync_1_1366").read_bytes()
    pubkeys = tuple(keys[at : at + 48] for at in range(0, len(keys), 48))
    total = G1Point.identity()
    for pubkey in pubkeys:
        total = total + G1Point.from_compressed_bytes(pubkey)
    committee = SyncCommittee(pubkeys, total.to_compressed_bytes())
    anchor = Evidence("given by the recording")
    store = LightClientStore.given_committee(MAINNET, 1366, committee, anchor=anchor)
    (update,) = updates_from_ssz(MAINNET, (folder / "light_client_update.ssz").read_bytes())
    assert store.process_update(update, current_slot=update.signature_slot, strict=True)
    assert store.finalized_period == 1366
    assert store.knows_next_committee


@pytest.mark.parametrize("path", DEVNET, ids=lambda path: path.stem)
def test_a_devnet_in_fulu_follows_from_its_trusted_committee(path: Path) -> None:
    fixture = read_json(path)
    spec, committee = devnet_spec(fixture), devnet_committee(fixture)
    trusted = fixture["consensus_state"]["next_sync_committee"]
    assert committee.aggregate_pubkey.hex() == trusted["aggregate_pubkey"][2:]
    pubkeys_root = Vector(48, len(committee.pubkeys)).root(committee.pubkeys)
    assert pubkeys_root.hex() == trusted["pubkeys_hash"][2:]
    anchor = Evidence("given by the recording")
    store = LightClientStore.given_committee(spec, 2, committee, anchor=anchor)
    for header in fixture["headers"]:
        update = devnet_update(spec, header)
        store.process_update(update, current_slot=update.signature_slot, strict=True)
        assert store.optimistic.value.header == update.attested_header.beacon
        attested = update.attested_header
        assert spec.fork_at_slot(attested.beacon.slot).name is ForkName.FULU
        again = to_ssz(UPDATE, spec, ForkName.FULU, update)
        assert from_ssz(UPDATE, spec, ForkName.FULU, again) == update
    assert store.finalized_period >= 2
