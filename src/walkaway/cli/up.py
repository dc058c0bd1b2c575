"""`walkaway up`: the endpoint, from configuration to Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from walkaway.anchors.load import chain_spec
from walkaway.cli.config import Settings
from walkaway.cli.network_check import require_network
from walkaway.cli.node import Node, open_node, plan
from walkaway.cli.options import (
    CheckpointOption,
    ConfigOption,
    HomeOption,
    HostOption,
    JsonOption,
    NetworkOption,
    PortOption,
    SourceOption,
    settings_from,
)
from walkaway.cli.reporters import Reporter, reporter_for
from walkaway.cli.terminal import Terminal

__all__ = ["ended_by_sigterm", "serve", "stay_up", "up"]

_LOOK_SECONDS = 1.0


def up(
    *,
    network: NetworkOption = None,
    checkpoint: CheckpointOption = None,
    source: SourceOption = None,
    config: ConfigOption = None,
    host: HostOption = None,
    port: PortOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Serve a proven Ethereum JSON-RPC endpoint on this machine.

    Syncs from a checkpoint, then listens until Ctrl-C. Point a wallet or a
    library at the address that it prints.

    Example: walkaway up --network sepolia --port 8546
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(
            config,
            source,
            network=network,
            checkpoint=checkpoint,
            host=host,
            port=port,
            state_directory=state_directory,
        )
        require_network(settings.sources)
        reporter = reporter_for(terminal)
        try:
            asyncio.run(serve(settings, reporter))
        finally:
            reporter.close()


async def serve(settings: Settings, reporter: Reporter) -> None:
    """Sync, listen and report until cancelled, or until SIGTERM.

    Raises:
        WalkawayError: why it cannot start.
    """
    spec = chain_spec(settings.network)
    reporter.tell(f"starting on {spec.network}")
    opening = open_node(
        spec, settings.sources, plan(settings), tell=reporter.tell, progress=reporter.sync
    )
    with ended_by_sigterm():
        async with opening as node:
            reporter.listening(node.server.url)
            await stay_up(node, reporter)


async def stay_up(node: Node, reporter: Reporter) -> NoReturn:
    """Report the head until cancelled."""
    while True:
        reporter.head(node.chain.status())
        await asyncio.sleep(_LOOK_SECONDS)


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block in order, at whatever point it is, and without an error."""
    task = asyncio.current_task()
    asked = False

    def terminate() -> None:
        nonlocal asked
        asked = True
        if task is not None:
            task.cancel()

    with suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
    try:
        yield
    except asyncio.CancelledError:
        if not asked:
            raise
