"""DNSSEC: from the root's keys to a record, or to the proof that there is none.

May import `proofs.proven`, `proofs._seal`, `anchors.dns_root`, `errors`, `limits`. Each
function takes the bytes of one DNS response and a step that is proven already, and
gives the next: `root_keys`, then by turns `prove_delegation` and `zone_keys`, then
`prove_answer`. What is proven not to be signed is a value (`InsecureDelegation`,
`InsecureAnswer`); what is bogus, expired signatures too, is a `ProofError`. Begin with
`values.py`, then `zone.py`, `delegation.py` and `answer.py`; `signature.py` verifies,
`nsec.py` and `nsec3.py` prove absence, `oracle_chain.py` is the form contracts take.
"""

from walkaway.proofs.dnssec.answer import prove_answer
from walkaway.proofs.dnssec.delegation import prove_delegation
from walkaway.proofs.dnssec.oracle_chain import Link, prove_signed_rrsets
from walkaway.proofs.dnssec.rrset import SignedRRset
from walkaway.proofs.dnssec.values import (
    Alias,
    Answer,
    Delegation,
    InsecureAnswer,
    InsecureDelegation,
    NoCut,
    NoData,
    NoSuchName,
    Records,
    SecureDelegation,
    ZoneKeys,
)
from walkaway.proofs.dnssec.zone import root_keys, zone_keys

__all__ = [
    "Alias",
    "Answer",
    "Delegation",
    "InsecureAnswer",
    "InsecureDelegation",
    "Link",
    "NoCut",
    "NoData",
    "NoSuchName",
    "Records",
    "SecureDelegation",
    "SignedRRset",
    "ZoneKeys",
    "prove_answer",
    "prove_delegation",
    "prove_signed_rrsets",
    "root_keys",
    "zone_keys",
]
