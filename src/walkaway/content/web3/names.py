"""Names of contracts (ERC-6821): a text record of ENS, else the address that the name has.

https://eips.ethereum.org/EIPS/eip-6821. The record is ``contentcontract``; it may name a
contract of another chain than the one whose ENS holds it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from walkaway.content.proven_file import Believed
from walkaway.content.web3.short_names import SHORT_NAMES
from walkaway.errors import NoSuchName, ProofError, Unproven, Unsupported
from walkaway.names.ens.ens import EnsAnswer
from walkaway.names.ens.records import AddressRecord, EnsRecord, TextRecord, Unreadable
from walkaway.names.resolution import Standing
from walkaway.proofs.proven import Evidence

__all__ = ["LooksUp", "Named", "address_of", "contract_of", "read_content_contract"]

_CONTRACT: Final = TextRecord("contentcontract")
_ADDRESS: Final = AddressRecord()
_WRITTEN: Final = re.compile(r"(?:([a-z0-9-]+):)?0x([0-9a-fA-F]{40})", re.ASCII)


class LooksUp(Protocol):
    """What names of ENS say; `walkaway.names.ens.ens.Ens` is one."""

    async def lookup(self, name: str, wanted: Sequence[EnsRecord]) -> EnsAnswer:
        """What a name says for each of some records. Raises as `Ens.lookup`."""
        ...


@dataclass(frozen=True, slots=True)
class Named:
    """Where a name leads: 20 bytes, on the chain of that id, None for the name's own."""

    address: bytes
    chain_id: int | None
    because: Evidence
    believed: tuple[Believed, ...] = ()


async def contract_of(ens: LooksUp, name: str) -> Named:
    """The contract whose pages a name stands for.

    Raises:
        NoSuchName: it is proven that there is none.
        ProofError: its record is no address.
        Unsupported: it is on a chain whose short name is not known, or no name of ENS.
        Unproven, InvalidRequest, TooMuch: as `Ens.lookup`.
    """
    answer = await _looked_up(ens, name, [_CONTRACT, _ADDRESS])
    text = answer.values[_CONTRACT]
    # A resolver that has no texts refuses to be asked for one, and has no such record.
    if isinstance(text, str):
        address, chain_id = read_content_contract(text)
        return _named(answer, address, chain_id, "contentcontract")
    if isinstance(text, Unreadable) and not text.is_refused:
        raise _not_told(name, text)
    return _named(answer, _address_in(answer, name), None, "addr")


async def address_of(ens: LooksUp, name: str) -> Named:
    """The address of a name, as an argument of a method has it. Raises as `contract_of`."""
    answer = await _looked_up(ens, name, [_ADDRESS])
    return _named(answer, _address_in(answer, name), None, "addr")


def read_content_contract(text: str) -> tuple[bytes, int | None]:
    """The address in a ``contentcontract`` record, and the chain that it names.

    Raises `ProofError` where it holds none, `Unsupported` for a chain that is not known.
    """
    found = _WRITTEN.fullmatch(text)
    if found is None or not any(address := bytes.fromhex(found[2])):
        raise ProofError("a name's contentcontract is no contract", got=ascii(text))
    if found[1] is None:
        return address, None
    chain_id = SHORT_NAMES.get(found[1])
    if chain_id is None:
        raise Unsupported(f"a name's contract is on the chain {found[1][:40]!r}: not known here")
    return address, chain_id


async def _looked_up(ens: LooksUp, name: str, wanted: Sequence[EnsRecord]) -> EnsAnswer:
    if not name.lower().endswith(".eth"):
        raise Unsupported(
            f"contracts are named by names of ENS that end in .eth, not by {name[:100]!r}"
        )
    return await ens.lookup(name, wanted)


def _address_in(answer: EnsAnswer, name: str) -> bytes:
    value = answer.values[_ADDRESS]
    if isinstance(value, bytes):
        return value
    if isinstance(value, Unreadable) and not value.is_refused:
        raise _not_told(name, value)
    reason = value.reason if isinstance(value, Unreadable) else "it has no address"
    raise NoSuchName(
        f"the name {name[:100]!r} leads to no contract",
        reasons={"its resolver": reason},
    )


def _not_told(name: str, record: Unreadable) -> Unproven:
    """A record that was not to be had, which is another thing than none."""
    return Unproven(
        f"which contract the name {name[:100]!r} leads to is not known",
        reasons={"its resolver": record.reason},
    )


def _named(answer: EnsAnswer, address: bytes, chain_id: int | None, record: str) -> Named:
    facts = (("name", str(answer.name)), ("record", record), ("contract", address))
    because = Evidence("the contract of the name (ERC-6821)", facts, (answer.because,))
    if answer.standing is Standing.PROVEN:
        return Named(address, chain_id, because)
    what = f"where {answer.name} leads, which the name's own contract accepted"
    return Named(address, chain_id, because, (Believed(what, answer.gateways),))
