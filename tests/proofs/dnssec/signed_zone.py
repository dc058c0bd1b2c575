"""Signed zones in memory, which answer as an authoritative server does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeGuard

from dns import dnssec
from dns.message import Message, make_query, make_response
from dns.name import Name, from_text
from dns.rcode import NXDOMAIN
from dns.rdatatype import CNAME, DNAME, DS, NS, NSEC, NSEC3, RRSIG, RdataType
from dns.rdtypes.nsbase import NSBase
from dns.rrset import RRset, from_rdata
from dns.rrset import from_text as rrset_from_text

from tests.proofs.dnssec.signing import Key, key, signature
from walkaway.anchors.dns_root import RootAnchors, root_anchor
from walkaway.proofs import Proven
from walkaway.proofs.dnssec import (
    Delegation,
    SecureDelegation,
    ZoneKeys,
    prove_delegation,
    root_keys,
    zone_keys,
)

NOW = 1_800_000_000.0
HOUR = 3600
TTL = 300


@dataclass(frozen=True)
class Hashing:
    """How a zone hashes its names."""

    salt: str = "abcd"
    iterations: int = 2
    opt_out: bool = False


class SignedZone:
    """A zone with one key for everything; made with ``add``, then asked."""

    def __init__(
        self,
        origin: str,
        *,
        signer: Key | None = None,
        hashing: Hashing | None = None,
        valid: tuple[float, float] = (NOW - HOUR, NOW + HOUR),
    ) -> None:
        self.origin = from_text(origin)
        self.signer = signer or key()
        self.hashing = hashing
        self.valid = valid
        self._rrsets: dict[tuple[Name, RdataType], RRset] = {}
        self._listed: dict[Name, RRset] = {}
        self.add(origin, "SOA", "ns.other. mail.other. 1 7200 3600 1209600 300")
        self.add(origin, "NS", "ns.other.")
        self.put(from_rdata(self.origin, TTL, self.signer.public))

    def add(self, name: str, rdtype: str, *contents: str) -> None:
        self.put(rrset_from_text(name, TTL, "IN", rdtype, *contents))

    def put(self, rrset: RRset) -> None:
        self._listed = {}
        self._rrsets[rrset.name, rrset.rdtype] = rrset

    def delegate(self, child: SignedZone, *, digest: str = "SHA256") -> None:
        name = child.origin.to_text()
        self.add(name, "NS", "ns.other.")
        policy = dnssec.allow_all_policy
        ds = dnssec.make_ds(name, child.signer.public, digest, policy=policy)
        self.put(from_rdata(child.origin, TTL, ds))

    def ask(self, name: str, rdtype: str) -> bytes:
        """The bytes of the response to a question."""
        return wire(self.response(name, rdtype))

    def response(self, name: str, rdtype: str) -> Message:
        """The response to a question; not for names below a cut, which nobody asks here."""
        response = make_response(make_query(name, rdtype, want_dnssec=True))
        self._respond(response, from_text(name), RdataType.make(rdtype))
        return response

    def signature(
        self, rrset: RRset, signer: Key | None = None, **changes: int | Name | bytes
    ) -> RRset:
        """The zone's signature, or one of its name by another key, or over other things."""
        return signature(rrset, self.origin, signer or self.signer, self.valid, **changes)

    def records_at(self, name: Name) -> list[RRset]:
        """What stands at a name that the zone signs."""
        at_cut = name != self.origin and (name, NS) in self._rrsets
        return [
            rrset
            for (owner, rdtype), rrset in self._rrsets.items()
            if owner == name and not (at_cut and rdtype == NS)
        ]

    def denials(self) -> list[RRset]:
        """All records by which the zone denies."""
        return list(self._denials().values())

    def denial_at(self, name: Name) -> RRset:
        """The record that lists a name's own types."""
        return self._denials()[self._place(name)]

    def denial_over(self, name: Name) -> RRset:
        """The record of the last place before the name's; the last of all before the first."""
        places, place = sorted(self._denials()), self._place(name)
        before = [at for at in places if at < place]
        return self._denials()[before[-1] if before else places[-1]]

    def _respond(self, response: Message, name: Name, rdtype: RdataType) -> None:
        found = self._rrsets.get((name, rdtype)) or self._rrsets.get((name, CNAME))
        if found is not None:
            self._give(response.answer, found)
        elif (above := self._dname_above(name)) is not None:
            self._give(response.answer, above)
            response.answer.append(_renamed(name, above))
        elif name in self._names():
            self._deny_type(response, name)
        else:
            self._respond_by_wildcard(response, name, rdtype)

    def _respond_by_wildcard(self, response: Message, name: Name, rdtype: RdataType) -> None:
        closer, encloser = name, name.parent()
        while encloser not in self._names():
            closer, encloser = encloser, encloser.parent()
        wildcard = Name((b"*", *encloser.labels))
        denied = name if self.hashing is None else closer
        found = self._rrsets.get((wildcard, rdtype)) or self._rrsets.get((wildcard, CNAME))
        self._give(response.authority, self.denial_over(denied))
        if found is not None:
            self._give(response.answer, found, name)
            return
        if self.hashing is not None:
            self._give(response.authority, self.denial_at(encloser))
        if wildcard in self._names():
            self._give(response.authority, self.denial_at(wildcard))
        else:
            response.set_rcode(NXDOMAIN)
            self._give(response.authority, self.denial_over(wildcard))

    def _deny_type(self, response: Message, name: Name) -> None:
        if self._place(name) in self._denials():
            self._give(response.authority, self.denial_at(name))
        else:  # an empty non-terminal by NSEC, or what opt-out leaves unlisted
            self._give(response.authority, self.denial_over(name))
            if self.hashing is not None:
                self._give(response.authority, self.denial_at(name.parent()))

    def _give(self, section: list[RRset], rrset: RRset, name: Name | None = None) -> None:
        for given in (rrset, self.signature(rrset)):
            if given.rdtype == RRSIG and any(
                it.rdtype == RRSIG and it.name == (name or rrset.name) and it.covers == rrset.rdtype
                for it in section
            ):
                continue
            copy = from_rdata(name or given.name, given.ttl, *given)
            if copy not in section:
                section.append(copy)

    def _dname_above(self, name: Name) -> RRset | None:
        while name != self.origin:
            name = name.parent()
            if (name, DNAME) in self._rrsets:
                return self._rrsets[name, DNAME]
        return None

    def _names(self) -> set[Name]:
        """Every name that exists, also those that exist only for what is below them."""
        names = {self.origin}
        for name, _ in self._rrsets:
            depths = range(len(self.origin.labels) + 1, len(name.labels) + 1)
            names.update(name.split(depth)[1] for depth in depths)
        return names

    def _types(self, name: Name) -> list[RdataType]:
        types = [rdtype for owner, rdtype in self._rrsets if owner == name]
        signed = types and (name == self.origin or NS not in types or DS in types)
        return [*types, RRSIG] if signed else types

    def _place(self, name: Name) -> Name:
        if self.hashing is None:
            return name
        digest = dnssec.nsec3_hash(name, self.hashing.salt, self.hashing.iterations, 1)
        return from_text(digest.lower(), self.origin)

    def _denials(self) -> dict[Name, RRset]:
        """Each name's own record of denial, by the place at which it stands."""
        if not self._listed:
            listed = {self._place(name): self._types(name) for name in self._names()}
            places = sorted(place for place, types in listed.items() if self._is_listed(types))
            following = [*places[1:], places[0]]
            self._listed = {
                place: self._denial(place, after, listed[place])
                for place, after in zip(places, following, strict=True)
            }
        return self._listed

    def _is_listed(self, types: list[RdataType]) -> bool:
        if self.hashing is None:
            return bool(types)
        return not (self.hashing.opt_out and NS in types and RRSIG not in types)

    def _denial(self, place: Name, after: Name, types: list[RdataType]) -> RRset:
        own = [] if self.hashing is not None else [NSEC, *([] if RRSIG in types else [RRSIG])]
        names = " ".join(RdataType.to_text(rdtype) for rdtype in sorted({*types, *own}))
        if self.hashing is None:
            return rrset_from_text(place, TTL, "IN", NSEC, f"{after} {names}")
        way = f"1 {int(self.hashing.opt_out)} {self.hashing.iterations} {self.hashing.salt or '-'}"
        content = f"{way} {after.labels[0].decode()} {names}"
        return rrset_from_text(place, TTL, "IN", NSEC3, content)


def wire(message: Message) -> bytes:
    """The bytes of a message of any size that a message can have."""
    return message.to_wire(max_size=65_535)


def anchors_of(zone: SignedZone) -> RootAnchors:
    """The zone's key, believed."""
    ds = dnssec.make_ds(zone.origin, zone.signer.public, "SHA256")
    return RootAnchors((root_anchor(ds.to_text(), name="a root of our own"),))


def keys_of(root: SignedZone, *path: SignedZone) -> Proven[ZoneKeys]:
    """The proven keys of the last of some zones, each of which delegates to the next."""
    proven, above = root_keys(anchors_of(root), root.ask(".", "DNSKEY"), NOW), root
    for zone in path:
        name = zone.origin.to_text()
        delegation = secure(prove_delegation(proven, zone.origin, above.ask(name, "DS"), NOW))
        proven, above = zone_keys(delegation, zone.ask(name, "DNSKEY"), NOW), zone
    return proven


def secure(delegation: Proven[Delegation]) -> Proven[SecureDelegation]:
    """The delegation, which must be a secure one."""
    assert _is_secure(delegation), delegation
    return delegation


def _is_secure(delegation: Proven[Delegation]) -> TypeGuard[Proven[SecureDelegation]]:
    return isinstance(delegation.value, SecureDelegation)


def _renamed(name: Name, above: RRset) -> RRset:
    """The alias that a server makes of a DNAME."""
    (dname,) = [rdata for rdata in above if isinstance(rdata, NSBase)]
    target = name.relativize(above.name).derelativize(dname.target)
    return rrset_from_text(name, TTL, "IN", "CNAME", target.to_text())
