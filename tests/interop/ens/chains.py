"""anvil and the devnet alike: a chain to send transactions to, our own chain over it, and a node.

Both begin with the devnet's genesis state.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chain.devnet_chain import devnet_of, following
from tests.interop.anvil import anvil_network, endpoint_over
from tests.interop.anvil_process import Anvil
from walkaway.chain.chain import Chain
from walkaway.devnet.ens import TakesTransactions
from walkaway.devnet.settings import DevnetSettings
from walkaway.proofs.execution.transactions import Transaction

__all__ = ["Ground", "SentToAnvil", "anvil_ground", "devnet_ground"]


@dataclass(frozen=True)
class Ground:
    """A chain that names are put on.

    ``advance`` mines what was sent; ``follow`` gives our own chain over it, with all that is
    mined by then. ``url`` is the node's own JSON-RPC, unproven.
    """

    execution: TakesTransactions
    url: str
    advance: Callable[[], Awaitable[None]]
    follow: Callable[[AsyncExitStack], Awaitable[Chain]]


class SentToAnvil:
    """anvil as a chain to send transactions to."""

    def __init__(self, anvil: Anvil, chain_id: int) -> None:
        self.chain_id = chain_id
        self._anvil = anvil

    def next_nonce(self, address: bytes) -> int:
        """See `TakesTransactions`."""
        return int(self._anvil.ask("eth_getTransactionCount", "0x" + address.hex(), "pending"), 16)

    def submit(self, transaction: Transaction) -> None:
        """See `TakesTransactions`."""
        self._anvil.ask("eth_sendRawTransaction", "0x" + transaction.encode().hex())


@asynccontextmanager
async def anvil_ground(state: Path) -> AsyncIterator[tuple[Ground, Anvil]]:
    """anvil behind the devnet's beacon side, with a source beside it that lies."""
    async with anvil_network() as network:

        async def advance() -> None:
            await network.advance(2)

        async def follow(stack: AsyncExitStack) -> Chain:
            # A node takes no head that is ahead of its clock.
            head = network.spec.time_of_slot(network.beacon.head.slot)
            await asyncio.sleep(max(0.0, head - time.time()))
            made = endpoint_over(network, network.sources, state)
            return (await stack.enter_async_context(made)).node.chain

        execution = SentToAnvil(network.anvil, network.spec.chain_id)
        yield Ground(execution, network.anvil.url, advance, follow), network.anvil


@asynccontextmanager
async def devnet_ground() -> AsyncIterator[Ground]:
    """The devnet, in its own time."""
    async with devnet_of(settings=DevnetSettings(transactions_per_block=0)) as devnet:

        async def advance() -> None:
            await asyncio.to_thread(devnet.advance, 2)

        async def follow(stack: AsyncExitStack) -> Chain:
            return await stack.enter_async_context(following(devnet))

        yield Ground(devnet.execution, devnet.sources[0].url, advance, follow)
