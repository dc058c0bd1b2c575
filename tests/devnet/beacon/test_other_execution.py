"""Any chain of execution blocks can stand behind the beacon side."""

from __future__ import annotations

from tests.devnet.execution.test_chain import GENESIS_TIME, busy_chain
from walkaway.devnet.beacon.chain import BeaconChain
from walkaway.devnet.beacon.light_client import bootstrap
from walkaway.devnet.beacon.light_client_server import LightClientServer
from walkaway.devnet.execution.block import ExecutionBackend, ExecutionBlock, PayloadAttributes
from walkaway.devnet.network import devnet_spec
from walkaway.devnet.settings import DevnetSettings
from walkaway.proofs.consensus.light_client import LightClientStore


class ImportedChain:
    """Blocks that somebody else made, given out one after the other."""

    def __init__(self, blocks: list[ExecutionBlock]) -> None:
        self._blocks = blocks
        self.heads: list[bytes] = []
        self.chain_id = 1337
        self.genesis = blocks[0]

    def produce(self, parent_hash: bytes, attributes: PayloadAttributes) -> ExecutionBlock:
        position = [block.hash for block in self._blocks].index(parent_hash)
        return self._blocks[position + 1]

    def set_head(self, block_hash: bytes, finalized_hash: bytes | None) -> None:
        self.heads.append(block_hash)


def test_imported_blocks_are_signed_as_they_are() -> None:
    made = busy_chain(6)
    blocks = [block for number in range(7) if (block := made.block_at(number))]
    imported = ImportedChain(blocks)
    backend: ExecutionBackend = imported
    spec = devnet_spec(DevnetSettings(), GENESIS_TIME)
    beacon = BeaconChain(spec, backend)
    for slot in range(1, 7):
        beacon.propose(slot)
    assert imported.heads == [block.hash for block in blocks[1:]]
    start = beacon.block_at(2)
    assert start is not None
    store = LightClientStore.bootstrap(
        spec, start.root, bootstrap(spec, start.message, start.state)
    )
    update = LightClientServer(beacon).optimistic_update()
    assert update is not None
    store.process_optimistic_update(update, current_slot=6, strict=True)
    assert store.optimistic.value.execution_block_hash == blocks[5].hash
