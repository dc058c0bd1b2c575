"""The state of a simulation: proven state, and on top of it all that was overridden and run.

What a simulation changes lives here and ends with it; nothing of it goes back
into what is proven of the base block.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from walkaway.errors import Unsupported
from walkaway.evm.engine import BlockEnvironment, Call, Outcome, Overrides
from walkaway.evm.overlay import lay_over
from walkaway.evm.proven_call import AskedCall, check_reads
from walkaway.evm.refusals import balance_overflowed
from walkaway.evm.simulation.allowance import Allowance, given_weight
from walkaway.evm.simulation.ground import Ground
from walkaway.evm.simulation.neighbours import ADDRESS_BYTES, KEY_BYTES, key_below
from walkaway.evm.simulation.state_tries import StateTries, UnknownNeighbour
from walkaway.limits import LIMITS
from walkaway.proofs.execution.accounts import StateProof
from walkaway.proofs.execution.keccak import EMPTY_HASH

__all__ = ["Condition", "SimulatedState"]

Slot = tuple[bytes, bytes]
"""An address and a key."""

MOST_WEI = 2**256 - 1
"""An account holds no more."""


@dataclass(frozen=True, slots=True)
class Condition:
    """An account as it is now. ``balance`` is wei."""

    nonce: int
    balance: int
    has_code: bool


class SimulatedState:
    """The state after the base block, as the simulation has changed it so far."""

    def __init__(self, ground: Ground, allowance: Allowance) -> None:
        self._ground = ground
        self._allowance = allowance
        self._overlay: dict[bytes, Overrides] = {}
        self._weights: dict[bytes, int] = {}
        self._tries = StateTries(ground.state.header.value.state_root)
        self._block: dict[bytes, Overrides] = {}
        self._overridden: frozenset[bytes] = frozenset()
        self._looked_at: set[bytes] = set()
        self._touched: set[bytes] = set()
        self._near_in_any_case: set[bytes] = set()
        self._unknown_slots: set[Slot] = set()
        self._root_is_known = True
        self._neighbours = 0

    async def prove(self, wanted: Mapping[bytes, Iterable[bytes]]) -> None:
        """Take proven accounts and slots in, in one go."""
        proofs = await self._ground.prove(wanted)
        await asyncio.to_thread(self._learn, proofs)

    def _learn(self, proofs: Iterable[tuple[bytes, StateProof]]) -> None:
        for address, nodes in proofs:
            self._tries.learn(address, self._ground.state.known.accounts[address], nodes)

    def begin_block(self, overrides: Mapping[bytes, Overrides]) -> None:
        """Put the caller's overrides over what is there; a new block begins."""
        told = {address: wanted for address, wanted in overrides.items() if _says(wanted)}
        self._block = {}
        self._looked_at, self._touched = set(), set()
        self._overridden = frozenset(told)
        self._near_in_any_case |= told.keys()
        self._change(told)

    async def run(
        self, call: Call, environment: BlockEnvironment, block_hashes: Mapping[int, bytes]
    ) -> Outcome:
        """The outcome of a call, which changes nothing until it is kept.

        Raises `Unsupported` where it looked at what hangs on a root that nobody
        knows, and `CallRefused` where runs were given too much, besides the errors
        of engines.
        """
        given = self._near(call.sender, call.to, environment.header.coinbase)
        while True:
            self._allowance.give(sum([self._weights[address] for address in given]))
            outcome = await self._ground.run(AskedCall(call, environment, given, block_hashes))
            looked_at = {*outcome.touched_accounts, *(at for at, _ in outcome.touched_slots)}
            lacking = [at for at in looked_at if at in self._overlay and at not in given]
            if not lacking:
                break
            given |= {address: self._overlay[address] for address in lacking}
        check_reads(self._ground.state, given, outcome)
        if outcome.touched_slots & self._unknown_slots:
            raise Unsupported("the simulation reads the hash of a block whose root is not known")
        return outcome

    def _near(self, *addresses: bytes | None) -> dict[bytes, Overrides]:
        """What of the overlay a run may well look at: the rest is given once it does.

        An engine reads all that it is given, which would make many calls slow
        where each changes an account of its own.
        """
        near = self._near_in_any_case.union(at for at in addresses if at is not None)
        return {address: self._overlay[address] for address in near & self._overlay.keys()}

    def keep(self, outcome: Outcome) -> None:
        """Let what a run changed be so."""
        self._looked_at |= outcome.touched_accounts
        self._change(outcome.changes)

    def touch(self, address: bytes) -> None:
        """Say that ether went to an account, even none: what has nothing then goes (EIP-161)."""
        self._touched.add(address)

    async def condition(self, address: bytes) -> Condition:
        """An account as it is now; one that is not there has nothing."""
        over = self._overlay.get(address, Overrides())
        if None not in (over.nonce, over.balance, over.code):
            return Condition(over.nonce or 0, over.balance or 0, bool(over.code))
        if address not in self._ground.state.known.accounts:
            await self.prove({address: ()})
        proven = self._ground.state.known.accounts[address]
        nonce, balance, has_code = 0, 0, False
        if proven is not None:
            nonce, balance = proven.nonce, proven.balance
            has_code = proven.code_hash != EMPTY_HASH
        return Condition(
            nonce if over.nonce is None else over.nonce,
            balance if over.balance is None else over.balance,
            has_code if over.code is None else bool(over.code),
        )

    async def credit(self, address: bytes, wei: int) -> None:
        """Give an account ether from nowhere. Raises `CallFailed` where it has no room for it."""
        self.touch(address)
        if wei:
            balance = (await self.condition(address)).balance + wei
            if balance > MOST_WEI:
                raise balance_overflowed()
            self._change({address: Overrides(balance=balance)})

    def set_nonce(self, address: bytes, nonce: int) -> None:
        """Give an account another nonce."""
        self._change({address: Overrides(nonce=nonce)})

    def forget_slot(self, address: bytes, key: bytes) -> None:
        """From now on nobody knows what this slot holds, nor what the state root is."""
        self._unknown_slots.add((address, key))
        self._root_is_known = False

    async def root(self) -> bytes | None:
        """The state root after this block; None where what is proven does not decide it."""
        if not self._root_is_known:
            return None
        await self.prove(
            {
                address: () if change.storage is not None else change.slots
                for address, change in self._block.items()
            }
        )
        empty = await self._empty()
        self._change(dict.fromkeys(empty & self._touched, _NOTHING))
        if (empty - self._touched) & self._looked_at:
            # Whether somebody's code sent ether there, of which there was none, is not told.
            self._root_is_known = False
            return None
        kept = empty - self._touched
        while self._root_is_known:
            try:
                return await asyncio.to_thread(self._tries.change, self._block, kept)
            except UnknownNeighbour as unknown:
                self._root_is_known = await self._show(unknown)
        return None

    async def _show(self, unknown: UnknownNeighbour) -> bool:
        """Prove something beneath a node, so that it shows; whether that can be done."""
        self._neighbours += 1
        account, size = unknown.account, ADDRESS_BYTES if unknown.account is None else KEY_BYTES
        key = await asyncio.to_thread(key_below, unknown.path, size)
        if key is None or self._neighbours > LIMITS.simulated_neighbours:
            return False
        await self.prove({key: ()} if account is None else {account: (key,)})
        return True

    async def _empty(self) -> frozenset[bytes]:
        """The accounts that overrides put there, and that have nothing now."""
        found = set()
        for address in self._overridden | self._tries.empty:
            now = await self.condition(address)
            if not (now.nonce or now.balance or now.has_code):
                found.add(address)
        return frozenset(found)

    def _change(self, changes: Mapping[bytes, Overrides]) -> None:
        lay_over(self._overlay, changes)
        lay_over(self._block, changes)
        self._weights |= {address: given_weight(self._overlay[address]) for address in changes}
        self._near_in_any_case |= {at for at, change in changes.items() if change.code}


def _says(wanted: Overrides) -> bool:
    """Whether an override says anything."""
    named = (wanted.balance, wanted.nonce, wanted.code, wanted.storage)
    return bool(wanted.slots) or any(item is not None for item in named)


_NOTHING = Overrides(balance=0, nonce=0, code=b"", storage={})
