"""The state root after a simulated block, from the proofs of what the block changed.

Yellow Paper 4.1: the state trie holds accounts, each with the root of its own
storage trie. Only what changed need be known; where that does not decide a
root, `UnknownNeighbour` says what is lacking.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from walkaway.errors import UnknownNode
from walkaway.evm.engine import Overrides
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.accounts import Account, StateProof
from walkaway.proofs.execution.keccak import EMPTY_HASH, keccak256
from walkaway.proofs.execution.partial_trie import PartialTrie
from walkaway.proofs.execution.trie import EMPTY_ROOT

__all__ = ["StateTries", "UnknownNeighbour"]

_ABSENT = Account(nonce=0, balance=0)


class UnknownNeighbour(UnknownNode):
    """A node on no way to what changed decides a root: of the state, or of an account's storage."""

    def __init__(self, path: bytes, account: bytes | None) -> None:
        super().__init__(path)
        self.account = account


class StateTries:
    """The state under a 32-byte root, as far as proofs show it, changed block by block."""

    def __init__(self, root: bytes) -> None:
        self._state = PartialTrie(root)
        self._storage: dict[bytes, PartialTrie] = {}
        self._accounts: dict[bytes, Account] = {}
        self.empty: frozenset[bytes] = frozenset()
        """Accounts that are there and have nothing, as only overrides leave them."""

    def learn(self, address: bytes, account: Account | None, proof: StateProof) -> None:
        """Take in a proof of an account, and of slots of it, in the state as it was at first."""
        self._state.learn(proof.account_nodes)
        known = self._accounts.setdefault(address, account or _ABSENT)
        for nodes in proof.slot_nodes.values():
            self._storage_of(address, known).learn(nodes)

    def change(self, changes: Mapping[bytes, Overrides], kept_empty: frozenset[bytes]) -> bytes:
        """The state root once every account is as ``changes`` leave it.

        Accounts that end empty are no longer there (EIP-161), but for those of
        ``kept_empty``.

        Raises `UnknownNeighbour` where what is known does not decide it; once that
        is known too, the same changes may be made again.
        """
        leaves, empty = {}, self.empty
        for address, wanted in changes.items():
            account = self._changed(address, wanted)
            is_gone = _is_empty(account) and address not in kept_empty
            empty = empty | {address} if _is_empty(account) and not is_gone else empty - {address}
            leaves[keccak256(address)] = b"" if is_gone else account.encode()
            self._accounts[address] = _ABSENT if is_gone else account
            if is_gone:
                self._storage.pop(address, None)
        self.empty = empty
        try:
            return self._state.change(leaves)
        except UnknownNode as error:
            raise UnknownNeighbour(error.path, None) from error

    def _changed(self, address: bytes, wanted: Overrides) -> Account:
        account = self._accounts[address]
        if wanted.storage is not None:
            self._storage[address] = PartialTrie(EMPTY_ROOT)
        slots = wanted.slots if wanted.storage is None else wanted.storage
        if slots or wanted.storage is not None:
            try:
                root = self._storage_of(address, account).change(_leaves(slots))
            except UnknownNode as error:
                raise UnknownNeighbour(error.path, address) from error
            account = replace(account, storage_root=root)
        return replace(
            account,
            nonce=account.nonce if wanted.nonce is None else wanted.nonce,
            balance=account.balance if wanted.balance is None else wanted.balance,
            code_hash=account.code_hash if wanted.code is None else keccak256(wanted.code),
        )

    def _storage_of(self, address: bytes, account: Account) -> PartialTrie:
        if address not in self._storage:
            self._storage[address] = PartialTrie(account.storage_root)
        return self._storage[address]


def _leaves(slots: Mapping[bytes, int]) -> dict[bytes, bytes]:
    return {keccak256(key): rlp.encode(value) if value else b"" for key, value in slots.items()}


def _is_empty(account: Account) -> bool:
    return not account.nonce and not account.balance and account.code_hash == EMPTY_HASH
