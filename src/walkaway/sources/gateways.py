"""Gateways of lookups off chain (EIP-3668): whom a contract names, asked one after another.

Their addresses come from outside, so each is https and guarded at every hop
(`walkaway.sources.guard`), unless the configuration names it. What a gateway says is
its word: bytes for the contract's callback to judge, and nothing else.
"""

from __future__ import annotations

import asyncio
import binascii
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from yarl import URL

from walkaway.errors import SourceFault, Unproven
from walkaway.evm.offchain_lookup import OffchainLookup
from walkaway.sources.json_text import parse_json
from walkaway.sources.redact import UNREADABLE, redact, shown
from walkaway.sources.transports.http_client import (
    JSON_TYPES,
    HttpClient,
    HttpQuestion,
    HttpReply,
)

__all__ = ["GatewayAnswer", "Gateways", "PartAnswer"]

_HOST_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """One of several questions that were put at once: the 20-byte contract that asks, its
    question, who answered and who were asked; where nobody did, why (``failure``)."""

    sender: bytes
    question: bytes
    gateway: str
    asked: tuple[str, ...]
    failure: str = ""

    def is_from(self, host: str, lookup: OffchainLookup) -> bool:
        """Whether this is what a host answered to the same question."""
        asked = (lookup.sender, lookup.call_data, host)
        return (self.sender, self.question, self.gateway) == asked


@dataclass(frozen=True, slots=True)
class GatewayAnswer:
    """What a gateway said. ``gateway`` and all who were ``asked`` are named by their hosts.

    ``parts`` is what it is made of, where it answers several questions at once.
    """

    content: bytes
    gateway: str
    asked: tuple[str, ...]
    parts: tuple[PartAnswer, ...] = ()

    def answers(self, lookup: OffchainLookup) -> tuple[PartAnswer, ...]:
        """Its parts, or itself as the one answer to a lookup."""
        whole = PartAnswer(lookup.sender, lookup.call_data, self.gateway, self.asked)
        return self.parts or (whole,)


class Gateways:
    """Asks gateways over connections that are shared with the sources. Close it when done."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client
        client.join()

    async def close(self) -> None:
        """Leave the connections to the others, or close them if there are none."""
        await self._client.leave()

    async def fetch(
        self, lookup: OffchainLookup, refused: Sequence[PartAnswer] = ()
    ) -> GatewayAnswer:
        """What the first gateway that answers says; each is asked once, in order.

        Others have their turn between two, however little comes of each.

        None is asked whose answer to the same question is among the ``refused``. The
        next is asked where one fails, and also, as viem does and the EIP does not, where
        it says that the question is at fault (a status from 400 to 499): it may lie.

        Raises:
            Unproven: no gateway gave an answer; the reasons are by host.
        """
        reasons: dict[str, str] = {}
        for template in lookup.urls:
            await asyncio.sleep(0)
            host = _host(template)
            if any(answer.is_from(host, lookup) for answer in refused):
                reasons[host] = "the contract did not accept its answer"
                continue
            try:
                content = await self._ask(lookup, template)
            except SourceFault as error:
                reasons[host] = str(error)
            else:
                return GatewayAnswer(content, host, tuple(dict.fromkeys((*reasons, host))))
        raise Unproven(
            "no gateway answered what the contract looks up off chain",
            reasons=reasons or {"the contract": "names no gateway"},
        )

    async def _ask(self, lookup: OffchainLookup, template: str) -> bytes:
        limits = self._client.limits
        if lookup.url_characters(template) > limits.gateway_query_characters:
            raise SourceFault("refused: its address is too long")
        query = lookup.query(template)
        # Nobody is asked whose host cannot be told, for evidence could not name them.
        if UNREADABLE in (redact(template), redact(query.url)):
            raise SourceFault("refused: its address cannot be used")
        question = HttpQuestion(
            _address(query.url),
            "application/json",
            limits.gateway_response_bytes,
            query.body,
            learned=True,
        )
        try:
            async with asyncio.timeout(limits.gateway_seconds):
                reply = await self._client.ask(question)
        except TimeoutError:
            raise SourceFault(f"no answer within {limits.gateway_seconds:g} s") from None
        if 400 <= reply.status < 500:
            raise SourceFault(f"refuses the question (HTTP status {reply.status})")
        if not 200 <= reply.status < 300:
            raise SourceFault(f"HTTP status {reply.status}")
        return _content(reply, limits.json_depth)


def _host(template: str) -> str:
    return shown(redact(template).rpartition("://")[2], _HOST_CHARACTERS)


def _address(url: str) -> URL:
    with suppress(ValueError, IndexError):  # the parser lets both out
        address = URL(url)
        # Reading the host decodes it, which fails for what is no name ("xn--").
        if address.host and address.user is None and address.password is None:
            return address
    raise SourceFault("refused: its address cannot be used")


def _content(reply: HttpReply, depth: int) -> bytes:
    if reply.content_type not in JSON_TYPES:
        raise SourceFault("its answer is of another type than JSON")
    document = parse_json(reply.content, depth=depth)
    told = document.get("data") if isinstance(document, Mapping) else None
    if not isinstance(told, str) or not told.startswith("0x"):
        raise SourceFault("its answer holds no data")
    try:
        return binascii.unhexlify(told[2:])
    except ValueError:
        raise SourceFault("its answer holds no data") from None
