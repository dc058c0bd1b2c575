"""Questions about accounts and their storage."""

from __future__ import annotations

from collections.abc import Callable

from tests.soak.draw import Draw
from tests.soak.question import Question, Reply, shown
from walkaway.devnet.execution.genesis import COUNTER, TOKEN, contract
from walkaway.proofs.execution.keccak import keccak256
from walkaway.rpc.jsonrpc import Received

__all__ = ["StateQuestions"]


class StateQuestions:
    """``kinds`` draws one each."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self.kinds: tuple[Callable[[], Question], ...] = (
            self._balance,
            self._nonce,
            self._code,
            self._slot,
            self._slots,
            self._proof,
        )

    def _balance(self) -> Question:
        return self._of_state("eth_getBalance", shown(self._draw.account()))

    def _nonce(self) -> Question:
        return self._of_state("eth_getTransactionCount", shown(self._draw.account()))

    def _code(self) -> Question:
        return self._of_state("eth_getCode", shown(self._draw.account()))

    def _slot(self) -> Question:
        address = self._draw.rng.choice([COUNTER, TOKEN])
        return self._of_state("eth_getStorageAt", shown(address), shown(self._key()))

    def _proof(self) -> Question:
        return self._of_state("eth_getProof", shown(self._draw.account()), [shown(bytes(32))])

    def _slots(self) -> Question:
        """Slots of two contracts, all as of one block."""
        place, truth = self._draw.place(), self._draw.truth
        wanted = {shown(TOKEN): [shown(self._key()) for _ in range(3)], shown(COUNTER): ["0x0"]}

        def is_true(reply: Reply) -> bool:
            return any(
                reply.get("result")
                == {
                    address: [
                        truth.answer("eth_getStorageAt", address, key, {"blockHash": named})
                        for key in keys
                    ]
                    for address, keys in wanted.items()
                }
                for named in (shown(block.hash) for block in place.blocks())
            )

        asked: Received = {address: list(keys) for address, keys in wanted.items()}
        return Question("eth_getStorageValues", (asked, place.written), is_true)

    def _of_state(self, method: str, *params: Received) -> Question:
        place, truth = self._draw.place(), self._draw.truth

        def is_true(reply: Reply) -> bool:
            return any(
                reply.get("result")
                == truth.answer(method, *params, {"blockHash": shown(block.hash)})
                for block in place.blocks()
            )

        return Question(method, (*params, place.written), is_true)

    def _key(self) -> bytes:
        """That of a count, or of somebody's tokens."""
        slot = contract("Token").slots["balanceOf"].to_bytes(32)
        holder = self._draw.account().rjust(32, b"\0")
        return self._draw.rng.choice([bytes(32), keccak256(holder + slot)])
