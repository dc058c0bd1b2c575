"""A chain made ready in memory: the server's view of one, without a network behind it.

Blocks, receipts and state proofs are handed in as bytes and dataclasses, and
proven by the functions of `proofs/` when they are asked for; only the heads are
believed as given. What is asked beyond that is the word of "nobody".
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from walkaway.anchors.spec import ChainSpec
from walkaway.chain.block_id import BlockId, Tag
from walkaway.chain.calls import Calls
from walkaway.chain.fees import Fees
from walkaway.chain.heads import HeadJournal
from walkaway.chain.logs import Logs
from walkaway.chain.outbox import Sent
from walkaway.chain.state import AccountProof
from walkaway.chain.status import ChainStatus, HeadStatus
from walkaway.errors import InvalidRequest, ProofError, Unproven
from walkaway.proofs import Claim, Evidence, Finality, Proven, derive
from walkaway.proofs._seal import seal
from walkaway.proofs.derive import IncludedReceipt, IncludedTransaction
from walkaway.proofs.execution.accounts import (
    Account,
    StateProof,
    prove_account,
    prove_code,
    prove_slot,
)
from walkaway.proofs.execution.ancestry import header_from_head
from walkaway.proofs.execution.blocks import (
    Block,
    BlockBody,
    prove_block,
    prove_ommers,
    prove_receipts,
)
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.receipts import Receipt
from walkaway.proofs.execution.transaction_forms import decode_submission
from walkaway.proofs.execution.transactions import Transaction
from walkaway.sources.word import Word

NOBODY: Word[None] = Word(None, said_by=("north", "south"), asked=("north", "south"))


@dataclass
class PreparedChain:
    """Blocks in order; state only on the last one, up to ``finalized`` of which are final."""

    spec: ChainSpec
    blocks: Sequence[Block]
    finalized: int
    receipts_of: Mapping[int, tuple[Receipt, ...]] = field(default_factory=dict)
    proofs: Mapping[bytes, StateProof] = field(default_factory=dict)
    codes: Mapping[bytes, bytes] = field(default_factory=dict)
    submitted: dict[bytes, Transaction] = field(default_factory=dict)
    pending: dict[bytes, int] = field(default_factory=dict)
    age: float = 6.0
    pause: asyncio.Event | None = None
    fail_with: BaseException | None = None
    state_anywhere: bool = False
    alter: Callable[[Proven[Account | None]], Proven[Account | None]] | None = None

    def __post_init__(self) -> None:
        self.change = asyncio.Event()
        self.logs = Logs(self._line, _Contents(self), self.head)
        self.journal = HeadJournal(lambda: self.head(Tag.LATEST), self._line)

    @property
    def fees(self) -> Fees:
        return Fees(self._line, _Contents(self), self.spec.blob_base_fees)

    def head(self, tag: Tag) -> Proven[Header]:
        number = self._number(tag)
        assert number is not None
        return self._header(number)

    def next_change(self) -> asyncio.Event:
        return self.change

    def sent(self) -> list[Sent]:
        return [Sent(transaction, transaction.sender) for transaction in self.submitted.values()]

    async def _line(self, newest: Proven[Header], count: int) -> list[Proven[Header]]:
        last = newest.value.number
        return [self._header(n) for n in range(max(0, last - count + 1), last + 1)]

    @property
    def calls(self) -> Calls:
        raise Unproven("nothing is run on a prepared chain", reasons={})

    async def header(self, block: BlockId) -> Proven[Header] | Word[None]:
        if self.fail_with is not None:
            raise self.fail_with
        if self.pause is not None:
            await self.pause.wait()
        number = self._number(block)
        return NOBODY if number is None else self._header(number)

    async def account(self, address: bytes, block: BlockId) -> Proven[Account | None]:
        account = (await self.proof(address, (), block)).account
        return account if self.alter is None else self.alter(account)

    async def slots(
        self, address: bytes, keys: Sequence[bytes], block: BlockId
    ) -> tuple[Proven[Account | None], tuple[Proven[int], ...]]:
        proof = await self.proof(address, keys, block)
        return proof.account, proof.slots

    async def code(self, address: bytes, block: BlockId) -> Proven[bytes]:
        account = await self.account(address, block)
        code = b"" if account.value is None else self.codes.get(account.value.code_hash, b"")
        return prove_code(account, code)

    async def proof(self, address: bytes, keys: Sequence[bytes], block: BlockId) -> AccountProof:
        header = await self.header(block)
        if isinstance(header, Word) or not (
            self.state_anywhere or header.value.number == self.blocks[-1].header.number
        ):
            raise Unproven("no state there", reasons={"north": "pruned"})
        nodes = self.proofs.get(address)
        if nodes is None or not nodes.slot_nodes.keys() >= set(keys):
            raise Unproven("no such proof was prepared", reasons={"north": "refused"})
        account = prove_account(header, address, nodes.account_nodes)
        slots = [prove_slot(account, key, nodes.slot_nodes[key]) for key in keys]
        return AccountProof(account, tuple(slots), nodes)

    async def block(self, block: BlockId) -> Proven[Block] | Word[None]:
        header = await self.header(block)
        if isinstance(header, Word):
            return header
        return prove_block(header, self._body(header.value.number))

    async def ommers(self, block: BlockId) -> Proven[tuple[Header, ...]] | Word[None]:
        header = await self.header(block)
        if isinstance(header, Word):
            return header
        return prove_ommers(header, self._body(header.value.number).ommers)

    async def receipts(self, block: BlockId) -> Proven[tuple[IncludedReceipt, ...]] | Word[None]:
        whole = await self.block(block)
        if isinstance(whole, Word):
            return whole
        header, number = whole.value.header, whole.value.header.number
        bare = prove_receipts(self._header(number), self.receipts_of.get(number, ()))
        fee = None
        if header.excess_blob_gas is not None:
            parent = self._header(number - 1)
            fee = derive.blob_base_fee(parent, self._header(number), self.spec.blob_base_fees)
        return derive.receipts(whole, bare, fee)

    async def transaction(
        self, transaction_hash: bytes
    ) -> Proven[IncludedTransaction | None] | Transaction | Word[None]:
        for block in self.blocks:
            if any(tx.hash == transaction_hash for tx in block.body.transactions):
                whole = await self.block(block.header.number)
                assert isinstance(whole, Proven)
                return derive.transaction_by_hash(whole, transaction_hash)
        return self.submitted.get(transaction_hash, NOBODY)

    async def receipt(self, transaction_hash: bytes) -> Proven[IncludedReceipt | None] | Word[None]:
        found = await self.transaction(transaction_hash)
        if not isinstance(found, Proven) or found.value is None:
            return NOBODY
        number = found.value.header.number
        whole = await self.block(number)
        assert isinstance(whole, Proven)
        bare = prove_receipts(self._header(number), self.receipts_of[number])
        fee = None
        if found.value.header.excess_blob_gas is not None:
            fee = derive.blob_base_fee(
                self._header(number - 1),
                self._header(number),
                self.spec.blob_base_fees,
            )
        return derive.receipt_by_hash(whole, bare, transaction_hash, fee)

    async def submit(self, raw: bytes) -> bytes:
        try:
            transaction = decode_submission(raw)
            self.submitted[transaction.hash] = transaction
        except ProofError as error:
            raise InvalidRequest(f"not a signed transaction: {error}") from None
        return transaction.hash

    async def pending_nonce(self, address: bytes) -> int:
        return self.pending.get(address, 0)

    def status(self) -> ChainStatus:
        """As of ``age`` seconds after the last block."""
        last, final = self.blocks[-1].header, self._header(self.finalized).value
        now = last.timestamp + self.age
        return ChainStatus(
            network=self.spec.network,
            chain_id=self.spec.chain_id,
            now=now,
            clock_behind=0.0,
            head_age_limit=180.0,
            checkpoint=None,
            latest=HeadStatus(last.number, last.hash, self.age),
            finalized=HeadStatus(final.number, final.hash, now - final.timestamp),
            signers=32,
            committee_size=32,
            period=0,
            current_slot=0,
            sent=len(self.submitted),
            trouble=None,
            sources=(),
        )

    def _number(self, block: BlockId) -> int | None:
        last = self.blocks[-1].header.number
        match block:
            case Tag.LATEST | Tag.PENDING:
                return last
            case Tag.SAFE | Tag.FINALIZED:
                return self.finalized
            case Tag.EARLIEST:
                return 0
            case int():
                return block if self.blocks[0].header.number <= block <= last else None
            case bytes():
                known = {whole.header.hash: whole.header.number for whole in self.blocks}
                return known.get(block)

    def _body(self, number: int) -> BlockBody:
        return self.blocks[number - self.blocks[0].header.number].body

    def _header(self, number: int) -> Proven[Header]:
        header = self.blocks[number - self.blocks[0].header.number].header
        final = number <= self.finalized
        claim = Claim(
            self.spec.chain_id,
            header.hash,
            ("head",),
            Finality.FINALIZED if final else Finality.OPTIMISTIC,
        )
        checkpoint = Evidence("checkpoint, believed for this test", (("slot", 7),))
        signed = Evidence("two thirds of a sync committee", (("signers", 32),), (checkpoint,))
        return header_from_head(seal(None, claim, signed), header)


@dataclass
class _Contents:
    """What the prepared blocks hold, by their headers."""

    chain: PreparedChain

    async def block(self, header: Proven[Header]) -> Proven[Block]:
        return prove_block(header, self.chain._body(header.value.number))

    async def receipts(self, header: Proven[Header]) -> Proven[tuple[Receipt, ...]]:
        return prove_receipts(header, self.chain.receipts_of.get(header.value.number, ()))
