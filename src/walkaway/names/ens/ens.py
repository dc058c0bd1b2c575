"""Names of ENS, resolved over proven state: content, records, and primary names.

One call of the Universal Resolver (ENSIP-23), run on this machine over state that is proven
under the head: wildcards, DNS names, and whose resolver a name has are its business. What
it looks up off chain is fetched, judged by the contract's own callback over the same
state, and marked as somebody's word. Whose signatures the callback looked at is told; whether
they vouch for the answer is the contract's to know.

Names are resolved at the latest head, which two thirds of a sync committee signed: a
change is seen within a minute, where finality would take a quarter of an hour. The
evidence says so. ENS has no time to live, so an answer may be held for
`Limits.ens_seconds`, and no longer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from walkaway.anchors.spec import ChainSpec
from walkaway.chain.chain import Chain
from walkaway.chain.offchain_calls import AsksGateways, Refuses, refuses_all_or_none
from walkaway.errors import InvalidRequest, NoSuchName, ProofError, TooMuch, Unproven
from walkaway.evm.derive_name import primary_name, resolved_name
from walkaway.evm.engine import Outcome
from walkaway.evm.offchain_lookup import OFFCHAIN_LOOKUP
from walkaway.evm.universal_resolver import (
    Failure,
    ResolverFault,
    read_multicall,
    read_resolved,
    resolve_call,
    resolve_multicall,
    reverse_call,
)
from walkaway.limits import LIMITS
from walkaway.names.ens.contenthash import ContentHash
from walkaway.names.ens.normalize import EnsName, is_normalized, load_tables, normalize
from walkaway.names.ens.records import (
    ETH,
    ContentRecord,
    EnsRecord,
    EnsValue,
    Unreadable,
    value_of,
)
from walkaway.names.ens.resolver_record import ResolverRecord
from walkaway.names.ens.runs import Ran, ResolverRuns
from walkaway.names.resolution import Resolution, Standing
from walkaway.proofs.proven import Evidence

__all__ = ["Ens", "EnsAnswer", "EnsPrimary"]

_NAMELESS: Final = (
    "a name can lead to an address that has not taken it for its own: walkaway resolve NAME"
)


@dataclass(frozen=True, slots=True)
class EnsAnswer:
    """What a name says: each record that was asked for, and what that stands on.

    ``resolver`` is the 20-byte address of the contract that answers for the name;
    ``gateways`` are who was asked off chain, and ``recovered`` the addresses whose
    signatures the contract looked at (ECRECOVER) when it accepted what they said: what was
    signed there, and whether it mattered, nobody can tell but who reads its code.
    """

    name: EnsName
    values: Mapping[EnsRecord, EnsValue]
    resolver: bytes
    standing: Standing
    because: Evidence
    gateways: tuple[str, ...] = ()
    recovered: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class EnsPrimary:
    """The primary name of an address (ENSIP-19): one that leads back to it."""

    name: EnsName
    address: bytes
    coin_type: int
    resolver: bytes
    standing: Standing
    because: Evidence
    gateways: tuple[str, ...] = ()
    recovered: tuple[bytes, ...] = ()


class Ens:
    """Resolves names of ENS on one chain. Implements `Names`.

    ``gateways`` finds what contracts look up off chain
    (`walkaway.names.ens.batch_gateway.OwnGateway`); ``record`` holds whose code may
    resolve names.
    """

    def __init__(
        self, chain: Chain, gateways: AsksGateways, spec: ChainSpec, record: ResolverRecord
    ) -> None:
        self._runs = ResolverRuns(chain, gateways, spec, record)
        self._chain_id = spec.chain_id
        load_tables()

    @property
    def chain_id(self) -> int:
        """The chain whose names these are."""
        return self._chain_id

    async def resolve(self, name: str) -> Resolution:
        """Where a name's content is, by its contenthash.

        Raises:
            NoSuchName: it is proven that the name has no resolver, or no content, or
                what it holds for content is none.
            Unproven: nobody could supply a proof, no gateway answered, or the Universal
                Resolver was changed.
            Unsupported: the content is on a network that is not read here, or the
                chain has no ENS.
            ProofError: the Universal Resolver gives what is no answer (ENSIP-23).
            InvalidRequest: it is no name of ENS.
        """
        record = ContentRecord()
        answer = await self.lookup(name, [record])
        held = answer.values[record]
        if held is None:
            raise _nowhere(answer.name, "it has no contenthash", answer.gateways)
        if not isinstance(held, ContentHash):
            reason = held.reason if isinstance(held, Unreadable) else "it is of another kind"
            reason = f"its contenthash cannot be read: {reason}"
            raise _nowhere(answer.name, reason, answer.gateways)
        pointer = held.pointer()
        facts = (("contenthash", held.data), ("pointer", str(pointer)))
        because = Evidence("the name's contenthash (ENSIP-7)", facts, (answer.because,))
        return Resolution(pointer, LIMITS.ens_seconds, answer.standing, because)

    async def lookup(self, name: str, wanted: Sequence[EnsRecord]) -> EnsAnswer:
        """What a name says for each of some records, in one call. Raises as `resolve`.

        A record that the name lacks is None; one that its resolver refuses, or that is
        malformed, is `Unreadable`, and says why.
        """
        records = list(dict.fromkeys(wanted))
        if not records:
            raise InvalidRequest("no record of the name is asked for")
        if len(records) > LIMITS.ens_records:
            raise TooMuch(f"at most {LIMITS.ens_records} records of a name at once")
        normal = normalize(name)
        calls = [record.call(normal.node) for record in records]
        is_one = len(calls) == 1
        call = calls[0] if is_one else resolve_multicall(calls)
        refuses = refuses_all_or_none if is_one else _refused_records(len(calls))
        ran = await self._runs.run(resolve_call(normal.wire, call), refuses)
        proven = resolved_name(ran.runs, ran.code, normal.wire, call)
        found = proven.value
        if isinstance(found, Failure):
            _raise_failure(normal, found, ran)
        answers = (found.result,) if is_one else read_multicall(found.result, len(calls))
        if ran.may_lack_gas and any(isinstance(answer, Failure) for answer in answers):
            raise ran.lack_of_gas()
        values = {
            record: Unreadable(str(answer), is_refused=_has_no_such_record(answer, ran))
            if isinstance(answer, Failure)
            else value_of(record, answer)
            for record, answer in zip(records, answers, strict=True)
        }
        because = _of_name(normal, ran, proven.because)
        return EnsAnswer(
            normal, values, found.resolver, ran.standing, because, ran.gateways, ran.recovered
        )

    async def reverse(self, address: bytes, coin_type: int = ETH) -> EnsPrimary:
        """The primary name of an address, which the contract found to lead back to it.

        ``address`` is in its chain's binary form; of an EVM chain, 20 bytes, and
        ``coin_type`` 0x80000000 | chain id (ENSIP-11). Raises as `resolve` does,
        `NoSuchName` also where the name does not lead back, or is not normalised.
        """
        if not 0 < len(address) <= LIMITS.contenthash_bytes or not 0 <= coin_type < 1 << 256:
            raise InvalidRequest("no address, or no coin type")
        ran = await self._runs.run(reverse_call(address, coin_type))
        proven = primary_name(ran.runs, ran.code, address, coin_type)
        found, shown = proven.value, f"0x{address.hex()}"
        if isinstance(found, Failure):
            _raise_failure(shown, found, ran)
        if not found.name:
            raise _nowhere(shown, "none is set", ran.gateways)
        if not is_normalized(found.name):
            reason = f"its primary name {found.name[:100]!r} is not normalised (ENSIP-15)"
            raise _nowhere(shown, reason, ran.gateways)
        normal = normalize(found.name)
        because = _of_name(normal, ran, proven.because)
        return EnsPrimary(
            normal,
            address,
            coin_type,
            found.resolver,
            ran.standing,
            because,
            ran.gateways,
            ran.recovered,
        )


def _refused_records(records: int) -> Refuses:
    """Which gateways' answers the contract refused, where several records are asked for.

    Each record has its own error among the answers. Where each has an answer of its own,
    that tells whose was refused; where some share one, it may have been any.
    """

    def refused(outcome: Outcome, answers: int) -> Collection[int]:
        try:
            found = read_resolved(outcome.output, reverted=not outcome.succeeded)
            if isinstance(found, Failure):
                return range(answers)
            said = read_multicall(found.result, records)
        except ProofError:
            return range(answers)
        failed = [place for place, answer in enumerate(said) if _is_refusal(answer)]
        return failed if answers == records or not failed else range(answers)

    return refused


def _is_refusal(answer: bytes | Failure) -> bool:
    """Whether it is an error of the resolver, and not that it knows no such record."""
    nobody = (ResolverFault.HTTP_ERROR, ResolverFault.UNSUPPORTED_PROFILE)
    return isinstance(answer, Failure) and answer.fault not in nobody


def _has_no_such_record(answer: Failure, ran: Ran) -> bool:
    """Whether the resolver itself will not tell, and no gateway's answer can be why."""
    if answer.fault is ResolverFault.UNSUPPORTED_PROFILE:
        return True
    return answer.fault is ResolverFault.RESOLVER_ERROR and not ran.words


def _of_name(name: EnsName, ran: Ran, because: Evidence) -> Evidence:
    claim = ran.code.claim
    facts: tuple[tuple[str, bytes | str], ...] = (
        ("name", name.typed),
        ("normalized", str(name)),
        ("node", name.node),
        ("block", claim.block_hash or b""),
        ("head", claim.finality.value),
    )
    return Evidence("a name of ENS, by ENSIP-15", facts, (because,))


def _raise_failure(name: EnsName | str, failure: Failure, ran: Ran) -> NoReturn:
    """Where nobody's word was in it, the failure is what the chain says; else a gateway may
    have brought it about. A lookup that was not followed is no answer at all."""
    if failure.data.startswith(OFFCHAIN_LOOKUP):
        reason = "what its contract looks up off chain is malformed, or more than is followed"
        raise Unproven(
            f"the name {str(name)[:100]!r} is not resolved", reasons={"this machine": reason}
        )
    if failure.fault is ResolverFault.HTTP_ERROR or ran.words:
        asked = ", ".join(ran.gateways) or "the gateways"
        raise Unproven(
            f"the name {str(name)[:100]!r} is not resolved",
            reasons={asked: f"what was found off chain was not accepted: {failure}"},
        )
    raise _nowhere(name, str(failure))


def _nowhere(name: EnsName | str, reason: str, gateways: tuple[str, ...] = ()) -> NoSuchName:
    """That a name leads nowhere, or that an address, in text, has no name."""
    word = f"by the word of {', '.join(gateways)}, which the name's own contract accepted"
    reasons = {"the chain": f"{reason} ({word if gateways else 'proven'})"}
    if isinstance(name, str):
        return NoSuchName(
            f"{name[:100]} has no primary name in ENS", reasons=reasons, advice=_NAMELESS
        )
    return NoSuchName(f"{str(name)[:100]!r} leads nowhere in ENS", reasons=reasons)
