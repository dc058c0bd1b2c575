"""Which light-client messages are served, and which of many is the best."""

from __future__ import annotations

from walkaway.devnet.beacon.light_client_server import LightClientServer
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import DevnetSettings
from walkaway.proofs.consensus.containers import EMPTY_HEADER


def devnet(warm_slots: int) -> Devnet:
    settings = DevnetSettings(warm_slots=warm_slots, transactions_per_block=0)
    return Devnet(settings, genesis_time=1_700_000_000)


def test_the_best_update_is_the_first_that_most_signed_with_finality() -> None:
    network = devnet(64)
    server = LightClientServer(network.beacon)
    network.beacon.signers = 8
    network.advance(8)
    network.beacon.signers = 24
    network.advance(8)
    network.beacon.signers = 30
    network.advance(16)
    (best,) = server.updates(1, 1)
    # Finality of the period itself comes with its third epoch, slot 80 on.
    assert best.sync_aggregate.signers == 30
    assert best.finalized_header.beacon.slot == 64
    assert best.attested_header.beacon.slot == 80
    network.beacon.signers = 32
    network.advance(8)
    (better,) = server.updates(1, 1)
    assert (better.sync_aggregate.signers, better.attested_header.beacon.slot) == (32, 96)


def test_signed_by_the_next_period_an_update_brings_no_committee() -> None:
    network = devnet(64)
    newest = LightClientServer(network.beacon).newest()
    assert newest is not None
    assert (newest.attested_header.beacon.slot, newest.signature_slot) == (63, 64)
    assert newest.next_sync_committee is None
    assert newest.next_sync_committee_branch == ()
    network.advance()
    newest = LightClientServer(network.beacon).newest()
    assert newest is not None
    assert newest.next_sync_committee is not None


def test_before_finality_there_is_an_update_without_it() -> None:
    network = devnet(3)
    server = LightClientServer(network.beacon)
    newest = server.newest()
    assert newest is not None
    assert newest.finalized_header == EMPTY_HEADER
    assert server.finality_update() is None
    assert server.optimistic_update() is not None
    assert server.bootstrap(network.beacon.genesis.root) is None
    assert server.bootstrap(bytes(32)) is None
    assert LightClientServer(devnet(1).beacon).newest() is None
    assert server.updates(1, 4) == []


def test_nobody_signs_nothing_is_served() -> None:
    network = devnet(33)
    server = LightClientServer(network.beacon)
    before = server.newest()
    network.beacon.signers = 0
    network.advance(2)
    assert server.newest() == before
