"""One page of a contract at one head: whom its URL calls, what that answers, and what follows.

All that one page takes is run under the same block, so that its parts are of one state.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from walkaway.content.budget import Budget
from walkaway.content.proven_file import Believed
from walkaway.content.web3.answer import Answer
from walkaway.content.web3.argument_names import NamedAddress, address_of
from walkaway.content.web3.auto import read_auto
from walkaway.content.web3.calls import CallsContracts, not_run
from walkaway.content.web3.encodings import decoder_of
from walkaway.content.web3.manual import manual_call, read_manual
from walkaway.content.web3.mode import RESOLVE_MODE, Mode, read_mode
from walkaway.content.web3.resource import read_resource, resource_call
from walkaway.content.web3.url import Web3Url, follow
from walkaway.errors import InvalidRequest, NoSuchPath, ProofError, TooMuch, Unsupported
from walkaway.evm.abi import AbiTuple
from walkaway.evm.engine import Outcome
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.execution.header import Header
from walkaway.proofs.proven import Evidence, Proven

__all__ = ["READ_FROM_BLOBS", "Page", "body_of", "read_page"]

READ_FROM_BLOBS: Final = Believed(
    "that whoever wrote the contract's blobs did not make two of each: its calls hold 184 bits of "
    "a blob's hash, for which two can be found with about 2^92 tries"
)
"""What stands beside a page whose contract keeps it in blobs (EthStorage)."""

_ERROR: Final = bytes.fromhex("08c379a0")
"""The selector of ``Error(string)``, what ``require`` reverts with."""
_REASON_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class Page:
    """What a URL gives: of a long page only the first chunk.

    ``data`` is what ``contract`` (20 bytes) was called with.
    """

    url: Web3Url
    contract: bytes
    mode: Mode
    data: bytes
    answer: Answer
    because: Evidence
    believed: tuple[Believed, ...]


async def read_page(
    calls: CallsContracts, head: Proven[Header], url: Web3Url, budget: Budget
) -> Page:
    """What a URL gives at a head.

    Raises:
        NoSuchPath: it is proven that there is no contract, or that it answers no such call.
        NoSuchName: it is proven that a name among the arguments has no address.
        ProofError: what it answers is none.
        Unsupported: it is on another chain, or asked for in a mode that is not known.
        InvalidRequest: the URL stands for no call, or has a name in place of the address: names
            are followed on the way here (`walkaway.content.open`), and nowhere else.
        Unproven, TooMuch: as `CallsContracts.call`.
    """
    return await _Reader(calls, head, budget).page(url)


async def body_of(
    calls: CallsContracts, head: Proven[Header], page: Page, budget: Budget
) -> AsyncGenerator[bytes, None]:
    """The bytes of a page, decoded, and each chunk proven before it is given.

    Raises what `read_page` does, where the chunk would stand that is wrong.
    """
    decoder = decoder_of(page.answer.encoding, budget.limits)
    async with aclosing(_chunks(_Reader(calls, head, budget), page, budget.limits)) as chunks:
        async for chunk in chunks:
            for piece in decoder.feed(chunk):
                yield piece
                await asyncio.sleep(0)  # what a coding makes long holds up nobody else
    decoder.end()


async def _chunks(reader: _Reader, page: Page, limits: Limits) -> AsyncGenerator[bytes, None]:
    """A page's bytes as its contract holds them (ERC-7617)."""
    seen, first = set[tuple[bytes, bytes, bytes]](), page
    while True:
        seen.add((page.url.sender, page.contract, page.data))
        yield page.answer.body
        if page.answer.next_chunk is None:
            return
        if len(seen) == limits.web3_chunks:
            raise TooMuch(f"a page is in over {limits.web3_chunks} chunks")
        following = follow(page.url, page.answer.next_chunk)
        if following.address is None:
            raise ProofError("a page goes on under a name, which may lead elsewhere at any time")
        try:
            async with asyncio.timeout(limits.web3_seconds):
                page = await reader.page(following)
        except TimeoutError:
            raise not_run(f"no answer within {limits.web3_seconds:g} s") from None
        if page.mode is not Mode.RESOURCE:
            raise ProofError("a page goes on in a contract that gives no chunks (ERC-7617)")
        _check_follows(first, page)
        if (page.url.sender, page.contract, page.data) in seen:
            raise ProofError("the chunks of a page lead back to one before (ERC-7617)")


def _check_follows(first: Page, page: Page) -> None:
    """Raises `ProofError` for a chunk that stands on less than was told of the first, or fails."""
    if not 200 <= page.answer.status < 300:
        raise ProofError("a chunk of a page failed (ERC-7617)", got=page.answer.status)
    if set(page.believed) - set(first.believed):
        raise ProofError("a page goes on with what stands on less than its beginning")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads pages at one head."""

    calls: CallsContracts
    head: Proven[Header]
    budget: Budget

    async def page(self, url: Web3Url) -> Page:
        self._check_chain(url.chain_id)
        contract, told = url.address, list[NamedAddress]()
        if contract is None:
            raise InvalidRequest(f"a page is asked of an address, not of {url.host[:100]!r}")
        resolved = await self._call(url.sender, contract, RESOLVE_MODE)
        mode = read_mode(None if _failed(resolved.value) else resolved.value.output)
        data, answer, outcome = await self._asked(url, contract, mode, told)
        because = self._because(url, contract, mode, told, (resolved, outcome))
        believed = tuple(each for name in told for each in name.believed)
        if _reads_blobs(outcome) or _reads_blobs(resolved):
            believed = (*believed, READ_FROM_BLOBS)
        return Page(url, contract, mode, data, answer, because, believed)

    async def _asked(
        self, url: Web3Url, contract: bytes, mode: Mode, told: list[NamedAddress]
    ) -> tuple[bytes, Answer, Proven[Outcome]]:
        """What the contract is called with, and answers; names among arguments are ``told``."""
        if mode is Mode.AUTO:
            call = read_auto(url.target)
            found = [await address_of(self.calls, name) for name in call.names]
            told.extend(found)
            addresses = dict(zip(call.names, (each.address for each in found), strict=True))
            data = call.calldata(addresses)
            outcome = await self._answered(url, contract, data)
            # Few bytes may hold very many values.
            return data, await asyncio.to_thread(call.read, outcome.value.output), outcome
        if mode is Mode.MANUAL:
            data = manual_call(url.target)
            outcome = await self._answered(url, contract, data)
            return data, read_manual(url.target, outcome.value.output), outcome
        data = resource_call(url.target)
        outcome = await self._answered(url, contract, data)
        return data, read_resource(outcome.value.output), outcome

    def _check_chain(self, chain_id: int) -> None:
        if chain_id != self.calls.chain_id:
            raise Unsupported(
                f"contracts of chain {chain_id} are not read: the chain that is followed here "
                f"is {self.calls.chain_id}",
                advice="write the chain's id behind the contract: web3://CONTRACT:CHAIN/PATH",
            )

    async def _answered(self, url: Web3Url, contract: bytes, data: bytes) -> Proven[Outcome]:
        outcome = await self._call(url.sender, contract, data)
        if _failed(outcome.value):
            raise NoSuchPath(f"the contract answers no such call: {_why(outcome.value)}")
        if not outcome.value.output and not await self.calls.has_code(self.head, contract):
            raise NoSuchPath(f"there is no contract at 0x{contract.hex()}")
        self.budget.spend(len(outcome.value.output))
        return outcome

    async def _call(self, sender: bytes, contract: bytes, data: bytes) -> Proven[Outcome]:
        """A call that returned, or reverted with gas to spare.

        An exceptional halt eats all gas, so that nobody can tell whether more of it would
        have led elsewhere.
        """
        outcome = await self.calls.call(self.head, sender, contract, data)
        ran = outcome.value
        # A call is handed all but a 64th of the gas that is left (EIP-150), so that one that
        # fails for lack of it, ever so deep, has used up most of what there was.
        if ran.halt or (ran.reverted and ran.gas_before_refund * 2 > LIMITS.call_gas):
            most = f"{LIMITS.call_gas:,}"
            raise not_run(f"it failed, perhaps for want of more than the {most} gas given here")
        return outcome

    def _because(
        self,
        url: Web3Url,
        contract: bytes,
        mode: Mode,
        told: list[NamedAddress],
        outcomes: tuple[Proven[Outcome], ...],
    ) -> Evidence:
        facts: tuple[tuple[str, str | int | bytes], ...] = (
            ("url", str(url)),
            ("contract", contract),
            ("chain_id", self.calls.chain_id),
            ("block", self.head.value.number),
            ("mode", mode.value),
        )
        steps = (*(name.because for name in told), *(outcome.because for outcome in outcomes))
        return Evidence("the contract answers so, by calls at one head (ERC-6860)", facts, steps)


def _reads_blobs(outcome: Proven[Outcome]) -> bool:
    """Whether a run stands on what this host proved: there is no other precompile of its."""
    return any(name == "host_calls" for name, _ in outcome.because.facts)


def _failed(outcome: Outcome) -> bool:
    return outcome.reverted or bool(outcome.halt)


def _why(outcome: Outcome) -> str:
    """What a failed run ended in, in words."""
    if outcome.halt:
        return outcome.halt
    output = outcome.output
    if output[:4] == _ERROR:
        try:
            said = AbiTuple(output[4:]).text_at(0, _REASON_BYTES)
        except ProofError:
            pass
        else:
            return f"reverted: {''.join(c if c.isprintable() else '?' for c in said[:200])}"
    return f"reverted: 0x{output[:36].hex()}" if output else "reverted"
