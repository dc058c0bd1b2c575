"""Our whole-block containers and builders against blocks of mainnet, Capella to Electra."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.vectors import vectors
from walkaway.anchors.load import chain_spec
from walkaway.anchors.spec import ForkName
from walkaway.devnet.beacon.containers import types_of
from walkaway.devnet.beacon.light_client import (
    decode_signed_block,
    light_client_header_from_block,
    optimistic_update_from_blocks,
    signed_block_from_json,
)
from walkaway.errors import InvalidRequest, ProofError, Unsupported
from walkaway.proofs.consensus.decode import FINALITY_UPDATE, from_json, updates_from_ssz
from walkaway.proofs.consensus.light_client import LightClientStore
from walkaway.proofs.consensus.transition import validate_header
from walkaway.proofs.proven import Evidence

MAINNET = chain_spec("mainnet")
SLOT_OFFSET = 100
"""Where a SignedBeaconBlock's slot stands: behind an offset and the signature."""

# Folder, the update whose next committee signs, and the two blocks.
SIGNED_PAIRS = [
    ("eth_getBlockByNumber1", 1392, ForkName.DENEB),
    ("eth_getTransactionByHash1", 1392, ForkName.DENEB),
    ("eth_getTransaction_Type_4", 1428, ForkName.ELECTRA),
]


def read_block(path: Path) -> Any:
    data = path.read_bytes()
    slot = int.from_bytes(data[SLOT_OFFSET : SLOT_OFFSET + 8], "little")
    return decode_signed_block(MAINNET, MAINNET.fork_at_slot(slot).name, data)


def blocks_of(folder: str) -> list[Any]:
    paths = sorted(vectors(f"mainnet-recordings/{folder}").glob("eth_v2_beacon_blocks_*.ssz"))
    return sorted((read_block(path) for path in paths), key=lambda block: int(block.slot))


def test_every_recorded_block_hashes_to_its_name() -> None:
    named = sorted(vectors("mainnet-recordings").glob("*/eth_v2_beacon_blocks_0x*.ssz"))
    assert named
    forks = set()
    for path in named:
        block = read_block(path)
        assert "0x" + bytes(block.hash_tree_root()).hex() == path.stem.rsplit("_", 1)[1]
        header = light_client_header_from_block(MAINNET, block)
        assert header.beacon.root() == bytes(block.hash_tree_root())
        assert header.execution_block_hash == bytes(block.body.execution_payload.block_hash)
        validate_header(MAINNET, header)
        forks.add(MAINNET.fork_at_slot(header.beacon.slot).name)
    assert forks == {ForkName.DENEB, ForkName.ELECTRA}


def test_capella_blocks_give_the_recorded_headers() -> None:
    folder = vectors("consensus/mainnet-capella")
    finality = from_json(
        FINALITY_UPDATE, MAINNET, json.loads((folder / "finality.json").read_text())
    )
    for slot, recorded in (
        (7109344, finality.finalized_header),
        (7109430, finality.attested_header),
    ):
        document = json.loads((folder / f"blocks/{slot}.json").read_text())
        block = signed_block_from_json(MAINNET, ForkName.CAPELLA, document["data"])
        header = light_client_header_from_block(MAINNET, block)
        assert header == recorded
        assert header.payload == recorded.payload
        validate_header(MAINNET, header)


@pytest.mark.parametrize(("folder", "period", "fork"), SIGNED_PAIRS)
def test_the_successor_signs_its_parent(folder: str, period: int, fork: ForkName) -> None:
    parent, successor = blocks_of(folder)[-2:]
    assert MAINNET.fork_at_slot(int(parent.slot)).name is fork
    name = f"eth_v1_beacon_light_client_updates_start_period_{period}_count_1.ssz"
    recorded = (vectors("mainnet-recordings") / folder / name).read_bytes()
    committee = updates_from_ssz(MAINNET, recorded)[0].next_sync_committee
    assert committee is not None
    store = LightClientStore.given_committee(
        MAINNET, period + 1, committee, anchor=Evidence("recorded committee")
    )
    update = optimistic_update_from_blocks(MAINNET, parent, successor)
    store.process_optimistic_update(update, current_slot=int(successor.slot), strict=True)
    head = store.optimistic.value
    assert head.execution_block_hash == bytes(parent.body.execution_payload.block_hash)
    with pytest.raises(InvalidRequest, match="not the child"):
        optimistic_update_from_blocks(MAINNET, successor, parent)
    forged = parent.copy()
    forged.body.execution_payload.gas_used = 1
    with pytest.raises(ProofError):
        validate_header(
            MAINNET,
            type(update.attested_header)(
                update.attested_header.beacon,
                update.attested_header.execution_block_hash,
                light_client_header_from_block(MAINNET, forged).execution_branch,
            ),
        )


def test_what_is_no_block_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="deneb"):
        decode_signed_block(MAINNET, ForkName.DENEB, b"\x00" * 200)
    with pytest.raises(InvalidRequest, match="electra"):
        signed_block_from_json(MAINNET, ForkName.ELECTRA, {"message": {"slot": "x"}})
    with pytest.raises(Unsupported):
        types_of(MAINNET.preset, ForkName.ALTAIR)
