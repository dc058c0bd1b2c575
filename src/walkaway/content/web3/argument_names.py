"""Names among the arguments of a method: the address that each has is what is meant.

They are a part of what is asked of a contract, and not of the way to it: nobody holds them
at what they said before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from walkaway.content.proven_file import Believed
from walkaway.errors import Unsupported
from walkaway.names.contract_names import LooksUp, address_in
from walkaway.names.ens.records import AddressRecord
from walkaway.names.resolution import Standing
from walkaway.proofs.proven import Evidence

__all__ = ["NamedAddress", "address_of"]

_ADDRESS: Final = AddressRecord()
_ETH: Final = ".eth"


@dataclass(frozen=True, slots=True)
class NamedAddress:
    """The 20-byte address of a name, and what that stands on."""

    address: bytes
    because: Evidence
    believed: tuple[Believed, ...] = ()


async def address_of(ens: LooksUp, name: str) -> NamedAddress:
    """The address of a name.

    Raises:
        NoSuchName: it is proven that there is none.
        Unsupported: it is no name of ENS.
        Unproven, InvalidRequest, TooMuch: as `Ens.lookup`.
    """
    if not name.lower().endswith(_ETH):
        raise Unsupported(
            f"addresses are named by names of ENS that end in .eth, not by {name[:100]!r}"
        )
    answer = await ens.lookup(name, [_ADDRESS])
    address = address_in(answer)
    facts = (("name", str(answer.name)), ("record", "addr"), ("address", address))
    because = Evidence("the address of a name among the arguments", facts, (answer.because,))
    if answer.standing is Standing.PROVEN:
        return NamedAddress(address, because)
    what = f"which address {answer.name} has, which the name's own contract accepted"
    return NamedAddress(address, because, (Believed(what, answer.gateways),))
