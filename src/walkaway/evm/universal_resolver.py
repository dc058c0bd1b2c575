"""The Universal Resolver of ENS (ENSIP-23): what it is asked, and what it answers.

https://docs.ens.domains/ensip/23. One contract finds a name's resolver, calls it, wraps
what it looks up off chain, and checks primary names forwards. Here are its calls and its
answers as bytes; `walkaway.evm.derive_name` makes of a proven run a proven answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from walkaway.errors import ProofError
from walkaway.evm.abi import WORD, AbiTuple, encode_tuple
from walkaway.limits import LIMITS

__all__ = [
    "BATCH_URL",
    "Failure",
    "PrimaryName",
    "Resolved",
    "ResolverFault",
    "read_multicall",
    "read_primary_name",
    "read_resolved",
    "resolve_call",
    "resolve_multicall",
    "reverse_call",
]

BATCH_URL: Final = "x-batch-gateway:true"
"""What a contract lists where the client may be its batch gateway (ENSIP-21)."""

_RESOLVE: Final = bytes.fromhex("9061b923")
_REVERSE: Final = bytes.fromhex("5d78a217")
_MULTICALL: Final = bytes.fromhex("ac9650d8")


class ResolverFault(Enum):
    """The errors that an answer can be, by their selectors."""

    RESOLVER_NOT_FOUND = bytes.fromhex("77209fe8")
    """The name has no resolver, and no name above it has one that answers for it."""
    RESOLVER_NOT_CONTRACT = bytes.fromhex("1e9535f2")
    """Its resolver is an address without code."""
    UNSUPPORTED_PROFILE = bytes.fromhex("7b1c461b")
    """Its resolver knows no records of this kind."""
    RESOLVER_ERROR = bytes.fromhex("95c0c752")
    """Its resolver reverted."""
    REVERSE_ADDRESS_MISMATCH = bytes.fromhex("ef9c03ce")
    """The primary name of an address leads to another address."""
    HTTP_ERROR = bytes.fromhex("01800152")
    """A gateway was not reached, or refused."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer that is an error: which, or None for one that is not of ENSIP-23; ``detail``
    says more in words, and ``data`` is all of it."""

    fault: ResolverFault | None
    detail: str
    data: bytes

    def __str__(self) -> str:
        said = self.fault.name.replace("_", " ").lower() if self.fault else "an unknown error"
        return f"{said}: {self.detail}" if self.detail else said


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a name's resolver gave back, and its address of 20 bytes."""

    result: bytes
    resolver: bytes


@dataclass(frozen=True, slots=True)
class PrimaryName:
    """The primary name of an address, empty where it has none; the resolvers that say so.

    That the name leads to the address was checked by the contract; that it is normalised
    (ENSIP-15) is not.
    """

    name: str
    resolver: bytes
    reverse_resolver: bytes


def resolve_call(wire: bytes, call: bytes) -> bytes:
    """``resolve(bytes,bytes)``: a call to the resolver of a name as the DNS writes it."""
    return _RESOLVE + encode_tuple(wire, call)


def resolve_multicall(calls: Sequence[bytes]) -> bytes:
    """``multicall(bytes[])``: several calls to one resolver in one; see `read_multicall`."""
    return _MULTICALL + encode_tuple(calls)


def reverse_call(address: bytes, coin_type: int) -> bytes:
    """``reverse(bytes,uint256)``: the primary name of an address (ENSIP-19)."""
    return _REVERSE + encode_tuple(address, coin_type)


def read_resolved(output: bytes, *, reverted: bool) -> Resolved | Failure:
    """What ``resolve`` gave back. Raises `ProofError` where that is no answer at all."""
    if reverted:
        return _failure(output)
    answer = AbiTuple(output)
    return Resolved(answer.bytes_at(0, LIMITS.ens_value_bytes), answer.padded_left(1, 20))


def read_primary_name(output: bytes, *, reverted: bool) -> PrimaryName | Failure:
    """What ``reverse`` gave back. Raises `ProofError` where that is no answer at all."""
    if reverted:
        return _failure(output)
    answer = AbiTuple(output)
    return PrimaryName(
        answer.text_at(0, LIMITS.ens_name_bytes),
        answer.padded_left(1, 20),
        answer.padded_left(2, 20),
    )


def read_multicall(result: bytes, count: int) -> tuple[bytes | Failure, ...]:
    """The answers to ``count`` calls in one.

    An answer that is no whole number of words is an error (ENSIP-23), and so is an empty
    one: the resolver knows no such record. Raises `ProofError` for another number of them.
    """
    found, answers = AbiTuple(result).array_at(0, LIMITS.ens_records)
    if found != count:
        raise ProofError("several calls have another number of answers", expected=count, got=found)
    given = [answers.bytes_at(place, LIMITS.ens_value_bytes) for place in range(count)]
    return tuple([_one_of_several(answer) for answer in given])


def _one_of_several(answer: bytes) -> bytes | Failure:
    if not answer:
        return Failure(ResolverFault.UNSUPPORTED_PROFILE, "", answer)
    return _failure(answer) if len(answer) % WORD else answer


def _failure(data: bytes) -> Failure:
    try:
        fault = ResolverFault(data[:4])
    except ValueError:
        return Failure(None, _in_words(data), data)
    arguments = AbiTuple(data[4:])
    try:
        return Failure(fault, _detail(fault, arguments), data)
    except ProofError:
        return Failure(fault, "", data)


def _detail(fault: ResolverFault, arguments: AbiTuple) -> str:
    match fault:
        case ResolverFault.RESOLVER_NOT_FOUND:
            return ""
        case ResolverFault.RESOLVER_NOT_CONTRACT:
            return f"0x{arguments.padded_left(1, 20).hex()}"
        case ResolverFault.UNSUPPORTED_PROFILE:
            return f"0x{arguments.padded_right(0, 4).hex()}"
        case ResolverFault.RESOLVER_ERROR:
            return _in_words(arguments.bytes_at(0, LIMITS.ens_value_bytes))
        case ResolverFault.REVERSE_ADDRESS_MISMATCH:
            primary = arguments.text_at(0, LIMITS.ens_name_bytes)
            return f"{_shown(primary)} leads to 0x{arguments.bytes_at(1, 256).hex()}"
        case ResolverFault.HTTP_ERROR:
            return f"{arguments.number(0)} {_shown(arguments.text_at(1, LIMITS.ens_value_bytes))}"


_ERROR: Final = bytes.fromhex("08c379a0")
"""The selector of ``Error(string)``, what ``require`` reverts with."""


def _in_words(data: bytes) -> str:
    if data[:4] == _ERROR:
        try:
            return _shown(AbiTuple(data[4:]).text_at(0, LIMITS.ens_value_bytes))
        except ProofError:
            pass
    return f"0x{data[:36].hex()}" + ("..." if len(data) > 36 else "")


def _shown(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text[:120])
