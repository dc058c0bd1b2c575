"""Passphrases, asked for on the terminal without showing them, or read from a file.

Never from an environment variable, nor from the command line: other programs see both.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from walkaway.errors import InvalidRequest, Unreadable

__all__ = ["PassphraseOption", "read_passphrase"]

PassphraseOption = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        help="Read the passphrase from a file, such as /dev/fd/3, rather than ask for it.",
        metavar="FILE",
    ),
]

_MOST_BYTES = 4096


def read_passphrase(file: Path | None, *, is_new: bool = False) -> str:
    """The passphrase: the file's content without the end of its line, or what is typed.

    One that ``is_new`` is asked for twice.

    Raises:
        Unreadable: the file cannot be read, or holds no passphrase.
        InvalidRequest: there is no terminal to ask on.
        KeyboardInterrupt: it was ended by Ctrl-C, rather than typed.
    """
    if file is not None:
        return _from_file(file)
    if not sys.stdin.isatty():
        raise InvalidRequest(
            "there is no terminal to ask for the passphrase on",
            advice="give a file that holds it: --passphrase-file FILE",
        )
    try:
        typed: str = typer.prompt(
            "Passphrase", hide_input=True, confirmation_prompt=is_new, err=True
        )
    except typer.Abort:
        # Prompts have words of their own for Ctrl-C.
        raise KeyboardInterrupt from None
    return typed


def _from_file(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise Unreadable(
            f"{file} cannot be read: {error.strerror}",
            advice="give another file by --passphrase-file, or none, to be asked",
        ) from None
    try:
        passphrase = content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        passphrase = ""
    if not passphrase or len(content) > _MOST_BYTES or "\n" in passphrase:
        raise Unreadable(
            f"{file} holds no passphrase: it is one line of text",
            advice="write the passphrase into it, or leave --passphrase-file out, to be asked",
        )
    return passphrase
