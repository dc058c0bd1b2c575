"""Lookups off chain (EIP-3668, CCIP Read): what a revert asks for, and the call that answers it.

https://eips.ethereum.org/EIPS/eip-3668. A contract that reverts with
``OffchainLookup`` names gateways, a question for them, and the function of its own
that judges what they say. Nothing here fetches, and nothing that was fetched is
believed: it goes to that function, in a call over proven state.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from walkaway.errors import ProofError
from walkaway.evm.abi import AbiTuple, encode_tuple
from walkaway.limits import LIMITS

__all__ = ["OFFCHAIN_LOOKUP", "GatewayQuery", "OffchainLookup", "offchain_lookup"]

OFFCHAIN_LOOKUP = bytes.fromhex("556f1830")
"""The selector of ``OffchainLookup(address,string[],bytes,bytes4,bytes)``."""


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

    def url_characters(self, template: str) -> int:
        """How long the URL is that a template makes; a short one may make it huge."""
        sender, data = template.count("{sender}"), template.count("{data}")
        grown = sender * (2 + 2 * len(self.sender) - len("{sender}"))
        return len(template) + grown + data * (2 + 2 * len(self.call_data) - len("{data}"))

    def query(self, template: str) -> GatewayQuery:
        """The request that a template makes (EIP-3668, gateway interface).

        Whoever calls looks at `url_characters` first.
        """
        sender, asked = "0x" + self.sender.hex(), "0x" + self.call_data.hex()
        # Neither value holds a brace, so that nothing is replaced twice.
        url = template.replace("{sender}", sender).replace("{data}", asked)
        if "{data}" in template:
            return GatewayQuery(url, None)
        return GatewayQuery(url, json.dumps({"data": asked, "sender": sender}).encode())

    def callback_data(self, response: bytes) -> bytes:
        """The call data that hands the response to the contract's own judgement."""
        return self.callback + encode_tuple(response, self.extra_data)


def offchain_lookup(revert_data: bytes) -> OffchainLookup | None:
    """What the data of a revert asks for; None where it is anything else.

    So is what only looks like one: an offset or a length that leads outside, an
    argument that is not of its type, text that is not UTF-8, more or longer URLs, call
    data or extra data than the limits allow.
    """
    if revert_data[:4] != OFFCHAIN_LOOKUP:
        return None
    arguments = AbiTuple(revert_data, len(OFFCHAIN_LOOKUP))
    try:
        return OffchainLookup(
            sender=arguments.padded_left(0, 20),
            urls=arguments.texts_at(1, LIMITS.gateway_urls, LIMITS.gateway_url_bytes),
            call_data=arguments.bytes_at(2, LIMITS.lookup_call_data_bytes),
            callback=arguments.padded_right(3, 4),
            extra_data=arguments.bytes_at(4, LIMITS.lookup_extra_data_bytes),
        )
    except ProofError:
        return None
