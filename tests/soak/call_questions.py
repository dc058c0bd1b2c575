"""Questions that run code: calls, estimates, access lists, simulations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.soak.draw import STRANGER, Draw
from tests.soak.question import Question, Reply, shown
from walkaway.devnet.execution.accounts import DEV_ACCOUNTS, dev_account
from walkaway.devnet.execution.block import ExecutionBlock
from walkaway.devnet.execution.engine import MessageCall
from walkaway.devnet.execution.genesis import COUNTER, TOKEN, contract
from walkaway.proofs.execution.keccak import keccak256
from walkaway.rpc.error_codes import REVERTED
from walkaway.rpc.jsonrpc import Received

__all__ = ["CallQuestions"]

CALL_GAS = 5_000_000
HASHES_SEEN = 256
"""How many blocks back BLOCKHASH sees."""

BLOCK_HASH_CODE = "0x5f35405f5260205ff3"
"""Returns the hash of the block whose number it is sent."""

BALANCE_OF = keccak256(b"balanceOf(address)")[:4]
TRANSFER = keccak256(b"transfer(address,uint256)")[:4]
TRANSFERRED = keccak256(b"Transfer(address,address,uint256)")
INCREMENT = keccak256(b"increment()")[:4]

LISTED_GAS = 2400 + 1900
"""What one address with one slot in an access list costs (EIP-2930)."""
WARM_SAVES = 2100 - 100
"""How much less a slot costs that is listed (EIP-2929)."""


class CallQuestions:
    """``kinds`` draws one each."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._truth = draw.truth
        self.kinds: tuple[Callable[[], Question], ...] = (
            self._token_balance,
            self._failing_call,
            self._block_hash,
            self._access_list,
            self._estimate,
            self._simulation,
        )

    def _token_balance(self) -> Question:
        return self._call(_balance_call(self._draw.account()))

    def _failing_call(self) -> Question:
        data = TRANSFER + STRANGER.rjust(32, b"\0") + (1).to_bytes(32)
        return self._call(MessageCall(STRANGER, TOKEN, data, 0, CALL_GAS))

    def _call(self, call: MessageCall) -> Question:
        place = self._draw.place()

        def is_true(reply: Reply) -> bool:
            return any(
                _told(reply) == (outcome.error == "", shown(outcome.output))
                for outcome in (self._truth.call(block, call) for block in place.blocks())
            )

        return Question("eth_call", (_object(call), place.written), is_true)

    def _block_hash(self) -> Question:
        """What BLOCKHASH gives of a block before the one that the call is on, or of none."""
        place, number = self._draw.place(), self._draw.number()
        call = MessageCall(STRANGER, STRANGER, number.to_bytes(32), 0, CALL_GAS)

        def seen(block: ExecutionBlock) -> bytes:
            if not 0 < block.number - number <= HASHES_SEEN:
                return bytes(32)
            return self._truth.branch(block, block.number - number + 1)[0].hash

        def is_true(reply: Reply) -> bool:
            return any(reply.get("result") == shown(seen(block)) for block in place.blocks())

        code: Received = {shown(STRANGER): {"code": BLOCK_HASH_CODE}}
        return Question("eth_call", (_object(call), place.written, code), is_true)

    def _access_list(self) -> Question:
        """The one slot that holds somebody's tokens, and the gas with it listed."""
        place, holder = self._draw.place(), self._draw.account()
        call = _balance_call(holder)
        slot = contract("Token").slots["balanceOf"].to_bytes(32)
        key = shown(keccak256(holder.rjust(32, b"\0") + slot))
        listed = [{"address": shown(TOKEN), "storageKeys": [key]}]

        def is_true(reply: Reply) -> bool:
            told = reply["result"]
            return told["accessList"] == listed and any(
                int(told["gasUsed"], 16)
                == _intrinsic(call) + LISTED_GAS + CALL_GAS - gas_left - WARM_SAVES
                for gas_left in (self._truth.call(block, call).gas_left for block in place.blocks())
            )

        return Question("eth_createAccessList", (_object(call), place.written), is_true)

    def _estimate(self) -> Question:
        """Enough, and five in a hundred less is not."""
        place = self._draw.place()
        asked = MessageCall(STRANGER, COUNTER, INCREMENT, 0, CALL_GAS)
        intrinsic = _intrinsic(asked)

        def runs(block: ExecutionBlock, gas: int) -> bool:
            call = MessageCall(STRANGER, COUNTER, INCREMENT, 0, gas - intrinsic)
            return not self._truth.call(block, call).error

        def is_true(reply: Reply) -> bool:
            gas = int(reply.get("result", "0x0"), 16)
            return gas > intrinsic * 1.06 and any(
                runs(block, gas) and not runs(block, gas * 95 // 100) for block in place.blocks()
            )

        return Question("eth_estimateGas", (_object(asked), place.written), is_true)

    def _simulation(self) -> Question:
        """A transfer in one block, and in the next the balance that it leaves."""
        place = self._draw.place()
        sender = dev_account(self._draw.rng.randrange(DEV_ACCOUNTS)).address
        data = TRANSFER + STRANGER.rjust(32, b"\0") + (1).to_bytes(32)
        paying = MessageCall(sender, TOKEN, data, 0, CALL_GAS)
        looking = _balance_call(STRANGER)

        def follows(base: ExecutionBlock, told: Any) -> bool:
            first, second = told
            (paid,), (seen,) = first["calls"], second["calls"]
            (log,) = paid["logs"]
            before = int.from_bytes(self._truth.call(base, looking).output)
            return (
                first["parentHash"] == shown(base.hash)
                and [int(first["number"], 16), int(second["number"], 16)]
                == [base.number + 1, base.number + 2]
                and paid["status"] == seen["status"] == "0x1"
                and log["address"] == shown(TOKEN)
                and log["topics"]
                == [
                    shown(TRANSFERRED),
                    shown(sender.rjust(32, b"\0")),
                    shown(STRANGER.rjust(32, b"\0")),
                ]
                and int(log["data"], 16) == 1
                and int(seen["returnData"], 16) == before + 1
            )

        def is_true(reply: Reply) -> bool:
            return any(follows(block, reply["result"]) for block in place.blocks())

        blocks: list[Received] = [{"calls": [_object(paying)]}, {"calls": [_object(looking)]}]
        return Question("eth_simulateV1", ({"blockStateCalls": blocks}, place.written), is_true)


def _balance_call(holder: bytes) -> MessageCall:
    return MessageCall(STRANGER, TOKEN, BALANCE_OF + holder.rjust(32, b"\0"), 0, CALL_GAS)


def _intrinsic(call: MessageCall) -> int:
    """What a transaction with this data costs before it runs."""
    return 21_000 + sum(16 if byte else 4 for byte in call.data)


def _object(call: MessageCall) -> dict[str, Received]:
    return {"from": shown(call.sender), "to": shown(call.to), "data": shown(call.data)}


def _told(reply: Reply) -> tuple[bool, str]:
    """Whether a call succeeded, and what it gave back."""
    if "result" in reply:
        return True, reply["result"]
    error = reply["error"]
    return False, error.get("data", "") if error["code"] == REVERTED else ""
