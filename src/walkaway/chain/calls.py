"""Calls over proven state: run, prove what was missing, run again.

An engine says which accounts, slots, code and block hashes a run lacked; that
set is proven in batches, and only a run in which nothing was missing gives a
result. What is proven of a block's state is kept for the next call on it. A
source's access list saves rounds, and is believed in nothing: what it names is
proven like everything else, and what it leaves out turns up as missing.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace

from walkaway.anchors.spec import ChainSpec, ForkName
from walkaway.chain.headers import Headers
from walkaway.chain.state import AccountProof, State
from walkaway.errors import ProofError, SourceLacks, TooMuch, Unproven, Unsupported, WalkawayError
from walkaway.evm.engine import BlockEnvironment, Call, Missing, Outcome
from walkaway.evm.opcodes import may_ask_blob_base_fee
from walkaway.evm.proven_call import AskedCall, ProvenState, prove_call
from walkaway.evm.running import RunningEngine, fastest_engine
from walkaway.limits import LIMITS
from walkaway.proofs import Proven, derive
from walkaway.proofs.execution.accounts import Account
from walkaway.proofs.execution.blob_fees import scheduled_blob_base_fee
from walkaway.proofs.execution.fields import hex_bytes, json_list, json_object
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.keccak import EMPTY_HASH
from walkaway.proofs.proven import Claim
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, RpcRequest

__all__ = ["BlockOverrides", "Calls"]

EXECUTION_FORKS = {
    ForkName.BELLATRIX: "paris",
    ForkName.CAPELLA: "shanghai",
    ForkName.DENEB: "cancun",
    ForkName.ELECTRA: "prague",
    ForkName.FULU: "osaka",
}
"""The execution fork that came with each consensus fork. Blob-parameter forks change
nothing but the price of blobs, which the chain spec's schedule tells."""

NOBODY = bytes(20)

Keys = dict[bytes, set[bytes]]
"""Addresses, and of each the storage keys that are wanted."""


@dataclass(frozen=True, slots=True)
class BlockOverrides:
    """What of the block the caller wants to be otherwise; None leaves it as it is.

    Times are unix seconds, prices wei.
    """

    number: int | None = None
    timestamp: int | None = None
    gas_limit: int | None = None
    coinbase: bytes | None = None
    prev_randao: bytes | None = None
    base_fee_per_gas: int | None = None
    blob_base_fee: int | None = None


class Calls:
    """Runs calls on any block whose header is proven. Close it when done."""

    def __init__(
        self,
        spec: ChainSpec,
        pool: Pool,
        state: State,
        headers: Headers,
        engine: RunningEngine | None = None,
    ) -> None:
        self._spec = spec
        self._pool = pool
        self._state = state
        self._headers = headers
        self._engine = engine or fastest_engine()
        self._kept: OrderedDict[Claim, _KeptState] = OrderedDict()

    @property
    def engine(self) -> str:
        """The name of the engine."""
        return self._engine.name

    def close(self) -> None:
        """End the engine's processes, where it has any."""
        self._engine.close()

    def environment(
        self, header: Header, call: Call, wanted: BlockOverrides | None = None
    ) -> BlockEnvironment:
        """What the call sees of the block that it runs in.

        As execution clients have it, a call that offers no price sees no base
        fee. Raises `Unsupported` for a fork that no engine knows, or one that
        the chain spec has no price of blobs for.
        """
        wanted = wanted or BlockOverrides()
        changes = {
            item.name: value
            for item in fields(wanted)
            if item.name != "blob_base_fee" and (value := getattr(wanted, item.name)) is not None
        }
        blob_base_fee = wanted.blob_base_fee
        if blob_base_fee is None:
            has_blobs = header.excess_blob_gas is not None
            schedule = self._spec.blob_base_fees
            blob_base_fee = scheduled_blob_base_fee(header, schedule) if has_blobs else 1
        if not call.gas_price:
            changes["base_fee_per_gas"] = 0
        return BlockEnvironment(
            chain_id=self._spec.chain_id,
            fork=self._fork(wanted.timestamp or header.timestamp),
            header=replace(header, **changes),
            blob_base_fee=blob_base_fee,
        )

    async def run(self, header: Proven[Header], asked: AskedCall) -> Proven[Outcome]:
        """The outcome of a call on the state after a block.

        Raises:
            Unproven: no source could prove a part of the state that the call needs.
            TooMuch: the call needs more state, or more rounds, than the limits allow.
            Unsupported: the engine does not know the fork, or the chain spec does not
                explain the block's blob base fee and the call may ask for it.
            InvalidRequest: the call cannot be a transaction.
        """
        kept = self._kept_state(header)
        if asked.call.to is not None and not kept.knows(asked.call.to) and asked.call.data:
            await self._prefetch(kept, asked.call)
        for _ in range(LIMITS.call_rounds):
            known = kept.proven.known
            result = await self._engine.run(
                asked.call, asked.environment, known, asked.overrides or None
            )
            if isinstance(result, Outcome):
                await self._check_blob_base_fee(kept, asked)
                return prove_call(kept.proven, asked, result, self._engine.name)
            if kept.has_all(result):
                raise WalkawayError("the engine lacks what it was given")
            await self._learn(kept, result)
        raise TooMuch(f"the call needs more than {LIMITS.call_rounds} rounds of proofs")

    def _kept_state(self, header: Proven[Header]) -> _KeptState:
        kept = self._kept.get(header.claim)
        if kept is None or kept.proven.pieces > LIMITS.call_pieces:
            kept = self._kept[header.claim] = _KeptState(header)
        self._kept.move_to_end(header.claim)
        while len(self._kept) > LIMITS.call_states:
            self._kept.popitem(last=False)
        return kept

    def _fork(self, timestamp: int) -> str:
        fork = self._spec.fork_at_slot(self._spec.slot_at_time(timestamp)).name
        if fork not in EXECUTION_FORKS:
            raise Unsupported(f"calls on blocks of {fork.label} are not run")
        return EXECUTION_FORKS[fork]

    async def _learn(self, kept: _KeptState, missing: Missing) -> None:
        """Prove everything that a run lacked, and the code of what turns out to be contracts."""
        accounts = missing.accounts
        if accounts != {NOBODY} or missing.slots or missing.code:
            # A placeholder leads to address zero more often than a real state does.
            accounts -= {NOBODY}
        wanted: Keys = {address: set() for address in accounts}
        for address, key in missing.slots:
            wanted.setdefault(address, set()).add(key)
        await self._learn_state(kept, wanted)
        await self._learn_code(kept, missing.code)
        if missing.block_hashes:
            await self._learn_block_hashes(kept, missing.block_hashes)

    async def _learn_state(self, kept: _KeptState, wanted: Keys) -> None:
        pieces = len(wanted) + sum(map(len, wanted.values()))
        if pieces + kept.proven.pieces > 2 * LIMITS.call_pieces:
            raise TooMuch(f"the call needs more than {LIMITS.call_pieces} pieces of state")
        asked = [(address, keys) for address, all_keys in wanted.items() for keys in _cut(all_keys)]
        contracts: dict[bytes, Proven[Account | None]] = {}
        for proof in await self._provable(asked, kept.proven.header):
            kept.add(proof)
            account = proof.account.value
            if account is not None and account.code_hash not in (
                EMPTY_HASH,
                *kept.proven.known.code,
            ):
                contracts[account.code_hash] = proof.account
        await self._prove_code(kept, contracts.values())

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

    async def _learn_code(self, kept: _KeptState, hashes: Iterable[bytes]) -> None:
        holders = [
            kept.holder_of(code_hash) for code_hash in hashes if not kept.has_code(code_hash)
        ]
        await self._prove_code(kept, holders)

    async def _prove_code(
        self, kept: _KeptState, holders: Iterable[Proven[Account | None]]
    ) -> None:
        for code in await self._state.codes(list(holders), kept.proven.header):
            kept.proven.add_code(code)

    async def _learn_block_hashes(self, kept: _KeptState, numbers: frozenset[int]) -> None:
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

    async def _prefetch(self, kept: _KeptState, call: Call) -> None:
        """Prove what a source's access list names, in one go; whatever is wrong with it is no
        matter."""
        with suppress(Unproven, TooMuch):
            question = _access_list_question(call, kept.proven.header.value)
            hints = await self._pool.first_proven(
                question, _hints, deadline=LIMITS.call_hint_seconds
            )
            if call.to is not None:
                hints.setdefault(call.to, set())
            await self._learn_state(kept, hints)

    async def _check_blob_base_fee(self, kept: _KeptState, asked: AskedCall) -> None:
        """Hold the blob base fee against the block's parent, where the call may ask for it."""
        header = kept.proven.header
        if header.value.excess_blob_gas is None or kept.blob_base_fee_is_proven:
            return
        overridden = [wanted.code or b"" for wanted in asked.overrides.values()]
        init = [asked.call.data] if asked.call.to is None else []
        codes = (*kept.proven.known.code.values(), *overridden, *init)
        pays = asked.call.max_fee_per_blob_gas
        if pays or any(map(may_ask_blob_base_fee, codes)):
            parent = await self._headers.parent(header)
            derive.blob_base_fee(parent, header, self._spec.blob_base_fees)
            kept.blob_base_fee_is_proven = True


class _KeptState:
    """What is proven of one block's state, and which account proves each code hash."""

    def __init__(self, header: Proven[Header]) -> None:
        self.proven = ProvenState(header)
        self.blob_base_fee_is_proven = False
        self._holders: dict[bytes, Proven[Account | None]] = {}

    def add(self, proof: AccountProof) -> None:
        self.proven.add_account(proof.account)
        if proof.account.value is not None:
            self._holders[proof.account.value.code_hash] = proof.account
        for slot in proof.slots:
            self.proven.add_slot(slot)

    def knows(self, address: bytes) -> bool:
        return address in self.proven.known.accounts

    def has_code(self, code_hash: bytes) -> bool:
        return code_hash in self.proven.known.code

    def holder_of(self, code_hash: bytes) -> Proven[Account | None]:
        """An account with this code. Raises `WalkawayError` where no run can have met one."""
        if code_hash not in self._holders:
            raise WalkawayError("the engine asked for the code of no account that it was given")
        return self._holders[code_hash]

    def has_all(self, missing: Missing) -> bool:
        known = self.proven.known
        return (
            missing.accounts <= known.accounts.keys()
            and missing.slots <= known.slots.keys()
            and missing.code <= known.code.keys()
            and missing.block_hashes <= known.block_hashes.keys()
        )


def _cut(keys: Iterable[bytes]) -> list[tuple[bytes, ...]]:
    """The keys in portions that one question may hold; one empty portion for none."""
    listed, most = sorted(keys), LIMITS.proof_slots
    return [tuple(listed[at : at + most]) for at in range(0, max(len(listed), 1), most)]


def _access_list_question(call: Call, header: Header) -> RpcRequest:
    members = {
        "from": "0x" + call.sender.hex(),
        "to": None if call.to is None else "0x" + call.to.hex(),
        "value": hex(call.value),
        "data": "0x" + call.data.hex(),
    }
    return RpcRequest("eth_createAccessList", (members, hex(header.number)))


def _hints(answer: Answer) -> Keys:
    """The accounts and keys that a source's access list names. Raises `SourceLacks`."""
    try:
        listed = json_list(json_object(answer.body, "answer").get("accessList"), "list", 512)
        hints: Keys = {}
        for item in listed:
            entry = json_object(item, "entry")
            address = hex_bytes(entry.get("address"), "address", limit=20)
            keys = json_list(entry.get("storageKeys"), "keys", LIMITS.call_hints)
            hints[address.rjust(20, b"\0")] = {
                hex_bytes(key, "key", limit=32).rjust(32, b"\0") for key in keys
            }
    except ProofError as error:
        raise SourceLacks("its access list cannot be read") from error
    if sum(map(len, hints.values())) > LIMITS.call_hints:
        raise SourceLacks("its access list is too long")
    return hints
