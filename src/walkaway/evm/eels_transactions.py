"""A call in the form of one of EELS' transactions, and the gas that it takes at the least."""

from __future__ import annotations

from typing import Any

from ethereum_types.bytes import Bytes0, Bytes20, Bytes32
from ethereum_types.numeric import U8, U64, U256, Uint

from walkaway.errors import Refusal
from walkaway.evm.eels import eels_module
from walkaway.evm.engine import BlockEnvironment, Call
from walkaway.evm.refusals import refused

__all__ = ["TransactionForms"]

# A value of one of EELS' forks, whose types are made anew for each.
Eels = Any


class TransactionForms:
    """The transactions of one fork."""

    def __init__(self, fork: str) -> None:
        self._types: Eels = eels_module(fork, "fork_types")
        self._transactions: Eels = eels_module(fork, "transactions")
        self.has_delegations = hasattr(self._transactions, "SetCodeTransaction")
        self.has_blobs = hasattr(self._transactions, "BlobTransaction")
        interpreter = eels_module(fork, "vm.interpreter")
        self._largest_initcode = getattr(interpreter, "MAX_INIT_CODE_SIZE", None)

    def of(self, call: Call) -> Eels:
        """The call as a transaction that nobody signed."""
        common: dict[str, Eels] = {
            "nonce": U256(0),
            "gas": Uint(call.gas_limit),
            "to": Bytes0(b"") if call.to is None else Bytes20(call.to),
            "value": U256(call.value),
            "data": call.data,
            "r": U256(0),
            "s": U256(0),
        }
        if not call.access_list and not call.authorizations:
            return self._transactions.LegacyTransaction(
                **common, gas_price=Uint(call.gas_price), v=U256(0)
            )
        common |= {
            "chain_id": U64(0),
            "y_parity": U256(0),
            "access_list": tuple(self._access(entry) for entry in call.access_list),
        }
        if not call.authorizations:
            return self._transactions.AccessListTransaction(
                **common, gas_price=Uint(call.gas_price)
            )
        return self._transactions.SetCodeTransaction(
            **common | {"nonce": U64(0)},
            max_priority_fee_per_gas=Uint(0),
            max_fee_per_gas=Uint(call.gas_price),
            authorizations=self.authorizations(call),
        )

    def authorizations(self, call: Call) -> Eels:
        """The delegations that a call brings (EIP-7702)."""
        return tuple(
            self._types.Authorization(
                chain_id=U256(item.chain_id),
                address=Bytes20(item.address),
                nonce=U64(item.nonce),
                y_parity=U8(item.y_parity),
                r=U256(item.r),
                s=U256(item.s),
            )
            for item in call.authorizations
        )

    def intrinsic_gas(
        self, call: Call, environment: BlockEnvironment, transaction: Eels
    ) -> tuple[int, int]:
        """What is charged before anything runs, and the least that is charged in all.

        Raises `CallRefused` where the call's gas does not pay for it, or where it
        would create a contract by code that is too long.
        """
        cost = self._transactions.calculate_intrinsic_cost(transaction)
        intrinsic, floor = (
            (int(cost[0]), int(cost[1])) if isinstance(cost, tuple) else (int(cost), 0)
        )
        if intrinsic > call.gas_limit:
            raise refused(Refusal.INTRINSIC_GAS, call, environment, intrinsic)
        if floor > call.gas_limit:
            raise refused(Refusal.FLOOR_GAS, call, environment, floor)
        largest = self._largest_initcode
        if call.to is None and largest is not None and len(call.data) > int(largest):
            raise refused(Refusal.INITCODE_SIZE, call, environment, int(largest))
        return intrinsic, floor

    def _access(self, entry: Eels) -> Eels:
        access = getattr(self._transactions, "Access", None)
        account, slots = Bytes20(entry.address), tuple(Bytes32(key) for key in entry.storage_keys)
        return (account, slots) if access is None else access(account=account, slots=slots)
