"""How much gas a call needs: a search over gas limits, each of which is run.

The search is go-ethereum's, so that wallets see the numbers that they know: it
stops where the answer is within 1.5 percent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from walkaway.errors import CallFailed, RanTooLong
from walkaway.evm.engine import Outcome

__all__ = ["estimate_gas"]

TOLERANCE = 0.015
TRANSFER_GAS = 21_000
CALL_STIPEND = 2300
"""Gas that a call with value brings along: it must be there though it may come back."""

Probe = Callable[[int], Awaitable[Outcome]]
"""Runs the call with a gas limit."""


async def estimate_gas(probe: Probe, most: int, *, plain: bool = False) -> int | Outcome:
    """The gas limit to send the call with, at most ``most``; the outcome where it fails anyway.

    ``plain`` says that it may be a mere transfer, for which exactly the least will do.

    Raises `CallFailed` where it would need more than ``most``, or what ``probe``
    raises at that limit.
    """
    if plain and most >= TRANSFER_GAS and await _suffices(probe, TRANSFER_GAS):
        return TRANSFER_GAS
    first = await probe(most)
    if not first.succeeded:
        if first.halt == "out of gas":
            raise CallFailed(f"gas required exceeds allowance ({most})")
        return first
    too_little, enough = first.gas_used - 1, most
    # Most calls need what they used, what they hold back (EIP-150) and a stipend.
    likely = (first.gas_used + CALL_STIPEND) * 64 // 63
    if likely < enough:
        if await _suffices(probe, likely):
            enough = likely
        else:
            too_little = likely
    while too_little + 1 < enough and (enough - too_little) / enough >= TOLERANCE:
        middle = min((enough + too_little) // 2, too_little * 2)
        if await _suffices(probe, middle):
            enough = middle
        else:
            too_little = middle
    return enough


async def _suffices(probe: Probe, gas_limit: int) -> bool:
    try:
        return (await probe(gas_limit)).succeeded
    except RanTooLong:
        raise
    except CallFailed:
        return False  # less than its intrinsic gas
