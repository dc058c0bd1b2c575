"""Lookups off chain (EIP-3668, CCIP Read): what a revert asks for, and the call that answers it.

https://eips.ethereum.org/EIPS/eip-3668. A contract that reverts with
``OffchainLookup`` names gateways, a question for them, and the function of its own
that judges what they say. Nothing here fetches, and nothing that was fetched is
believed: it goes to that function, in a call over proven state.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from walkaway.limits import LIMITS

__all__ = ["OFFCHAIN_LOOKUP", "GatewayQuery", "OffchainLookup", "offchain_lookup"]

OFFCHAIN_LOOKUP = bytes.fromhex("556f1830")
"""The selector of ``OffchainLookup(address,string[],bytes,bytes4,bytes)``."""

WORD = 32


@dataclass(frozen=True, slots=True)
class GatewayQuery:
    """What to ask a gateway: a GET of ``url`` where ``body`` is None, else a POST of that JSON."""

    url: str
    body: bytes | None


@dataclass(frozen=True, slots=True)
class OffchainLookup:
    """The arguments of the error: who asks, whom, what, and where the answer goes.

    ``sender`` is 20 bytes, ``callback`` a selector of 4; ``urls`` are templates, the
    most important first.
    """

    sender: bytes
    urls: tuple[str, ...]
    call_data: bytes
    callback: bytes
    extra_data: bytes

    def query(self, template: str) -> GatewayQuery:
        """The request that a template makes (EIP-3668, gateway interface)."""
        sender, asked = "0x" + self.sender.hex(), "0x" + self.call_data.hex()
        # Neither value holds a brace, so that nothing is replaced twice.
        url = template.replace("{sender}", sender).replace("{data}", asked)
        if "{data}" in template:
            return GatewayQuery(url, None)
        return GatewayQuery(url, json.dumps({"data": asked, "sender": sender}).encode())

    def callback_data(self, response: bytes) -> bytes:
        """The call data that hands the response to the contract's own judgement."""
        first = _encoded(response)
        places = (2 * WORD, 2 * WORD + len(first))
        head = b"".join(place.to_bytes(WORD, "big") for place in places)
        return self.callback + head + first + _encoded(self.extra_data)


def offchain_lookup(revert_data: bytes) -> OffchainLookup | None:
    """What the data of a revert asks for; None where it is anything else.

    So is what only looks like one: an offset or a length that leads outside, an
    argument that is not of its type, text that is not UTF-8, more or longer URLs than
    the limits allow.
    """
    if revert_data[:4] != OFFCHAIN_LOOKUP:
        return None
    arguments = _Tuple(revert_data[4:])
    try:
        return OffchainLookup(
            sender=arguments.padded_left(0, 20),
            urls=arguments.inner(1, _urls),
            call_data=arguments.bytes_at(2),
            callback=arguments.padded_right(3, 4),
            extra_data=arguments.bytes_at(4),
        )
    except _Malformed:
        return None


class _Malformed(Exception):
    """Caught in this module, and nowhere else."""


class _Tuple:
    """Values as the contract ABI encodes them; offsets are counted from the first byte."""

    def __init__(self, encoded: bytes) -> None:
        self._encoded = encoded

    def padded_left(self, index: int, size: int) -> bytes:
        """A value of ``size`` bytes at the end of its word."""
        word = self._word(index * WORD)
        if any(word[:-size]):
            raise _Malformed
        return word[-size:]

    def padded_right(self, index: int, size: int) -> bytes:
        """A value of ``size`` bytes at the beginning of its word."""
        word = self._word(index * WORD)
        if any(word[size:]):
            raise _Malformed
        return word[:size]

    def bytes_at(self, index: int, limit: int | None = None) -> bytes:
        """A value of any length, of at most ``limit`` bytes."""
        at = self._number(index * WORD)
        length = self._number(at)
        if limit is not None and length > limit:
            raise _Malformed
        value = self._encoded[at + WORD : at + WORD + length]
        if len(value) != length:
            raise _Malformed
        return value

    def inner(self, index: int, read: Callable[[int, _Tuple], tuple[str, ...]]) -> tuple[str, ...]:
        """An array: ``read`` is given its length, and its elements."""
        at = self._number(index * WORD)
        return read(self._number(at), _Tuple(self._encoded[at + WORD :]))

    def _number(self, at: int) -> int:
        return int.from_bytes(self._word(at), "big")

    def _word(self, at: int) -> bytes:
        word = self._encoded[at : at + WORD]
        if len(word) != WORD:
            raise _Malformed
        return word


def _urls(count: int, elements: _Tuple) -> tuple[str, ...]:
    if count > LIMITS.gateway_urls:
        raise _Malformed
    try:
        return tuple(
            elements.bytes_at(index, LIMITS.gateway_url_bytes).decode() for index in range(count)
        )
    except UnicodeDecodeError:
        raise _Malformed from None


def _encoded(value: bytes) -> bytes:
    return len(value).to_bytes(WORD, "big") + value + bytes(-len(value) % WORD)
