"""A question, and its judge.

What a ``null`` is, of something that exists, is judged by what the product promises:

- A number, an index or a tag is never answered with ``null`` on anybody's word: a block
  that is not above the proven head is proven, or the question refused.
- Of a hash no one can prove that nothing has it. But every source is asked before that
  is answered, so one that is honest, and there all the while, is enough to prevent it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from walkaway.rpc.jsonrpc import Received

__all__ = ["Null", "Question", "Reply", "never_null", "shown"]

Reply = dict[str, Any]
"""A JSON-RPC reply that is no refusal."""


class Null(Enum):
    """What ``null`` is, where it is not known to be true."""

    FALSE = "whatever the sources do"
    FALSE_BESIDE_HONEST = "where a source was honest all the while"
    POSSIBLE = "somebody's word, or above the head"


def never_null() -> Null:
    """Of what exists whichever block was meant."""
    return Null.FALSE


@dataclass(frozen=True, slots=True)
class Question:
    """A call, and whether a reply to it is true, asked when the reply has come."""

    method: str
    params: tuple[Received, ...]
    is_true: Callable[[Reply], bool]
    null: Callable[[], Null] = never_null


def shown(value: bytes) -> str:
    """Bytes as JSON-RPC writes them."""
    return "0x" + value.hex()
