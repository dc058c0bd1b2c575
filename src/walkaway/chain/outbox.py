"""Transactions that were sent from here: to the submit list alone, and watched until final."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from walkaway.chain.state import State
from walkaway.chain.transactions import Located
from walkaway.errors import InvalidRequest, ProofError, Rejected, Unproven
from walkaway.limits import LIMITS
from walkaway.proofs import Proven, derive
from walkaway.proofs.execution.fields import hex_bytes
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.transaction_forms import decode_submission
from walkaway.proofs.execution.transactions import Transaction
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, RpcRequest
from walkaway.sources.word import Word

__all__ = ["Outbox", "Sent"]

Find = Callable[[bytes], Awaitable[Located | Word[None]]]


@dataclass(slots=True)
class Sent:
    """A transaction that was sent from here. ``sender`` is 20 bytes.

    ``passed_at`` is the number of the head at which the sender's nonce was
    proven to have gone past it: it, or another with its nonce, is in a block.
    ``included_in`` is the hash of the block it was proven to stand in.
    """

    transaction: Transaction
    sender: bytes
    passed_at: int | None = None
    included_in: bytes | None = None


class Outbox:
    """Sends and watches transactions of one chain. ``find`` tells where one stands."""

    def __init__(self, chain_id: int, pool: Pool, state: State, find: Find) -> None:
        self._chain_id = chain_id
        self._pool = pool
        self._state = state
        self._find = find
        self._sent: OrderedDict[bytes, Sent] = OrderedDict()
        self._telling: set[asyncio.Task[Word[bytes]]] = set()

    async def send(self, raw: bytes) -> bytes:
        """Send a signed transaction to every source on the submit list; its 32-byte hash.

        Returns when the first has taken it; the others are told all the same. Those in
        quarantine are told where no other took it: it costs nothing, and proves nothing.

        Raises:
            InvalidRequest: it is malformed, unsigned, or for another chain.
            Rejected: no submitter took it; says what they hold against it.
        """
        transaction, sender = self._checked(raw)
        taken = asyncio.Event()
        telling = asyncio.create_task(self._tell_all(raw, transaction.hash, taken))
        self._telling.add(telling)
        telling.add_done_callback(self._told)
        first = asyncio.create_task(taken.wait())
        try:
            await asyncio.wait({telling, first}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            first.cancel()
        if telling.done() and not taken.is_set():
            _accepted(telling)
        self._sent[transaction.hash] = Sent(transaction, sender)
        while len(self._sent) > LIMITS.watched_transactions:
            self._sent.popitem(last=False)
        return transaction.hash

    async def _tell_all(self, raw: bytes, expected: bytes, taken: asyncio.Event) -> Word[bytes]:
        def verify(answer: Answer) -> bytes:
            got = hex_bytes(answer.body, "transaction hash", limit=32)
            if got != expected:
                raise ProofError(
                    "the submitter names another hash",
                    commitment="transaction hash",
                    expected=expected,
                    got=got,
                )
            taken.set()
            return got

        question = RpcRequest("eth_sendRawTransaction", ("0x" + raw.hex(),), kind="submit")
        return await self._pool.agreed(question, verify, k=1, last_resort=True)

    def _told(self, telling: asyncio.Task[Word[bytes]]) -> None:
        self._telling.discard(telling)
        if not telling.cancelled():
            telling.exception()  # whoever waited has heard it

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

    def get(self, transaction_hash: bytes) -> Transaction | None:
        """The transaction with this hash, if it was sent from here and is not final yet."""
        sent = self._sent.get(transaction_hash)
        return None if sent is None else sent.transaction

    def sent(self) -> list[Sent]:
        """What was sent from here and is not final yet, oldest first."""
        return list(self._sent.values())

    def next_nonce(self, sender: bytes, proven_nonce: int) -> int:
        """The nonce after those that were sent from here and follow the proven one."""
        nonces = {sent.transaction.nonce for sent in self._sent.values() if sent.sender == sender}
        while proven_nonce in nonces:
            proven_nonce += 1
        return proven_nonce

    async def watch(self, head: Proven[Header], finalized: Proven[Header]) -> None:
        """See at a new head what became of each transaction that was sent from here.

        Raises `Unproven` where that of some could not be seen; the others were.
        """
        looks = [self._look(sent, head) for sent in self._sent.values()]
        unseen = [e for e in await asyncio.gather(*looks, return_exceptions=True) if e is not None]
        final = finalized.value.number
        for transaction_hash, sent in list(self._sent.items()):
            if sent.passed_at is not None and sent.passed_at <= final:
                del self._sent[transaction_hash]
        for error in unseen:
            raise error

    async def _look(self, sent: Sent, head: Proven[Header]) -> None:
        account = await self._state.account(sent.sender, head)
        if derive.nonce(account).value <= sent.transaction.nonce:
            sent.passed_at = sent.included_in = None  # not yet, or a reorg took it out
            return
        if sent.passed_at is None:
            sent.passed_at = head.value.number
        if sent.included_in is None:
            found = await self._find(sent.transaction.hash)
            if isinstance(found, Located):
                sent.included_in = found.block.value.header.hash

    async def close(self) -> None:
        """Stop telling submitters that have not answered yet."""
        for telling in list(self._telling):
            telling.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)


def _accepted(telling: asyncio.Task[Word[bytes]]) -> None:
    """Raise `Rejected` unless some submitter refused it because it holds it already."""
    try:
        telling.result()
    except Unproven as refused:
        against = {
            name: reason.removeprefix(REFUSES)
            for name, reason in refused.reasons.items()
            if reason.startswith(REFUSES)
        }
        if not any(words in why.lower() for why in against.values() for words in HOLDS_IT):
            message = next(iter(against.values()), "no submitter could be reached")
            raise Rejected(message, reasons=against or refused.reasons) from None


REFUSES = "refuses it: "
"""How the JSON-RPC transport begins what a submitter holds against a transaction."""
HOLDS_IT = ("already known", "already exists", "already imported", "known transaction")
