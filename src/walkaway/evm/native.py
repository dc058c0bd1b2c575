"""The fast engine: revm, in the native kernel, where that is installed.

The kernel (`native/` in the repository, the distribution `walkaway-native`) is
a pure function, held to the executable specification by a differential test.
This module makes it an `Engine`. It may be called from any thread, and lets
the others run meanwhile.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from threading import Lock
from typing import Protocol, TypeAlias, cast

from walkaway.errors import InvalidRequest, Refusal, Unsupported, WalkawayError
from walkaway.evm.bounds import check_bounds
from walkaway.evm.engine import BlockEnvironment, Call, KnownState, Missing, Outcome, Overrides
from walkaway.evm.refusals import balance_overflowed, refused
from walkaway.limits import LIMITS
from walkaway.proofs.execution.receipts import Log

__all__ = ["NativeEngine", "available"]

INTERFACE = 5
"""The kernel's, by its own count; another one could mean another thing by the same call."""

_Slots: TypeAlias = frozenset[tuple[bytes, bytes]]
_RawLog: TypeAlias = tuple[bytes, tuple[bytes, ...], bytes]
_RawChange: TypeAlias = tuple[bytes, bytes, int, bytes, dict[bytes, bytes], bool]
_RawOutcome: TypeAlias = tuple[
    bool,
    bytes,
    int,
    tuple[_RawLog, ...],
    str,
    bytes | None,
    frozenset[bytes],
    _Slots,
    int,
    tuple[_RawChange, ...],
    tuple[bytes, ...],
]
_RawMissing: TypeAlias = tuple[frozenset[bytes], _Slots, frozenset[bytes], frozenset[int], _Slots]


class _Handle(Protocol):
    """Known state as the kernel holds it."""


class _Kernel(Protocol):
    """What the extension module offers."""

    VERSION: str
    INTERFACE: int
    InvalidCall: type[Exception]
    BalanceOverflow: type[Exception]
    UnknownFork: type[Exception]
    KernelFault: type[Exception]

    def KnownState(  # noqa: N802
        self,
        accounts: dict[bytes, object],
        slots: dict[tuple[bytes, bytes], int],
        code: dict[bytes, bytes],
        block_hashes: dict[int, bytes],
    ) -> _Handle: ...

    def run(
        self,
        call: Call,
        environment: BlockEnvironment,
        known: _Handle,
        overrides: dict[bytes, Overrides] | None,
    ) -> tuple[_RawOutcome | None, _RawMissing]: ...


@cache
def _kernel() -> _Kernel | None:
    """The kernel, where one is installed that this module can speak to."""
    try:
        kernel = cast("_Kernel", importlib.import_module("walkaway_native"))
    except ImportError:
        return None
    return kernel if getattr(kernel, "INTERFACE", 0) == INTERFACE else None


def available() -> bool:
    """Whether the native kernel is installed, in a version that goes with this one."""
    return _kernel() is not None


class NativeEngine:
    """revm behind the interface of `walkaway.evm.engine.Engine`.

    Raises `Unsupported` when made where the kernel is not installed. What it
    read of the last few known states is kept for the next call over them, so
    a state that has been handed over may grow but not otherwise change.
    """

    def __init__(self) -> None:
        kernel = _kernel()
        if kernel is None:
            raise Unsupported(
                "the native kernel that goes with this version is not installed",
                advice="build it with `make native`",
            )
        self._run_in_kernel = kernel.run
        self._kernel = kernel
        self._handles = _Handles(kernel)
        self.name = f"revm (walkaway-native {kernel.VERSION})"

    def run(
        self,
        call: Call,
        environment: BlockEnvironment,
        state: KnownState,
        overrides: Mapping[bytes, Overrides] | None = None,
    ) -> Outcome | Missing:
        """One call; see `walkaway.evm.engine.Engine.run`."""
        kernel = self._kernel
        check_bounds(call, environment)
        try:
            outcome, missing = self._run_in_kernel(
                call,
                _plain_environment(environment),
                self._handles.of(state),
                _plain(overrides) if overrides else None,
            )
        except kernel.UnknownFork as error:
            raise Unsupported(f"revm does not know the fork {error}") from error
        except kernel.InvalidCall as error:
            reason, refusal, figure = error.args
            if refusal:
                number = int.from_bytes(figure, "big")
                raise refused(Refusal(refusal), call, environment, number) from error
            raise InvalidRequest(f"not a call that could run: {reason}") from error
        except kernel.BalanceOverflow as error:
            raise balance_overflowed() from error
        except (TypeError, ValueError, OverflowError) as error:
            raise InvalidRequest(
                "not a call that could run: a part of it, or of what it overrides, is malformed"
            ) from error
        except kernel.KernelFault as error:
            raise WalkawayError(f"the native kernel failed: {error}") from error
        return Missing(*missing) if outcome is None else _outcome(outcome)


class _Handles:
    """The kernel's reading of the states used last.

    A state is known by being the same object and as large as it was: proven
    state grows, and a value once proven under a block never changes.
    """

    def __init__(self, kernel: _Kernel) -> None:
        self._kernel = kernel
        self._lock = Lock()
        self._kept: list[tuple[KnownState, tuple[int, ...], _Handle]] = []

    def of(self, state: KnownState) -> _Handle:
        """The handle of a state: kept, or made now."""
        size = (len(state.accounts), len(state.slots), len(state.code), len(state.block_hashes))
        with self._lock:
            for kept, kept_size, handle in self._kept:
                if kept is state and kept_size == size:
                    return handle
        made = self._kernel.KnownState(
            dict(state.accounts), dict(state.slots), dict(state.code), dict(state.block_hashes)
        )
        with self._lock:
            others = [entry for entry in self._kept if entry[0] is not state]
            self._kept = [(state, size, made), *others][: LIMITS.native_states]
        return made


def _plain(overrides: Mapping[bytes, Overrides]) -> dict[bytes, Overrides]:
    """The overrides with every mapping a dict, which is what the kernel reads."""
    return {
        address: Overrides(
            balance=wanted.balance,
            nonce=wanted.nonce,
            code=wanted.code,
            slots=dict(wanted.slots),
            storage=None if wanted.storage is None else dict(wanted.storage),
        )
        for address, wanted in overrides.items()
    }


def _plain_environment(environment: BlockEnvironment) -> BlockEnvironment:
    """The environment with its mappings dicts."""
    host = {
        address: replace(precompile, answers=dict(precompile.answers))
        for address, precompile in environment.host.items()
    }
    return replace(environment, precompiles=dict(environment.precompiles), host=host)


def _outcome(raw: _RawOutcome) -> Outcome:
    (
        succeeded,
        output,
        gas_used,
        logs,
        halt,
        created,
        accounts,
        slots,
        before_refund,
        changes,
        recovered,
    ) = raw
    return Outcome(
        succeeded=succeeded,
        output=output,
        gas_used=gas_used,
        logs=tuple([Log(*log) for log in logs]),
        halt=halt,
        created=created,
        touched_accounts=accounts,
        touched_slots=slots,
        gas_before_refund=before_refund,
        changes=dict(map(_change, changes)),
        recovered=recovered,
    )


def _change(raw: _RawChange) -> tuple[bytes, Overrides]:
    address, balance, nonce, code, raw_slots, is_whole = raw
    slots = {key: int.from_bytes(value, "big") for key, value in raw_slots.items()}
    account = Overrides(int.from_bytes(balance, "big"), nonce, code)
    return address, replace(account, storage=slots) if is_whole else replace(account, slots=slots)
