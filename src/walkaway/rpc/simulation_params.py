"""Reads what `eth_simulateV1` is asked, as go-ethereum takes it.

The members are those of the execution API's ``EthSimulatePayload``
(https://ethereum.github.io/execution-apis/); calls and overrides are read as
`eth_call` reads them, and a few more overrides mean something here.
"""

from __future__ import annotations

from dataclasses import dataclass

from walkaway.errors import CallRefused, InvalidRequest, ProofError, Refusal
from walkaway.evm.engine import Overrides
from walkaway.evm.simulation.asked import AskedBlock, AskedSimulation, AskedTransaction
from walkaway.evm.simulation.plan import TOO_MANY_BLOCKS
from walkaway.limits import LIMITS
from walkaway.proofs.execution.withdrawals import Withdrawal, withdrawal_from_json
from walkaway.rpc.call_params import block_overrides, call_object, state_overrides
from walkaway.rpc.jsonrpc import Received
from walkaway.rpc.members import Members
from walkaway.rpc.params import Params

__all__ = ["SimulationParams", "simulation_params"]

BLOCK_MEMBERS = ("beaconRoot", "difficulty", "withdrawals")
"""What of a block a simulation can override and a call cannot; the difficulty is zero anyway."""

MOVES = "movePrecompileToAddress"


@dataclass(frozen=True, slots=True)
class SimulationParams:
    """What is asked, and whether the answer shows transactions whole."""

    asked: AskedSimulation
    shows_transactions: bool


def simulation_params(params: Params, chain_id: int) -> SimulationParams:
    """The next parameter as a simulation. Raises `InvalidRequest`."""
    members = Members("simulation", params.some_members("simulation"))
    blocks = members.must("blockStateCalls", Params.values)
    if not blocks:
        raise InvalidRequest("empty input")
    if len(blocks) > LIMITS.simulated_blocks:
        raise CallRefused(TOO_MANY_BLOCKS, Refusal.TOO_MUCH)
    return SimulationParams(
        AskedSimulation(
            tuple([_block(block, chain_id) for block in blocks]),
            logs_transfers=members.read("traceTransfers", Params.flag) or False,
            validates=members.read("validation", Params.flag) or False,
        ),
        members.read("returnFullTransactions", Params.flag) or False,
    )


def _block(received: Received, chain_id: int) -> AskedBlock:
    name = "blockStateCalls"
    members = Members(name, Params((received,)).members(name))
    apart, block = _apart(members.read("blockOverrides", Params.members), BLOCK_MEMBERS)
    overridden = Members("block overrides", apart)
    state, moved = _state(members.read("stateOverrides", Params.members) or {})
    calls = members.read("calls", Params.values) or ()
    return AskedBlock(
        overrides=block_overrides(Params((block,))),
        beacon_root=overridden.read("beaconRoot", Params.hash),
        withdrawals=overridden.each("withdrawals", _withdrawal),
        state=state,
        moved_precompiles=moved,
        transactions=tuple([_transaction(call, chain_id) for call in calls]),
    )


def _state(
    listed: dict[str, Received],
) -> tuple[dict[bytes, Overrides], dict[bytes, bytes]]:
    """The overrides of accounts, and where which precompiles go."""
    moved: dict[bytes, bytes] = {}
    rest: dict[str, Received] = {}
    for shown, wanted in listed.items():
        members = Params((wanted,)).members("state overrides")
        apart, rest[shown] = _apart(members, (MOVES,))
        target = Members("state overrides", apart).read(MOVES, Params.address)
        if target is not None:
            moved[Params((shown,)).address("state overrides")] = target
    return state_overrides(Params((rest,))), moved


def _apart(
    members: dict[str, Received] | None, names: tuple[str, ...]
) -> tuple[dict[str, Received], dict[str, Received]]:
    """The members of these names, and all others."""
    held = members or {}
    return (
        {name: value for name, value in held.items() if name in names},
        {name: value for name, value in held.items() if name not in names},
    )


def _transaction(received: Received, chain_id: int) -> AskedTransaction:
    call = call_object(Params((received,)), chain_id)
    return AskedTransaction(
        sender=call.sender,
        to=call.to,
        gas=call.gas,
        nonce=call.nonce,
        value=call.value,
        data=call.data,
        gas_price=call.gas_price,
        max_fee=call.max_fee or 0,
        max_priority_fee=call.max_priority_fee or 0,
        access_list=call.access_list,
        authorizations=call.authorizations,
        blob_hashes=call.blob_hashes,
        max_fee_per_blob_gas=call.max_fee_per_blob_gas,
    )


def _withdrawal(params: Params, name: str) -> Withdrawal:
    try:
        return withdrawal_from_json(params.members(name))
    except ProofError as error:
        raise InvalidRequest(f"{name}: {error}") from error
