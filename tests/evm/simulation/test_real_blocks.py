"""Real blocks, simulated on their parents: they end in the state that they commit to.

What is simulated has no signatures, so that only the roots over them, and the
block's hash, are others than the real ones.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.conformance.executed_chain import Executed, executed_chain, fork_of
from tests.conformance.node import BLOB_BASE_FEES, CHAIN_ID
from tests.devnet.execution import test_chain as devnet_chain
from tests.evm.simulation.world_ground import WorldGround
from tests.evm.test_blocks import busy_block, engines
from tests.vectors import vectors
from walkaway.devnet.execution.block import ExecutionBlock
from walkaway.evm.block_overrides import BlockOverrides
from walkaway.evm.eels import FORKS
from walkaway.evm.engine import Engine
from walkaway.evm.simulation.asked import AskedBlock, AskedSimulation, AskedTransaction
from walkaway.evm.simulation.ground import NetworkRules
from walkaway.evm.simulation.simulate import simulate
from walkaway.evm.simulation.simulated import SimulatedBlock
from walkaway.proofs.execution.transactions import (
    AccessListTransaction,
    BlobTransaction,
    FeeMarketTransaction,
    LegacyTransaction,
    SetCodeTransaction,
    Transaction,
)

COMMITMENTS = (
    "number",
    "gas_used",
    "base_fee_per_gas",
    "logs_bloom",
    "withdrawals_root",
    "blob_gas_used",
    "excess_blob_gas",
    "parent_beacon_block_root",
    "requests_hash",
    "state_root",
)


def asked_transaction(transaction: Transaction) -> AskedTransaction:
    asked = AskedTransaction(
        transaction.sender,
        transaction.to,
        transaction.gas_limit,
        transaction.nonce,
        transaction.value,
        transaction.data,
    )
    if isinstance(transaction, LegacyTransaction | AccessListTransaction):
        asked = replace(asked, gas_price=transaction.gas_price)
    if isinstance(transaction, FeeMarketTransaction):
        asked = replace(
            asked,
            max_fee=transaction.max_fee_per_gas,
            max_priority_fee=transaction.max_priority_fee_per_gas,
        )
    if not isinstance(transaction, LegacyTransaction):
        asked = replace(asked, access_list=transaction.access_list)
    if isinstance(transaction, BlobTransaction):
        asked = replace(
            asked,
            blob_hashes=transaction.blob_versioned_hashes,
            max_fee_per_blob_gas=transaction.max_fee_per_blob_gas,
        )
    if isinstance(transaction, SetCodeTransaction):
        asked = replace(asked, authorizations=transaction.authorization_list)
    return asked


def asked_block(block: ExecutionBlock) -> AskedBlock:
    """The block with everything that its parent does not decide."""
    header = block.header
    return AskedBlock(
        BlockOverrides(
            timestamp=header.timestamp,
            gas_limit=header.gas_limit,
            coinbase=header.coinbase,
            prev_randao=header.prev_randao,
        ),
        beacon_root=header.parent_beacon_block_root,
        withdrawals=block.withdrawals or (),
        transactions=tuple(map(asked_transaction, block.transactions)),
    )


def hold_against(simulated: SimulatedBlock, real: ExecutionBlock) -> None:
    for name in COMMITMENTS:
        assert getattr(simulated.header, name) == getattr(real.header, name), name
    assert simulated.state_root == real.header.state_root
    # What is asked with a gas price becomes a legacy transaction, with a receipt of that type.
    if all(transaction.type != AccessListTransaction.type for transaction in real.transactions):
        assert simulated.header.receipts_root == real.header.receipts_root


async def hold_block(
    engine: Engine, chain: list[Executed], block: ExecutionBlock, rules: NetworkRules
) -> None:
    parent = chain[-1]
    ancestors = [item.block.header for item in reversed(chain[:-1])]
    ground = WorldGround(engine, rules.chain_id, parent.block.header, parent.world, ancestors)
    asked = AskedSimulation((asked_block(block),), validates=True)
    proven = await simulate(asked, ground, rules)
    hold_against(proven.value[0], block)


@pytest.mark.parametrize("engine", engines(), ids=lambda engine: engine.name.split()[0])
async def test_each_recorded_block_ends_in_the_state_that_it_commits_to(engine: Engine) -> None:
    chain = list(executed_chain(vectors("rpc-conformance")))
    rules = NetworkRules(
        CHAIN_ID, lambda time: fork_of(time // 10), BLOB_BASE_FEES, deposit_contract=bytes(20)
    )
    simulated = 0
    for at in range(1, len(chain)):
        if fork_of(at) in FORKS:
            block = chain[at].block
            await hold_block(engine, chain[:at], block, rules)
            simulated += len(block.transactions)
    assert simulated > 20


@pytest.mark.parametrize("fork", ["cancun", "prague", "osaka"])
@pytest.mark.parametrize("engine", engines(), ids=lambda engine: engine.name.split()[0])
async def test_busy_blocks_end_in_the_state_that_they_commit_to(engine: Engine, fork: str) -> None:
    devnet = devnet_chain.chain(((0, fork),))
    rules = NetworkRules(devnet_chain.CHAIN_ID, lambda _: fork, BLOB_BASE_FEES, None)
    chain: list[Executed] = []
    for round_ in range(2):
        before, world = devnet.head, devnet.world(devnet.head)
        assert world is not None
        chain.append(Executed(before, world))
        await hold_block(engine, chain, busy_block(devnet, fork, round_), rules)
