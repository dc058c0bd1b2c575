"""One simulated block: what the network does around it, its transactions, its header.

The order is that of a real block: overrides of state come before everything
(they are the caller's), then parent hash (EIP-2935) and beacon root (EIP-4788),
the transactions, the requests (EIP-7685), the withdrawals (EIP-4895).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from walkaway.errors import CallFailed, CallRefused, InvalidRequest, ProofError, Refusal
from walkaway.evm.engine import BlockEnvironment, Call, Manner, Outcome
from walkaway.evm.refusals import LAST_NONCE
from walkaway.evm.simulation.allowance import Allowance
from walkaway.evm.simulation.asked import AskedBlock, AskedSimulation, AskedTransaction
from walkaway.evm.simulation.ground import NetworkRules
from walkaway.evm.simulation.precompiles import moved_precompiles
from walkaway.evm.simulation.simulated import SimulatedBlock, SimulatedCall
from walkaway.evm.simulation.state import SimulatedState
from walkaway.evm.simulation.transactions import FilledTransaction
from walkaway.evm.system_contracts import (
    BEACON_ROOTS,
    REQUEST_CONTRACTS,
    SYSTEM_CALLER,
    SYSTEM_GAS,
    block_hash_slot,
)
from walkaway.limits import LIMITS
from walkaway.proofs.execution.base_fee import next_base_fee
from walkaway.proofs.execution.blob_fees import blob_rule, excess_blob_gas, scheduled_blob_base_fee
from walkaway.proofs.execution.header import EMPTY_OMMERS_HASH, Header
from walkaway.proofs.execution.ordered_trie import ordered_root
from walkaway.proofs.execution.receipts import Log, Receipt, logs_bloom
from walkaway.proofs.execution.requests import deposit_request, requests_hash
from walkaway.proofs.execution.trie import EMPTY_ROOT
from walkaway.proofs.execution.withdrawals import Withdrawal

__all__ = ["TRANSFER_ADDRESS", "BlockRun", "begun_header"]

WEI_PER_GWEI = 10**9

GAS_OF_A_CALL = 21_000
"""No transaction uses less (Yellow Paper, appendix G)."""

TRANSFER_ADDRESS = b"\xee" * 20
"""Whose logs show ether that moved (ERC-7528)."""


def begun_header(
    parent: Header,
    parent_hash: bytes | None,
    asked: AskedBlock,
    rules: NetworkRules,
    *,
    validates: bool,
) -> Header:
    """The header of a block that follows ``parent``, before anything has run in it.

    What the caller names no value for is zero, or as the parent has it (coinbase,
    gas limit), or follows from the parent (excess blob gas; the base fee too where
    the simulation validates, else it is zero).
    """
    time = asked.overrides.timestamp or 0
    has_blobs = rules.has("cancun", time)
    excess = excess_blob_gas(parent, blob_rule(time, rules.blob_base_fees)) if has_blobs else None
    header = Header(
        parent_hash=parent_hash or bytes(32),
        ommers_hash=EMPTY_OMMERS_HASH,
        coinbase=parent.coinbase,
        state_root=bytes(32),
        transactions_root=EMPTY_ROOT,
        receipts_root=EMPTY_ROOT,
        logs_bloom=bytes(256),
        difficulty=0,
        number=0,
        gas_limit=parent.gas_limit,
        gas_used=0,
        timestamp=time,
        extra_data=b"",
        prev_randao=bytes(32),
        nonce=bytes(8),
        base_fee_per_gas=next_base_fee(parent) if validates else 0,
        withdrawals_root=EMPTY_ROOT if rules.has("shanghai", time) else None,
        blob_gas_used=0 if has_blobs else None,
        excess_blob_gas=excess,
        parent_beacon_block_root=(asked.beacon_root or bytes(32)) if has_blobs else None,
        requests_hash=requests_hash(()) if rules.has("prague", time) else None,
    )
    return asked.overrides.header(header)


class BlockRun:
    """A block being run.

    ``block_hashes`` are those that only the simulation knows, ``allowance`` is what all
    of it may still use.
    """

    def __init__(
        self,
        asked: AskedBlock,
        header: Header,
        parent_hash: bytes | None,
        rules: NetworkRules,
        *,
        block_hashes: Mapping[int, bytes],
        allowance: Allowance,
    ) -> None:
        self._asked = asked
        self._allowance = allowance
        self._header = header
        self._parent_hash = parent_hash
        self._rules = rules
        self._block_hashes = block_hashes
        fork = rules.fork_at(header.timestamp)
        if asked.withdrawals and header.withdrawals_root is None:
            raise InvalidRequest(f"withdrawals came with Shanghai, the block is {fork}")
        blob_base_fee = asked.overrides.blob_base_fee
        if blob_base_fee is None:
            has_blobs = header.excess_blob_gas is not None
            blob_base_fee = (
                scheduled_blob_base_fee(header, rules.blob_base_fees) if has_blobs else 1
            )
        self._environment = BlockEnvironment(
            chain_id=rules.chain_id,
            fork=fork,
            header=header,
            blob_base_fee=blob_base_fee,
            precompiles=moved_precompiles(fork, asked),
        )

    async def run(self, simulation: AskedSimulation, state: SimulatedState) -> SimulatedBlock:
        """Run all of it.

        Raises:
            CallRefused: a call could be no transaction of this block, or more would be
                run or answered than is allowed.
        """
        state.begin_block(self._asked.state)
        await self._open(state)
        calls: list[SimulatedCall] = []
        used = 0
        for asked in self._asked.transactions:
            filled = await self._filled(asked, used, state)
            call = await self._include(filled, used, simulation, state)
            used += call.outcome.gas_used
            calls.append(call)
            outcome, receipt = call.outcome, call.receipt
            await self._allowance.take(
                outcome, None if receipt.logs is outcome.logs else receipt.logs
            )
        requests = await self._requests(state, calls)
        await self._withdraw(state)
        state_root = await state.root()
        return await asyncio.to_thread(self._sealed, calls, used, requests, state_root)

    async def _withdraw(self, state: SimulatedState) -> None:
        """Pay the withdrawals out, those of one account together."""
        credits: dict[bytes, int] = {}
        for withdrawal in self._asked.withdrawals:
            wei = withdrawal.amount * WEI_PER_GWEI
            credits[withdrawal.address] = credits.get(withdrawal.address, 0) + wei
        for address, wei in credits.items():
            await state.credit(address, wei)

    async def _open(self, state: SimulatedState) -> None:
        """What the network writes down before the first transaction."""
        header = self._header
        if self._parent_hash is None:
            state.forget_slot(*block_hash_slot(header.number))
        elif header.requests_hash is not None:
            address, _ = block_hash_slot(header.number)
            await self._call_system(address, self._parent_hash, state)
        if header.parent_beacon_block_root is not None:
            root = header.parent_beacon_block_root
            await self._call_system(BEACON_ROOTS, root, state)

    async def _filled(
        self, asked: AskedTransaction, used: int, state: SimulatedState
    ) -> FilledTransaction:
        """The transaction with its sender's nonce and what gas there is, where it names none."""
        left = self._header.gas_limit - used
        gas = left if asked.gas is None else asked.gas
        if gas > left:
            raise CallRefused(
                f"block gas limit reached: remaining: {left}, required: {gas}", Refusal.BLOCK_GAS
            )
        budget = self._allowance.gas
        if budget < min(gas, GAS_OF_A_CALL):
            raise CallRefused(
                f"the calls use more than {LIMITS.call_gas} gas in all: simulate less at once",
                Refusal.TOO_MUCH,
            )
        nonce = asked.nonce
        if nonce is None:
            nonce = (await state.condition(asked.sender)).nonce
        return FilledTransaction(asked, nonce, min(gas, budget), self._header)

    async def _include(
        self,
        filled: FilledTransaction,
        used: int,
        simulation: AskedSimulation,
        state: SimulatedState,
    ) -> SimulatedCall:
        """Run a transaction, and keep what it changed."""
        sender = filled.asked.sender
        now = await state.condition(sender)
        filled.check(now, self._environment.blob_base_fee, validates=simulation.validates)
        transaction = filled.unsigned(self._rules.chain_id)
        wraps = now.nonce == LAST_NONCE and filled.hides_nonce(now)
        if wraps:
            state.set_nonce(sender, LAST_NONCE - 1)
        try:
            outcome, logs = await self._outcome(filled, simulation.logs_transfers, state)
        except CallRefused as error:
            if error.refusal is Refusal.TOO_MUCH:
                raise
            raise filled.refused(error) from error
        state.keep(outcome)
        if outcome.succeeded and filled.asked.to is not None:
            state.touch(filled.asked.to)
        if simulation.validates or filled.price:
            state.touch(self._header.coinbase)
        if wraps:
            state.set_nonce(sender, 0)
        cumulative = used + outcome.gas_used
        receipt = Receipt(transaction.type, outcome.succeeded, cumulative, logs)
        # What a call changed is kept in the state, which holds it once and not by call.
        return SimulatedCall(transaction, sender, replace(outcome, changes={}), receipt)

    async def _outcome(
        self, filled: FilledTransaction, logs_transfers: bool, state: SimulatedState
    ) -> tuple[Outcome, tuple[Log, ...]]:
        """How it ends, and the logs that its receipt holds, of which transfers are none."""
        outcome = await self._run(filled.call(logs_transfers=logs_transfers), state)
        if not logs_transfers:
            return outcome, outcome.logs
        if TRANSFER_ADDRESS in outcome.touched_accounts:
            # Somebody's code may log there in earnest.
            plain = await self._run(filled.call(logs_transfers=False), state)
            return outcome, plain.logs
        return outcome, tuple([log for log in outcome.logs if log.address != TRANSFER_ADDRESS])

    async def _requests(self, state: SimulatedState, calls: Sequence[SimulatedCall]) -> list[bytes]:
        """What the block asks of the consensus layer; nothing before Prague."""
        if self._header.requests_hash is None:
            return []
        requests = []
        if (contract := self._rules.deposit_contract) is not None:
            logs = [log for call in calls for log in call.receipt.logs]
            try:
                requests.append(deposit_request(logs, contract))
            except ProofError as error:
                raise CallFailed(f"unable to parse deposit data: {error}") from error
        for queue in REQUEST_CONTRACTS:
            output = await self._call_system(queue.address, b"", state)
            requests.append(queue.type + output if output else b"")
        return [request for request in requests if request]

    async def _call_system(self, address: bytes, data: bytes, state: SimulatedState) -> bytes:
        """Call a contract as the network does; what it returns."""
        call = Call(SYSTEM_CALLER, address, SYSTEM_GAS, data=data, manner=Manner.SYSTEM)
        outcome = await self._run(call, state)
        self._allowance.take_system(outcome)
        if not outcome.succeeded:
            raise CallFailed(f"system call failed to execute: {outcome.halt or 'reverted'}")
        state.keep(outcome)
        return outcome.output

    async def _run(self, call: Call, state: SimulatedState) -> Outcome:
        return await state.run(call, self._environment, self._block_hashes)

    def _sealed(
        self,
        calls: Sequence[SimulatedCall],
        used: int,
        requests: Sequence[bytes],
        state_root: bytes | None,
    ) -> SimulatedBlock:
        """The block with everything that its header commits to."""
        began = self._header
        withdrawals = None if began.withdrawals_root is None else self._asked.withdrawals
        receipts = [call.receipt for call in calls]
        header = replace(
            began,
            state_root=state_root or began.state_root,
            transactions_root=ordered_root([call.transaction.encode() for call in calls]),
            receipts_root=ordered_root([receipt.encode() for receipt in receipts]),
            logs_bloom=logs_bloom(log for receipt in receipts for log in receipt.logs),
            gas_used=used,
            withdrawals_root=_root_of(withdrawals),
            blob_gas_used=None
            if began.blob_gas_used is None
            else sum(call.transaction.blob_gas for call in calls),
            requests_hash=None if began.requests_hash is None else requests_hash(requests),
        )
        return SimulatedBlock(header, self._parent_hash, state_root, withdrawals, tuple(calls))


def _root_of(withdrawals: Sequence[Withdrawal] | None) -> bytes | None:
    if withdrawals is None:
        return None
    return ordered_root([withdrawal.encode() for withdrawal in withdrawals])
