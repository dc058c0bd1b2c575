"""The manual mode (ERC-6860): the contract reads path and query itself, as they are written."""

from __future__ import annotations

from typing import Final

from walkaway.content.web3.answer import Answer, type_of_ending
from walkaway.evm.abi import AbiTuple
from walkaway.limits import LIMITS

__all__ = ["manual_call", "read_manual"]

_HTML: Final = "text/html"


def manual_call(target: str) -> bytes:
    """The calldata for a path and query."""
    return target.encode() or b"/"


def read_manual(target: str, output: bytes) -> Answer:
    """The page that was given back for that. Raises `ProofError` where it is no ABI bytes."""
    path = target.partition("?")[0]
    _, dot, ending = path.rpartition("/")[2].rpartition(".")
    media_type = type_of_ending(ending) if dot else None
    return Answer(AbiTuple(output).bytes_at(0, LIMITS.web3_answer_bytes), media_type or _HTML)
