"""Which records of a response deny: those of the zone, in their own place, and few."""

from __future__ import annotations

import pytest
from dns.name import from_text
from dns.rrset import from_rdata
from dns.rrset import from_text as rrset_from_text

from tests.proofs.dnssec.populated import populated
from tests.proofs.dnssec.signed_zone import TTL
from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.dnssec import NoSuchName


def test_only_so_many_records_deny() -> None:
    zone = populated()
    response = zone.zone.response("b.test.", "A")
    here = len([each for each in response.authority if each.rdtype.name == "NSEC"])
    for number in range(here, LIMITS.dnssec_denials + 1):
        more = rrset_from_text(f"n{number}.test.", TTL, "IN", "NSEC", f"n{number}x.test. A")
        if number == LIMITS.dnssec_denials:
            assert isinstance(zone.answer("b.test.", "A", response), NoSuchName)
        response.authority += [more, zone.zone.signature(more)]
    with pytest.raises(ProofError, match="more than 16 records deny"):
        zone.answer("b.test.", "A", response)


def test_the_record_of_a_wildcard_denies_nothing_elsewhere() -> None:
    """Else the wildcard's own list of types would speak for every name in its place."""
    zone = populated()
    deny = zone.zone.denial_at(from_text("*.wild.test."))
    moved = [
        from_rdata(from_text("host.wild.test."), TTL, *each)
        for each in (deny, zone.zone.signature(deny))
    ]
    response = zone.zone.response("host.wild.test.", "AAAA")
    response.authority[:] = moved
    with pytest.raises(ProofError, match="which stand nowhere else"):
        zone.answer("host.wild.test.", "AAAA", response)


def test_unsigned_records_deny_nothing() -> None:
    zone = populated()
    response = zone.zone.response("b.test.", "A")
    response.authority[:] = [each for each in response.authority if each.rdtype.name == "NSEC"]
    with pytest.raises(ProofError, match="neither answers nor proves"):
        zone.answer("b.test.", "A", response)


def test_a_denial_that_was_changed_is_refused() -> None:
    zone = populated()
    response = zone.zone.response("b.test.", "A")
    owner = response.authority[0].name
    response.authority[0] = rrset_from_text(owner, TTL, "IN", "NSEC", "zz.test. A RRSIG NSEC")
    with pytest.raises(ProofError, match="no key of the zone made it"):
        zone.answer("b.test.", "A", response)
