"""The chain as pages of contracts need it: calls under one head, each proven, and names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from walkaway.chain.block_id import Tag
from walkaway.chain.chain import Chain
from walkaway.chain.host_calls import Host
from walkaway.errors import CallFailed, InvalidRequest, TooMuch, Unproven
from walkaway.evm.engine import Call, Outcome
from walkaway.evm.proven_call import AskedCall
from walkaway.limits import LIMITS
from walkaway.names.contract_names import LooksUp
from walkaway.names.ens.ens import EnsAnswer
from walkaway.names.ens.records import EnsRecord
from walkaway.proofs.execution.header import Header
from walkaway.proofs.proven import Proven

__all__ = ["CallsContracts", "ProvenCalls", "not_run"]

_THIS_MACHINE: Final = "this machine"


class CallsContracts(LooksUp, Protocol):
    """A chain whose contracts are asked for pages."""

    @property
    def chain_id(self) -> int:
        """The id of the chain."""
        ...

    def head(self) -> Proven[Header]:
        """The newest proven block. Raises `Stale` where it is too old."""
        ...

    async def call(
        self, head: Proven[Header], sender: bytes, to: bytes, data: bytes
    ) -> Proven[Outcome]:
        """What a contract does at a head when it is called. It may fail.

        Raises:
            Unproven: nobody could supply a proof, or it cannot be run to its end here.
            TooMuch: it reads more state than one call may.
            Unsupported: the block's fork is not known.
        """
        ...

    async def has_code(self, head: Proven[Header], address: bytes) -> bool:
        """Whether there is a contract at an address. Raises `Unproven`."""
        ...


class ProvenCalls:
    """A chain that is followed here. Implements `CallsContracts`.

    ``ens`` looks up names; ``host`` supplies precompiles that no fork has, such as the one
    that reads what is kept in blobs.
    """

    def __init__(self, chain: Chain, ens: LooksUp, host: Host | None = None) -> None:
        self._chain = chain
        self._ens = ens
        self._host = host

    @property
    def chain_id(self) -> int:
        """See `CallsContracts`."""
        return self._chain.spec.chain_id

    def head(self) -> Proven[Header]:
        """See `CallsContracts`."""
        return self._chain.head(Tag.LATEST)

    async def call(
        self, head: Proven[Header], sender: bytes, to: bytes, data: bytes
    ) -> Proven[Outcome]:
        """See `CallsContracts`."""
        call = Call(sender, to, LIMITS.call_gas, data=data)
        asked = AskedCall(call, self._chain.calls.environment(head.value, call))
        try:
            return await self._chain.calls.run(head, asked, host=self._host)
        except TooMuch:
            raise
        except (CallFailed, InvalidRequest) as error:
            raise not_run(str(error), error.advice) from None

    async def has_code(self, head: Proven[Header], address: bytes) -> bool:
        """See `CallsContracts`."""
        return bool((await self._chain.code(address, head.value.hash)).value)

    async def lookup(self, name: str, wanted: Sequence[EnsRecord]) -> EnsAnswer:
        """See `walkaway.names.contract_names.LooksUp`."""
        return await self._ens.lookup(name, wanted)


def not_run(reason: str, advice: str = "") -> Unproven:
    """The refusal where what a contract says could not be computed."""
    return Unproven(
        "what the contract answers could not be computed",
        reasons={_THIS_MACHINE: reason},
        advice=advice,
    )
