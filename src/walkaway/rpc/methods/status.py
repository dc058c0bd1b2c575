"""How things stand: whether the head is fresh, and what holds it up."""

from __future__ import annotations

from walkaway.chain.status import ChainStatus
from walkaway.rpc.ask import Ask
from walkaway.rpc.encode import quantity
from walkaway.rpc.methods.method import Answer, Method
from walkaway.rpc.params import Params
from walkaway.rpc.plain import members

__all__ = ["METHODS"]


async def syncing(ask: Ask, params: Params) -> Answer:
    """False while ``latest`` is answered.

    Else how far the proven head is: nobody can prove the newest block's
    number, so ``highestBlock`` is what the clock allows at most.
    """
    params.end()
    status = ask.chain.status()
    if status.is_fresh:
        return False
    proven = 0 if status.latest is None else status.latest.number
    return {
        "startingBlock": quantity(0 if status.finalized is None else status.finalized.number),
        "currentBlock": quantity(proven),
        "highestBlock": quantity(proven + _missed_slots(ask, status)),
    }


async def walkaway_status(ask: Ask, params: Params) -> Answer:
    params.end()
    status = ask.chain.status()
    return {"isFresh": status.is_fresh, **members(status)}


def _missed_slots(ask: Ask, status: ChainStatus) -> int:
    if status.latest is None:
        return max(0, status.current_slot)
    return max(0, int(status.latest.age // ask.chain.spec.seconds_per_slot))


METHODS = (
    Method("eth_syncing", "", "the age of the proven head by this machine's clock", syncing),
    Method(
        "walkaway_status",
        "",
        "what this program knows of its head, checkpoint and sources",
        walkaway_status,
    ),
)
