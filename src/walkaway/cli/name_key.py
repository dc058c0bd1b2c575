"""`walkaway name key`: the keys of IPNS names."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from walkaway.cli.config import Settings
from walkaway.cli.options import ConfigOption, HomeOption, JsonOption, settings_from
from walkaway.cli.passphrase import PassphraseOption, read_passphrase
from walkaway.cli.terminal import Terminal, sheet
from walkaway.errors import InvalidRequest, Unreadable, Unwritable
from walkaway.names.ipns.keys import KeyStore, StoredKey
from walkaway.proofs.ipfs.ipns_name import name_text

__all__ = ["KeyArgument", "key_app", "key_store"]

_MOST_BYTES = 8192

key_app = typer.Typer(
    name="key",
    help="Make and keep the keys of IPNS names, each encrypted under a passphrase.\n\n"
    "Example: walkaway name key new site",
    no_args_is_help=True,
    rich_markup_mode=None,
)

KeyArgument = Annotated[
    str, typer.Argument(help="A key, by its label or its IPNS name.", metavar="KEY")
]
_LabelArgument = Annotated[
    str,
    typer.Argument(help="What to call the key here: small letters and digits.", metavar="LABEL"),
]


def key_store(settings: Settings) -> KeyStore:
    """The keys that are kept in the state directory."""
    return KeyStore(settings.state_directory / "keys")


@key_app.command("new")
def key_new(
    label: _LabelArgument,
    *,
    passphrase_file: PassphraseOption = None,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key, and with it a name.

    Without its passphrase there is no way to it: write that down, and keep a copy
    of the file, or of what key export gives.

    Example: walkaway name key new site
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(config, follows_chain=False, state_directory=state_directory)
        passphrase = read_passphrase(passphrase_file, is_new=True)
        _tell(terminal, key_store(settings).create(label, passphrase))


@key_app.command("list")
def key_list(
    *,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the keys and the name of each. No passphrase is needed.

    Example: walkaway name key list
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(config, follows_chain=False, state_directory=state_directory)
        keys = key_store(settings).stored()
        if as_json:
            for key in keys:
                terminal.print_json(_as_data(key))
        elif keys:
            rows = [(key.label, name_text(key.name)) for key in keys]
            terminal.show(sheet(rows, width=terminal.person.width))
        else:
            terminal.show(Text("there are no keys", "quiet"))


@key_app.command("export")
def key_export(
    key: KeyArgument,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The file to make.", metavar="FILE")
    ],
    passphrase_file: PassphraseOption = None,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a key out in the clear, as ipfs key import reads it.

    Whoever reads that file can move the name.

    Example: walkaway name key export site --output site.key
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(config, follows_chain=False, state_directory=state_directory)
        store = key_store(settings)
        found = store.find(key)
        _write(output, store.export(found.label, read_passphrase(passphrase_file)))
        if as_json:
            terminal.print_json(_as_data(found) | {"path": str(output)})
        else:
            terminal.show(Text.assemble(("in the clear", "warn"), f": {output}"))


@key_app.command("import")
def key_import(
    label: _LabelArgument,
    file: Annotated[
        Path, typer.Argument(help="A file of key export, or of ipfs key export.", metavar="FILE")
    ],
    *,
    passphrase_file: PassphraseOption = None,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take in an Ed25519 key that was exported, here or by Kubo.

    The passphrase that is asked for is the one to keep it under here.

    Example: walkaway name key import site site.key
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(config, follows_chain=False, state_directory=state_directory)
        exported = _read(file)
        passphrase = read_passphrase(passphrase_file, is_new=True)
        _tell(terminal, key_store(settings).add(label, exported, passphrase))


@key_app.command("remove")
def key_remove(
    key: KeyArgument,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether you mean it.")] = False,
    config: ConfigOption = None,
    state_directory: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove a key for good; without a copy of it, nobody moves its name any more.

    Example: walkaway name key remove site
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(config, follows_chain=False, state_directory=state_directory)
        store = key_store(settings)
        found = store.find(key)
        if not yes:
            _ask(found)
        store.remove(found.label)
        if as_json:
            terminal.print_json(_as_data(found) | {"removed": True})
        else:
            terminal.show(Text(f"{found.label} is removed"))


def _ask(key: StoredKey) -> None:
    """Have the person say yes, or end. Raises `InvalidRequest` where nobody can be asked."""
    if not sys.stdin.isatty():
        raise InvalidRequest(
            "there is no terminal to ask on whether you mean it",
            advice="--yes says so; walkaway name key export keeps a copy",
        )
    typer.confirm(f"Remove {key.label} ({name_text(key.name)})?", abort=True, err=True)


def _tell(terminal: Terminal, key: StoredKey) -> None:
    if terminal.as_json:
        terminal.print_json(_as_data(key))
    else:
        terminal.show_line(Text.assemble(key.label, "  ", (name_text(key.name), "good")))


def _as_data(key: StoredKey) -> dict[str, object]:
    return {"key": key.label, "name": name_text(key.name)}


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise Unreadable(
            f"{file} cannot be read: {error.strerror}",
            advice="give a file that walkaway name key export, or ipfs key export, has made",
        ) from None
    if len(content) > _MOST_BYTES:
        raise InvalidRequest(f"{file} is no exported key: it is too long")
    return content


def _write(file: Path, content: bytes) -> None:
    """Make a file that its owner alone reads."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
    except OSError as error:
        raise Unwritable(
            f"{file} cannot be written: {error.strerror}",
            advice="give a file that is not there yet, in a folder that you can write to",
        ) from None
