"""Generated simulations come out the same with both engines, roots and all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ethereum_types.bytes import Bytes20, Bytes32
from ethereum_types.numeric import U256

from tests.conformance.node import BLOB_BASE_FEES
from tests.evm.generated_calls import Case, make_sequence
from tests.evm.simulation.world_ground import WorldGround
from walkaway.devnet.execution.world import Account, WorldState
from walkaway.errors import CallFailed, InvalidRequest, Unsupported
from walkaway.evm.block_overrides import BlockOverrides
from walkaway.evm.engine import Call, Engine
from walkaway.evm.native import NativeEngine, available
from walkaway.evm.reference import ReferenceEngine
from walkaway.evm.simulation.asked import AskedBlock, AskedSimulation, AskedTransaction
from walkaway.evm.simulation.ground import NetworkRules
from walkaway.evm.simulation.simulate import simulate
from walkaway.evm.simulation.simulated import SimulatedBlock
from walkaway.proofs.execution.header import Header

SEEDS = range(150)


def world_of(case: Case) -> WorldState:
    truth = case.truth
    accounts = {
        Bytes20(address): Account(
            account.nonce, account.balance, truth.code.get(account.code_hash, b"")
        )
        for address, account in truth.accounts.items()
        if account is not None
    }
    storage: dict[Bytes20, dict[Bytes32, U256]] = {}
    for (address, key), value in truth.slots.items():
        if value:
            storage.setdefault(Bytes20(address), {})[Bytes32(key)] = U256(value)
    return WorldState().changed_to(accounts, storage)


def asked_transaction(call: Call) -> AskedTransaction:
    return AskedTransaction(
        call.sender,
        call.to,
        call.gas_limit,
        value=call.value,
        data=call.data,
        gas_price=call.gas_price or None,
        access_list=call.access_list,
        authorizations=call.authorizations,
        blob_hashes=call.blob_hashes,
        max_fee_per_blob_gas=call.max_fee_per_blob_gas,
    )


def asked_of(case: Case, calls: tuple[Call, ...]) -> AskedSimulation:
    """The first call in one block, the others in the next."""
    header = case.environment.header
    overrides = BlockOverrides(
        coinbase=header.coinbase,
        gas_limit=2 * sum(call.gas_limit for call in calls),
        prev_randao=header.prev_randao,
        base_fee_per_gas=header.base_fee_per_gas,
        blob_base_fee=case.environment.blob_base_fee,
    )
    first, *others = map(asked_transaction, calls)
    return AskedSimulation(
        (
            AskedBlock(overrides, state=case.overrides, transactions=(first,)),
            AskedBlock(overrides, transactions=tuple(others)),
        ),
        logs_transfers=case.seed % 2 == 0,
    )


def base_of(case: Case, world: WorldState) -> Header:
    return replace(case.environment.header, state_root=world.root)


def essence(blocks: tuple[SimulatedBlock, ...]) -> list[tuple[object, ...]]:
    """What engines agree on: a halt has two reasons at times, and each names one."""
    return [
        (
            block.header,
            block.state_root,
            [
                (call.outcome.output, bool(call.outcome.halt), call.outcome.logs)
                for call in block.calls
            ],
        )
        for block in blocks
    ]


async def ended(
    engine: Engine, case: Case, calls: tuple[Call, ...]
) -> list[tuple[object, ...]] | str:
    world = world_of(case)
    environment = case.environment
    ground = WorldGround(engine, environment.chain_id, base_of(case, world), world)
    rules = NetworkRules(
        environment.chain_id, lambda _: environment.fork, BLOB_BASE_FEES, deposit_contract=None
    )
    try:
        proven = await simulate(asked_of(case, calls), ground, rules)
    except (CallFailed, InvalidRequest, Unsupported) as error:
        return f"{type(error).__name__}: {error}"
    return essence(proven.value)


@pytest.mark.skipif(not available(), reason="the native kernel is not built")
async def test_generated_simulations_end_the_same() -> None:
    engines = (NativeEngine(), ReferenceEngine())
    run = rooted = 0
    for seed in SEEDS:
        case, calls = make_sequence(seed)
        native, reference = [await ended(engine, case, calls) for engine in engines]
        assert native == reference, f"seed {seed}"
        if isinstance(native, list):
            run += 1
            rooted += all(root is not None for _, root, _ in native)
    assert min(run, rooted) > 50
