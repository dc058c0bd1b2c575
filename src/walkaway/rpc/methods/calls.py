"""Running code over proven state: calls, gas estimates, access lists."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TypeVar

from walkaway.chain.block_id import BlockId
from walkaway.chain.gas_estimate import estimate_gas
from walkaway.chain.unknown import unknown_block
from walkaway.errors import CallFailed, InvalidRequest, ProofError, TooMuch, Unproven
from walkaway.evm.block_overrides import BlockOverrides
from walkaway.evm.engine import Call, Outcome, Overrides
from walkaway.evm.precompiles import precompiles
from walkaway.evm.proven_call import AskedCall
from walkaway.evm.refusals import LAST_NONCE
from walkaway.limits import LIMITS
from walkaway.proofs import Proven
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.transactions import AccessListEntry
from walkaway.rpc.ask import Ask
from walkaway.rpc.call_params import CallObject, block_overrides, call_object, state_overrides
from walkaway.rpc.encode import data, data_list, data_text, quantity
from walkaway.rpc.jsonrpc import Json
from walkaway.rpc.methods.method import Answer, Method
from walkaway.rpc.params import Params
from walkaway.rpc.reverts import failure_of
from walkaway.sources.word import Word

__all__ = ["METHODS", "on_block"]

T = TypeVar("T")

ACCESS_LIST_ROUNDS = 8
"""An access list changes gas, and so may change what the call looks at: run until it stays."""


class _Runs:
    """One question's calls, all on one block."""

    def __init__(
        self,
        ask: Ask,
        header: Proven[Header],
        block: BlockId,
        state: dict[bytes, Overrides],
        wanted: BlockOverrides | None = None,
    ) -> None:
        self._ask = ask
        self._header = header
        self._block = block
        self._state = state
        self._wanted = wanted

    async def outcome(self, call: Call) -> Outcome:
        """The proven outcome. Raises `CallFailed` where the call could not begin."""
        asked = self._asked(call)
        with _failing():
            proven = await self._ask.chain.calls.run(self._header, asked)
        return await self._ask.take(proven, asked.subject, self._block)

    async def answer(self, call: Call) -> Outcome:
        """As `outcome`, with lookups off chain followed where the settings say so."""
        if self._ask.offchain is None:
            return await self.outcome(call)
        with _failing():
            ran = await self._ask.offchain.run(self._header, self._asked(call))
        for step in ran.steps:
            await self._ask.take(step.outcome, step.asked.subject, self._block)
        self._ask.heard.extend(ran.words)
        return ran.answer

    def _asked(self, call: Call) -> AskedCall:
        environment = self._ask.chain.calls.environment(
            self._header.value, call, self._wanted, self._state
        )
        return AskedCall(call, environment, self._state)


async def call(ask: Ask, params: Params) -> Answer:
    """`eth_call`."""
    wanted = call_object(params, ask.chain.spec.chain_id)
    block, state, of_block = params.block(), state_overrides(params), block_overrides(params)
    params.end()

    async def run(header: Proven[Header]) -> Outcome:
        runs = _Runs(ask, header, block, state, of_block)
        return await runs.answer(wanted.call(header.value))

    outcome = await on_block(ask, block, run)
    if not outcome.succeeded:
        raise failure_of(outcome)
    return data_text(outcome.output)


async def estimate(ask: Ask, params: Params) -> Answer:
    """`eth_estimateGas`."""
    wanted = call_object(params, ask.chain.spec.chain_id)
    block, state, of_block = params.block(), state_overrides(params), block_overrides(params)
    params.end()

    async def search(header: Proven[Header]) -> int | Outcome:
        runs = _Runs(ask, header, block, state, of_block)

        async def probe(gas_limit: int) -> Outcome:
            return await runs.outcome(wanted.call(header.value, gas_limit))

        most = min(wanted.gas or header.value.gas_limit, LIMITS.call_gas)
        most = min(most, await _affordable(ask, wanted, state, block))
        return await estimate_gas(probe, most, plain=wanted.to is not None and not wanted.data)

    estimated = await on_block(ask, block, search)
    if isinstance(estimated, Outcome):
        raise failure_of(estimated)
    return quantity(estimated)


async def create_access_list(ask: Ask, params: Params) -> Answer:
    """`eth_createAccessList`."""
    wanted = call_object(params, ask.chain.spec.chain_id)
    block, state = params.block(), state_overrides(params)
    params.end()

    async def settle(header: Proven[Header]) -> tuple[CallObject, Outcome]:
        runs = _Runs(ask, header, block, state)
        warm = precompiles(ask.chain.calls.fork(header.value.timestamp))
        listed = replace(wanted, access_list=_access_list(wanted, None, warm))
        outcome = await runs.outcome(listed.call(header.value))
        # Only now, when their gas has bounded how many there are.
        warm |= await asyncio.to_thread(_authorities, wanted, ask.chain.spec.chain_id)
        for _ in range(ACCESS_LIST_ROUNDS):
            found = _access_list(listed, outcome, warm)
            if found == listed.access_list:
                break
            listed = replace(listed, access_list=found)
            outcome = await runs.outcome(listed.call(header.value))
        return listed, outcome

    listed, outcome = await on_block(ask, block, settle)
    answer: dict[str, Json] = {
        "accessList": [
            {"address": data(entry.address), "storageKeys": data_list(entry.storage_keys)}
            for entry in listed.access_list
        ],
        "gasUsed": quantity(outcome.gas_used),
    }
    if not outcome.succeeded:
        answer["error"] = outcome.halt or "execution reverted"
    return answer


@contextmanager
def _failing() -> Iterator[None]:
    """Inside, a call that cannot be a transaction is one that failed."""
    try:
        yield
    except TooMuch:
        raise
    except InvalidRequest as error:
        raise CallFailed(str(error)) from error


async def on_block(ask: Ask, block: BlockId, work: Callable[[Proven[Header]], Awaitable[T]]) -> T:
    """``work`` on a block; again where the head that a tag meant was replaced meanwhile."""
    header = await _header(ask, block)
    try:
        return await work(header)
    except Unproven:
        ask.used.clear()
        ask.heard.clear()
        now = await _header(ask, block)
        if now.value.hash == header.value.hash:
            raise
        return await work(now)


async def _header(ask: Ask, block: BlockId) -> Proven[Header]:
    header = await ask.chain.header(block)
    if isinstance(header, Word):
        raise unknown_block(block, header)
    await ask.take(header, ("header",), block)
    return header


async def _affordable(
    ask: Ask, wanted: CallObject, state: dict[bytes, Overrides], block: BlockId
) -> int:
    """How much gas the sender can pay for at the price that it offers."""
    price = wanted.highest_price
    if not price:
        return LIMITS.call_gas
    balance = state[wanted.sender].balance if wanted.sender in state else None
    if balance is None:
        account = await ask.take(
            await ask.chain.account(wanted.sender, block), ("account", wanted.sender), block
        )
        balance = 0 if account is None else account.balance
    if balance < wanted.value:
        raise CallFailed("insufficient funds for transfer")
    return (balance - wanted.value) // price


def _access_list(
    listed: CallObject, outcome: Outcome | None, others: frozenset[bytes]
) -> tuple[AccessListEntry, ...]:
    """What is listed, and what the run looked at, but for what is warm in any case (EIP-2930):
    whoever sends and is called, and ``others``. As in go-ethereum, what the caller lists stays.
    """
    warm = {*others, listed.sender, listed.to}
    touched = {entry.address for entry in listed.access_list}
    slots = {(entry.address, key) for entry in listed.access_list for key in entry.storage_keys}
    if outcome is not None:
        warm.add(outcome.created)
        touched |= outcome.touched_accounts
        slots |= outcome.touched_slots
    keys: dict[bytes, set[bytes]] = {address: set() for address in touched if address not in warm}
    for address, key in slots:
        keys.setdefault(address, set()).add(key)
    return tuple(
        [AccessListEntry(address, tuple(sorted(keys[address]))) for address in sorted(keys)]
    )


def _authorities(wanted: CallObject, chain_id: int) -> frozenset[bytes]:
    """Whose delegations it sets, which are warm by that (EIP-7702)."""
    found = set()
    for given in wanted.authorizations:
        if given.chain_id in {0, chain_id} and given.nonce < LAST_NONCE:
            with suppress(ProofError):
                found.add(given.authority)
    return frozenset(found)


OVER_STATE = "the call is run here, over state proven under the header; "

METHODS = (
    Method(
        "eth_call",
        "call, block = latest, state overrides, block overrides",
        OVER_STATE + "what a run lacks is proven and the call run again; where offchain_lookups "
        "is set, lookups off chain (EIP-3668) are followed",
        call,
    ),
    Method(
        "eth_estimateGas",
        "call, block = latest, state overrides, block overrides",
        OVER_STATE + "a search over gas limits, each one run",
        estimate,
    ),
    Method(
        "eth_createAccessList",
        "call, block = latest, state overrides",
        OVER_STATE + "the list is what the run looked at, besides what the call lists",
        create_access_list,
    ),
)
