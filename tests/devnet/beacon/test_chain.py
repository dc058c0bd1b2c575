"""The beacon chain: what must be true in every block and state, fork after fork."""

from __future__ import annotations

from functools import lru_cache

import pytest
from py_arkworks_bls12381 import GT, G1Point, G2Point

from walkaway.anchors.spec import ForkName
from walkaway.devnet.beacon.chain import BeaconBlock
from walkaway.devnet.beacon.containers import types_of
from walkaway.devnet.beacon.keys import VALIDATORS, committee_of_period, validator
from walkaway.devnet.beacon.light_client import branch, light_client_header_from_block
from walkaway.devnet.beacon.light_client_server import LightClientServer
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import DevnetSettings
from walkaway.errors import InvalidRequest
from walkaway.proofs.consensus.bls import CIPHERSUITE, committee_keys
from walkaway.proofs.consensus.forks import places, signing_root
from walkaway.proofs.consensus.merkle import root_of
from walkaway.proofs.consensus.transition import validate_header

FORKS = (ForkName.DENEB, ForkName.ELECTRA, ForkName.FULU)


@lru_cache
def crossing() -> Devnet:
    """A chain of 12 epochs in which each fork holds four; nobody may change it."""
    settings = DevnetSettings(
        electra_epoch=4, fulu_epoch=8, warm_slots=96, transactions_per_block=1
    )
    return Devnet(settings, genesis_time=1_700_000_000)


def blocks() -> list[BeaconBlock]:
    return [block for block in crossing().beacon.blocks if block.slot]


def test_blocks_and_states_commit_to_each_other() -> None:
    for block in blocks():
        parent = crossing().beacon.parent(block)
        assert parent is not None
        assert bytes(block.message.parent_root) == parent.root
        assert bytes(block.message.state_root) == bytes(block.state.hash_tree_root())
        types = types_of(crossing().spec.preset, block.fork)
        again = types.signed_block.decode_bytes(block.signed_ssz())
        assert bytes(again.message.hash_tree_root()) == block.root
        assert bytes(again.signature) == block.signature
        state = types.state.decode_bytes(block.state.encode_bytes())
        assert state.hash_tree_root() == block.state.hash_tree_root()
        header = block.state.latest_block_header.copy()
        header.state_root = block.message.state_root
        assert bytes(header.hash_tree_root()) == block.root


def test_branches_lie_where_the_specification_says() -> None:
    seen = set()
    for block in blocks():
        at, root = places(block.fork), bytes(block.state.hash_tree_root())
        for gindex, path in (
            (at.current_sync_committee, ("current_sync_committee",)),
            (at.next_sync_committee, ("next_sync_committee",)),
            (at.finalized_root, ("finalized_checkpoint", "root")),
        ):
            leaf = block.state
            for name in path:
                leaf = getattr(leaf, name)
            assert root_of(bytes(leaf.hash_tree_root()), branch(block.state, *path), gindex) == root
        validate_header(
            crossing().spec, light_client_header_from_block(crossing().spec, block.message)
        )
        seen.add(block.fork)
    assert seen == set(FORKS)


def test_execution_follows_the_beacon_chain() -> None:
    for block in blocks():
        header = block.execution.header
        parent = crossing().beacon.parent(block)
        assert parent is not None
        assert header.parent_beacon_block_root == parent.root
        assert header.timestamp == crossing().spec.time_of_slot(block.slot)
        assert header.hash == bytes(block.message.body.execution_payload.block_hash)
        assert header.parent_hash == parent.execution.hash
        assert len(block.message.body.execution_payload.withdrawals) == 2


def test_the_state_keeps_its_history() -> None:
    head = crossing().beacon.head
    assert len(head.state.historical_summaries) == 1
    for block in blocks()[-60:]:
        if block is not head:
            assert bytes(head.state.block_roots[block.slot % 64]) == block.root
            assert bytes(head.state.state_roots[block.slot % 64]) == bytes(block.message.state_root)
    final = head.state.finalized_checkpoint
    assert int(final.epoch) == crossing().spec.epoch_at_slot(head.slot) - 2
    found = crossing().beacon.block_at(int(final.epoch) * 8)
    assert found is not None
    assert found.root == bytes(final.root)
    assert int(head.state.fork.epoch) == 8


def test_proposers_and_committees_sign() -> None:
    spec = crossing().spec
    for block in blocks()[30:34] + blocks()[62:66]:
        committee = committee_of_period(spec.period_at_slot(block.slot), 32, 0)
        message = signing_root(spec, bytes(block.message.parent_root), block.slot)
        committee_keys(committee.public).verify(message, committee.sign(message, range(0, 32, 5)))
        assert committee.public.pubkeys == tuple(
            bytes(key) for key in block.state.current_sync_committee.pubkeys
        )


def test_a_sum_of_keys_signs_like_all_of_them() -> None:
    committee = committee_of_period(3, 32, 0)
    message = b"\x05" * 32
    together = G2Point.from_compressed_bytes(
        committee.sign(message, [1, 4, 9]).sync_committee_signature
    )
    apart = G2Point.identity()
    for seat in (1, 4, 9):
        apart += G2Point.from_compressed_bytes(committee.members[seat].sign(message))
    assert together == apart
    key = validator(3)
    signature = G2Point.from_compressed_bytes(key.sign(message))
    hashed = G2Point.hash_to_curve(message, CIPHERSUITE)
    assert GT.pairing_check([key.point, -G1Point()], [hashed, signature])


def test_committees_change_with_the_period() -> None:
    first, second = (committee_of_period(period, 32, 0).public for period in (0, 1))
    assert first != second
    assert committee_of_period(0, 32, 1).public != first
    known = {validator(index).pubkey for index in range(VALIDATORS)}
    assert set(first.pubkeys) | set(second.pubkeys) <= known


def test_no_block_before_its_parent() -> None:
    devnet = Devnet(DevnetSettings(warm_slots=2), genesis_time=1_700_000_000)
    with pytest.raises(InvalidRequest, match="not after its parent"):
        devnet.beacon.propose(2)


def test_a_block_beside_the_chain_changes_nothing_until_adopted() -> None:
    devnet = Devnet(DevnetSettings(warm_slots=4), genesis_time=1_700_000_000)
    head = devnet.beacon.head
    parent = devnet.beacon.parent(head)
    assert parent is not None
    beside = devnet.beacon.build(head.slot, parent, "beside")
    assert beside.root != head.root
    assert devnet.beacon.head is head
    assert devnet.execution.head is head.execution
    devnet.beacon.adopt(beside)
    assert devnet.beacon.head is beside
    assert devnet.execution.head is beside.execution
    assert devnet.beacon.block(head.root) is head


def test_old_blocks_are_forgotten_and_old_updates_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("walkaway.devnet.beacon.chain.SLOTS_KEPT", 72)
    devnet = Devnet(DevnetSettings(warm_slots=70, transactions_per_block=0), genesis_time=1)
    server = LightClientServer(devnet.beacon)
    (first,) = server.updates(0, 1)
    devnet.advance(80)
    assert devnet.beacon.block_at(9) is None
    assert devnet.beacon.block(devnet.beacon.genesis.root) is None
    assert len(devnet.beacon.blocks) <= 80
    assert server.updates(0, 3) == [first, *server.updates(1, 2)]
    assert len(server.updates(0, 3)) == 3
