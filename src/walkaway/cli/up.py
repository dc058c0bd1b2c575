"""`walkaway up`: the endpoint, from configuration to Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import NoReturn

from walkaway.anchors.load import chain_spec
from walkaway.cli.config import Settings
from walkaway.cli.content_words import browser_url
from walkaway.cli.gateway import OpenGateway, gateway_plan, open_gateway
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
    OfflineOption,
    PortOption,
    ServeOption,
    SourceOption,
    settings_from,
)
from walkaway.cli.reporters import Reporter, reporter_for
from walkaway.cli.terminal import Terminal
from walkaway.errors import ConfigError, Unproven, WalkawayError
from walkaway.sources.defaults import CHAIN_KINDS, ListedSource

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
    offline: OfflineOption = False,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Serve a proven Ethereum JSON-RPC endpoint and a web gateway on this machine.

    The gateway opens content from IPFS at once. The endpoint syncs from a
    checkpoint, then listens until Ctrl-C; from then on the gateway opens
    names of ENS too, as http://app.eth.localhost:8080. Point a browser, a
    wallet or a library at the addresses that it prints. With --offline, the
    gateway alone serves what the store holds.

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
            serve=_served(what, offline=offline),
            gateway_port=gateway_port,
            state_directory=state_directory,
        )
        if GATEWAY not in settings.serve:
            require_network(_of_chain(settings))
        reporter = reporter_for(terminal)
        try:
            asyncio.run(serve(settings, reporter, offline=offline))
        finally:
            reporter.close()


def _served(named: list[str] | None, *, offline: bool) -> str | None:
    """What is to be served, where a flag says so.

    Raises:
        ConfigError: the endpoint is asked for, and that nobody is asked.
    """
    if not offline:
        return ",".join(named) if named else None
    if ENDPOINT in ",".join(named or ()).split(","):
        raise ConfigError(
            "--offline asks nobody, and the endpoint cannot follow the chain without asking",
            advice="leave one of them out: --offline serves the gateway alone",
        )
    return GATEWAY


async def serve(settings: Settings, reporter: Reporter, *, offline: bool = False) -> None:
    """Sync, listen and report until cancelled, or until SIGTERM.

    The gateway serves at once, and goes on where the chain cannot be followed; it
    follows the chain for names where no endpoint is served. ``offline`` has it ask nobody.

    Raises:
        WalkawayError: why it cannot start.
    """
    with ended_by_sigterm():
        if GATEWAY not in settings.serve:
            await _follow(settings, reporter)
        made = gateway_plan(settings, offline=offline)
        async with open_gateway(made) as gateway:
            reporter.gateway(browser_url(gateway.server.port))
            while ENDPOINT in settings.serve or not made.names.without_chain:
                await _follow_beside(settings, reporter, gateway)
            await asyncio.Event().wait()


def _of_chain(settings: Settings) -> list[ListedSource]:
    return [source for source in settings.sources if CHAIN_KINDS.intersection(source.kinds)]


async def _follow(
    settings: Settings, reporter: Reporter, gateway: OpenGateway | None = None
) -> NoReturn:
    """Follow the chain, and have ``gateway`` open names of ENS and contracts by it."""
    spec = chain_spec(settings.network)
    reporter.tell(f"starting on {spec.network}")
    opening = open_node(
        spec,
        _of_chain(settings),
        plan(settings),
        dns=None if gateway is None else gateway.names.dns,
        tell=reporter.tell,
        progress=reporter.sync,
    )
    async with opening as node:
        with nullcontext() if gateway is None else gateway.by_chain(node):
            if ENDPOINT in settings.serve:
                reporter.listening(node.server.url)
            await stay_up(node, reporter)


async def _follow_beside(settings: Settings, reporter: Reporter, gateway: OpenGateway) -> None:
    """Follow the chain; where that fails for now, wait a while.

    Raises `ConfigError` where an endpoint is to be served that cannot be.
    """
    try:
        await asyncio.to_thread(require_network, _of_chain(settings))
        await _follow(settings, reporter, gateway)
    except WalkawayError as error:
        if isinstance(error, ConfigError) and ENDPOINT in settings.serve:
            raise
        why = error.summary if isinstance(error, Unproven) else str(error)
        gateway.chain_is_away(why)
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
