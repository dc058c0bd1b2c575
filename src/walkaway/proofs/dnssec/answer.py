"""An answer of a zone: its records, an alias, or the proof that there are none.

RFC 4035, 5.3 and 5.4; RFC 6672 for DNAME. Only the records decide: no flag or code
of the response does, for nobody signs those.
"""

from __future__ import annotations

from dns.name import Name, NameTooLong
from dns.rdatatype import CNAME, DNAME, DS, RdataType
from dns.rdtypes.nsbase import NSBase

from walkaway.errors import InvalidRequest, ProofError
from walkaway.proofs.dnssec.absence import Absence, Denial
from walkaway.proofs.dnssec.rrset import ClaimedRRset, SignedRRset
from walkaway.proofs.dnssec.step import (
    Reading,
    answer_subject,
    asked_name,
    asked_type,
    denying_step,
    read,
    sealed,
    signing_step,
)
from walkaway.proofs.dnssec.values import (
    Alias,
    Answer,
    InsecureAnswer,
    NoData,
    NoSuchName,
    Records,
    ZoneKeys,
)
from walkaway.proofs.proven import Evidence, Proven

__all__ = ["alias_in", "prove_answer"]


def prove_answer(
    zone: Proven[ZoneKeys], name: Name, rdtype: RdataType, message: bytes, now: float
) -> Proven[Answer]:
    """What a zone says of a name, from the response to a question for it.

    The zone is the one that the name stands in: nothing here proves that there is no
    other between (`prove_delegation` does), but no absence in the zone above passes
    for one below a cut. ``now`` is unix time in seconds. Raises `ProofError`, and
    `InvalidRequest` for a name or a type that is not the zone's to answer for.
    """
    name = asked_name(name, zone.value.zone)
    if asked_type(rdtype) == DS and name == zone.value.zone:
        raise InvalidRequest(f"the delegation of {name} is the zone's above")
    value, step = _answer(read(zone, message, now), name, rdtype)
    return sealed(value, answer_subject(name, rdtype), step)


def alias_in(reading: Reading, name: Name) -> tuple[Alias | InsecureAnswer, Evidence] | None:
    """The alias that a name is, by CNAME or by a DNAME above it; None where it shows none.

    Raises `ProofError`.
    """
    cname = reading.response.answer.get((name, CNAME))
    if cname is not None and cname.rrsigs:
        return _stated_alias(reading, cname)
    dname = _dname_above(reading, name)
    if dname is None:
        return None
    rrset, target = _renamed(reading, name, dname)
    if cname is not None and _target(cname) != target:
        raise ProofError(
            f"the alias of {name} is not the one that the DNAME makes",
            expected=target,
            got=_target(cname),
        )
    step = signing_step("a DNAME renames all that is below it", rrset, reading.zone.because)
    return Alias(reading.lifetime(rrset), target, rrset), step


def _answer(reading: Reading, name: Name, rdtype: RdataType) -> tuple[Answer, Evidence]:
    claimed = reading.response.answer.get((name, rdtype))
    # A server makes a CNAME of a DNAME, and nobody signs what it made.
    if claimed is not None and (claimed.rrsigs or rdtype != CNAME):
        return _records(reading, claimed)
    alias = alias_in(reading, name)
    if alias is not None:
        return alias
    denial = reading.denials().deny(name, rdtype)
    lifetime = reading.lifetime(*denial.records)
    step = denying_step(denial, name, rdtype, reading.zone.because)
    if denial.absence is Absence.SIGNER:
        return InsecureAnswer(lifetime, name, denial.reason), step
    kind = NoSuchName if denial.absence is Absence.NAME else NoData
    return kind(lifetime, name), step


def _records(reading: Reading, claimed: ClaimedRRset) -> tuple[Records | InsecureAnswer, Evidence]:
    rrset, closer = reading.signed(claimed)
    if closer is not None and closer.absence is Absence.SIGNER:
        return _insecure(reading, claimed, closer)
    lifetime = reading.lifetime(rrset, *(closer.records if closer else ()))
    return Records(lifetime, rrset), _signed_step(reading, rrset, closer)


def _stated_alias(reading: Reading, cname: ClaimedRRset) -> tuple[Alias | InsecureAnswer, Evidence]:
    value, step = _records(reading, cname)
    if isinstance(value, InsecureAnswer):
        return value, step
    return Alias(value.lifetime, _target(cname), value.rrset), step


def _insecure(
    reading: Reading, claimed: ClaimedRRset, closer: Denial
) -> tuple[InsecureAnswer, Evidence]:
    """A wildcard's records, where something unsigned may stand closer to the name."""
    value = InsecureAnswer(reading.lifetime(*closer.records), claimed.name, closer.reason)
    return value, denying_step(closer, claimed.name, claimed.rdtype, reading.zone.because)


def _signed_step(reading: Reading, rrset: SignedRRset, closer: Denial | None) -> Evidence:
    because = [reading.zone.because]
    if closer is not None:
        because.append(denying_step(closer, rrset.name, rrset.rdtype, reading.zone.because))
    return signing_step("the zone's key has signed these records", rrset, *because)


def _dname_above(reading: Reading, name: Name) -> ClaimedRRset | None:
    while name != reading.zone.value.zone:
        name = name.parent()
        found = reading.response.answer.get((name, DNAME))
        if found is not None:
            return found
    return None


def _renamed(reading: Reading, name: Name, dname: ClaimedRRset) -> tuple[SignedRRset, Name]:
    """The proven DNAME, and the name that it puts in place of one below (RFC 6672, 2.2)."""
    rrset = reading.verifier.prove(dname)
    if rrset.wildcard is not None:
        raise ProofError(f"the DNAME above {name} comes of a wildcard")
    prefix = name.relativize(dname.name)
    try:
        return rrset, prefix.derelativize(_target(dname))
    except NameTooLong:
        raise ProofError(f"the DNAME above {name} makes a name that is too long") from None


def _target(alias: ClaimedRRset) -> Name:
    """Where a CNAME or DNAME leads. Raises `ProofError` where it leads to several places."""
    targets = [rdata.target for rdata in alias.rdatas if isinstance(rdata, NSBase)]
    if len(targets) != 1:
        raise ProofError(f"{alias.name} is an alias of {len(targets)} names")
    return targets[0].canonicalize()
