"""The reference engine: the executable specification (EELS) over lazily known state.

A call runs as EELS runs a transaction (``process_transaction`` of the fork),
except that nobody signed it: its nonce is not looked at, and no price need
reach the base fee where it is only asked. The order of steps is the
specification's:

1. intrinsic gas, and the floor of EIP-7623, against the gas limit
2. the sender's funds for gas, blobs and value; its nonce and balance change
3. the access list and the coinbase (EIP-3651) are warm; the message is made
4. delegations are set (EIP-7702), the code runs
5. refunds, of at most a fifth (EIP-3529), and the floor again
6. in a transaction, gas is paid back and the coinbase paid; destroyed accounts go

A call of the system is made as ``process_system_transaction`` makes it, and
has of these steps only the code.

EELS is slow and trusts its caller, so that a hostile call could hold a
process for minutes: `walkaway.evm.worker` runs this engine where it can be
killed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

from ethereum.exceptions import EthereumException
from ethereum_types.bytes import Bytes20, Bytes32
from ethereum_types.numeric import U64, U256, Uint

from walkaway.errors import Refusal, Unsupported, WalkawayError
from walkaway.evm.bounds import check_bounds
from walkaway.evm.eels import (
    FORKS,
    PricedExcess,
    eels_module,
    remember_jump_destinations,
    take_given_price,
)
from walkaway.evm.eels_frames import watched_environment
from walkaway.evm.eels_transactions import TransactionForms
from walkaway.evm.engine import (
    BlockEnvironment,
    Call,
    KnownState,
    Manner,
    Missing,
    Outcome,
    Overrides,
)
from walkaway.evm.lazy_state import (
    BlockHashes,
    Reads,
    Sender,
    StateForms,
    Supply,
    lazy_state,
    what_changed,
)
from walkaway.evm.refusals import balance_overflowed, refused
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.execution.receipts import Log
from walkaway.proofs.execution.transactions import GAS_PER_BLOB

__all__ = ["ReferenceEngine"]

REFUND_SHARE = 5
"""At most one part in this many of the gas comes back (EIP-3529)."""

HALTS = {
    "AddressCollision": "address collision",
    "ExceptionalHalt": "precompile failed",
    "InvalidContractPrefix": "invalid contract prefix",
    "InvalidJumpDestError": "invalid jump destination",
    "InvalidOpcode": "invalid opcode",
    "InvalidParameter": "precompile failed",
    "KZGProofError": "precompile failed",
    "OutOfBoundsRead": "read out of bounds",
    "OutOfGasError": "out of gas",
    "StackDepthLimitError": "call too deep",
    "StackOverflowError": "stack overflow",
    "StackUnderflowError": "stack underflow",
    "WriteInStaticContext": "write in a static call",
}
"""The exceptional halts, by EELS' name for them."""

# A value of one of EELS' forks, whose types are made anew for each.
Eels = Any


class ReferenceEngine:
    """EELS behind the interface of `walkaway.evm.engine.Engine`, in this process."""

    name = "EELS (executable specification)"

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._limits = limits

    def load(self, fork: str) -> None:
        """Load a fork before it is needed, which takes a second. Raises `Unsupported`."""
        _rules(fork)

    def run(
        self,
        call: Call,
        environment: BlockEnvironment,
        state: KnownState,
        overrides: Mapping[bytes, Overrides] | None = None,
        supply: Supply | None = None,
    ) -> Outcome | Missing:
        """One call; see `walkaway.evm.engine.Engine.run`.

        Where it runs long and then lacks something, ``supply`` is asked to add that to
        ``state`` while it waits.
        """
        rules = _rules(environment.fork)
        check_bounds(call, environment)
        limits = self._limits
        reads = Reads(supply, limits.evm_explore_seconds, limits.evm_long_seconds)
        try:
            outcome = rules.run(call, environment, state, overrides or {}, reads)
        except Unsupported:
            raise
        except Exception as error:
            # Placeholders can lead EELS where no real state would.
            if missing := reads.missing():
                return missing
            if isinstance(error, WalkawayError):
                raise
            if isinstance(error, OverflowError):
                raise balance_overflowed() from error
            raise WalkawayError(
                f"the executable specification failed: {type(error).__name__}"
            ) from error
        return reads.missing() or outcome


class _Rules:
    """One fork of EELS, for calls."""

    def __init__(self, fork: str) -> None:
        self.fork = fork
        self._state: Eels = eels_module(fork, "state")
        self._transactions = TransactionForms(fork)
        self._vm: Eels = eels_module(fork, "vm")
        self._interpreter: Eels = eels_module(fork, "vm.interpreter")
        self._prepare: Eels = eels_module(fork, "utils.message").prepare_message
        self._forms = StateForms(
            self._state, eels_module(fork, "trie"), eels_module(fork, "fork_types")
        )
        self._origin_form = watched_environment(fork)
        remember_jump_destinations(self._interpreter)
        take_given_price(eels_module(fork, "vm.instructions.environment"))

    def run(
        self,
        call: Call,
        environment: BlockEnvironment,
        known: KnownState,
        overrides: Mapping[bytes, Overrides],
        reads: Reads,
    ) -> Outcome:
        """The outcome, worth something only where ``reads`` has nothing missing."""
        if call.manner is Manner.SYSTEM:
            return self._run_for_system(call, environment, known, overrides, reads)
        transaction = self._transactions.of(call)
        # 1
        intrinsic, floor = self._transactions.intrinsic_gas(call, environment, transaction)
        # 2
        sender = _sender(call, environment)
        state = lazy_state(self._forms, known, overrides, sender, reads)
        if call.to is None or sender.needs or call.manner is Manner.TRANSACTION:
            self._state.get_account(state, Bytes20(call.sender))  # charges it
        block = self._block(environment, state, known.block_hashes, reads)
        # 3
        origin = self._origin(call, environment, block, intrinsic, reads)
        message = self._prepare(block, origin, transaction)
        # 4
        ended = self._execute(message)
        # 5
        used = call.gas_limit - ended.gas_left
        gas_used = max(floor, used - min(used // REFUND_SHARE, ended.refund))
        # 6
        if call.manner is Manner.TRANSACTION:
            self._pay(call, environment, state, gas_used)
            self._destroy(state, ended.destroyed)
        changes = what_changed(state) if call.manner is Manner.TRANSACTION else {}
        outcome = _outcome(ended, gas_used, max(floor, used), reads, changes)
        return replace(outcome, recovered=tuple(origin.recovered))

    def _run_for_system(
        self,
        call: Call,
        environment: BlockEnvironment,
        known: KnownState,
        overrides: Mapping[bytes, Overrides],
        reads: Reads,
    ) -> Outcome:
        call = replace(call, access_list=(), authorizations=(), blob_hashes=())
        state = lazy_state(self._forms, known, overrides, None, reads)
        block = self._block(environment, state, known.block_hashes, reads)
        origin = self._origin(call, environment, block, 0, reads)
        ended = self._execute(self._system_message(call, block, origin))
        self._destroy(state, ended.destroyed)
        used = call.gas_limit - ended.gas_left
        outcome = _outcome(ended, used, used, reads, what_changed(state))
        return replace(outcome, recovered=tuple(origin.recovered))

    def _system_message(self, call: Call, block: Eels, origin: Eels) -> Eels:
        target = Bytes20(call.to or b"")
        values: dict[str, Eels] = {
            "block_env": block,
            "tx_env": origin,
            "caller": Bytes20(call.sender),
            "target": target,
            "current_target": target,
            "code_address": target,
            "gas": Uint(call.gas_limit),
            "value": U256(0),
            "data": call.data,
            "code": self._state.get_account(block.state, target).code,
            "depth": Uint(0),
            "should_transfer_value": False,
            "is_static": False,
            # As clients have it; in the specification, a contract would be cold to itself.
            "accessed_addresses": {target},
            "accessed_storage_keys": set(),
            "disable_precompiles": False,
            "parent_evm": None,
        }
        return _made(self._vm.Message, values)

    def _pay(self, call: Call, environment: BlockEnvironment, state: Eels, gas_used: int) -> None:
        """Gas that is left goes back to the sender, the price over the base fee to the coinbase."""
        header = environment.header
        base_fee = header.base_fee_per_gas or 0
        back = (call.gas_limit - gas_used) * call.gas_price
        reward = gas_used * max(0, call.gas_price - base_fee)
        for address, amount in ((call.sender, back), (header.coinbase, reward)):
            if amount:
                balance = self._state.get_account(state, Bytes20(address)).balance
                self._state.set_account_balance(state, Bytes20(address), balance + U256(amount))

    def _destroy(self, state: Eels, addresses: frozenset[bytes]) -> None:
        for address in addresses:
            self._state.destroy_account(state, Bytes20(address))

    def _block(
        self, environment: BlockEnvironment, state: Eels, known: Mapping[int, bytes], reads: Reads
    ) -> Eels:
        header = environment.header
        excess = PricedExcess(header.excess_blob_gas or 0)
        excess.price = Uint(environment.blob_base_fee)
        values: dict[str, Eels] = {
            "chain_id": U64(environment.chain_id),
            "state": state,
            "block_gas_limit": Uint(header.gas_limit),
            "block_hashes": BlockHashes(header.number, known, reads),
            "coinbase": Bytes20(header.coinbase),
            "number": Uint(header.number),
            "base_fee_per_gas": Uint(header.base_fee_per_gas or 0),
            "time": U256(header.timestamp),
            "prev_randao": Bytes32(header.prev_randao),
            "excess_blob_gas": excess,
            "parent_beacon_block_root": Bytes32(header.parent_beacon_block_root or bytes(32)),
        }
        return _made(self._vm.BlockEnvironment, values)

    def _origin(
        self, call: Call, environment: BlockEnvironment, block: Eels, intrinsic: int, reads: Reads
    ) -> Eels:
        warm: set[Eels] = set() if self.fork == "paris" else {block.coinbase}
        warm |= {Bytes20(entry.address) for entry in call.access_list}
        values: dict[str, Eels] = {
            "origin": Bytes20(call.sender),
            "gas_price": Uint(call.gas_price),
            "gas": Uint(call.gas_limit - intrinsic),
            "access_list_addresses": warm,
            "access_list_storage_keys": {
                (Bytes20(entry.address), Bytes32(key))
                for entry in call.access_list
                for key in entry.storage_keys
            },
            "blob_versioned_hashes": tuple(Bytes32(item) for item in call.blob_hashes),
            "index_in_block": None,
            "tx_hash": None,
            "precompiles": environment.precompiles,
            "host": environment.host,
            "missing_host_calls": reads.missing_host_calls,
            "logs_transfers": call.logs_transfers,
            "recovered": {},
        }
        if self._transactions.has_blobs:
            values["transient_storage"] = self._state.TransientStorage()
        if self._transactions.has_delegations:
            values["authorizations"] = self._transactions.authorizations(call)
        return _made(self._origin_form, values)

    def _execute(self, message: Eels) -> _Ended:
        """Run the outermost message."""
        state, target = message.block_env.state, message.current_target
        creates = message.code_address is None
        if self._transactions.has_delegations:
            done = self._interpreter.process_message_call(message)
            ended = _Ended(bytes(done.return_data), done.error, int(done.gas_left))
            refund = int(done.refund_counter)
        # Before Prague, process_message_call keeps the output to itself.
        elif creates and (
            self._state.account_has_code_or_nonce(state, target)
            or self._state.account_has_storage(state, target)
        ):
            return _Ended(b"", self._interpreter.AddressCollision(), 0)
        else:
            process = "process_create_message" if creates else "process_message"
            done = getattr(self._interpreter, process)(message)
            ended = _Ended(bytes(done.output), done.error, int(done.gas_left))
            refund = 0 if done.error else int(done.refund_counter)
        if done.error:
            return replace(ended, refund=refund)
        return replace(
            ended,
            refund=refund,
            logs=done.logs,
            destroyed=frozenset(done.accounts_to_delete),
            created=bytes(target) if creates else None,
        )


@dataclass(frozen=True, slots=True)
class _Ended:
    """How the outermost message ended; only one that succeeded has what follows on the refund."""

    output: bytes
    error: EthereumException | None
    gas_left: int
    refund: int = 0
    logs: Eels = ()
    destroyed: frozenset[bytes] = frozenset()
    created: bytes | None = None


def _outcome(
    ended: _Ended,
    gas_used: int,
    gas_before_refund: int,
    reads: Reads,
    changes: Mapping[bytes, Overrides],
) -> Outcome:
    halt = _halt(ended.error)
    return Outcome(
        succeeded=ended.error is None,
        output=b"" if halt else ended.output,
        gas_used=gas_used,
        logs=tuple([Log(bytes(g.address), _topics(g), bytes(g.data)) for g in ended.logs]),
        halt=halt,
        created=ended.created,
        touched_accounts=frozenset(reads.accounts),
        touched_slots=frozenset(reads.slots),
        gas_before_refund=gas_before_refund,
        changes=changes,
    )


@lru_cache
def _rules(fork: str) -> _Rules:
    if fork not in FORKS:
        raise Unsupported(f"calls on a block of the fork {fork!r} are not known here")
    return _Rules(fork)


def _sender(call: Call, environment: BlockEnvironment) -> Sender:
    """The sender, and what it pays for gas and blobs."""
    base_fee = environment.header.base_fee_per_gas or 0
    if call.manner is Manner.TRANSACTION and 0 < call.gas_price < base_fee:
        raise refused(Refusal.FEE_CAP, call, environment)
    if call.blob_hashes and 0 < call.max_fee_per_blob_gas < environment.blob_base_fee:
        raise refused(Refusal.BLOB_FEE_CAP, call, environment)
    gas = call.gas_limit * call.gas_price
    blob_gas = len(call.blob_hashes) * GAS_PER_BLOB if call.max_fee_per_blob_gas else 0
    return Sender(call, environment, pays=gas + blob_gas * environment.blob_base_fee)


def _made(form: Eels, values: Mapping[str, Eels]) -> Eels:
    """An object of one of EELS' forms, from those of the values that this fork has."""
    return form(**{name.name: values[name.name] for name in fields(form)})


def _halt(error: EthereumException | None) -> str:
    """The name of an exceptional halt; empty for success and for REVERT."""
    if error is None or type(error).__name__ == "Revert":
        return ""
    return HALTS.get(type(error).__name__, type(error).__name__)


def _topics(log: Eels) -> tuple[bytes, ...]:
    return tuple([bytes(topic) for topic in log.topics])
