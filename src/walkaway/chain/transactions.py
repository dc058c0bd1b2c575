"""Finding a transaction by its hash, and sending one.

Where a transaction stands is a hint that any source may give; the block that
it names is then proven whole and searched. That no source knows a hash is
their word and nothing more.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from walkaway.chain.blocks import Blocks
from walkaway.chain.headers import Headers
from walkaway.chain.state import State
from walkaway.errors import Elsewhere, InvalidRequest, NotKnown, ProofError, Unproven
from walkaway.limits import LIMITS
from walkaway.proofs import Proven, derive
from walkaway.proofs.derive import IncludedTransaction
from walkaway.proofs.execution.blocks import Block
from walkaway.proofs.execution.fields import hex_bytes, hex_integer, json_object
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.transaction_forms import decode_submission
from walkaway.proofs.execution.transactions import Transaction
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, RpcRequest
from walkaway.sources.word import Word

__all__ = ["Located", "Sent", "Transactions"]

FALSE_HINTS = 4
"""How many hints that lead to the wrong block are followed before giving up."""


@dataclass(frozen=True, slots=True)
class Located:
    """A transaction proven to stand in a block; ``block`` is that block, whole."""

    transaction: Proven[IncludedTransaction | None]
    block: Proven[Block]


@dataclass(slots=True)
class Sent:
    """A transaction that was sent from here. ``sender`` is 20 bytes.

    ``passed_at`` is the number of the head at which the sender's nonce was
    proven to have gone past it: it, or another with its nonce, is in a block.
    ``included_in`` is the hash of the block it was proven to stand in.
    """

    transaction: Transaction
    sender: bytes
    taken_by: tuple[str, ...]
    passed_at: int | None = None
    included_in: bytes | None = None


class Transactions:
    """Finds, sends and watches transactions. ``chain_id`` is that of the network."""

    def __init__(
        self, chain_id: int, pool: Pool, headers: Headers, state: State, blocks: Blocks
    ) -> None:
        self._chain_id = chain_id
        self._pool = pool
        self._state = state
        self._headers = headers
        self._blocks = blocks
        self._sent: OrderedDict[bytes, Sent] = OrderedDict()

    async def find(self, transaction_hash: bytes) -> Located | Transaction | Word[None]:
        """The transaction where it is proven to stand, or not yet, if it was sent from here.

        Raises:
            Unproven: the sources name blocks that cannot be proven or do not hold it.
        """
        misled: set[int] = set()
        ahead = False
        question = RpcRequest("eth_getTransactionByHash", ("0x" + transaction_hash.hex(),))
        for _ in range(FALSE_HINTS):
            try:
                hint = await self._pool.known(question, lambda answer: _place(answer, misled))
            except Unproven:
                if misled:
                    break
                raise
            if isinstance(hint, Word):
                return self._not_included(transaction_hash, hint)
            header = await self._headers.resolve(hint)
            if isinstance(header, Word):
                ahead = True
            else:
                located = await self._in_block(transaction_hash, header)
                if located is not None:
                    return located
            misled.add(hint)
        if ahead:
            beyond = Word(None, said_by=("the proven head",), asked=("the proven head",))
            return self._not_included(transaction_hash, beyond)
        raise Unproven(
            f"transaction 0x{transaction_hash.hex()} is not in the blocks that sources place it in",
            reasons={},
        )

    def _not_included(self, transaction_hash: bytes, word: Word[None]) -> Transaction | Word[None]:
        sent = self._sent.get(transaction_hash)
        return word if sent is None else sent.transaction

    async def _in_block(self, transaction_hash: bytes, header: Proven[Header]) -> Located | None:
        block = await self._blocks.block(header)
        transaction = derive.transaction_by_hash(block, transaction_hash)
        return None if transaction.value is None else Located(transaction, block)

    async def send(self, raw: bytes) -> bytes:
        """Send a signed transaction to every source on the submit list; its 32-byte hash.

        Raises:
            InvalidRequest: it is malformed, unsigned, or for another chain.
            Unproven: no submitter took it; says what each answered.
        """
        transaction, sender = self._checked(raw)
        expected = transaction.hash

        def verify(answer: Answer) -> bytes:
            got = hex_bytes(answer.body, "transaction hash", limit=32)
            if got != expected:
                raise ProofError(
                    "the submitter names another hash",
                    commitment="transaction hash",
                    expected=expected,
                    got=got,
                )
            return got

        question = RpcRequest("eth_sendRawTransaction", ("0x" + raw.hex(),), kind="submit")
        try:
            taken_by = (await self._pool.agreed(question, verify, k=1)).said_by
        except Unproven as refused:
            taken_by = _that_have_it(refused)
            if not taken_by:
                raise Unproven(
                    "no submitter took the transaction", reasons=refused.reasons
                ) from None
        self._sent[expected] = Sent(transaction, sender, taken_by)
        while len(self._sent) > LIMITS.watched_transactions:
            self._sent.popitem(last=False)
        return expected

    def _checked(self, raw: bytes) -> tuple[Transaction, bytes]:
        try:
            transaction = decode_submission(raw)
            sender = transaction.sender
        except ProofError as error:
            raise InvalidRequest(f"not a signed transaction: {error}") from None
        bound_to = transaction.chain_id
        if bound_to not in (None, self._chain_id):
            raise InvalidRequest(
                f"the transaction is signed for chain {bound_to}; this is chain {self._chain_id}"
            )
        return transaction, sender

    def next_nonce(self, sender: bytes, proven_nonce: int) -> int:
        """The nonce after those that were sent from here and follow the proven one."""
        nonces = {sent.transaction.nonce for sent in self._sent.values() if sent.sender == sender}
        while proven_nonce in nonces:
            proven_nonce += 1
        return proven_nonce

    def sent(self) -> list[Sent]:
        """What was sent from here and is not final yet, oldest first."""
        return list(self._sent.values())

    async def watch(self, head: Proven[Header], finalized: Proven[Header]) -> None:
        """See at a new head what became of each transaction that was sent from here.

        Raises `Unproven` where a sender's nonce, or the block, cannot be had now.
        """
        for transaction_hash, sent in list(self._sent.items()):
            account = await self._state.account(sent.sender, head)
            if derive.nonce(account).value <= sent.transaction.nonce:
                sent.passed_at = sent.included_in = None  # not yet, or a reorg took it out
                continue
            if sent.passed_at is None:
                sent.passed_at = head.value.number
            if sent.included_in is None:
                found = await self.find(transaction_hash)
                if isinstance(found, Located):
                    sent.included_in = found.block.value.header.hash
            if sent.passed_at <= finalized.value.number:
                del self._sent[transaction_hash]


def _that_have_it(refused: Unproven) -> tuple[str, ...]:
    """Submitters that refuse a transaction because they hold it already."""
    known = ("already known", "already exists", "already imported", "known transaction")
    return tuple(
        name
        for name, reason in refused.reasons.items()
        if any(words in reason.lower() for words in known)
    )


def _place(answer: Answer, misled: set[int]) -> int:
    """The number of the block that a source places a transaction in: a hint."""
    if answer.body is None:
        raise NotKnown
    place = json_object(answer.body, "transaction").get("blockNumber")
    if place is None:
        raise NotKnown("it knows the transaction, in no block yet")
    number = hex_integer(place, "blockNumber", bits=64)
    if number in misled:
        raise Elsewhere(f"it places the transaction in block {number}, which does not hold it")
    return number
