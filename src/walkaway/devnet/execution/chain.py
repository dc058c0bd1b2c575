"""The devnet's execution chain: a tree of blocks, one branch of which is the head's.

Every block's state is kept for the last `STATES_KEPT` heights, so that any of
them answers `eth_getProof`. Which rules hold follows from the timestamp, as
on the public networks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain

from walkaway.devnet.execution.blobs import CarriedBlob
from walkaway.devnet.execution.block import ExecutionBlock, PayloadAttributes, TransactionPlace
from walkaway.devnet.execution.engine import CallOutcome, Engine, MessageCall, engine
from walkaway.devnet.execution.genesis import genesis_block, genesis_world
from walkaway.devnet.execution.mempool import Mempool
from walkaway.devnet.execution.world import WorldState
from walkaway.errors import InvalidRequest
from walkaway.proofs.execution.transactions import Transaction

__all__ = ["ExecutionChain"]

STATES_KEPT = 256
"""How many heights behind the newest block keep their state."""
BLOCK_HASHES = 256
"""How far back BLOCKHASH sees."""


class ExecutionChain:
    """Blocks, their states, and the pool of transactions. An `ExecutionBackend`, a `ReadableChain`.

    ``forks`` are (timestamp, EELS fork name) in ascending order; the first
    holds from genesis on, and is Cancun or later.
    """

    def __init__(
        self, chain_id: int, genesis_time: int, forks: tuple[tuple[int, str], ...]
    ) -> None:
        self.chain_id = chain_id
        self._forks = forks
        world = genesis_world()
        self.genesis = genesis_block(world, genesis_time)
        self.mempool = Mempool(chain_id)
        self._blocks = {self.genesis.hash: self.genesis}
        self._worlds = {self.genesis.hash: world}
        self._canonical = [self.genesis.hash]
        self._finalized = self.genesis.hash
        self._places: dict[bytes, TransactionPlace] = {}

    @property
    def head(self) -> ExecutionBlock:
        """The newest block of the head's branch."""
        return self._blocks[self._canonical[-1]]

    @property
    def finalized(self) -> ExecutionBlock:
        """The newest block that is final."""
        return self._blocks[self._finalized]

    def block(self, block_hash: bytes) -> ExecutionBlock | None:
        """A block by hash, on the head's branch or off it."""
        return self._blocks.get(block_hash)

    def block_at(self, number: int) -> ExecutionBlock | None:
        """The block of a height on the head's branch."""
        if not 0 <= number < len(self._canonical):
            return None
        return self._blocks[self._canonical[number]]

    def is_canonical(self, block: ExecutionBlock) -> bool:
        """Whether a block is on the head's branch."""
        return self.block_at(block.number) is block

    def world(self, block: ExecutionBlock) -> WorldState | None:
        """The state after a block, where it is still kept."""
        return self._worlds.get(block.hash)

    def place(self, transaction_hash: bytes) -> TransactionPlace | None:
        """Where a transaction of the head's branch stands."""
        return self._places.get(transaction_hash)

    def waiting(self, transaction_hash: bytes) -> Transaction | None:
        """A transaction that is in no block yet."""
        return self.mempool.get(transaction_hash)

    def rules(self, timestamp: int) -> Engine:
        """The fork's engine that holds at a time."""
        return engine([name for begins, name in self._forks if begins <= timestamp][-1])

    def submit(self, transaction: Transaction, blobs: tuple[CarriedBlob, ...] = ()) -> None:
        """Take a transaction into the pool, with its blobs. Raises `InvalidRequest`."""
        self.rules(self.head.header.timestamp).check(transaction)
        self.mempool.add(transaction, self._worlds[self.head.hash], blobs)

    def next_nonce(self, address: bytes) -> int:
        """The nonce that an account's next transaction should have, counting those that wait."""
        nonce = self._worlds[self.head.hash].account(address).nonce
        waiting = {item.nonce for item in self.mempool if item.sender == address}
        while nonce in waiting:
            nonce += 1
        return nonce

    def produce(self, parent_hash: bytes, attributes: PayloadAttributes) -> ExecutionBlock:
        """Build a block on a kept block from the waiting transactions."""
        parent, world = self._blocks[parent_hash], self._worlds[parent_hash]
        built = self.rules(attributes.timestamp).build(
            self.chain_id,
            parent.header,
            world,
            ancestor_hashes=self._ancestors(parent),
            attributes=attributes,
            candidates=self.mempool.candidates(world),
        )
        blobs = (self.mempool.blobs_of(item) for item in built.block.transactions)
        block = replace(built.block, blobs=tuple(chain.from_iterable(blobs)))
        self._blocks[block.hash] = block
        self._worlds[block.hash] = built.world
        return block

    def call(self, block: ExecutionBlock, call: MessageCall) -> CallOutcome:
        """Run a message call on the state after a block. Raises `InvalidRequest` if it is gone."""
        world = self.world(block)
        if world is None:
            raise InvalidRequest("the state of this block is no longer kept")
        return self.rules(block.header.timestamp).call(
            self.chain_id,
            block.header,
            world,
            ancestor_hashes=self._ancestors(block)[:-1],
            call=call,
        )

    def set_head(self, block_hash: bytes, finalized_hash: bytes | None) -> None:
        """Make a block the head; what another branch held waits in the pool again."""
        joined = [*self._back_to_canonical(self._blocks[block_hash])]
        common = joined[-1].number - 1 if joined else self._blocks[block_hash].number
        removed = [self._blocks[item] for item in self._canonical[common + 1 :]]
        del self._canonical[common + 1 :]
        for block in removed:
            for transaction in block.transactions:
                self._places.pop(transaction.hash, None)
            self.mempool.restore(block)
        for block in reversed(joined):
            self._canonical.append(block.hash)
            self._index(block)
        if finalized_hash is not None:
            self._finalized = finalized_hash
        included = (item for block in joined for item in block.transactions)
        self.mempool.forget(included, self._worlds[block_hash])
        self._drop_old_states()

    def _back_to_canonical(self, block: ExecutionBlock) -> Iterator[ExecutionBlock]:
        while not self.is_canonical(block):
            yield block
            block = self._blocks[block.header.parent_hash]

    def _index(self, block: ExecutionBlock) -> None:
        for index, transaction in enumerate(block.transactions):
            self._places[transaction.hash] = TransactionPlace(block, index)

    def _ancestors(self, block: ExecutionBlock) -> list[bytes]:
        """Hashes of up to 256 blocks, ``block`` last."""
        hashes = [block.hash]
        while block.number and len(hashes) < BLOCK_HASHES:
            hashes.append(block.header.parent_hash)
            block = self._blocks[block.header.parent_hash]
        return hashes[::-1]

    def _drop_old_states(self) -> None:
        oldest = self.head.number - STATES_KEPT
        self._drop(key for key in self._worlds if self._blocks[key].number < oldest)

    def _drop(self, hashes: Iterable[bytes]) -> None:
        for block_hash in list(hashes):
            del self._worlds[block_hash]
