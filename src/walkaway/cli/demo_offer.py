"""What a person can do with the demo while it stays up: a page, an account, a question, a lie."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from walkaway.cli.terminal import Terminal, plain, sheet
from walkaway.devnet.execution.accounts import DEV_ACCOUNTS, dev_account
from walkaway.devnet.traffic import TRAFFIC_ACCOUNTS

__all__ = ["account_facts", "offer", "offer_website"]

_IDLE = next(index for index in range(DEV_ACCOUNTS) if index not in TRAFFIC_ACCOUNTS)
_INDENT = 3


def account_facts() -> dict[str, object]:
    """A funded account that nobody else uses, and how its key is made; for programs."""
    account = dev_account(_IDLE)
    return {
        "index": _IDLE,
        "address": account.address,
        "key": account.key,
        "key_made_by": _made_by(),
    }


def offer(url: str, chain_id: int, engine: str, evidence: Path, *, width: int) -> RenderableType:
    """The account and the chain for a person, with lines to paste.

    ``engine`` is what runs calls, ``evidence`` the folder of lies.
    """
    account = dev_account(_IDLE)
    address = f"0x{account.address.hex()}"
    rows: list[tuple[object, object]] = [
        ("network", f"chain {chain_id} at {url}"),
        ("account", f"{address}, funded and idle"),
        ("its key", f"0x{account.key.hex()}"),
        ("", plain(f"made by {_made_by()}: it is no secret", "quiet")),
        ("calls", f"run by {engine}"),
        ("the lies", f"{evidence}"),
        ("", plain("for your eyes only; gone when the demo ends", "quiet")),
    ]
    port = url.rpartition(":")[2]
    lines = (
        f"curl {url} -H 'Content-Type: application/json' \\",
        """  -d '{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}'""",
        f"{_command()} explain eth_getBalance \\",
        f"  {address}{'' if port == '8545' else f' --port {port}'}",
    )
    return Group(
        Text("Use the chain, from another terminal", "title"),
        Padding(sheet(rows, width=width - _INDENT), (0, 0, 0, _INDENT)),
        Text(),
        # Not indented, so that each line fits and can be pasted whole.
        *(Text(line) for line in lines),
        Text(),
    )


def offer_website(terminal: Terminal, address: str) -> None:
    """Say which address to open."""
    terminal.show(Text("Open the website, in a browser", "title"))
    terminal.show("")
    terminal.show_line(Text(address, "good"))
    terminal.show("")


def _command() -> str:
    """How to call walkaway here: by its name, or as this process was called."""
    called = sys.argv[0]
    on_the_path = shutil.which("walkaway") is not None or Path(called).name != "walkaway"
    return "walkaway" if on_the_path else shlex.quote(called)


def _made_by() -> str:
    return f'keccak256("walkaway devnet account {_IDLE}")'
