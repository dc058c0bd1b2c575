"""The state of all accounts after one block: to read, to prove, to step on from.

A `WorldState` never changes; the one after the next block shares its tries
with it, so that keeping some hundreds of them is cheap and each answers
`eth_getProof`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ethereum_types.bytes import Bytes20, Bytes32
from ethereum_types.numeric import U256

from walkaway.devnet.execution import trie
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.keccak import EMPTY_HASH, keccak256

__all__ = ["Account", "AccountProof", "Storage", "WorldState"]

Storage = Mapping[Bytes32, U256]
"""The slots of one account that are not zero."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account. ``balance`` is wei."""

    nonce: int = 0
    balance: int = 0
    code: bytes = b""


@dataclass(frozen=True, slots=True)
class AccountProof:
    """One account with the trie nodes that prove it, and each asked slot with its own."""

    address: bytes
    account: Account
    storage_root: bytes
    nodes: list[bytes]
    slots: list[tuple[bytes, int, list[bytes]]]

    @property
    def code_hash(self) -> bytes:
        """Keccak-256 of the code."""
        return keccak256(self.account.code) if self.account.code else EMPTY_HASH


@dataclass(frozen=True)
class WorldState:
    """All accounts and their storage, with their tries."""

    accounts: Mapping[Bytes20, Account] = field(default_factory=dict)
    storage: Mapping[Bytes20, Storage] = field(default_factory=dict)
    _account_trie: trie.Node | None = None
    _storage_tries: Mapping[Bytes20, trie.Node] = field(default_factory=dict)

    @property
    def root(self) -> bytes:
        """The state root, 32 bytes."""
        return trie.root_hash(self._account_trie)

    def account(self, address: bytes) -> Account:
        """The account at a 20-byte address; an empty one where there is none."""
        return self.accounts.get(Bytes20(address), Account())

    def slot(self, address: bytes, key: bytes) -> int:
        """The value at a 32-byte storage key."""
        return int(self.storage.get(Bytes20(address), {}).get(Bytes32(key), U256(0)))

    def storage_root(self, address: bytes) -> bytes:
        """The root of an account's storage trie, 32 bytes."""
        return trie.root_hash(self._storage_tries.get(Bytes20(address)))

    def prove(self, address: bytes, keys: list[bytes]) -> AccountProof:
        """The proof of an account (or of its absence) and of slots at 32-byte keys."""
        slots = self._storage_tries.get(Bytes20(address))
        return AccountProof(
            address=address,
            account=self.account(address),
            storage_root=self.storage_root(address),
            nodes=trie.prove(self._account_trie, keccak256(address)),
            slots=[
                (key, self.slot(address, key), trie.prove(slots, keccak256(key))) for key in keys
            ],
        )

    def changed_to(
        self, accounts: Mapping[Bytes20, Account], storage: Mapping[Bytes20, Storage]
    ) -> WorldState:
        """The state with exactly these accounts and slots; only what differs is hashed anew."""
        storage_tries = dict(self._storage_tries)
        touched: set[Bytes20] = set()
        for address in self.storage.keys() | storage.keys():
            before, after = self.storage.get(address, {}), storage.get(address, {})
            if before != after:
                touched.add(address)
                changed = _storage_trie(storage_tries.pop(address, None), before, after)
                if changed is not None:
                    storage_tries[address] = changed
        node = self._account_trie
        for address in self.accounts.keys() | accounts.keys():
            account = accounts.get(address)
            if account is None:
                node = trie.remove(node, keccak256(address))
            elif address in touched or self.accounts.get(address) != account:
                encoded = _encoded(account, trie.root_hash(storage_tries.get(address)))
                node = trie.insert(node, keccak256(address), encoded)
        return WorldState(accounts, storage, node, storage_tries)


def _storage_trie(node: trie.Node | None, before: Storage, after: Storage) -> trie.Node | None:
    for key in before.keys() | after.keys():
        value = after.get(key)
        if value is None:
            node = trie.remove(node, keccak256(key))
        elif before.get(key) != value:
            node = trie.insert(node, keccak256(key), rlp.encode(int(value)))
    return node


def _encoded(account: Account, storage_root: bytes) -> bytes:
    code_hash = keccak256(account.code) if account.code else EMPTY_HASH
    return rlp.encode([account.nonce, account.balance, storage_root, code_hash])
