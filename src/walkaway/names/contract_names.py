"""Names that lead to contracts (ERC-6821), such as ``app.eth:1``, by what ENS says of them.

https://eips.ethereum.org/EIPS/eip-6821. A contract is in the text record ``contentcontract``,
which may name a chain of its own, else in the address of the name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Protocol

from walkaway.errors import NoSuchName, ProofError, Unproven, Unsupported
from walkaway.limits import LIMITS
from walkaway.names.ens.ens import EnsAnswer
from walkaway.names.ens.records import AddressRecord, EnsRecord, TextRecord, Unreadable
from walkaway.names.leads import contract_name
from walkaway.names.pointer import Pointer
from walkaway.names.resolution import Resolution
from walkaway.names.short_names import SHORT_NAMES
from walkaway.proofs.proven import Evidence

__all__ = ["ContractNames", "LooksUp", "address_in", "read_content_contract"]

_CONTRACT: Final = TextRecord("contentcontract")
_ADDRESS: Final = AddressRecord()
_WRITTEN: Final = re.compile(r"(?:([a-z0-9-]+):)?0x([0-9a-fA-F]{40})", re.ASCII)


class LooksUp(Protocol):
    """What names of ENS say; `walkaway.names.ens.ens.Ens` is one."""

    @property
    def chain_id(self) -> int:
        """The chain whose names these are. Raises `Unproven` where none is followed."""
        ...

    async def lookup(self, name: str, wanted: Sequence[EnsRecord]) -> EnsAnswer:
        """What a name says for each of some records. Raises as `Ens.lookup`."""
        ...


class ContractNames:
    """Resolves names to contracts by what ``ens`` says. Implements `Names`."""

    def __init__(self, ens: LooksUp) -> None:
        self._ens = ens

    async def resolve(self, name: str) -> Resolution:
        """The contract of a name in its one form, which has the chain behind it.

        Raises:
            NoSuchName: it is proven that there is none.
            ProofError: its record is no address.
            Unsupported: it is a name on another chain than the one that is followed, or on one
                whose short name is not known, or no name of a contract.
            Unproven, InvalidRequest, TooMuch: as `Ens.lookup`.
        """
        named = contract_name(name)
        if named is None:
            raise Unsupported(f"{name[:100]!r} is no name of a contract, such as app.eth:1")
        of_ens, chain_id = named
        if chain_id != self._ens.chain_id:
            raise Unsupported(
                f"names on chain {chain_id} are not read: the chain that is followed here is "
                f"{self._ens.chain_id}",
                advice="write the chain's id behind the name: web3://NAME:CHAIN/PATH",
            )
        answer = await self._ens.lookup(of_ens, [_CONTRACT, _ADDRESS])
        record, address, own_chain = _contract_in(answer)
        pointer = Pointer("web3", f"0x{address.hex()}:{own_chain or chain_id}")
        facts = (("record", record), ("pointer", str(pointer)))
        because = Evidence("the contract of the name (ERC-6821)", facts, (answer.because,))
        return Resolution(pointer, LIMITS.ens_seconds, answer.standing, because)


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


def address_in(answer: EnsAnswer) -> bytes:
    """The 20-byte address of a name of which `AddressRecord` was asked.

    Raises:
        NoSuchName: it is proven that it has none.
        Unproven: that record was not to be had.
    """
    value = answer.values[_ADDRESS]
    if isinstance(value, bytes):
        return value
    if isinstance(value, Unreadable) and not value.is_refused:
        raise _not_told(answer, value)
    reason = value.reason if isinstance(value, Unreadable) else "it has no address"
    raise NoSuchName(
        f"the name {str(answer.name)[:100]!r} leads to no contract and no address",
        reasons={"its resolver": reason},
    )


def _contract_in(answer: EnsAnswer) -> tuple[str, bytes, int | None]:
    """The record that holds the contract, its address, and its chain where that is told."""
    text = answer.values[_CONTRACT]
    # A resolver that has no texts refuses to be asked for one, and has no such record.
    if isinstance(text, str):
        return ("contentcontract", *read_content_contract(text))
    if isinstance(text, Unreadable) and not text.is_refused:
        raise _not_told(answer, text)
    return "addr", address_in(answer), None


def _not_told(answer: EnsAnswer, record: Unreadable) -> Unproven:
    """A record that was not to be had, which is another thing than none."""
    return Unproven(
        f"where the name {str(answer.name)[:100]!r} leads is not known",
        reasons={"its resolver": record.reason},
    )
