"""The types at a name, as the bit maps of its record list them."""

from __future__ import annotations

from dns.rdatatype import CAA, NS, NSEC, SOA, A, RdataType
from dns.rrset import from_text

from walkaway.proofs.dnssec.absence import Types


def test_the_types_of_a_record() -> None:
    (nsec,) = from_text("a.", 1, "IN", "NSEC", "b. A MX RRSIG NSEC TYPE1234 CAA TYPE65280")
    types = Types(nsec.windows)
    held = {number for number in range(1 << 16) if number in types}
    assert held == {A, 15, 46, NSEC, 1234, CAA, 65280}


def test_no_types() -> None:
    assert not any(rdtype in Types(()) for rdtype in (A, NS, SOA, RdataType.make(65_535)))
