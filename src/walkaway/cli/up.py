"""`walkaway up`: the endpoint, from configuration to Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from walkaway.anchors.load import chain_spec
from walkaway.cli.config import Settings
from walkaway.cli.gateway import browser_url, gateway_plan, open_gateway
from walkaway.cli.network_check import require_network
from walkaway.cli.node import Node, open_node, plan
from walkaway.cli.options import (
    CheckpointOption,
    ConfigOption,
    GatewayPortOption,
    HomeOption,
    HostOption,
    JsonOption,
    NetworkOption,
    PortOption,
    ServeOption,
    SourceOption,
    settings_from,
)
from walkaway.cli.reporters import Reporter, reporter_for
from walkaway.cli.terminal import Terminal
from walkaway.errors import ConfigError, Unproven, WalkawayError
from walkaway.sources.defaults import CHAIN_KINDS

__all__ = ["ended_by_sigterm", "serve", "stay_up", "up"]

ENDPOINT, GATEWAY = "rpc", "gateway"

_LOOK_SECONDS = 1.0
_AGAIN_SECONDS = 30.0


def up(
    *,
    network: NetworkOption = None,
    checkpoint: CheckpointOption = None,
    source: SourceOption = None,
    config: ConfigOption = None,
    host: HostOption = None,
    port: PortOption = None,
    what: ServeOption = None,
    gateway_port: GatewayPortOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Serve a proven Ethereum JSON-RPC endpoint and a web gateway on this machine.

    The gateway opens content from IPFS at once. The endpoint syncs from a
    checkpoint, then listens until Ctrl-C. Point a browser, a wallet or a
    library at the addresses that it prints.

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
            serve=what or None,
            gateway_port=gateway_port,
            state_directory=state_directory,
        )
        if GATEWAY not in settings.serve:
            require_network(settings.sources)
        reporter = reporter_for(terminal)
        try:
            asyncio.run(serve(settings, reporter))
        finally:
            reporter.close()


async def serve(settings: Settings, reporter: Reporter) -> None:
    """Sync, listen and report until cancelled, or until SIGTERM.

    The gateway serves at once, and goes on where the chain cannot be followed.

    Raises:
        WalkawayError: why it cannot start.
    """
    with ended_by_sigterm():
        if GATEWAY not in settings.serve:
            await _follow(settings, reporter)
        async with open_gateway(gateway_plan(settings)) as gateway:
            reporter.gateway(browser_url(gateway.server.port))
            while ENDPOINT in settings.serve:
                await _follow_beside(settings, reporter)
            await asyncio.Event().wait()


async def _follow(settings: Settings, reporter: Reporter) -> NoReturn:
    spec = chain_spec(settings.network)
    reporter.tell(f"starting on {spec.network}")
    opening = open_node(
        spec,
        [source for source in settings.sources if CHAIN_KINDS.intersection(source.kinds)],
        plan(settings),
        tell=reporter.tell,
        progress=reporter.sync,
    )
    async with opening as node:
        reporter.listening(node.server.url)
        await stay_up(node, reporter)


async def _follow_beside(settings: Settings, reporter: Reporter) -> None:
    """Follow the chain; where that fails for now, wait a while. Raises `ConfigError`."""
    try:
        await asyncio.to_thread(require_network, settings.sources)
        await _follow(settings, reporter)
    except ConfigError:
        raise
    except WalkawayError as error:
        why = error.summary if isinstance(error, Unproven) else str(error)
        reporter.tell(
            f"the chain is not followed for now: {why}; the next attempt is in {_AGAIN_SECONDS:g} s"
        )
        await asyncio.sleep(_AGAIN_SECONDS)


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
