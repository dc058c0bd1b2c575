"""What the caller wrote, as a transaction of its block: filled in, checked, and run as a call.

The types, the defaults and the order of the checks are go-ethereum's, so that
the same question fails in the same way. Nobody signs: the signature is zero.
"""

from __future__ import annotations

from walkaway.errors import CallRefused, InvalidRequest, Refusal
from walkaway.evm.addresses import checksummed
from walkaway.evm.engine import Call, Manner
from walkaway.evm.refusals import LAST_NONCE
from walkaway.evm.simulation.asked import AskedTransaction
from walkaway.evm.simulation.state import Condition
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.transactions import (
    GAS_PER_BLOB,
    BlobTransaction,
    FeeMarketTransaction,
    LegacyTransaction,
    SetCodeTransaction,
    Transaction,
)

__all__ = ["FilledTransaction"]


class FilledTransaction:
    """A transaction with its nonce and its gas, in the block with ``header``."""

    def __init__(self, asked: AskedTransaction, nonce: int, gas: int, header: Header) -> None:
        self.asked = asked
        self.nonce = nonce
        self.gas = gas
        self._header = header

    @property
    def most(self) -> int:
        """The most wei that it offers for a unit of gas."""
        return self.asked.max_fee if self.asked.gas_price is None else self.asked.gas_price

    @property
    def price(self) -> int:
        """What it pays for a unit of gas. One that offers nothing pays nothing."""
        asked = self.asked
        if asked.gas_price is not None:
            return asked.gas_price
        if not asked.max_fee and not asked.max_priority_fee:
            return 0
        return min(asked.max_fee, (self._header.base_fee_per_gas or 0) + asked.max_priority_fee)

    def check(self, sender: Condition, blob_base_fee: int, *, validates: bool) -> None:
        """Hold it against its sender and its block. Raises `InvalidRequest`.

        Without ``validates`` nonces are not looked at, nor are base fees where
        nothing is offered.
        """
        if validates:
            self._check_nonce(sender.nonce)
        tip = self.asked.max_priority_fee
        if tip > self.most:
            raise InvalidRequest(
                f"max priority fee per gas higher than max fee per gas: address {self._sender}, "
                f"maxPriorityFeePerGas: {tip}, maxFeePerGas: {self.most}"
            )
        base_fee = self._header.base_fee_per_gas or 0
        if (validates or self.most) and self.most < base_fee:
            raise self._refused(
                f"max fee per gas less than block base fee: address {self._sender}, "
                f"maxFeePerGas: {self.most}, baseFee: {base_fee}",
                Refusal.FEE_CAP,
            )
        blob_cap = self.asked.max_fee_per_blob_gas
        if self.asked.blob_hashes and (validates or blob_cap) and blob_cap < blob_base_fee:
            raise self._refused(
                f"max fee per blob gas less than block blob gas fee: address {self._sender} "
                f"blobGasFeeCap: {blob_cap}, blobBaseFee: {blob_base_fee}",
                Refusal.BLOB_FEE_CAP,
            )
        needs = self.gas * self.most + self.asked.value + self.blob_gas * blob_cap
        if sender.balance < needs:
            raise self._refused(
                f"insufficient funds for gas * price + value: address {self._sender} "
                f"have {sender.balance} want {needs}",
                Refusal.FUNDS,
            )

    def hides_nonce(self, sender: Condition) -> bool:
        """Whether nothing that it runs can tell its sender's nonce."""
        return self.asked.to is not None and not sender.has_code and not self.asked.authorizations

    def refused(self, refusal: CallRefused) -> CallRefused:
        """What the engine refuses, in the words in which a simulation does."""
        return self._refused(str(refusal), refusal.refusal)

    @property
    def blob_gas(self) -> int:
        """The blob gas that it uses."""
        return GAS_PER_BLOB * len(self.asked.blob_hashes)

    def call(self, *, logs_transfers: bool) -> Call:
        """How an engine runs it."""
        asked = self.asked
        return Call(
            sender=asked.sender,
            to=asked.to,
            gas_limit=self.gas,
            value=asked.value,
            data=asked.data,
            gas_price=self.price,
            access_list=asked.access_list,
            authorizations=asked.authorizations,
            blob_hashes=asked.blob_hashes,
            max_fee_per_blob_gas=asked.max_fee_per_blob_gas,
            manner=Manner.TRANSACTION,
            logs_transfers=logs_transfers,
        )

    def unsigned(self, chain_id: int) -> Transaction:
        """As a block holds it. Raises `InvalidRequest` for what no block can hold.

        A gas price makes it a legacy one, whatever else was written.
        """
        asked = self.asked
        if asked.to is None and (asked.authorizations or asked.blob_hashes):
            raise InvalidRequest("a call with authorizations or blobs cannot create a contract")
        if asked.gas_price is not None:
            return LegacyTransaction(
                nonce=self.nonce,
                gas_limit=self.gas,
                to=asked.to,
                value=asked.value,
                data=asked.data,
                r=0,
                s=0,
                gas_price=asked.gas_price,
                v=0,
            )
        plain = FeeMarketTransaction(
            nonce=self.nonce,
            gas_limit=self.gas,
            to=asked.to,
            value=asked.value,
            data=asked.data,
            r=0,
            s=0,
            chain_id=chain_id,
            access_list=asked.access_list,
            y_parity=0,
            max_priority_fee_per_gas=asked.max_priority_fee,
            max_fee_per_gas=asked.max_fee,
        )
        if asked.authorizations:
            return SetCodeTransaction(**vars(plain), authorization_list=asked.authorizations)
        if asked.blob_hashes:
            return BlobTransaction(
                **vars(plain),
                max_fee_per_blob_gas=asked.max_fee_per_blob_gas,
                blob_versioned_hashes=asked.blob_hashes,
            )
        return plain

    def _check_nonce(self, nonce: int) -> None:
        if self.nonce != nonce:
            is_high = self.nonce > nonce
            raise self._refused(
                f"nonce too {'high' if is_high else 'low'}: address {self._sender}, "
                f"tx: {self.nonce} state: {nonce}",
                Refusal.NONCE_TOO_HIGH if is_high else Refusal.NONCE_TOO_LOW,
            )
        if nonce == LAST_NONCE:
            raise self._refused(
                f"nonce has max value: address {self._sender}, nonce: {nonce}", Refusal.NONCE
            )

    @property
    def _sender(self) -> str:
        return checksummed(self.asked.sender)

    def _refused(self, message: str, refusal: Refusal) -> CallRefused:
        return CallRefused(f"err: {message} (supplied gas {self.gas})", refusal)
