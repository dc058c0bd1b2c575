"""Reads the call object, and the overrides of state and block, as go-ethereum takes them.

The members are those of the execution API's ``GenericTransaction``
(https://ethereum.github.io/execution-apis/); ones that change nothing about a
call (``type``) are read and dropped; a nonce means something in a simulation alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from walkaway.errors import CallFailed, InvalidRequest
from walkaway.evm.addresses import checksummed
from walkaway.evm.block_overrides import BlockOverrides
from walkaway.evm.engine import Call, Overrides
from walkaway.limits import LIMITS
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.transactions import AccessListEntry, Authorization
from walkaway.rpc.jsonrpc import Received
from walkaway.rpc.members import Members, amount
from walkaway.rpc.params import Params

__all__ = ["CallObject", "block_overrides", "call_object", "state_overrides"]

NOBODY = bytes(20)


@dataclass(frozen=True, slots=True)
class CallObject:
    """What the caller wrote; None where that was nothing. Prices are wei per gas."""

    sender: bytes
    to: bytes | None
    gas: int | None
    value: int
    data: bytes
    gas_price: int | None
    max_fee: int | None
    max_priority_fee: int | None
    access_list: tuple[AccessListEntry, ...]
    authorizations: tuple[Authorization, ...]
    blob_hashes: tuple[bytes, ...]
    max_fee_per_blob_gas: int
    nonce: int | None

    @property
    def highest_price(self) -> int:
        """The most wei that it offers for a unit of gas."""
        return self.gas_price or self.max_fee or 0

    def call(self, header: Header, gas_limit: int | None = None) -> Call:
        """The call as it runs in a block. Raises `CallFailed` where it offers too little."""
        limit = min(self.gas or LIMITS.call_gas, LIMITS.call_gas)
        return Call(
            sender=self.sender,
            to=self.to,
            gas_limit=limit if gas_limit is None else gas_limit,
            value=self.value,
            data=self.data,
            gas_price=self._price(header.base_fee_per_gas or 0),
            access_list=self.access_list,
            authorizations=self.authorizations,
            blob_hashes=self.blob_hashes,
            max_fee_per_blob_gas=self.max_fee_per_blob_gas,
        )

    def _price(self, base_fee: int) -> int:
        if self.gas_price is not None:
            most, price = self.gas_price, self.gas_price
        else:
            most = self.max_fee or 0
            price = min(base_fee + (self.max_priority_fee or 0), most)
        if most and most < base_fee:
            raise CallFailed(
                f"max fee per gas less than block base fee: address {checksummed(self.sender)}, "
                f"maxFeePerGas: {most}, baseFee: {base_fee}"
            )
        return price


def call_object(params: Params, chain_id: int) -> CallObject:
    """The next parameter as a call object. Raises `InvalidRequest`."""
    members = Members("call", params.members("call"))
    call = CallObject(
        sender=members.read("from", Params.address) or NOBODY,
        to=members.read("to", Params.address),
        gas=members.read("gas", Params.quantity),
        value=members.read("value", amount) or 0,
        data=_call_data(members),
        gas_price=members.read("gasPrice", _price),
        max_fee=members.read("maxFeePerGas", _price),
        max_priority_fee=members.read("maxPriorityFeePerGas", _price),
        access_list=members.each("accessList", _access),
        authorizations=members.each("authorizationList", _authorization),
        blob_hashes=members.each("blobVersionedHashes", _hash),
        max_fee_per_blob_gas=members.read("maxFeePerBlobGas", _price) or 0,
        nonce=members.read("nonce", Params.quantity),
    )
    asked_chain = members.read("chainId", amount)
    if asked_chain not in (None, chain_id):
        raise InvalidRequest(f"chainId does not match: have {asked_chain}, want {chain_id}")
    _check_prices(call)
    return call


def state_overrides(params: Params) -> dict[bytes, Overrides]:
    """The next parameter as overrides of state, by address. Raises `InvalidRequest`."""
    listed = params.members("state overrides")
    if len(listed) > LIMITS.call_hints:
        raise InvalidRequest(f"state overrides: at most {LIMITS.call_hints} accounts")
    return {
        Params((address,)).address("state overrides"): _overrides(wanted)
        for address, wanted in listed.items()
    }


def block_overrides(params: Params) -> BlockOverrides:
    """The next parameter as overrides of the block. Raises `InvalidRequest`."""
    members = Members("block overrides", params.members("block overrides"))
    read = BlockOverrides(
        number=members.read("number", Params.quantity),
        timestamp=members.read("time", Params.quantity),
        gas_limit=members.read("gasLimit", Params.quantity),
        coinbase=members.read("feeRecipient", Params.address),
        prev_randao=members.read("prevRandao", Params.hash),
        base_fee_per_gas=members.read("baseFeePerGas", Params.quantity),
        blob_base_fee=members.read("blobBaseFee", _price),
    )
    members.end()
    return read


def _price(params: Params, name: str) -> int:
    """Wei for a unit of gas, as wide as engines hold it; a base fee has 64 bits."""
    return params.quantity(name, bits=128)


def _bytes(params: Params, name: str) -> bytes:
    return params.data(name, at_most=LIMITS.rpc_request_bytes)


def _hash(params: Params, name: str) -> bytes:
    return params.hash(name)


def _call_data(members: Members) -> bytes:
    given, older = members.read("input", _bytes), members.read("data", _bytes)
    if given is not None and older is not None and given != older:
        raise InvalidRequest(
            'both "data" and "input" are set and not equal. Please use "input" to pass call data'
        )
    return given if given is not None else older or b""


def _check_prices(call: CallObject) -> None:
    if call.gas_price is not None and (call.max_fee, call.max_priority_fee) != (None, None):
        raise InvalidRequest("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified")
    most, tip = call.max_fee, call.max_priority_fee
    if most is not None and tip is not None and most < tip:
        raise InvalidRequest(f"maxFeePerGas ({most}) < maxPriorityFeePerGas ({tip})")


def _access(params: Params, name: str) -> AccessListEntry:
    members = Members(name, params.members(name))
    return AccessListEntry(
        members.must("address", Params.address), members.each("storageKeys", _hash)
    )


def _authorization(params: Params, name: str) -> Authorization:
    members = Members(name, params.members(name))
    return Authorization(
        chain_id=members.must("chainId", amount),
        address=members.must("address", Params.address),
        nonce=members.must("nonce", Params.quantity),
        y_parity=members.must("yParity", _parity),
        r=members.must("r", _lenient_amount),
        s=members.must("s", _lenient_amount),
    )


def _parity(params: Params, name: str) -> int:
    return params.quantity(name, bits=8)


def _lenient_amount(params: Params, name: str) -> int:
    """Up to 32 bytes; signatures come with leading zeros from some libraries."""
    return int.from_bytes(params.storage_key(name).key, "big")


def _overrides(wanted: Received) -> Overrides:
    name = "state overrides"
    members = Members(name, Params((wanted,)).members(name))
    storage, slots = members.read("state", _slots), members.read("stateDiff", _slots)
    if storage is not None and slots is not None:
        raise InvalidRequest(f"{name}: an account has both 'state' and 'stateDiff'")
    read = Overrides(
        balance=members.read("balance", amount),
        nonce=members.read("nonce", Params.quantity),
        code=members.read("code", _bytes),
        slots=slots or {},
        storage=storage,
    )
    members.end()
    return read


def _slots(params: Params, name: str) -> dict[bytes, int]:
    return {
        Params((key,)).storage_key(name).key: _lenient_amount(Params((value,)), name)
        for key, value in params.members(name).items()
    }
