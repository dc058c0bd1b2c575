"""What the server needs of a chain: the part of `walkaway.chain.Chain` that methods ask.

A Protocol, so that a test may serve a chain of one block without a network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from walkaway.anchors.spec import ChainSpec
from walkaway.chain.block_id import BlockId, Tag
from walkaway.chain.calls import Calls
from walkaway.chain.fees import Fees
from walkaway.chain.heads import HeadJournal
from walkaway.chain.logs import Logs
from walkaway.chain.outbox import Sent
from walkaway.chain.state import AccountProof
from walkaway.chain.status import ChainStatus
from walkaway.proofs.derive import IncludedReceipt, IncludedTransaction
from walkaway.proofs.execution.accounts import Account
from walkaway.proofs.execution.blocks import Block
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.transactions import Transaction
from walkaway.proofs.proven import Proven
from walkaway.sources.word import Word

__all__ = ["ChainView"]


class ChainView(Protocol):
    """Proven answers about one network. All raise the errors of `walkaway.errors`."""

    @property
    def spec(self) -> ChainSpec:
        """The network."""
        ...

    @property
    def fees(self) -> Fees:
        """What transactions cost, from proven blocks."""
        ...

    @property
    def calls(self) -> Calls:
        """Runs calls over proven state."""
        ...

    @property
    def logs(self) -> Logs:
        """Logs of proven blocks, complete."""
        ...

    @property
    def journal(self) -> HeadJournal:
        """Which blocks joined the chain, and which were taken out."""
        ...

    def next_change(self) -> asyncio.Event:
        """Set at the next new head, or when a transaction is sent from here."""
        ...

    def sent(self) -> Sequence[Sent]:
        """The transactions that were sent from here and are not final yet."""
        ...

    def head(self, tag: Tag) -> Proven[Header]:
        """The header that ``latest``, ``pending``, ``safe`` or ``finalized`` means now.

        Raises `Stale` or `Unproven` where it means none.
        """
        ...

    async def header(self, block: BlockId) -> Proven[Header] | Word[None]:
        """The header, or the word that no source knows it."""
        ...

    async def account(self, address: bytes, block: BlockId) -> Proven[Account | None]:
        """The account after the block, or its proven absence."""
        ...

    async def slots(
        self, address: bytes, keys: Sequence[bytes], block: BlockId
    ) -> tuple[Proven[Account | None], tuple[Proven[int], ...]]:
        """The account and the values of its slots, in order."""
        ...

    async def code(self, address: bytes, block: BlockId) -> Proven[bytes]:
        """The code after the block."""
        ...

    async def proof(self, address: bytes, keys: Sequence[bytes], block: BlockId) -> AccountProof:
        """What `slots` gives, with the nodes that prove it."""
        ...

    async def block(self, block: BlockId) -> Proven[Block] | Word[None]:
        """The whole block, or the word that no source knows it."""
        ...

    async def ommers(self, block: BlockId) -> Proven[tuple[Header, ...]] | Word[None]:
        """The block's ommers, in order, or the word that no source knows it."""
        ...

    async def receipts(self, block: BlockId) -> Proven[tuple[IncludedReceipt, ...]] | Word[None]:
        """The block's receipts, in order, or the word that no source knows it."""
        ...

    async def transaction(
        self, transaction_hash: bytes
    ) -> Proven[IncludedTransaction | None] | Transaction | Word[None]:
        """The transaction in its block, or alone while only this program has it."""
        ...

    async def receipt(self, transaction_hash: bytes) -> Proven[IncludedReceipt | None] | Word[None]:
        """The receipt, or the word that no source knows the transaction."""
        ...

    async def submit(self, raw: bytes) -> bytes:
        """Send a signed transaction; its 32-byte hash."""
        ...

    async def pending_nonce(self, address: bytes) -> int:
        """The nonce after the transactions that were sent from here."""
        ...

    def status(self) -> ChainStatus:
        """Head, checkpoint and sources as they stand. Never raises."""
        ...
