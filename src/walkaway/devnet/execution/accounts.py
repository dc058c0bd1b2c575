"""The devnet's funded accounts. Their keys follow from a public label: they keep no secret."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from eth_account import Account as Signer
from eth_account.signers.local import LocalAccount

from walkaway.proofs.execution.keccak import keccak256

__all__ = ["DEV_ACCOUNTS", "NAMES_OWNER", "PROXY_ADMIN", "THIEF", "DevAccount", "dev_account"]

DEV_ACCOUNTS = 10
"""How many accounts are funded at genesis."""


@dataclass(frozen=True, slots=True)
class DevAccount:
    """One funded account: its 32-byte key and its 20-byte address. Never use it elsewhere."""

    key: bytes
    address: bytes

    def sign(self, transaction: dict[str, int | bytes]) -> bytes:
        """A raw signed transaction, from the fields that eth-account knows."""
        return bytes(self._signer.sign_transaction(dict(transaction)).raw_transaction)

    @property
    def _signer(self) -> LocalAccount:
        signer: LocalAccount = Signer.from_key(self.key)
        return signer


@lru_cache
def dev_account(index: int) -> DevAccount:
    """The funded account of an index; those below `DEV_ACCOUNTS` have ether at genesis."""
    key = keccak256(b"walkaway devnet account %d" % index)
    return DevAccount(key, bytes.fromhex(Signer.from_key(key).address[2:]))


NAMES_OWNER = dev_account(DEV_ACCOUNTS)
"""Owns the names of the genesis state, and ``eth`` above them; funded as well."""
PROXY_ADMIN = dev_account(DEV_ACCOUNTS + 1)
"""Can replace what the Universal Resolver's proxy runs; funded as well."""
THIEF = dev_account(DEV_ACCOUNTS + 2)
"""Takes names away; funded as well."""
