"""The chain as the floors above see it: ask it anything, get a `Proven` or a reason.

Every method takes a block id and answers at one block: a tag is resolved
once, so that an account and its code cannot come from two heads.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from walkaway.anchors.spec import ChainSpec
from walkaway.chain.block_id import BlockId, Tag
from walkaway.chain.blocks import Blocks
from walkaway.chain.cache import DiskCache
from walkaway.chain.calls import Calls
from walkaway.chain.clock import FlooredClock, SystemClock
from walkaway.chain.fees import Fees
from walkaway.chain.follower import Follower, SyncProgress
from walkaway.chain.header_index import HeaderIndex
from walkaway.chain.headers import Headers
from walkaway.chain.heads import HeadJournal
from walkaway.chain.keeper import Keeper
from walkaway.chain.logs import Logs
from walkaway.chain.outbox import Outbox, Sent
from walkaway.chain.recall import Recall
from walkaway.chain.served_heads import ServedHeads
from walkaway.chain.start import Checkpoint, start_store
from walkaway.chain.state import AccountProof, State
from walkaway.chain.status import ChainStatus, HeadStatus
from walkaway.chain.transactions import Located, Transactions
from walkaway.chain.unknown import unknown_block
from walkaway.errors import ConfigError, Stale, Unproven, WalkawayError
from walkaway.evm.running import RunningEngine
from walkaway.limits import LIMITS
from walkaway.proofs import Proven, derive
from walkaway.proofs.derive import IncludedReceipt, IncludedTransaction
from walkaway.proofs.execution.accounts import Account
from walkaway.proofs.execution.blocks import Block
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.receipts import Receipt
from walkaway.proofs.execution.transactions import Transaction
from walkaway.sources.clock import Clock
from walkaway.sources.pool import Pool
from walkaway.sources.word import Word

__all__ = ["Chain", "ChainSettings"]

log = logging.getLogger("walkaway.chain")

T = TypeVar("T")

POLLS_PER_SLOT = 3
LONGEST_PAUSE_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class ChainSettings:
    """How a chain is followed.

    ``checkpoint`` is a trusted beacon block root, or None; ``operators`` how
    many must agree where neither one is given nor one was kept;
    ``state_directory`` None keeps nothing, and so does ``only_reads``, which begins from what
    another process keeps there; ``cache_bytes`` is how much of what
    was fetched may be kept there. Ages are seconds.
    """

    checkpoint: bytes | None = None
    operators: int = 2
    state_directory: Path | None = None
    only_reads: bool = False
    cache_bytes: int = LIMITS.disk_cache_bytes
    head_age_limit: float = LIMITS.head_age_seconds
    checkpoint_age_limit: float = LIMITS.checkpoint_age_seconds


class Chain:
    """One followed chain. Use it as a context, or call `start` and `stop`.

    ``engine`` runs calls, by default the fastest there is; ``tell`` hears, in words,
    what is being done; ``progress`` hears the sync.
    """

    def __init__(
        self,
        spec: ChainSpec,
        pool: Pool,
        settings: ChainSettings | None = None,
        *,
        clock: Clock | None = None,
        engine: RunningEngine | None = None,
        tell: Callable[[str], None] = lambda _: None,
        progress: Callable[[SyncProgress], None] = lambda _: None,
    ) -> None:
        self.spec = spec
        self.pool = pool
        self.settings = settings or ChainSettings()
        self._clock = FlooredClock(clock or SystemClock())
        self._heads = ServedHeads(spec, self._clock, self.settings.head_age_limit)
        self._tell = tell
        self._progress = progress
        self._keeper = Keeper(
            self.settings.state_directory,
            spec,
            self._clock,
            only_reads=self.settings.only_reads,
        )
        self._recall = Recall(_cache(self.settings, spec))
        self._index = HeaderIndex(_kept_at(self.settings, spec, "headers"), spec.chain_id)
        self._state = State(pool, self._heads.depth, self._recall)
        self._blocks = Blocks(pool, self._recall)
        self._headers = Headers(
            pool, self._state, self.head, index=self._index, recall=self._recall
        )
        self.fees = Fees(self._headers.line, self._blocks, spec.blob_base_fees)
        self.calls = Calls(spec, pool, self._state, self._headers, engine)
        self.logs = Logs(self._headers.line, self._blocks, self.head)
        self.journal = HeadJournal(lambda: self.head(Tag.LATEST), self._headers.line)
        self._transactions = Transactions(pool, self._headers, self._blocks)
        self._outbox = Outbox(spec.chain_id, pool, self._state, self._transactions.find)
        self._follower: Follower | None = None
        self._checkpoint: Checkpoint | None = None
        self._following: asyncio.Task[None] | None = None

    async def start(self, *, follow: bool = True) -> None:
        """Begin at the checkpoint, sync to the head, and follow it from then on.

        Without ``follow`` the head stays where it is until `advance` is called.

        Raises:
            Stale: the checkpoint is too old.
            ConfigError: the kept state is damaged or contradicts the checkpoint.
            Unproven: the sources cannot carry the light client to a head.
        """
        try:
            await self._begin()
        except BaseException:
            await self._let_go()
            raise
        if follow:
            self._following = asyncio.create_task(self._follow())

    async def _begin(self) -> None:
        kept = self._keeper.load()
        started = await start_store(
            self.spec,
            self.pool,
            self._clock,
            given=self.settings.checkpoint,
            kept=kept,
            operators=self.settings.operators,
            age_limit=self.settings.checkpoint_age_limit,
            tell=self._tell,
        )
        self._checkpoint = started.checkpoint
        self._keeper.check(started.store)
        self._follower = Follower(self.spec, self.pool, self._clock, started.store)
        await self._follower.sync(self._progress)
        self._tell("asking every beacon source for its newest head")
        await self._move(self._follower)
        is_same = kept is not None and started.checkpoint.root == kept.checkpoint
        # Asked before the index is loaded, or what was kept would bear itself out.
        if not is_same and not await self._keeper.check_history(self._final_hash):
            self._index.forget()
        await asyncio.to_thread(self._index.load)
        await self._keep(self._follower, started.checkpoint)

    async def _final_hash(self, number: int) -> bytes:
        """The hash of the final block of a number. Raises `Unproven` where none is proven."""
        finalized = self.head(Tag.FINALIZED)
        if number > finalized.value.number:
            raise Unproven(f"block {number} is not final in this chain", reasons={})
        return (await self._headers.ancestor(finalized, number)).value.hash

    async def stop(self) -> None:
        """Stop following, and keep the state."""
        if self._following is not None:
            self._following.cancel()
            with suppress(asyncio.CancelledError):
                await self._following
            self._following = None
        await self._outbox.close()
        self.calls.close()
        try:
            if self._follower is not None and self._checkpoint is not None:
                self._keeper.keep(self._follower.store, self._checkpoint)
        except ConfigError as error:
            log.warning("%s", error)
        finally:
            await self._let_go()

    async def _let_go(self) -> None:
        """Close what is kept on disk, its lock last."""
        await self._recall.close()
        self._index.close()
        self._keeper.close()

    async def __aenter__(self) -> Chain:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.stop()

    async def advance(self) -> bool:
        """Take up the newest head that can be proven now; whether it is a new one.

        Raises:
            Unproven: no source could prove a head or serve its header.
            ConfigError: a proven head contradicts what an earlier run kept.
        """
        follower, checkpoint = self._started()
        moved = await self._move(follower)
        await self._keep(follower, checkpoint)
        heads = self._heads
        if moved and heads.latest is not None and heads.finalized is not None:
            try:
                await self._outbox.watch(heads.latest, heads.finalized)
            except Unproven as error:
                heads.trouble = f"what became of the sent transactions: {error}"
        return moved

    async def _move(self, follower: Follower) -> bool:
        await follower.advance()
        store = follower.store
        self._keeper.check(store)
        is_past = self._keeper.is_past(store)
        return await self._heads.adopt(store, self._headers.at_head, is_past=is_past)

    async def _keep(self, follower: Follower, checkpoint: Checkpoint) -> None:
        """Write the state down; that it cannot be written holds up no head."""
        if (finalized := self._heads.finalized) is not None:
            self._keeper.note_finalized(finalized.value.number, finalized.value.hash)
        try:
            await asyncio.to_thread(self._keeper.keep_if_moved, follower.store, checkpoint)
        except ConfigError as error:
            self._heads.trouble = str(error)
            log.warning("%s", error)

    async def _follow(self) -> None:
        pause = min(self.spec.seconds_per_slot / POLLS_PER_SLOT, LONGEST_PAUSE_SECONDS)
        while True:
            await asyncio.sleep(pause)
            try:
                await self.advance()
            except WalkawayError as error:
                self._heads.trouble = str(error)
                log.warning("the head did not move: %s", error)
            except Exception as error:
                # A fault of ours: following goes on, and tells, without a text that may hold a URL.
                self._heads.trouble = f"a fault in walkaway ({type(error).__name__})"
                log.error("the head did not move: %s", self._heads.trouble)

    def head(self, tag: Tag) -> Proven[Header]:
        """The proven header that a tag means now. Errors are those of `ServedHeads.at`."""
        return self._heads.at(tag)

    async def header(self, block: BlockId) -> Proven[Header] | Word[None]:
        """A header, or the sources' word that there is no such block."""
        return await self._headers.resolve(block)

    async def account(self, address: bytes, block: BlockId) -> Proven[Account | None]:
        """The account at a 20-byte address after a block, or its proven absence."""
        return await self._at(block, lambda header: self._state.account(address, header))

    async def slots(
        self, address: bytes, keys: Sequence[bytes], block: BlockId
    ) -> tuple[Proven[Account | None], tuple[Proven[int], ...]]:
        """The account, and its slots under these 32-byte keys, in order."""
        return await self._at(block, lambda header: self._state.slots(address, keys, header))

    async def code(self, address: bytes, block: BlockId) -> Proven[bytes]:
        """The code of the account after a block; empty where there is none, proven so."""
        return await self._at(block, lambda header: self._state.code(address, header))

    async def proof(self, address: bytes, keys: Sequence[bytes], block: BlockId) -> AccountProof:
        """The account and slots with the nodes that prove them (EIP-1186)."""
        return await self._at(block, lambda header: self._state.proof(address, keys, header))

    async def block(self, block: BlockId) -> Proven[Block] | Word[None]:
        """A whole block, or the sources' word that there is none."""
        header = await self._headers.resolve(block)
        return header if isinstance(header, Word) else await self._blocks.block(header)

    async def ommers(self, block: BlockId) -> Proven[tuple[Header, ...]] | Word[None]:
        """A block's ommers, in order, or the sources' word that there is no such block."""
        header = await self._headers.resolve(block)
        return header if isinstance(header, Word) else await self._blocks.ommers(header)

    async def receipts(self, block: BlockId) -> Proven[tuple[IncludedReceipt, ...]] | Word[None]:
        """All receipts of a block, joined with its transactions.

        Raises `Unsupported` where the chain spec does not explain the block's
        blob base fee.
        """
        header = await self._headers.resolve(block)
        if isinstance(header, Word):
            return header
        whole, bare = await self._receipt_parts(header)
        has_blobs = any(transaction.blob_gas for transaction in whole.value.body.transactions)
        return derive.receipts(whole, bare, await self._blob_fee(header) if has_blobs else None)

    async def transaction(
        self, transaction_hash: bytes
    ) -> Proven[IncludedTransaction | None] | Transaction | Word[None]:
        """A transaction where it stands; as it was sent from here and is not in a block
        yet; or the sources' word that there is none.
        """
        found = await self._transactions.find(transaction_hash)
        if isinstance(found, Located):
            return found.transaction
        return self._outbox.get(transaction_hash) or found

    async def receipt(self, transaction_hash: bytes) -> Proven[IncludedReceipt | None] | Word[None]:
        """The receipt of a transaction, or the sources' word that it is in no block."""
        found = await self._transactions.find(transaction_hash)
        if isinstance(found, Word):
            return found
        header = await self._existing(found.block.value.header.hash)
        block, bare = await self._receipt_parts(header)
        included = found.transaction.value
        has_blobs = included is not None and included.transaction.blob_gas
        blob_fee = await self._blob_fee(header) if has_blobs else None
        return derive.receipt_by_hash(block, bare, transaction_hash, blob_fee)

    async def _receipt_parts(
        self, header: Proven[Header]
    ) -> tuple[Proven[Block], Proven[tuple[Receipt, ...]]]:
        return await asyncio.gather(self._blocks.block(header), self._blocks.receipts(header))

    async def _blob_fee(self, header: Proven[Header]) -> Proven[int]:
        """What blobs cost in a block; its parent tells whether the spec's schedule holds there."""
        parent = await self._headers.parent(header)
        return derive.blob_base_fee(parent, header, self.spec.blob_base_fees)

    async def submit(self, raw: bytes) -> bytes:
        """Send a signed transaction to the submit list; its 32-byte hash, computed here."""
        transaction_hash = await self._outbox.send(raw)
        self._heads.changed()
        return transaction_hash

    async def pending_nonce(self, address: bytes) -> int:
        """The nonce after the head's and those of the transactions sent from here."""
        nonce = derive.nonce(await self.account(address, Tag.LATEST))
        return self._outbox.next_nonce(address, nonce.value)

    async def next_head(self) -> Proven[Header]:
        """Wait for a head other than the present one."""
        before = self._heads.latest
        while self._heads.latest is before:
            await self.next_change().wait()
        return self.head(Tag.LATEST)

    def next_change(self) -> asyncio.Event:
        """Set at the next new head, or when a transaction is sent from here."""
        return self._heads.next_change()

    def sent(self) -> list[Sent]:
        """The transactions that were sent from here and are not final yet."""
        return self._outbox.sent()

    def status(self) -> ChainStatus:
        """Head, checkpoint and sources as they stand. Never raises."""
        store = None if self._follower is None else self._follower.store
        return ChainStatus(
            network=self.spec.network,
            chain_id=self.spec.chain_id,
            now=self._clock.now(),
            clock_behind=self._clock.behind,
            head_age_limit=self.settings.head_age_limit,
            checkpoint=self._checkpoint,
            latest=HeadStatus.of(self._heads.latest, self._clock.now()),
            finalized=HeadStatus.of(self._heads.finalized, self._clock.now()),
            signers=0 if store is None else store.optimistic_signers,
            committee_size=self.spec.preset.sync_committee_size,
            period=0 if store is None else store.finalized_period,
            current_slot=self.spec.slot_at_time(self._clock.now()),
            sent=len(self._outbox.sent()),
            trouble=self._heads.trouble,
            sources=tuple(self.pool.status()),
        )

    async def _at(self, block: BlockId, ask: Callable[[Proven[Header]], Awaitable[T]]) -> T:
        """Ask at a block; again where the head that a tag meant was replaced meanwhile."""
        header = await self._existing(block)
        try:
            return await ask(header)
        except Unproven:
            now = await self._existing(block) if isinstance(block, Tag) else header
            if now.value.hash == header.value.hash:
                raise
            return await ask(now)

    async def _existing(self, block: BlockId) -> Proven[Header]:
        header = await self._headers.resolve(block)
        if isinstance(header, Word):
            raise unknown_block(block, header)
        return header

    def _started(self) -> tuple[Follower, Checkpoint]:
        if self._follower is None or self._checkpoint is None:
            raise Stale("the chain is not started", age=0, limit=0)
        return self._follower, self._checkpoint


def _kept_at(settings: ChainSettings, spec: ChainSpec, kind: str) -> Path | None:
    directory = None if settings.only_reads else settings.state_directory
    return None if directory is None else directory / f"{spec.network}.{kind}"


def _cache(settings: ChainSettings, spec: ChainSpec) -> DiskCache | None:
    path = _kept_at(settings, spec, "cache")
    return DiskCache(path, settings.cache_bytes) if path and settings.cache_bytes else None
