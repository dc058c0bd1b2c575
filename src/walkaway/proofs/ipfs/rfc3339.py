"""A moment from its text, to the nanosecond, as IPNS records write it (RFC 3339, 5.6).

Python's own type of moments ends at microseconds.
"""

from __future__ import annotations

import re

from walkaway.errors import ProofError

__all__ = ["nanoseconds"]

_FORM = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))",
    re.ASCII,
)
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SECOND = 1_000_000_000


def nanoseconds(text: str) -> int:
    """Nanoseconds since 1970 in UTC. Raises `ProofError`; leap seconds are refused."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ProofError("a moment is not written as RFC 3339 says", got=text)
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    fraction, sign, *offset = match.groups()[6:]
    away_hours, away_minutes = (int(part or 0) for part in offset)
    if hour > 23 or minute > 59 or second > 59 or away_hours > 23 or away_minutes > 59:
        raise ProofError("a moment is at no time of the day", got=text)
    away = (away_hours * 60 + away_minutes) * (-1 if sign == "-" else 1)
    seconds = _days(year, month, day) * 86_400 + hour * 3600 + (minute - away) * 60 + second
    return seconds * _SECOND + int((fraction or "").ljust(9, "0"))


def _days(year: int, month: int, day: int) -> int:
    """Days from the first of 1970 to a day of the Gregorian calendar."""
    lengths = list(_MONTH_DAYS)
    lengths[1] += year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if year == 0 or not 1 <= month <= 12 or not 1 <= day <= lengths[month - 1]:
        raise ProofError("a moment is on no day of the calendar", got=f"{year}-{month}-{day}")
    return _days_before(year) - _days_before(1970) + sum(lengths[: month - 1]) + day - 1


def _days_before(year: int) -> int:
    past = year - 1
    return past * 365 + past // 4 - past // 100 + past // 400
