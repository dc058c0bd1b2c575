"""Our transactions, headers and states in the types of one fork of EELS, and back.

EELS defines its types anew for every fork, so that a value of one fork is a
stranger to the next.
"""

from __future__ import annotations

import hashlib
from typing import Any

from ethereum_rlp import rlp as eels_rlp
from ethereum_types.bytes import Bytes20, Bytes32
from ethereum_types.numeric import U64, U256, Uint

from walkaway.devnet.execution.world import Account, WorldState
from walkaway.evm.eels import eels_module
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.receipts import Receipt, decode_receipt
from walkaway.proofs.execution.transactions import Transaction
from walkaway.proofs.execution.withdrawals import Withdrawal

__all__ = ["EelsForms"]


class EelsForms:
    """Conversions for one fork, by the name of its EELS package."""

    def __init__(self, fork: str) -> None:
        self._blocks = eels_module(fork, "blocks")
        self._state = eels_module(fork, "state")
        self._transactions = eels_module(fork, "transactions")
        self._trie = eels_module(fork, "trie")
        self._types = eels_module(fork, "fork_types")

    def transaction(self, transaction: Transaction) -> Any:
        """A transaction. Raises EELS' own `EthereumException` where the fork has no such type."""
        encoded = transaction.encode()
        if transaction.type:
            return self._transactions.decode_transaction(encoded)
        return eels_rlp.decode_to(self._transactions.LegacyTransaction, encoded)

    def receipt(self, output: Any, key: bytes) -> Receipt:
        """Back from the receipts trie of a block's output."""
        stored = self._trie.trie_get(output.receipts_trie, key)
        return decode_receipt(stored if isinstance(stored, bytes) else eels_rlp.encode(stored))

    def header(self, header: Header) -> Any:
        """The header in this fork's form, whichever fork it was made under."""
        count = len(self._blocks.Header.__dataclass_fields__)
        requests_hash = header.requests_hash or hashlib.sha256().digest()
        values = [
            Bytes32(header.parent_hash),
            Bytes32(header.ommers_hash),
            Bytes20(header.coinbase),
            Bytes32(header.state_root),
            Bytes32(header.transactions_root),
            Bytes32(header.receipts_root),
            self._types.Bloom(header.logs_bloom),
            Uint(header.difficulty),
            Uint(header.number),
            Uint(header.gas_limit),
            Uint(header.gas_used),
            U256(header.timestamp),
            header.extra_data,
            Bytes32(header.prev_randao),
            header.nonce,
            Uint(header.base_fee_per_gas or 0),
            Bytes32(header.withdrawals_root or bytes(32)),
            U64(header.blob_gas_used or 0),
            U64(header.excess_blob_gas or 0),
            Bytes32(header.parent_beacon_block_root or bytes(32)),
            Bytes32(requests_hash),
        ]
        return self._blocks.Header(*values[:count])

    def withdrawal(self, item: Withdrawal) -> Any:
        """A withdrawal."""
        return self._blocks.Withdrawal(
            U64(item.index), U64(item.validator_index), Bytes20(item.address), U256(item.amount)
        )

    def state(self, world: WorldState) -> Any:
        """A state, for a block to change."""
        accounts = {
            address: self._types.Account(Uint(a.nonce), U256(a.balance), a.code)
            for address, a in world.accounts.items()
        }
        storage = {
            address: self._trie.Trie(secured=True, default=U256(0), _data=dict(slots))
            for address, slots in world.storage.items()
        }
        main = self._trie.Trie(secured=True, default=None, _data=accounts)
        return self._state.State(_main_trie=main, _storage_tries=storage)

    def world(self, before: WorldState, state: Any) -> WorldState:
        """Back from a state that began as ``before``."""
        accounts = {
            address: Account(int(account.nonce), int(account.balance), bytes(account.code))
            for address, account in state._main_trie._data.items()
        }
        storage = {address: slots._data for address, slots in state._storage_tries.items()}
        return before.changed_to(accounts, storage)
