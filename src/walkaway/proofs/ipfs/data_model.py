"""What DAG-CBOR and DAG-JSON blocks hold: the IPLD data model in Python's own types.

https://ipld.io/docs/data-model/kinds/. Null, booleans, integers of 64 bits and a
sign, finite floats, text, bytes, links (`Cid`), lists, and maps keyed by text.
An integer and a float of the same worth are two values.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from walkaway.proofs.ipfs.cid import Cid

__all__ = ["INTEGERS", "Value", "links_in"]

Value: TypeAlias = "bool | int | float | str | bytes | Cid | list[Value] | dict[str, Value] | None"

INTEGERS = range(-(1 << 64), 1 << 64)
"""The integers that both codecs can carry."""


def links_in(value: Value) -> Iterator[Cid]:
    """The links in a value, in the order in which they stand, repeated ones too."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Cid):
            yield part
        elif isinstance(part, list):
            waiting.extend(reversed(part))
        elif isinstance(part, dict):
            waiting.extend(reversed(part.values()))
