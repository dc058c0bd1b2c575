"""Building a block with the executable specification (EELS), by the rules of one fork.

EELS has one package a fork (``ethereum.forks.prague``); `Engine` drives the
one it is made for. The order of things in a block follows ``apply_body`` of
that fork, except that a transaction which cannot be included is left out and
reported instead of spoiling the block.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ethereum.exceptions import EthereumException
from ethereum_types.bytes import Bytes20, Bytes32
from ethereum_types.numeric import U64, U256, Uint

from walkaway.devnet.execution.block import ExecutionBlock, PayloadAttributes
from walkaway.devnet.execution.eels_forms import EelsForms
from walkaway.devnet.execution.world import WorldState
from walkaway.errors import InvalidRequest
from walkaway.evm.eels import eels_module, remember_jump_destinations
from walkaway.proofs.execution.header import EMPTY_OMMERS_HASH, Header
from walkaway.proofs.execution.ordered_trie import ordered_root
from walkaway.proofs.execution.receipts import logs_bloom
from walkaway.proofs.execution.requests import requests_hash
from walkaway.proofs.execution.transactions import Transaction

__all__ = ["Built", "CallOutcome", "Engine", "MessageCall", "engine"]

GAS_LIMIT = 30_000_000
EXTRA_DATA = b"walkaway devnet"
DELEGATION_MARKER = bytes.fromhex("ef0100")
"""What the code of an account that runs another's code begins with (EIP-7702)."""


@dataclass(frozen=True)
class Built:
    """A block, the state after it, and which transactions it could not take, with the reason."""

    block: ExecutionBlock
    world: WorldState
    refused: tuple[tuple[Transaction, str], ...]


@dataclass(frozen=True, slots=True)
class MessageCall:
    """A call that changes nothing. Addresses are 20 bytes; ``value`` is wei."""

    sender: bytes
    to: bytes
    data: bytes
    value: int
    gas: int


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """How a call ended. ``error`` is empty where it succeeded."""

    output: bytes
    error: str
    gas_left: int


class Engine:
    """The rules of one execution fork, by the name of its EELS package."""

    def __init__(self, fork: str) -> None:
        self.fork = fork
        self.forms = EelsForms(fork)
        self._rules = eels_module(fork, "fork")
        self._gas = eels_module(fork, "vm.gas")
        self._state = eels_module(fork, "state")
        self._transactions = eels_module(fork, "transactions")
        self._vm = eels_module(fork, "vm")
        self._interpreter: Any = eels_module(fork, "vm.interpreter")
        remember_jump_destinations(self._interpreter)
        self.has_requests = hasattr(self._rules, "process_general_purpose_requests")
        self.has_history_contract = hasattr(self._rules, "HISTORY_STORAGE_ADDRESS")

    def build(
        self,
        chain_id: int,
        parent: Header,
        world: WorldState,
        *,
        ancestor_hashes: Sequence[bytes],
        attributes: PayloadAttributes,
        candidates: Iterable[Transaction],
    ) -> Built:
        """Run one block on ``world``, the state after ``parent``.

        ``ancestor_hashes`` are those of up to 256 blocks, the parent's last.
        """
        environment = self._environment(chain_id, parent, ancestor_hashes, world, attributes)
        output = self._vm.BlockOutput()
        self._begin(environment)
        included, refused = self._run(environment, output, candidates)
        withdrawals = tuple(self.forms.withdrawal(item) for item in attributes.withdrawals)
        self._rules.process_withdrawals(environment, output, withdrawals)
        if self.has_requests:
            self._rules.process_general_purpose_requests(environment, output)
        after = self.forms.world(world, environment.state)
        receipts = tuple(self.forms.receipt(output, key) for key in output.receipt_keys)
        requests = tuple(bytes(item) for item in output.requests) if self.has_requests else ()
        header = Header(
            parent_hash=parent.hash,
            ommers_hash=EMPTY_OMMERS_HASH,
            coinbase=attributes.fee_recipient,
            state_root=after.root,
            transactions_root=ordered_root([item.encode() for item in included]),
            receipts_root=ordered_root([receipt.encode() for receipt in receipts]),
            logs_bloom=logs_bloom(log for receipt in receipts for log in receipt.logs),
            difficulty=0,
            number=parent.number + 1,
            gas_limit=parent.gas_limit,
            gas_used=int(output.block_gas_used),
            timestamp=attributes.timestamp,
            extra_data=EXTRA_DATA,
            prev_randao=attributes.prev_randao,
            nonce=bytes(8),
            base_fee_per_gas=int(environment.base_fee_per_gas),
            withdrawals_root=ordered_root([item.encode() for item in attributes.withdrawals]),
            blob_gas_used=int(output.blob_gas_used),
            excess_blob_gas=int(environment.excess_blob_gas),
            parent_beacon_block_root=attributes.parent_beacon_block_root,
            requests_hash=requests_hash(requests) if self.has_requests else None,
        )
        block = ExecutionBlock(
            header,
            tuple(included),
            receipts,
            attributes.withdrawals,
            requests,
            blob_base_fee=int(self._gas.calculate_blob_gas_price(environment.excess_blob_gas)),
        )
        return Built(block, after, tuple(refused))

    def call(
        self,
        chain_id: int,
        header: Header,
        world: WorldState,
        *,
        ancestor_hashes: Sequence[bytes],
        call: MessageCall,
    ) -> CallOutcome:
        """Run a call in the context of the block ``header``, on the state after it."""
        environment = self._vm.BlockEnvironment(
            chain_id=U64(chain_id),
            state=self.forms.state(world),
            block_gas_limit=Uint(header.gas_limit),
            block_hashes=[Bytes32(item) for item in ancestor_hashes],
            coinbase=Bytes20(header.coinbase),
            number=Uint(header.number),
            base_fee_per_gas=Uint(header.base_fee_per_gas or 0),
            time=U256(header.timestamp),
            prev_randao=Bytes32(header.prev_randao),
            excess_blob_gas=U64(header.excess_blob_gas or 0),
            parent_beacon_block_root=Bytes32(header.parent_beacon_block_root or bytes(32)),
        )
        if call.value > world.account(call.sender).balance:
            return CallOutcome(b"", "InsufficientBalance", call.gas)
        message = self._call_message(environment, call)
        evm = self._interpreter.process_message(message)
        error = "" if evm.error is None else type(evm.error).__name__
        return CallOutcome(bytes(evm.output), error, int(evm.gas_left))

    def check(self, transaction: Transaction) -> None:
        """Refuse, as `InvalidRequest`, what no block of this fork could ever hold."""
        try:
            self._transactions.validate_transaction(self.forms.transaction(transaction))
        except EthereumException as error:
            reason = str(error) or type(error).__name__
            raise InvalidRequest(f"not valid under {self.fork}: {reason}") from error

    def _environment(
        self,
        chain_id: int,
        parent: Header,
        ancestor_hashes: Sequence[bytes],
        world: WorldState,
        attributes: PayloadAttributes,
    ) -> Any:
        limit = Uint(parent.gas_limit)
        base_fee = self._rules.calculate_base_fee_per_gas(
            limit, limit, Uint(parent.gas_used), Uint(parent.base_fee_per_gas or 0)
        )
        return self._vm.BlockEnvironment(
            chain_id=U64(chain_id),
            state=self.forms.state(world),
            block_gas_limit=limit,
            block_hashes=[Bytes32(item) for item in ancestor_hashes],
            coinbase=Bytes20(attributes.fee_recipient),
            number=Uint(parent.number + 1),
            base_fee_per_gas=base_fee,
            time=U256(attributes.timestamp),
            prev_randao=Bytes32(attributes.prev_randao),
            excess_blob_gas=self._gas.calculate_excess_blob_gas(self.forms.header(parent)),
            parent_beacon_block_root=Bytes32(attributes.parent_beacon_block_root),
        )

    def _begin(self, environment: Any) -> None:
        rules = self._rules
        system_calls = [(rules.BEACON_ROOTS_ADDRESS, environment.parent_beacon_block_root)]
        if self.has_history_contract:
            system_calls.append((rules.HISTORY_STORAGE_ADDRESS, environment.block_hashes[-1]))
        for address, data in system_calls:
            rules.process_unchecked_system_transaction(environment, address, data)

    def _run(
        self, environment: Any, output: Any, candidates: Iterable[Transaction]
    ) -> tuple[list[Transaction], list[tuple[Transaction, str]]]:
        included: list[Transaction] = []
        refused: list[tuple[Transaction, str]] = []
        for candidate in candidates:
            try:
                transaction = self.forms.transaction(candidate)
                self._transactions.validate_transaction(transaction)
                self._rules.check_transaction(environment, output, transaction)
            except EthereumException as error:
                refused.append((candidate, str(error) or type(error).__name__))
                continue
            index = Uint(len(included))
            self._rules.process_transaction(environment, output, transaction, index)
            included.append(candidate)
        return included, refused

    def _call_message(self, environment: Any, call: MessageCall) -> Any:
        sender, to = Bytes20(call.sender), Bytes20(call.to)
        code_address = to
        code = self._state.get_account(environment.state, code_address).code
        if code.startswith(DELEGATION_MARKER) and self.has_requests:
            code_address = Bytes20(code[len(DELEGATION_MARKER) :])
            code = self._state.get_account(environment.state, code_address).code
        extra = {"authorizations": ()} if self.has_requests else {}
        transaction = self._vm.TransactionEnvironment(
            origin=sender,
            gas_price=environment.base_fee_per_gas,
            gas=Uint(call.gas),
            access_list_addresses=set(),
            access_list_storage_keys=set(),
            transient_storage=self._state.TransientStorage(),
            blob_versioned_hashes=(),
            index_in_block=None,
            tx_hash=None,
            **extra,
        )
        plain = {"disable_precompiles": False} if self.has_requests else {}
        return self._vm.Message(
            block_env=environment,
            tx_env=transaction,
            caller=sender,
            target=to,
            gas=Uint(call.gas),
            value=U256(call.value),
            data=call.data,
            code=code,
            depth=Uint(0),
            current_target=to,
            code_address=code_address,
            should_transfer_value=call.value > 0,
            is_static=False,
            accessed_addresses={sender, to},
            accessed_storage_keys=set(),
            parent_evm=None,
            **plain,
        )


@lru_cache
def engine(fork: str) -> Engine:
    """The engine for an EELS fork name, e.g. ``"prague"``; loaded once."""
    return Engine(fork)
