"""One question while it is being answered: the only way from a `Proven` to its value.

A method gets its values through `Ask.take`, which holds the claim against what
was asked and keeps the `Proven`, so that `walkaway_explain` can run the same
method and show what its answer stands on. A claim that is not to the question
is a fault in walkaway, and becomes a `ProofError`, never an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from walkaway.chain.block_id import BlockId, Tag, describe_block
from walkaway.chain.offchain_calls import OffchainCalls
from walkaway.errors import ProofError, WalkawayError
from walkaway.names.ens.ens import Ens
from walkaway.proofs.execution.header import Header
from walkaway.proofs.proven import Claim, Finality, Proven, Subject
from walkaway.rpc.answer_room import Share
from walkaway.rpc.chain_view import ChainView
from walkaway.rpc.jsonrpc import Json
from walkaway.sources.word import Word

if TYPE_CHECKING:
    from walkaway.rpc.filters import Filters
    from walkaway.rpc.subscriptions import Subscriber

__all__ = ["Ask"]

T = TypeVar("T")


class Ask:
    """The chain that is asked, and everything that the answer was made from.

    ``used`` holds the proven values in the order they were taken; ``heard``
    the answers that are only somebody's word. ``filters`` are the server's, and
    ``subscriber`` the connection's; None where the question came another way.
    ``offchain`` follows the lookups of calls; None where that is left to clients.
    ``ens`` resolves names; None where they are not resolved.
    ``share`` is where room is taken before a large answer is encoded.
    """

    def __init__(
        self,
        chain: ChainView,
        *,
        filters: Filters | None = None,
        subscriber: Subscriber | None = None,
        offchain: OffchainCalls | None = None,
        ens: Ens | None = None,
        share: Share | None = None,
    ) -> None:
        self.chain = chain
        self.filters = filters
        self.subscriber = subscriber
        self.offchain = offchain
        self.ens = ens
        self.share = share or Share()
        self.used: list[Proven[object]] = []
        self.heard: list[Word[None]] = []
        self._heads = {tag: _head(chain, tag) for tag in (Tag.LATEST, Tag.FINALIZED)}

    async def take(self, proven: Proven[T], subject: Subject, block: BlockId | None) -> T:
        """The value, if it is about ``subject`` on this chain at ``block``.

        ``block`` is None where the question named no block (a transaction by
        its hash). A tag names the block that it meant at any time since the
        question began: heads move while a question is being answered.
        Raises `ProofError` when the claim is another.
        """
        claim = proven.claim
        _same("chain id", self.chain.spec.chain_id, claim.chain_id)
        _same("subject", subject, claim.subject)
        if claim.block_hash is None:
            raise ProofError("the answer hangs on no block")
        await self._check_block(claim, claim.block_hash, block)
        self.used.append(proven)
        return proven.value

    def hear(self, word: Word[None]) -> Json:
        """The ``null`` that nobody proved: somebody's word, and kept as such."""
        self.heard.append(word)
        return word.value

    async def _check_block(self, claim: Claim, block_hash: bytes, block: BlockId | None) -> None:
        match block:
            case None:
                pass
            case bytes():
                _same("block hash", block, block_hash)
            case Tag.SAFE | Tag.FINALIZED:
                if claim.finality is not Finality.FINALIZED:
                    raise ProofError(f"the answer is not on the {block.value} block")
                await self._check_head(block_hash, Tag.FINALIZED)
            case Tag.LATEST | Tag.PENDING:
                if claim.finality is Finality.GIVEN:
                    raise ProofError("the answer is not on a block under a signed head")
                await self._check_head(block_hash, Tag.LATEST)
            case Tag.EARLIEST:
                await self._check_number(claim, block_hash, 0)
            case int():
                await self._check_number(claim, block_hash, block)

    async def _check_head(self, block_hash: bytes, tag: Tag) -> None:
        began = self._heads[tag]
        if began is not None and block_hash == began.value.hash:
            return
        now = self.chain.head(tag)
        if block_hash == now.value.hash:
            return
        # The head moved on more than once: then the block is one of those in between.
        header = None if began is None else await self.chain.header(block_hash)
        if (
            began is None
            or not isinstance(header, Proven)
            or header.value.hash != block_hash
            or not began.value.number < header.value.number < now.value.number
        ):
            raise ProofError(f"the answer is not on the {tag.value} block", got=block_hash)

    async def _check_number(self, claim: Claim, block_hash: bytes, number: int) -> None:
        header = await self.chain.header(block_hash)
        if isinstance(header, Word):
            raise ProofError(f"the answer is on a block that is not {describe_block(number)}")
        _same("block hash", header.claim.block_hash, block_hash)
        _same("chain id", header.claim.chain_id, claim.chain_id)
        _same("block number", number, header.value.number)


def _head(chain: ChainView, tag: Tag) -> Proven[Header] | None:
    """What a tag means; None where it means nothing that is proven and fresh."""
    try:
        return chain.head(tag)
    except WalkawayError:
        return None


def _same(what: str, expected: object, got: object) -> None:
    if expected != got:
        raise ProofError(
            f"the answer has another {what} than the question", expected=expected, got=got
        )
