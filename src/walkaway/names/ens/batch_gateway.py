"""The batch gateway of the Universal Resolver (ENSIP-21), on this machine.

https://docs.ens.domains/ensip/21. The resolver gathers what it has to look up off chain into
one question. Whoever lists ``x-batch-gateway:true`` lets the client take it apart itself,
so that no gateway but those of the names learns what was asked: that is done wherever it
is listed, whoever else is. What the DNSSEC gateway would be asked (ENSIP-17) is walked from
here too. All else goes to the gateways that contracts name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from eth_abi.abi import encode

from walkaway.chain.offchain_calls import AsksGateways
from walkaway.errors import InvalidRequest, ProofError, Unproven, WalkawayError
from walkaway.evm.abi import AbiTuple
from walkaway.evm.offchain_lookup import OffchainLookup
from walkaway.evm.universal_resolver import BATCH_URL, ResolverFault
from walkaway.limits import LIMITS, Limits
from walkaway.names.dns.oracle import RESOLVE
from walkaway.sources.gateways import GatewayAnswer, PartAnswer

__all__ = ["QUERY", "THIS_MACHINE", "OwnGateway", "WalksDns"]

QUERY = bytes.fromhex("a780bab6")
"""The selector of ``query((address,string[],bytes)[])``."""

THIS_MACHINE = "this machine"
"""Who answered, where no gateway was asked."""

WALKED = f"{THIS_MACHINE} (DNSSEC)"
"""Who answered, where the DNS was walked from here."""

_AT_ONCE = 8
_NO_STATUS = 0


class WalksDns(Protocol):
    """Whoever answers as ENS's DNSSEC gateway does; `walkaway.names.dns.oracle.DnsProofs`."""

    async def answer(self, call_data: bytes) -> bytes:
        """The signed RRsets, ABI-encoded. Raises `Unproven`, `InvalidRequest`."""
        ...


class OwnGateway:
    """Answers what it can itself, and asks ``gateways`` the rest. Implements `AsksGateways`.

    ``gateways`` None asks nobody off chain, the DNS no more than gateways: a contract chooses
    the names that are walked, and whoever serves them learns of it. ``dns`` None leaves
    DNS names to gateways.
    """

    def __init__(
        self,
        gateways: AsksGateways | None,
        dns: WalksDns | None = None,
        limits: Limits = LIMITS,
    ) -> None:
        self._gateways = gateways
        self._dns = None if gateways is None else dns
        self._limits = limits

    async def fetch(
        self, lookup: OffchainLookup, refused: Sequence[PartAnswer] = ()
    ) -> GatewayAnswer:
        """An answer, of nobody whose answer to the same question was refused.

        Raises `Unproven` where nobody gives one.
        """
        asking = _Asking(self._limits, refused)
        return await self._fetch(lookup, self._limits.ens_batch_depth, asking)

    async def _fetch(self, lookup: OffchainLookup, depth: int, asking: _Asking) -> GatewayAnswer:
        selector = lookup.call_data[:4]
        if BATCH_URL in lookup.urls and selector == QUERY:
            return await self._batch(lookup, depth, asking)
        if self._dns is not None and selector == RESOLVE:
            return await self._walk(self._dns, lookup, asking)
        return await self._ask(lookup, asking)

    async def _batch(self, lookup: OffchainLookup, depth: int, asking: _Asking) -> GatewayAnswer:
        if depth <= 0:
            raise _unanswered("lookups hold lookups, too deep")
        try:
            asked = _questions(lookup.call_data, self._limits, asking)
        except ProofError as error:
            raise _unanswered(str(error)) from None
        answers = await asyncio.gather(*(self._part(each, depth - 1, asking) for each in asked))
        failed = [failed for failed, _, _ in answers]
        said = [content for _, content, _ in answers]
        parts = tuple(part for _, _, found in answers for part in found)
        everybody = tuple(dict.fromkeys(host for part in parts for host in part.asked))
        answered = dict.fromkeys(part.gateway for part in parts if part.gateway)
        content = encode(["bool[]", "bytes[]"], [failed, said])
        return GatewayAnswer(content, ", ".join(answered) or THIS_MACHINE, everybody, parts)

    async def _part(
        self, lookup: OffchainLookup, depth: int, asking: _Asking
    ) -> tuple[bool, bytes, tuple[PartAnswer, ...]]:
        """Whether it failed, what was said or went wrong, and who said it."""
        try:
            found = await self._fetch(lookup, depth, asking)
            asking.take_answer(len(found.content))
        except Unproven as error:
            bare = PartAnswer(lookup.sender, lookup.call_data, "", tuple(error.reasons))
            return True, _http_error(str(error)), (replace(bare, failure=str(error)),)
        return False, found.content, found.answers(lookup)

    async def _walk(self, dns: WalksDns, lookup: OffchainLookup, asking: _Asking) -> GatewayAnswer:
        """The DNS's own signatures; where it has none, not even a gateway could prove it."""
        if any(answer.is_from(WALKED, lookup) for answer in asking.refused):
            raise _unanswered("the contract did not accept what the DNS has signed")
        try:
            async with asking.at_once:
                content = await dns.answer(lookup.call_data)
        except Unproven:
            raise
        except (InvalidRequest, ProofError):
            return await self._ask(lookup, asking)
        except WalkawayError as error:
            raise _unanswered(str(error)) from None
        return GatewayAnswer(content, WALKED, (WALKED,))

    async def _ask(self, lookup: OffchainLookup, asking: _Asking) -> GatewayAnswer:
        if self._gateways is None:
            raise _unanswered("no gateways are asked, by the person's own setting")
        urls = tuple(url for url in lookup.urls if url != BATCH_URL)
        async with asking.at_once:
            return await self._gateways.fetch(replace(lookup, urls=urls), asking.refused)


class _Asking:
    """What was ``refused`` before, how many questions and bytes one lookup may still come to,
    and how many are put at once.

    Each taking raises `Unproven` where there is not as much left.
    """

    def __init__(self, limits: Limits, refused: Sequence[PartAnswer]) -> None:
        self.refused = refused
        self.at_once = asyncio.Semaphore(_AT_ONCE)
        self._questions = limits.ens_batch_requests
        self._bytes = limits.ens_batch_bytes
        self._answer_bytes = limits.ens_batch_answer_bytes

    def take_questions(self, count: int) -> None:
        """Take so many questions."""
        self._questions -= count
        if self._questions < 0:
            raise _unanswered("it comes to too many questions")

    def take_question(self, question: OffchainLookup) -> None:
        """Take what a question holds: many may share the same bytes of what asks them."""
        self._bytes -= len(question.call_data) + sum(map(len, question.urls))
        if self._bytes < 0:
            raise _unanswered("its questions are too large together")

    def take_answer(self, size: int) -> None:
        """Take an answer of so many bytes."""
        self._answer_bytes -= size
        if self._answer_bytes < 0:
            raise _unanswered("its answers are too large together")


def _questions(call_data: bytes, limits: Limits, asking: _Asking) -> Sequence[OffchainLookup]:
    arguments = AbiTuple(call_data, len(QUERY))
    count, requests = arguments.array_at(0, limits.ens_batch_requests)
    asking.take_questions(count)
    questions = []
    for place in range(count):
        questions.append(_question(requests.tuple_at(place), limits))
        asking.take_question(questions[-1])
    return questions


def _question(request: AbiTuple, limits: Limits) -> OffchainLookup:
    return OffchainLookup(
        sender=request.padded_left(0, 20),
        urls=request.texts_at(1, limits.gateway_urls, limits.gateway_url_bytes),
        call_data=request.bytes_at(2, limits.lookup_call_data_bytes),
        callback=bytes(4),
        extra_data=b"",
    )


def _http_error(message: str) -> bytes:
    said = encode(["uint16", "string"], [_NO_STATUS, message[:1000]])
    return ResolverFault.HTTP_ERROR.value + said


def _unanswered(reason: str) -> Unproven:
    return Unproven(
        "nobody answered what the contract looks up off chain", reasons={THIS_MACHINE: reason}
    )
