"""Proven state: accounts, storage slots and code under a proven header."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from walkaway.chain.judgement import judged_by_form
from walkaway.chain.recall import Recall
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
from walkaway.sources.attempt import Verify
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, Requests, RpcRequest

__all__ = ["AccountProof", "State"]

LIGHT_PROOFS = 16
"""Up to so many accounts and slots are proven on the loop; more of them in a thread."""


@dataclass(frozen=True, slots=True)
class AccountProof:
    """An account and some of its slots, with the nodes that prove them (EIP-1186)."""

    account: Proven[Account | None]
    slots: tuple[Proven[int], ...]
    nodes: StateProof


class State:
    """Asks the pool for state proofs, and keeps what was proven on recent blocks.

    ``depth`` tells how many blocks a header lies behind the head, from which the
    pool learns how far back each source can prove. ``recall`` holds code that was
    fetched before.
    """

    def __init__(self, pool: Pool, depth: Callable[[Header], int | None], recall: Recall) -> None:
        self._pool = pool
        self._recall = recall
        self._depth = depth
        self._accounts: OrderedDict[tuple[bytes, bytes], Proven[Account | None]] = OrderedDict()
        self._code: OrderedDict[bytes, bytes] = OrderedDict()
        self._code_bytes = 0
        self._asking: SingleFlight[AccountProof] = SingleFlight()
        self._asking_code: SingleFlight[bytes] = SingleFlight()

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

    async def proofs(
        self, asked: Sequence[tuple[bytes, tuple[bytes, ...]]], header: Proven[Header]
    ) -> list[AccountProof]:
        """`proof` for many accounts, each with its keys, in batches. In the order asked."""
        items = [self._proof_question(address, keys, header) for address, keys in asked]
        slots = sum(len(keys) for _, keys in asked)
        proofs = await self._pool.prove_many(items, heavy=len(asked) + slots > LIGHT_PROOFS)
        for (address, _), proof in zip(asked, proofs, strict=True):
            self._keep_account(address, header, proof.account)
        return proofs

    async def _ask(
        self, address: bytes, keys: tuple[bytes, ...], header: Proven[Header]
    ) -> AccountProof:
        proof = await self._pool.first_proven(*self._proof_question(address, keys, header))
        self._keep_account(address, header, proof.account)
        return proof

    def _proof_question(
        self, address: bytes, keys: tuple[bytes, ...], header: Proven[Header]
    ) -> tuple[Requests, Verify[AccountProof]]:
        def verify(answer: Answer) -> AccountProof:
            if answer.body is None:
                raise NotKnown("it does not know the block")
            nodes = state_proof_from_json(answer.body)
            account = prove_account(header, address, nodes.account_nodes)
            slots = [prove_slot(account, key, _slot_nodes(nodes, key)) for key in keys]
            return AccountProof(account, tuple(slots), nodes)

        asked = ("0x" + address.hex(), ["0x" + key.hex() for key in keys])
        return self._at_block("eth_getProof", asked, header), verify

    def _keep_account(
        self, address: bytes, header: Proven[Header], account: Proven[Account | None]
    ) -> None:
        self._accounts[header.value.hash, address] = account
        while len(self._accounts) > LIMITS.cached_accounts:
            self._accounts.popitem(last=False)

    async def code(self, address: bytes, header: Proven[Header]) -> Proven[bytes]:
        """The code of the account after a block; empty where there is none, proven so."""
        account = await self.account(address, header)
        code_hash = EMPTY_HASH if account.value is None else account.value.code_hash
        if code_hash == EMPTY_HASH:
            return prove_code(account, b"")
        if (known := self._code.get(code_hash)) is None:
            known = await self._asking_code.run(
                code_hash,
                lambda: self._recall.code(code_hash, lambda: self._ask_code(account, header)),
            )
            self._keep_code(code_hash, known)
        return prove_code(account, known)

    async def codes(
        self, accounts: Sequence[Proven[Account | None]], header: Proven[Header]
    ) -> list[Proven[bytes]]:
        """The code of each of these accounts, which are proven under ``header``, in batches."""
        hashes = [EMPTY_HASH if a.value is None else a.value.code_hash for a in accounts]
        for code_hash in {*hashes} - {EMPTY_HASH} - self._code.keys():
            if (known := await self._recall.known_code(code_hash)) is not None:
                self._keep_code(code_hash, known)
        wanted = {
            code_hash: account
            for code_hash, account in zip(hashes, accounts, strict=True)
            if code_hash != EMPTY_HASH and code_hash not in self._code
        }
        items = [self._code_question(account, header) for account in wanted.values()]
        found = {EMPTY_HASH: b""}
        found |= {
            code_hash: self._code[code_hash] for code_hash in hashes if code_hash in self._code
        }
        for code_hash, code in zip(wanted, await self._pool.prove_many(items), strict=True):
            found[code_hash] = code.value
            self._keep_code(code_hash, code.value)
            await self._recall.keep_code(code_hash, code.value)
        return [
            prove_code(account, found[code_hash])
            for code_hash, account in zip(hashes, accounts, strict=True)
        ]

    async def _ask_code(self, account: Proven[Account | None], header: Proven[Header]) -> bytes:
        return (await self._pool.first_proven(*self._code_question(account, header))).value

    def _code_question(
        self, account: Proven[Account | None], header: Proven[Header]
    ) -> tuple[Requests, Verify[Proven[bytes]]]:
        address = account.claim.subject[1]
        assert isinstance(address, bytes)

        def verify(answer: Answer) -> Proven[bytes]:
            if answer.body is None:
                raise NotKnown("it does not know the block")
            with judged_by_form():
                return prove_code(account, hex_bytes(answer.body, "code", limit=LIMITS.code_bytes))

        return self._at_block("eth_getCode", ("0x" + address.hex(),), header), verify

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
        if code_hash not in self._code:
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
