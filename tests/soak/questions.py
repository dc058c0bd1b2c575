"""Random questions of every kind, each with a judge who knows the answer."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.soak.block_questions import BlockQuestions
from tests.soak.call_questions import CallQuestions
from tests.soak.dice import own_dice
from tests.soak.draw import STRANGER, Draw
from tests.soak.fee_questions import FeeQuestions
from tests.soak.question import Question, shown
from tests.soak.state_questions import StateQuestions
from tests.soak.truth import Truth
from walkaway.devnet.execution.accounts import DEV_ACCOUNTS, dev_account
from walkaway.devnet.network import Devnet
from walkaway.proofs.execution.keccak import keccak256

__all__ = ["Questions"]

SENDERS = range(DEV_ACCOUNTS // 2)
"""The accounts that the devnet's own traffic leaves alone."""


class Questions:
    """Draws questions. ``oldest_head`` is how many seconds old a head may be that is served.

    ``kinds`` draws one of each kind.
    """

    def __init__(
        self, devnet: Devnet, truth: Truth, rng: random.Random, oldest_head: float
    ) -> None:
        self._devnet = devnet
        self._rng = own_dice(rng)
        self._draw = draw = Draw(truth, own_dice(rng), oldest_head)
        self.kinds: tuple[Callable[[], Question], ...] = (
            *StateQuestions(draw).kinds,
            *CallQuestions(draw).kinds,
            *BlockQuestions(draw).kinds,
            *FeeQuestions(draw).kinds,
            self._send,
        )

    def one(self) -> Question:
        """A question of any kind. The dice of the next one do not hang on this one's."""
        self._draw.rng.seed(self._rng.getrandbits(64))
        return self._draw.rng.choice(self.kinds)()

    def _send(self) -> Question:
        account = dev_account(self._draw.rng.choice(SENDERS))
        raw = account.sign(
            {
                "chainId": self._devnet.spec.chain_id,
                "nonce": self._devnet.execution.next_nonce(account.address),
                "gas": 21_000,
                "to": STRANGER,
                "value": self._draw.rng.randrange(1, 10**9),
                "maxFeePerGas": 20 * 10**9,
                "maxPriorityFeePerGas": 10**9,
            }
        )
        sent = shown(keccak256(raw))
        return Question(
            "eth_sendRawTransaction", (shown(raw),), lambda reply: reply.get("result") == sent
        )
