"""Names of every kind: whose business a name is, by its form, and in which order they are asked.

===================  ====================================================================
a name               is asked of
===================  ====================================================================
set by the person    the settings; nobody else (`HeldNames.own`)
an IPNS key          its records, held here or found
ends in ``.eth``     ENS
``app.eth:1``        ENS, for the contract that it leads to on that chain
has a dot            DNSLink; where that is proven not to be there, or the zone to be
                     unsigned, ENS as a DNS name (imported, or gasless: ENSIP-17)
``ar://NAME``        ArNS, which is the word of gateways that agree
===================  ====================================================================

One label alone is of no kind: it may be a host of the person's own network, or a word that
was mistyped, and is told to nobody.

A DNS name whose proof is wrong or not to be had is refused, and not asked of ENS instead:
whoever stands in the way must not choose between two answers.
"""

from __future__ import annotations

from dataclasses import dataclass

from walkaway.errors import NoSuchName, ProofError, UnsignedName, Unsupported, WalkawayError
from walkaway.names.held import HeldNames
from walkaway.names.leads import contract_name
from walkaway.names.resolution import Names, Resolution
from walkaway.names.spelling import canonical
from walkaway.proofs.ipfs.ipns_name import parse_name

__all__ = ["NamesOfEveryKind"]

_ARNS = "ar://"
_ETH = "eth"


@dataclass(frozen=True, slots=True)
class NamesOfEveryKind:
    """Asks whose kind a name is of. Implements `Names`.

    ``held`` knows the person's own names, ``keys`` resolves IPNS keys, ``ens`` names of
    ENS, DNS names among them, ``contracts`` those with a chain behind them, ``dnslinks`` other
    DNS names, ``arns`` names of Arweave.
    """

    held: HeldNames
    keys: Names
    ens: Names
    contracts: Names
    dnslinks: Names
    arns: Names

    async def resolve(self, name: str) -> Resolution:
        """One step from a name, by the kind that its form tells.

        Raises:
            NoSuchName: it is proven that it leads nowhere.
            Unproven: nobody could supply a proof, or the part that resolves it is not there.
            ProofError: what there is for the name does not prove it.
            Unsupported: it is of no kind that is resolved.
            InvalidRequest: it is no name.
        """
        own = self.held.own(name)
        if own is not None:
            return own
        if _is_key(name):
            return await self.keys.resolve(name)
        if name.lower().startswith(_ARNS):
            return await self.arns.resolve(name[len(_ARNS) :])
        name = canonical(name)
        if contract_name(name) is not None:
            return await self.contracts.resolve(name)
        labels = name.split(".")
        # No name ends in a number or a port (RFC 3696, section 2): these are addresses of hosts.
        if not all(labels) or "/" in name or ":" in name or labels[-1].isdecimal():
            raise _of_no_kind(name)
        if labels[-1] == _ETH:
            return await self.ens.resolve(name)
        if len(labels) == 1:
            raise _one_label(name)
        return await self._of_dns(name)

    async def _of_dns(self, name: str) -> Resolution:
        try:
            return await self.dnslinks.resolve(name)
        except (NoSuchName, UnsignedName) as without:
            try:
                return await self.ens.resolve(name)
            except WalkawayError as error:
                raise _neither(without, error) from None


def _is_key(name: str) -> bool:
    try:
        parse_name(name)
    except ProofError:
        return False
    return True


def _neither(without: NoSuchName | UnsignedName, error: WalkawayError) -> NoSuchName | UnsignedName:
    """What the DNS said, with why ENS does not lead there either."""
    why = getattr(error, "reasons", None) or {"ENS": str(error)}
    advice = without.advice or error.advice
    return type(without)(without.summary, reasons={**without.reasons, **why}, advice=advice)


def _of_no_kind(name: str) -> Unsupported:
    return Unsupported(
        f"{name[:100]!r} is no name of a kind that is resolved: an IPNS key, a name of ENS "
        "(app.eth, or app.eth:1 for a contract), a DNS name (example.org) or one of ArNS "
        "(ar://name)"
    )


def _one_label(name: str) -> Unsupported:
    return Unsupported(
        f"{name[:100]!r} is one word, which nobody is asked about: a name of ENS or of the DNS "
        "has a dot",
        advice=f"a name of ArNS is written {_ARNS}{name[:100]}",
    )
