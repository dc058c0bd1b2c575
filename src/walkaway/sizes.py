"""Sizes as people read them, told alike on a terminal, on a page and in settings."""

from __future__ import annotations

from typing import Final

__all__ = ["MEGABYTE", "sized"]

MEGABYTE: Final = 10**6
"""Bytes in a MB, wherever a person reads or sets one."""

_UNITS: Final = ("kB", "MB", "GB")


def sized(number: int) -> str:
    """So many bytes, in the unit that suits: ``1 byte``, ``17 bytes``, ``1.4 MB``."""
    if number < 1000:
        return f"{number} byte{'' if number == 1 else 's'}"
    amount = float(number)
    for unit in _UNITS:
        amount /= 1000
        if amount < 999.95:
            return f"{amount:.1f} {unit}"
    return f"{amount / 1000:,.1f} TB"
