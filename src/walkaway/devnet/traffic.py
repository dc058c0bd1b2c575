"""A little life on the devnet: transactions of every block, from accounts kept for it."""

from __future__ import annotations

from walkaway.devnet.execution.accounts import DEV_ACCOUNTS, DevAccount, dev_account
from walkaway.devnet.execution.chain import ExecutionChain
from walkaway.devnet.execution.genesis import COUNTER, TOKEN
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.transaction_forms import decode_transaction

__all__ = ["TRAFFIC_ACCOUNTS", "Traffic"]

TRAFFIC_ACCOUNTS = range(DEV_ACCOUNTS // 2, DEV_ACCOUNTS)
"""The funded accounts that send the traffic; the others are left alone."""

INCREMENT = keccak256(b"increment()")[:4]
TRANSFER = keccak256(b"transfer(address,uint256)")[:4]
MAX_FEE = 20 * 10**9


class Traffic:
    """Sends counts, token transfers and ether, in turn, from account after account."""

    def __init__(self, chain: ExecutionChain) -> None:
        self._chain = chain
        self._sent = 0

    def send(self, count: int) -> None:
        """Put so many transactions into the pool."""
        for _ in range(count):
            account = dev_account(TRAFFIC_ACCOUNTS[self._sent % len(TRAFFIC_ACCOUNTS)])
            self._chain.submit(decode_transaction(self._signed(account)))
            self._sent += 1

    def _signed(self, account: DevAccount) -> bytes:
        kind = self._sent % 3
        receiver = dev_account(TRAFFIC_ACCOUNTS[(self._sent + 1) % len(TRAFFIC_ACCOUNTS)]).address
        tokens = TRANSFER + receiver.rjust(32, b"\0") + (10**15).to_bytes(32)
        fields: dict[str, int | bytes] = {
            "chainId": self._chain.chain_id,
            "nonce": self._chain.next_nonce(account.address),
            "gas": 120_000,
            "to": (COUNTER, TOKEN, receiver)[kind],
            "value": 10**12 if kind == 2 else 0,
            "data": (INCREMENT, tokens, b"")[kind],
        }
        if kind == 2:
            return account.sign(fields | {"gasPrice": MAX_FEE})
        return account.sign(fields | {"maxFeePerGas": MAX_FEE, "maxPriorityFeePerGas": 10**9})
