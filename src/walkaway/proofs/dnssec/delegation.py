"""Whether a zone begins at a name, and which keys may sign it (RFC 4035, 5.2).

Asked of the zone above, by its DS records or the proof that there are none.
"""

from __future__ import annotations

from collections.abc import Iterable

from dns.name import Name
from dns.rdata import Rdata
from dns.rdatatype import DS as DS_TYPE
from dns.rdtypes.ANY.DS import DS

from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.dnssec.absence import Absence
from walkaway.proofs.dnssec.algorithms import ALGORITHMS, BEST_DIGESTS, DIGESTS
from walkaway.proofs.dnssec.answer import alias_in
from walkaway.proofs.dnssec.rrset import ClaimedRRset
from walkaway.proofs.dnssec.step import (
    Reading,
    asked_name,
    denying_step,
    read,
    sealed,
    signing_step,
)
from walkaway.proofs.dnssec.values import (
    Delegation,
    InsecureAnswer,
    InsecureDelegation,
    NoCut,
    NoSuchName,
    SecureDelegation,
    ZoneKeys,
)
from walkaway.proofs.proven import Evidence, Proven

__all__ = ["delegation_by", "prove_delegation"]


def prove_delegation(
    parent: Proven[ZoneKeys], child: Name, message: bytes, now: float
) -> Proven[Delegation]:
    """What a zone says of a name below it, from the response to a question for its DS.

    An alias (CNAME, DNAME) is no cut. ``now`` is unix time in seconds. Raises
    `ProofError`, and `InvalidRequest` for a name that is not below the zone.
    """
    child = asked_name(child, parent.value.zone, below=True)
    value, step = _delegation(read(parent, message, now), child)
    return sealed(value, ("dns delegation", child.to_text()), step)


def delegation_by(
    reading: Reading, claimed: ClaimedRRset
) -> tuple[SecureDelegation | InsecureDelegation, Evidence]:
    """What DS records come to: insecure where none of them counts here. Raises `ProofError`."""
    if len(claimed.rdatas) > LIMITS.dnssec_keys:
        raise ProofError(f"{claimed.name} is delegated to more than {LIMITS.dnssec_keys} keys")
    rrset = reading.verifier.prove(claimed)
    if rrset.wildcard is not None:
        raise ProofError(f"the delegation of {claimed.name} comes of a wildcard")
    lifetime, counting = reading.lifetime(rrset), _counting(rrset)
    step = signing_step("a zone's key has signed whose keys are below", rrset, reading.zone.because)
    if not counting:
        reason = "it is delegated to keys of algorithms that do not count"
        return InsecureDelegation(lifetime, claimed.name, reason), step
    return SecureDelegation(lifetime, claimed.name, counting, rrset), step


def _delegation(reading: Reading, child: Name) -> tuple[Delegation, Evidence]:
    claimed = reading.response.answer.get((child, DS_TYPE))
    if claimed is not None:
        return delegation_by(reading, claimed)
    alias = alias_in(reading, child)
    if alias is not None:
        found, step = alias
        if isinstance(found, InsecureAnswer):
            return InsecureDelegation(found.lifetime, child, found.reason), step
        return NoCut(found.lifetime, child), step
    denial = reading.denials().deny(child, DS_TYPE)
    lifetime = reading.lifetime(*denial.records)
    step = denying_step(denial, child, DS_TYPE, reading.zone.because)
    if denial.absence is Absence.SIGNER:
        return InsecureDelegation(lifetime, child, denial.reason), step
    kind = NoSuchName if denial.absence is Absence.NAME else NoCut
    return kind(lifetime, child), step


def _counting(rdatas: Iterable[Rdata]) -> tuple[DS, ...]:
    """The digests that count: of known algorithms, and SHA-1 only where there is no better."""
    known = [
        ds
        for ds in rdatas
        if isinstance(ds, DS) and ds.algorithm in ALGORITHMS and ds.digest_type in DIGESTS
    ]
    best = [ds for ds in known if ds.digest_type in BEST_DIGESTS]
    return tuple(best or known)
