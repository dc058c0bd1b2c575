"""Dice that fall the same again, whoever else throws in between."""

from __future__ import annotations

import random

__all__ = ["own_dice"]


def own_dice(rng: random.Random) -> random.Random:
    """Dice of one's own, decided by one throw of these."""
    return random.Random(rng.getrandbits(64))
