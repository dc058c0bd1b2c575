"""What a method is: a name, one function, and a line for the documentation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from walkaway.rpc.ask import Ask
from walkaway.rpc.jsonrpc import Encoded, Json
from walkaway.rpc.params import Params

__all__ = ["NULL_OF_A_HASH", "NULL_OF_A_NUMBER", "NULL_OF_EITHER", "Answer", "Method"]

Answer = Json | Encoded

# What a null means, as the documentation says it after what the answer stands on.
NULL_OF_A_HASH = "; null for an unknown hash is the sources' word"
NULL_OF_A_NUMBER = "; null for a block above the proven head"
NULL_OF_EITHER = NULL_OF_A_HASH + NULL_OF_A_NUMBER


@dataclass(frozen=True, slots=True)
class Method:
    """One JSON-RPC method.

    ``call`` reads its parameters, asks the chain, and encodes the answer.
    ``takes`` lists the parameters, ``stands_on`` says what proves the answer.
    ``repeatable`` is false where calling twice is not the same as once.
    """

    name: str
    takes: str
    stands_on: str
    call: Callable[[Ask, Params], Awaitable[Answer]]
    repeatable: bool = True
