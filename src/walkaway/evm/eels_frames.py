"""What one run of EELS has otherwise about its frames: precompiles elsewhere and of the host,
transfers as logs, and who signed what ECRECOVER was given.

EELS makes an ``Evm`` for every message it processes, and knows of no hooks. So
that name is replaced in a fork's interpreter, once, and so are SELFDESTRUCT, the
following of delegations and ECRECOVER; each looks at the transaction's environment and
does nothing more unless it is of the form made here. The devnet builds blocks
with the same packages and never uses that form.

Ether that moves is told as go-ethereum's ``traceTransfers`` does: as if the
address of ether (ERC-7528) were a token (ERC-20) that logs each ``Transfer``.
The log comes before those of the frame that the ether enters, and goes with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, make_dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any

from ethereum_types.bytes import Bytes20, Bytes32
from ethereum_types.numeric import U256, Uint

from walkaway.evm.eels import eels_module
from walkaway.evm.engine import (
    HOST_CALLS_KEPT,
    HOST_GAS,
    HOST_INPUT_BYTES,
    HOST_WORD_GAS,
    RECOVERED_KEPT,
    HostPrecompile,
)
from walkaway.proofs.execution.keccak import keccak256

__all__ = ["watched_environment"]

ETHER = Bytes20(b"\xee" * 20)
TRANSFER = Bytes32(keccak256(b"Transfer(address,address,uint256)"))
CALLCODE = 0xF2
ECRECOVER = Bytes20((1).to_bytes(20, "big"))
HOST = Bytes20(b"host's precompile".rjust(20, b"\xff"))
"""Where EELS finds all precompiles of the host; which of them runs, the message says."""

# A value of one of EELS' forks, whose types are made anew for each.
Eels = Any


@lru_cache
def watched_environment(fork: str) -> Eels:
    """A fork's transaction environment with five fields more, whose frames heed them.

    ``precompiles`` and ``host`` are those of `walkaway.evm.engine.BlockEnvironment`,
    ``logs_transfers`` that of `walkaway.evm.engine.Call`. ``recovered`` fills with what
    `walkaway.evm.engine.Outcome` has of that name, ``missing_host_calls`` with what
    `walkaway.evm.engine.Missing` has as ``host_calls``.
    """
    interpreter = eels_module(fork, "vm.interpreter")
    plain = eels_module(fork, "vm").TransactionEnvironment
    form = make_dataclass(
        "WatchedTransactionEnvironment",
        [
            ("precompiles", Mapping[bytes, bytes | None], field(default_factory=dict)),
            ("host", Mapping[bytes, HostPrecompile], field(default_factory=dict)),
            ("logs_transfers", bool, field(default=False)),
            ("recovered", dict[bytes, None], field(default_factory=dict)),
            ("missing_host_calls", set[tuple[bytes, bytes]], field(default_factory=set)),
        ],
        bases=(plain,),
        kw_only=True,
    )
    log = eels_module(fork, "blocks").Log
    _watch_messages(interpreter, form, log)
    _watch_delegation(eels_module(fork, "vm.instructions.system"), form)
    _watch_destruction(interpreter, eels_module(fork, "state"), form, log)
    _watch_recovery(interpreter, form)
    _supply_host(fork, interpreter)
    return form


def _watch_messages(interpreter: ModuleType, form: Eels, log: Eels) -> None:
    make_evm = interpreter.Evm

    def make_watched_evm(**parts: Eels) -> Eels:
        message = parts["message"]
        environment = message.tx_env
        if isinstance(environment, form):
            if message.code_address in environment.host:
                message.host_address = bytes(message.code_address)
                message.code_address = HOST
            elif environment.precompiles:
                message.code_address = _precompile(message, environment.precompiles)
            if environment.logs_transfers and message.value and _brings_its_value(message):
                parts["logs"] = (
                    _transfer(log, message.caller, message.current_target, message.value),
                )
        return make_evm(**parts)

    setattr(interpreter, _EVM, make_watched_evm)


def _precompile(message: Eels, precompiles: Mapping[bytes, bytes | None]) -> Eels:
    """The own address of the precompile that runs, which EELS goes by; else what is none's."""
    at = message.code_address
    if getattr(message, "disable_precompiles", False):  # a delegation was followed (EIP-7702)
        at = message.current_target
        if message.depth or not precompiles.get(at):
            return None
        message.disable_precompiles = False
    own = precompiles.get(at, at)
    return None if own is None else Bytes20(own)


def _watch_delegation(instructions: ModuleType, form: Eels) -> None:
    """No delegation is followed where a precompile was put in its account's place."""
    follow = getattr(instructions, _FOLLOW, None)
    if follow is None:
        return

    def follow_watched(evm: Eels, address: Bytes20) -> tuple[bool, Bytes20, bytes, Eels]:
        is_delegated, code_address, code, gas = follow(evm, address)
        environment = evm.message.tx_env
        if isinstance(environment, form) and environment.precompiles.get(address):
            return False, address, code, gas
        return is_delegated, code_address, code, gas

    setattr(instructions, _FOLLOW, follow_watched)


def _brings_its_value(message: Eels) -> bool:
    """Whether the value is moved: DELEGATECALL only shows one, CALLCODE moves it nowhere."""
    caller = message.parent_evm
    return message.should_transfer_value and (
        caller is None or caller.code[int(caller.pc)] != CALLCODE
    )


def _watch_destruction(interpreter: ModuleType, state: ModuleType, form: Eels, log: Eels) -> None:
    operation = interpreter.Ops.SELFDESTRUCT
    destroy: Callable[[Eels], None] = interpreter.op_implementation[operation]

    def destroy_watched(evm: Eels) -> None:
        environment, here = evm.message.tx_env, evm.message.current_target
        heir = Bytes20(evm.stack[-1].to_be_bytes32()[12:]) if evm.stack else here
        balance = state.get_account(evm.message.block_env.state, here).balance
        destroy(evm)
        if balance and isinstance(environment, form) and environment.logs_transfers:
            evm.logs += (_transfer(log, here, heir, balance),)

    interpreter.op_implementation[operation] = destroy_watched


def _watch_recovery(interpreter: ModuleType, form: Eels) -> None:
    recover: Callable[[Eels], None] = interpreter.PRE_COMPILED_CONTRACTS[ECRECOVER]

    def recover_watched(evm: Eels) -> None:
        recover(evm)
        environment = evm.message.tx_env
        if isinstance(environment, form) and evm.output:
            signers: dict[bytes, None] = environment.recovered
            if len(signers) < RECOVERED_KEPT:
                signers[bytes(evm.output[12:])] = None

    interpreter.PRE_COMPILED_CONTRACTS[ECRECOVER] = recover_watched


def _supply_host(fork: str, interpreter: ModuleType) -> None:
    charge: Callable[[Eels, Uint], None] = eels_module(fork, "vm.gas").charge_gas
    failed: type[Exception] = eels_module(fork, "vm.exceptions").InvalidParameter

    def answer_for_host(evm: Eels) -> None:
        message = evm.message
        given, at = bytes(message.data), message.host_address
        host: HostPrecompile = message.tx_env.host[at]
        if len(given) > HOST_INPUT_BYTES:
            raise failed
        if given not in host.answers:
            missing: set[tuple[bytes, bytes]] = message.tx_env.missing_host_calls
            if len(missing) < HOST_CALLS_KEPT:
                missing.add((at, given))
        output = host.answers.get(given, bytes(host.placeholder_bytes))
        if output is None:
            raise failed
        charge(evm, Uint(HOST_GAS + HOST_WORD_GAS * ((len(output) + 31) // 32)))
        evm.output = output

    # A mapping of the interpreter's own: the fork itself has no such precompile.
    setattr(
        interpreter, _PRECOMPILES, {**interpreter.PRE_COMPILED_CONTRACTS, HOST: answer_for_host}
    )


def _transfer(log: Eels, sender: bytes, receiver: bytes, value: U256) -> Eels:
    topics = (TRANSFER, Bytes32(sender.rjust(32, b"\0")), Bytes32(receiver.rjust(32, b"\0")))
    return log(address=ETHER, topics=topics, data=value.to_be_bytes32())


_EVM = "Evm"
_PRECOMPILES = "PRE_COMPILED_CONTRACTS"
_FOLLOW = "access_delegation"
