"""`walkaway open`: a name or an address, in the browser, by the gateway on this machine."""

from __future__ import annotations

import asyncio
import webbrowser
from typing import Annotated

import typer
from rich.text import Text

from walkaway.chain.follower import SyncProgress
from walkaway.chain.status import ChainStatus
from walkaway.cli.config import Settings
from walkaway.cli.content_words import PlaceArgument, read_pointer
from walkaway.cli.network_check import require_network
from walkaway.cli.options import (
    ConfigOption,
    GatewayPortOption,
    HomeOption,
    JsonOption,
    NetworkOption,
    OfflineOption,
    settings_from,
)
from walkaway.cli.reporters import Reporter, reporter_for
from walkaway.cli.running import endpoint_url, gateway_status
from walkaway.cli.terminal import Terminal, plain
from walkaway.cli.up import serve
from walkaway.errors import InvalidRequest
from walkaway.gateway.request.mount import escaped
from walkaway.gateway.request.roots import check_root, key_name, label_of
from walkaway.names.pointer import Pointer
from walkaway.sources.defaults import CHAIN_KINDS

__all__ = ["address_of", "open"]

_ETH = ".eth"


def open(
    place: PlaceArgument,
    *,
    only_print: Annotated[
        bool, typer.Option("--print", help="Print the address, and open no browser.")
    ] = False,
    offline: OfflineOption = False,
    network: NetworkOption = None,
    gateway_port: GatewayPortOption = None,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open a name, a CID or a URL in the browser, each on an origin of its own.

    The gateway that is running on this machine (walkaway up) serves it. Where none
    is, one is started here and stays up until Ctrl-C.

    Example: walkaway open vitalik.eth
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(
            config,
            network=network,
            gateway_port=gateway_port,
            serve="gateway",
            state_directory=state_directory,
        )
        pointer = read_pointer(place)
        if only_print:
            _tell(terminal, address_of(pointer, settings.gateway_port))
        elif asyncio.run(_gateway_runs(settings)):
            _browse(terminal, address_of(pointer, settings.gateway_port))
        else:
            _serve(terminal, settings, pointer, offline=offline)


def address_of(pointer: Pointer, port: int) -> str:
    """Where a browser opens what stands at a pointer, on an origin of its own if it can be.

    Raises `InvalidRequest` for what is no address and no name.
    """
    root = pointer.root
    check_root(pointer.network, root)
    path = escaped(pointer.path)
    if pointer.network == "web3":
        path = pointer.target.removeprefix("/")
    try:
        label = label_of(pointer.network, root)
        if pointer.network == "ipns" and key_name(root) is None and "." in root:
            return f"http://{label}.localhost:{port}/{path}"
        return f"http://{label}.{pointer.network}.localhost:{port}/{path}"
    except InvalidRequest:
        # No label of a host holds it.
        before = escaped([pointer.network, root])
        return f"http://127.0.0.1:{port}/{before}{'/' if path else ''}{path}"


async def _gateway_runs(settings: Settings) -> bool:
    host = "127.0.0.1" if settings.host == "localhost" else settings.host
    return await gateway_status(endpoint_url(host, settings.gateway_port)) is not None


def _tell(terminal: Terminal, address: str) -> None:
    if terminal.as_json:
        terminal.print_json({"address": address})
    else:
        terminal.show_line(Text(address, "good"))


def _browse(terminal: Terminal, address: str) -> None:
    _tell(terminal, address)
    if not webbrowser.open(address):
        terminal.complaints.print(plain("no browser was found: open the address yourself", "warn"))


def _serve(terminal: Terminal, settings: Settings, pointer: Pointer, *, offline: bool) -> None:
    """Serve until Ctrl-C, and open the browser once the page can be had.

    Raises `NoNetwork` where a name needs a chain of which nobody can be asked: a page that
    never comes is not waited for.
    """
    waits = _needs_chain(settings, pointer, offline=offline)
    if waits:
        require_network([one for one in settings.sources if CHAIN_KINDS.intersection(one.kinds)])
    reporter = _Opening(terminal, pointer, waits=waits)
    try:
        asyncio.run(serve(settings, reporter, offline=offline))
    finally:
        reporter.close()


def _needs_chain(settings: Settings, pointer: Pointer, *, offline: bool) -> bool:
    is_of_ens = pointer.network == "ipns" and pointer.root.lower().endswith(_ETH)
    return (is_of_ens or pointer.network == "web3") and settings.ens and not offline


class _Opening:
    """Reports as `walkaway up` does, and opens the browser once. Implements `Reporter`.

    ``waits`` until there is a head that names of ENS and contracts can be asked at.
    """

    def __init__(self, terminal: Terminal, pointer: Pointer, *, waits: bool) -> None:
        self._terminal = terminal
        self._pointer = pointer
        self._waits = waits
        self._address = ""
        self._reporter: Reporter = reporter_for(terminal)

    def tell(self, doing: str) -> None:
        """Something is being done."""
        self._reporter.tell(doing)

    def sync(self, progress: SyncProgress) -> None:
        """A sync-committee period was followed."""
        self._reporter.sync(progress)

    def listening(self, url: str) -> None:
        """The endpoint accepts connections."""
        self._reporter.listening(url)

    def gateway(self, url: str) -> None:
        """The gateway accepts connections; what needs no chain can be opened."""
        self._reporter.gateway(url)
        port = int(url.rpartition(":")[2])
        self._address = address_of(self._pointer, port)
        if not self._waits:
            self._open()

    def head(self, status: ChainStatus) -> None:
        """How the chain stands; a first head is what was waited for."""
        self._reporter.head(status)
        if self._waits and status.latest is not None:
            self._waits = False
            self._open()

    def close(self) -> None:
        """Nothing more will come."""
        self._reporter.close()

    def _open(self) -> None:
        _browse(self._terminal, self._address)
