"""Proven state: accounts, storage slots and code under a proven header."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from walkaway.chain.single_flight import SingleFlight
from walkaway.errors import InvalidRequest, NotKnown, ProofError
from walkaway.limits import LIMITS
from walkaway.proofs import Proven
from walkaway.proofs.execution.accounts import (
    Account,
    StateProof,
    prove_account,
    prove_code,
    prove_slot,
    state_proof_from_json,
)
from walkaway.proofs.execution.fields import hex_bytes
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.keccak import EMPTY_HASH
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, RpcRequest

__all__ = ["AccountProof", "State"]


@dataclass(frozen=True, slots=True)
class AccountProof:
    """An account and some of its slots, with the nodes that prove them (EIP-1186)."""

    account: Proven[Account | None]
    slots: tuple[Proven[int], ...]
    nodes: StateProof


class State:
    """Asks the pool for state proofs, and keeps what was proven on recent blocks.

    ``depth`` tells how many blocks a header lies behind the head, from which the
    pool learns how far back each source can prove.
    """

    def __init__(self, pool: Pool, depth: Callable[[Header], int | None]) -> None:
        self._pool = pool
        self._depth = depth
        self._accounts: OrderedDict[tuple[bytes, bytes], Proven[Account | None]] = OrderedDict()
        self._code: OrderedDict[bytes, bytes] = OrderedDict()
        self._code_bytes = 0
        self._asking: SingleFlight[AccountProof] = SingleFlight()

    async def account(self, address: bytes, header: Proven[Header]) -> Proven[Account | None]:
        """The account at a 20-byte address after a block, or its proven absence.

        Raises `Unproven` when no source could prove it.
        """
        known = self._accounts.get((header.value.hash, address))
        if known is not None and known.claim.finality is header.claim.finality:
            return known
        return (await self.proof(address, (), header)).account

    async def slots(
        self, address: bytes, keys: Sequence[bytes], header: Proven[Header]
    ) -> tuple[Proven[Account | None], tuple[Proven[int], ...]]:
        """The account and the values of the slots with these 32-byte keys, in order."""
        proof = await self.proof(address, keys, header)
        return proof.account, proof.slots

    async def proof(
        self, address: bytes, keys: Sequence[bytes], header: Proven[Header]
    ) -> AccountProof:
        """The account, its slots, and the nodes that prove them.

        Raises:
            InvalidRequest: more keys than `LIMITS.proof_slots`.
            Unproven: no source could prove it.
        """
        if len(keys) > LIMITS.proof_slots:
            raise InvalidRequest(f"{len(keys)} storage keys; at most {LIMITS.proof_slots} at once")
        wanted = tuple(keys)
        return await self._asking.run(
            (header.claim, address, wanted), lambda: self._ask(address, wanted, header)
        )

    async def _ask(
        self, address: bytes, keys: tuple[bytes, ...], header: Proven[Header]
    ) -> AccountProof:
        def verify(answer: Answer) -> AccountProof:
            if answer.body is None:
                raise NotKnown("it does not know the block")
            nodes = state_proof_from_json(answer.body)
            account = prove_account(header, address, nodes.account_nodes)
            slots = [prove_slot(account, key, _slot_nodes(nodes, key)) for key in keys]
            return AccountProof(account, tuple(slots), nodes)

        asked = ("0x" + address.hex(), ["0x" + key.hex() for key in keys])
        question = self._at_block("eth_getProof", asked, header)
        proof = await self._pool.first_proven(question, verify)
        self._accounts[header.value.hash, address] = proof.account
        while len(self._accounts) > LIMITS.cached_accounts:
            self._accounts.popitem(last=False)
        return proof

    async def code(self, address: bytes, header: Proven[Header]) -> Proven[bytes]:
        """The code of the account after a block; empty where there is none, proven so."""
        account = await self.account(address, header)
        code_hash = EMPTY_HASH if account.value is None else account.value.code_hash
        if code_hash == EMPTY_HASH:
            return prove_code(account, b"")
        if (known := self._code.get(code_hash)) is not None:
            return prove_code(account, known)

        def verify(answer: Answer) -> Proven[bytes]:
            if answer.body is None:
                raise NotKnown("it does not know the block")
            return prove_code(account, hex_bytes(answer.body, "code", limit=LIMITS.code_bytes))

        asked = ("0x" + address.hex(),)
        question = self._at_block("eth_getCode", asked, header)
        code = await self._pool.first_proven(question, verify)
        self._keep_code(code_hash, code.value)
        return code

    def _at_block(
        self, method: str, params: tuple[object, ...], header: Proven[Header]
    ) -> tuple[RpcRequest, RpcRequest]:
        """The question by block hash (EIP-1898) and, for sources without that, by number."""
        by_hash = {"blockHash": "0x" + header.value.hash.hex()}
        depth = self._depth(header.value)
        return (
            RpcRequest(method, (*params, by_hash), by_hash=True, depth=depth),
            RpcRequest(method, (*params, hex(header.value.number)), depth=depth),
        )

    def _keep_code(self, code_hash: bytes, code: bytes) -> None:
        self._code[code_hash] = code
        self._code_bytes += len(code)
        while self._code_bytes > LIMITS.cached_code_bytes:
            _, dropped = self._code.popitem(last=False)
            self._code_bytes -= len(dropped)


def _slot_nodes(proof: StateProof, key: bytes) -> tuple[bytes, ...]:
    try:
        return proof.slot_nodes[key]
    except KeyError:
        raise ProofError("the answer lacks a storage key that was asked", expected=key) from None
