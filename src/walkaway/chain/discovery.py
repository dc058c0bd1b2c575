"""Runs over proven state: run, prove what was missing, run again.

An engine says which accounts, slots, code and block hashes a run lacked; that
set is proven in batches, and only a run in which nothing was missing gives a
result. What the same call looked at on another block, or else a source's access
list (`walkaway.chain.hints`), saves rounds, and is believed in nothing: what it
names is proven like everything else, and what it leaves out turns up as missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from walkaway.chain.headers import Headers
from walkaway.chain.hints import Hint, Hints, Recalled
from walkaway.chain.host_calls import HostAnswers
from walkaway.chain.state import AccountProof, State
from walkaway.errors import TooMuch, Unproven, Unsupported, WalkawayError
from walkaway.evm.engine import KnownState, Missing, Outcome
from walkaway.evm.proven_call import AskedCall, ProvenState
from walkaway.evm.running import RunningEngine
from walkaway.limits import LIMITS
from walkaway.proofs import Proven
from walkaway.proofs.execution.accounts import Account
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.keccak import EMPTY_HASH
from walkaway.sources.pool import Pool

__all__ = ["Discovery", "KeptState", "Keys"]

NOBODY = bytes(20)

Keys = Mapping[bytes, Iterable[bytes]]
"""Addresses, and of each the storage keys that are wanted."""


class KeptState:
    """What is proven of one block's state, and which account proves each code hash."""

    def __init__(self, header: Proven[Header]) -> None:
        self.proven = ProvenState(header)
        self.blob_base_fee_is_proven = False
        self.code_without_blob_base_fee: set[bytes] = set()
        self.hinted_pieces = 0
        self._holders: dict[bytes, Proven[Account | None]] = {}

    def add(self, proof: AccountProof) -> None:
        """Take in an account and its slots."""
        self.proven.add_account(proof.account)
        if proof.account.value is not None:
            self._holders[proof.account.value.code_hash] = proof.account
        for slot in proof.slots:
            self.proven.add_slot(slot)

    def knows(self, address: bytes) -> bool:
        """Whether the account, or its absence, is proven."""
        return address in self.proven.known.accounts

    def has_code(self, code_hash: bytes) -> bool:
        """Whether the code with this hash is there."""
        return code_hash in self.proven.known.code

    def holder_of(self, code_hash: bytes) -> Proven[Account | None]:
        """An account with this code. Raises `WalkawayError` where no run can have met one."""
        if code_hash not in self._holders:
            raise WalkawayError("the engine asked for the code of no account that it was given")
        return self._holders[code_hash]

    def part(self, missing: Missing) -> KnownState:
        """What is known by now of this, with the accounts of slots and the code of accounts."""
        known = self.proven.known
        wanted = missing.accounts | {address for address, _ in missing.slots}
        accounts = {at: known.accounts[at] for at in wanted if at in known.accounts}
        held = {account.code_hash for account in accounts.values() if account is not None}
        return KnownState(
            accounts,
            {slot: known.slots[slot] for slot in missing.slots if slot in known.slots},
            {each: known.code[each] for each in held | missing.code if each in known.code},
        )

    def has_all(self, missing: Missing) -> bool:
        """Whether nothing of this is missing in truth."""
        known = self.proven.known
        return (
            missing.accounts <= known.accounts.keys()
            and missing.slots <= known.slots.keys()
            and missing.code <= known.code.keys()
            and missing.block_hashes <= known.block_hashes.keys()
        )


class Discovery:
    """Runs calls by an engine, and proves what they lack from the pool's sources."""

    def __init__(self, pool: Pool, state: State, headers: Headers, engine: RunningEngine) -> None:
        self._state = state
        self._headers = headers
        self._hints = Hints(pool)
        self._recalled = Recalled()
        self.engine = engine

    async def outcome(
        self,
        kept: KeptState,
        asked: AskedCall,
        *,
        leads_on: bool = False,
        host: HostAnswers | None = None,
    ) -> Outcome:
        """The outcome of a run in which nothing was missing; see `Calls.run`.

        ``host`` holds afterwards what the host's precompiles answered.
        """
        hint = await self._prefetch(kept, asked, leads_on=leads_on)
        outcome = await self._discovered(kept, asked, host)
        if hint is not None:
            self._hints.judge(hint, outcome)
        if not _is_elsewhere(asked):
            self._recalled.note(asked.call, outcome)
        return outcome

    async def _discovered(
        self, kept: KeptState, asked: AskedCall, host: HostAnswers | None
    ) -> Outcome:
        known, given = kept.proven.known, dict[int, bytes]()

        async def learns(missing: Missing) -> KnownState:
            await self._learn(kept, missing)
            return kept.part(missing)

        rounds = 0
        while rounds < LIMITS.call_rounds:
            hashes = {**known.block_hashes, **given}
            state = replace(known, block_hashes=hashes) if given else known
            size = kept.proven.pieces
            asked = asked if host is None else host.given_to(asked)
            result = await self.engine.run(
                asked.call, asked.environment, state, asked.overrides or None, learns
            )
            if isinstance(result, Outcome):
                return result
            pieces = replace(result, host_calls=frozenset())
            if host is not None and result.host_calls and not (host.by_steps and pieces):
                # What follows on a placeholder may be missing only because of that.
                await host.ask(result.host_calls)  # which bounds how often
                continue
            rounds, result = rounds + 1, pieces
            if ours := result.block_hashes & asked.block_hashes.keys() - given.keys():
                given |= {number: asked.block_hashes[number] for number in ours}
                result = replace(result, block_hashes=result.block_hashes - ours)
            elif kept.has_all(result):
                if kept.proven.pieces == size:
                    raise WalkawayError("the engine lacks what it was given")
                continue  # another call learned it while this one ran
            await self._learn(kept, result)
        raise TooMuch(f"the call needs more than {LIMITS.call_rounds} rounds of proofs")

    async def learn(self, kept: KeptState, wanted: Keys) -> list[AccountProof]:
        """Prove these accounts and slots, and the code of those that are contracts.

        Raises `TooMuch` where that is more than the limits allow of one block.
        """
        keys = {address: set(listed) for address, listed in wanted.items()}
        pieces = len(keys) + sum(map(len, keys.values()))
        if pieces + kept.proven.pieces > 2 * LIMITS.call_pieces:
            raise TooMuch(f"the call needs more than {LIMITS.call_pieces} pieces of state")
        asked = [(address, part) for address, listed in keys.items() for part in _cut(listed)]
        contracts: dict[bytes, Proven[Account | None]] = {}
        proofs = await self._provable(asked, kept.proven.header)
        for proof in proofs:
            kept.add(proof)
            account = proof.account.value
            if account is not None and account.code_hash not in (
                EMPTY_HASH,
                *kept.proven.known.code,
            ):
                contracts[account.code_hash] = proof.account
        await self._prove_code(kept, contracts.values())
        return proofs

    async def _learn(self, kept: KeptState, missing: Missing) -> None:
        """Prove everything that a run lacked, and the code of what turns out to be contracts."""
        accounts = missing.accounts
        if accounts != {NOBODY} or missing.slots or missing.code:
            # A placeholder leads to address zero more often than a real state does.
            accounts -= {NOBODY}
        wanted: dict[bytes, set[bytes]] = {address: set() for address in accounts}
        for address, key in missing.slots:
            wanted.setdefault(address, set()).add(key)
        await self.learn(kept, wanted)
        await self._learn_code(kept, missing.code)
        if missing.block_hashes:
            await self._learn_block_hashes(kept, missing.block_hashes)

    async def _provable(
        self, asked: Sequence[tuple[bytes, tuple[bytes, ...]]], header: Proven[Header]
    ) -> list[AccountProof]:
        """The proofs of as many of these as can be had. Raises `Unproven` where that is none.

        A run that goes on with placeholders may ask for what no real state leads
        to (the account at a slot's placeholder), so that one of them may fail.
        """
        try:
            return await self._state.proofs(asked, header)
        except Unproven:
            if len(asked) == 1:
                raise
        singly = [self._state.proof(address, keys, header) for address, keys in asked]
        ended = await asyncio.gather(*singly, return_exceptions=True)
        proofs = [proof for proof in ended if isinstance(proof, AccountProof)]
        for error in ended:
            if isinstance(error, BaseException) and not (proofs and isinstance(error, Unproven)):
                raise error
        return proofs

    async def _learn_code(self, kept: KeptState, hashes: Iterable[bytes]) -> None:
        holders = [
            kept.holder_of(code_hash) for code_hash in hashes if not kept.has_code(code_hash)
        ]
        await self._prove_code(kept, holders)

    async def _prove_code(self, kept: KeptState, holders: Iterable[Proven[Account | None]]) -> None:
        for code in await self._state.codes(list(holders), kept.proven.header):
            kept.proven.add_code(code)

    async def _learn_block_hashes(self, kept: KeptState, numbers: frozenset[int]) -> None:
        header, oldest, newest = kept.proven.header, min(numbers), max(numbers)
        if (
            newest >= header.value.number
            or oldest + LIMITS.parent_walk_blocks < header.value.number
        ):
            raise Unsupported(
                "the call asks for the hash of a block that its header does not lead to"
            )
        line = await self._headers.line(header, header.value.number - oldest + 1)
        kept.proven.add_ancestors(line[-2::-1])

    async def _prefetch(self, kept: KeptState, asked: AskedCall, *, leads_on: bool) -> Hint | None:
        """Prove what is called, and meanwhile what a hint names; the hint, where one came.

        Whatever is wrong with that is no matter. No source is asked for a hint
        where the call is over other state than the source's, or was made before.
        """
        to = asked.call.to
        if not _is_elsewhere(asked) and (before := self._recalled.looked_at(asked.call)):
            await self._learn_again(kept, before)
            return None
        if to is None or not asked.call.data or (kept.knows(to) and not leads_on):
            return None
        if _is_elsewhere(asked) or self._hints.places.locked():
            await self._learn_called(kept, to)
            return None
        async with self._hints.places:
            _, hint = await asyncio.gather(
                self._learn_called(kept, to), self._learn_hinted(kept, asked)
            )
        return hint

    async def _learn_called(self, kept: KeptState, to: bytes) -> None:
        if kept.knows(to):
            return
        with suppress(Unproven, TooMuch):
            await self.learn(kept, {to: ()})

    async def _learn_again(self, kept: KeptState, before: Keys) -> None:
        """Prove what the same call looked at on another block, as far as it is not known here."""
        known = kept.proven.known
        unknown = {
            address: {key for key in keys if (address, key) not in known.slots}
            for address, keys in before.items()
        }
        wanted = {at: keys for at, keys in unknown.items() if keys or not kept.knows(at)}
        if wanted:
            with suppress(Unproven, TooMuch):
                await self.learn(kept, wanted)

    async def _learn_hinted(self, kept: KeptState, asked: AskedCall) -> Hint | None:
        hint: Hint | None = None
        with suppress(Unproven, TooMuch, TimeoutError):
            async with asyncio.timeout(LIMITS.call_hint_seconds):
                hint = await self._hints.ask(asked.call, kept.proven.header.value)
                if kept.hinted_pieces + hint.pieces <= LIMITS.hinted_pieces:
                    kept.hinted_pieces += hint.pieces
                    await self.learn(kept, hint.keys)
        return hint


def _is_elsewhere(asked: AskedCall) -> bool:
    """Whether a call is over other state than its block's."""
    return bool(asked.overrides or asked.block_hashes)


def _cut(keys: Iterable[bytes]) -> list[tuple[bytes, ...]]:
    """The keys in portions that one question may hold; one empty portion for none."""
    listed, most = sorted(keys), LIMITS.proof_slots
    return [tuple(listed[at : at + most]) for at in range(0, max(len(listed), 1), most)]
