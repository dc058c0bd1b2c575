"""Conditional requests: whether the sender has the answer already.

RFC 9110, section 13. Entity tags are the only validator: what has an address of
its own needs no date.
"""

from __future__ import annotations

import re

__all__ = ["holds_already", "range_applies"]

_TAG = re.compile(r'(?:W/)?"[^"]*"')


def holds_already(if_none_match: str, *etags: str) -> bool:
    """Whether a sender of this If-None-Match has what any of these entity tags stands for.

    Tags are compared weakly, as the RFC asks for here.
    """
    if if_none_match.strip() == "*":
        return True
    held = {_opaque(tag) for tag in _TAG.findall(if_none_match)}
    return any(_opaque(etag) in held for etag in etags)


def range_applies(if_range: str, etag: str) -> bool:
    """Whether a Range still means the content that the sender knows: tags compared strongly."""
    return not if_range or (if_range.strip() == etag and not etag.startswith("W/"))


def _opaque(tag: str) -> str:
    return tag.removeprefix("W/")
