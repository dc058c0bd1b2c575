"""Questions to the Universal Resolver, run under the latest head; what they look up is followed.

While the question runs, it is proven whose code answers, and held against the record: where
that is other code than was recorded, nothing comes of the run, and nobody is asked off
chain for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from walkaway.anchors.spec import ChainSpec
from walkaway.chain.block_id import Tag
from walkaway.chain.chain import Chain
from walkaway.chain.offchain_calls import (
    AcceptedWord,
    AsksGateways,
    OffchainCalls,
    Refuses,
    refuses_all_or_none,
)
from walkaway.errors import CallFailed, InvalidRequest, ProofError, Unproven, Unsupported
from walkaway.evm.derive_name import IMPLEMENTATION_SLOT, NameRun, ResolverCode, resolver_code
from walkaway.evm.engine import Call
from walkaway.evm.offchain_lookup import OffchainLookup
from walkaway.evm.proven_call import AskedCall
from walkaway.limits import LIMITS
from walkaway.names.ens.resolver_record import ResolverRecord
from walkaway.names.ens.words import told
from walkaway.names.resolution import Standing
from walkaway.proofs.execution.header import Header
from walkaway.proofs.proven import Finality, Proven
from walkaway.sources.gateways import GatewayAnswer, PartAnswer

__all__ = ["Ran", "ResolverRuns"]


@dataclass(frozen=True, slots=True)
class Ran:
    """The runs of one question under one head, whose code ran, and whose words it took."""

    code: Proven[ResolverCode]
    runs: tuple[NameRun, ...]
    words: tuple[AcceptedWord, ...]

    @property
    def standing(self) -> Standing:
        """Proven where no word was needed."""
        return Standing.ACCEPTED if self.words else Standing.PROVEN

    @property
    def gateways(self) -> tuple[str, ...]:
        """Who was asked off chain, each once."""
        return tuple(dict.fromkeys(host for word in self.words for host in word.asked))

    @property
    def recovered(self) -> tuple[bytes, ...]:
        """Whose signatures the callbacks looked at, each once; they may be under anything."""
        seen = (run.outcome.value.recovered for run in self.runs if run.words)
        return tuple(dict.fromkeys(address for addresses in seen for address in addresses))

    @property
    def may_lack_gas(self) -> bool:
        """Whether what failed may have failed at our own limit of gas, and at nothing else.

        A call is handed all but a 64th of the gas that is left (EIP-150), so that one that
        fails for lack of it, ever so deep, has used up most of what there was.
        """
        return any(
            run.outcome.value.gas_before_refund * 2 > run.asked.call.gas_limit for run in self.runs
        )

    def lack_of_gas(self) -> Unproven:
        """The refusal where something failed that `may_lack_gas`."""
        last = self.runs[-1]
        used, given = last.outcome.value.gas_before_refund, last.asked.call.gas_limit
        return _not_run(
            f"something failed, and may have failed for want of gas: "
            f"{used:,} was used of the {given:,} that is given here"
        )


class ResolverRuns:
    """Runs questions on one chain. Parameters are those of `walkaway.names.ens.ens.Ens`."""

    def __init__(
        self, chain: Chain, gateways: AsksGateways, spec: ChainSpec, record: ResolverRecord
    ) -> None:
        self._chain = chain
        self._spec = spec
        self._record = record
        self._gateways = gateways
        self._seen: Proven[ResolverCode] | None = None

    async def run(self, data: bytes, refuses: Refuses = refuses_all_or_none) -> Ran:
        """Every run of a question, once more where the head it ran on was replaced meanwhile.

        ``refuses`` tells from what came of gateways' answers which of them were refused.

        Raises:
            Unproven: nobody could supply a proof, no gateway answered, the Universal
                Resolver was changed, or its code could not be run to its end in time, or
                with the gas that it is given.
            Unsupported: the chain has no ENS.
        """
        resolver = self._spec.universal_resolver
        if resolver is None:
            raise Unsupported(f"there is no ENS on {self._spec.network}")
        header = self._chain.head(Tag.LATEST)
        try:
            async with asyncio.timeout(LIMITS.ens_answer_seconds):
                try:
                    return await self._run_at(header, resolver, data, refuses)
                except (Unproven, ProofError):
                    now = self._chain.head(Tag.LATEST)
                    if now.value.hash == header.value.hash:
                        raise
                    return await self._run_at(now, resolver, data, refuses)
        except TimeoutError:
            raise _not_run(f"no answer within {LIMITS.ens_answer_seconds:g} s") from None
        except (CallFailed, InvalidRequest) as error:
            raise _not_run(str(error), error.advice) from None

    async def _run_at(
        self, header: Proven[Header], resolver: bytes, data: bytes, refuses: Refuses
    ) -> Ran:
        call = Call(bytes(20), resolver, LIMITS.ens_gas, data=data)
        asked = AskedCall(call, self._chain.calls.environment(header.value, call))
        checking = asyncio.ensure_future(self._recorded_code(header, resolver))
        gateways = _OnceRecorded(checking, self._gateways)
        offchain = OffchainCalls(self._chain.calls, gateways, LIMITS.ens_lookups)
        running = asyncio.ensure_future(offchain.run(header, asked, refuses))
        try:
            code = await checking
            ran = await running
        finally:
            for begun in (checking, running):
                begun.cancel()
            await asyncio.gather(checking, running, return_exceptions=True)
        words = ((), *(told(word) for word in ran.words))
        runs = tuple(
            NameRun(step.asked, step.outcome, heard)
            for step, heard in zip(ran.steps, words, strict=True)
        )
        found = Ran(code, runs, ran.words)
        if found.may_lack_gas and not ran.answer.succeeded:
            raise found.lack_of_gas()
        return found

    async def _recorded_code(self, header: Proven[Header], resolver: bytes) -> Proven[ResolverCode]:
        """Whose code resolves names, which is found to be that of the record."""
        code = await self._code(header, resolver)
        await self._record.check(code.value)
        return code

    async def _code(self, header: Proven[Header], resolver: bytes) -> Proven[ResolverCode]:
        """Whose code resolves names under a head, proven once for each."""
        if self._seen is not None and _under(self._seen) == _under(header):
            return self._seen
        number = header.value.number
        # Mostly it is what it was, whose account is known then when the slot is.
        before = [self._seen.value.implementation] if self._seen else []
        (_, (slot,)), _ = await asyncio.gather(
            self._chain.slots(resolver, [IMPLEMENTATION_SLOT], number),
            asyncio.gather(*(self._chain.account(address, number) for address in before)),
        )
        implementation = slot.value.to_bytes(32)[12:] if slot.value else resolver
        code = resolver_code(slot, await self._chain.account(implementation, number))
        if code.claim.block_hash != header.claim.block_hash:
            raise Unproven("the head was replaced", reasons={}, advice="ask again")
        self._seen = code
        return code


class _OnceRecorded:
    """Gateways that are asked nothing before the code that asks is found to be recorded."""

    def __init__(
        self, checking: asyncio.Future[Proven[ResolverCode]], gateways: AsksGateways
    ) -> None:
        self._checking = checking
        self._gateways = gateways

    async def fetch(
        self, lookup: OffchainLookup, refused: Sequence[PartAnswer] = ()
    ) -> GatewayAnswer:
        """As `AsksGateways.fetch`; raises also what the check does."""
        await asyncio.shield(self._checking)
        return await self._gateways.fetch(lookup, refused)


def _under(proven: Proven[object]) -> tuple[bytes | None, Finality]:
    """The block that something is proven under, and how firmly that stands."""
    return proven.claim.block_hash, proven.claim.finality


def _not_run(reason: str, advice: str = "") -> Unproven:
    """The code of a name may ask for more than is run, or look for what is never found."""
    return Unproven(
        "what the name's contracts say could not be computed",
        reasons={"this machine": reason},
        advice=advice,
    )
