"""Questions to the Universal Resolver, run under the latest head; what they look up is followed.

While the question runs, it is proven whose code answers, and held against the record: where
that is other code than was recorded, nothing comes of the run.
"""

from __future__ import annotations

import asyncio
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
from walkaway.evm.proven_call import AskedCall
from walkaway.limits import LIMITS
from walkaway.names.ens.resolver_record import ResolverRecord
from walkaway.names.ens.words import told
from walkaway.names.resolution import Standing
from walkaway.proofs.execution.header import Header
from walkaway.proofs.proven import Finality, Proven

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
    def signers(self) -> tuple[bytes, ...]:
        """Whose signatures the contracts saw in what was found, each once."""
        seen = (run.outcome.value.recovered for run in self.runs if run.words)
        return tuple(dict.fromkeys(signer for signers in seen for signer in signers))


class ResolverRuns:
    """Runs questions on one chain. Parameters are those of `walkaway.names.ens.ens.Ens`."""

    def __init__(
        self, chain: Chain, gateways: AsksGateways, spec: ChainSpec, record: ResolverRecord
    ) -> None:
        self._chain = chain
        self._spec = spec
        self._record = record
        self._offchain = OffchainCalls(chain.calls, gateways, LIMITS.ens_lookups)
        self._seen: Proven[ResolverCode] | None = None

    async def run(self, data: bytes, refuses: Refuses = refuses_all_or_none) -> Ran:
        """Every run of a question, once more where the head it ran on was replaced meanwhile.

        ``refuses`` tells from what came of gateways' answers which of them were refused.

        Raises:
            Unproven: nobody could supply a proof, no gateway answered, the Universal
                Resolver was changed, or its code could not be run to its end in time.
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
        running = asyncio.ensure_future(self._offchain.run(header, asked, refuses))
        try:
            code = await self._code(header, resolver)
            await self._record.check(code.value)
            ran = await running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        words = ((), *(told(word) for word in ran.words))
        runs = tuple(
            NameRun(step.asked, step.outcome, heard)
            for step, heard in zip(ran.steps, words, strict=True)
        )
        return Ran(code, runs, ran.words)

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
