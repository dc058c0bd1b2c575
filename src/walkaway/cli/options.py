"""The options that several commands share, and the settings they make."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Final

import typer

from walkaway.cli.config import Settings, load_settings
from walkaway.errors import ConfigError
from walkaway.sources.defaults import CONTENT_KINDS, KINDS, ListedSource, read_source
from walkaway.sources.redact import redact

__all__ = [
    "GIVES_CONTENT",
    "CheckpointOption",
    "ConfigOption",
    "ContentSourceOption",
    "EndpointHostOption",
    "EndpointPortOption",
    "GatewayPortOption",
    "HomeOption",
    "HostOption",
    "JsonOption",
    "NetworkOption",
    "OfflineOption",
    "PortOption",
    "ServeOption",
    "SourceOption",
    "StoreOption",
    "read_source_flags",
    "settings_from",
]

GIVES_CONTENT: Final = CONTENT_KINDS | {"arweave", "blobs"}
"""The kinds of sources that give content; of Arweave they tell names too."""

NetworkOption = Annotated[
    str | None,
    typer.Option("--network", "-n", help="mainnet, sepolia or hoodi.", metavar="NAME"),
]
CheckpointOption = Annotated[
    str | None,
    typer.Option(
        "--checkpoint",
        help="A finalized beacon block root that you trust, to begin from.",
        metavar="0xROOT",
    ),
]
SourceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        "-s",
        help="A further source, as KIND=URL: beacon=http://127.0.0.1:5052. One address that "
        "answers as several kinds joins them by +; a CAR file is content=file:///site.car. "
        "Repeatable. Other users of this machine can see flags: put keys in walkaway.toml.",
        metavar="KIND=URL",
    ),
]
ContentSourceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        "-s",
        help="A further source of content, as KIND=URL: content=http://127.0.0.1:8081, or "
        "kubo=http://127.0.0.1:5001. One address that answers as several kinds joins them by +; "
        "a CAR file is content=file:///site.car. Repeatable.",
        metavar="KIND=URL",
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The walkaway.toml to read.", metavar="FILE"),
]
HostOption = Annotated[
    str | None,
    typer.Option("--host", help="The address to listen on.", metavar="ADDRESS"),
]
PortOption = Annotated[
    int | None,
    typer.Option("--port", "-p", help="The port to listen on.", metavar="PORT"),
]
ServeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--serve",
        help="What to serve, where not both: rpc or gateway. Repeatable, or with commas.",
        metavar="WHAT",
    ),
]
GatewayPortOption = Annotated[
    int | None,
    typer.Option("--gateway-port", help="The port of the gateway.", metavar="PORT"),
]
EndpointHostOption = Annotated[
    str | None,
    typer.Option("--host", help="The address of the running endpoint.", metavar="ADDRESS"),
]
EndpointPortOption = Annotated[
    int | None,
    typer.Option("--port", "-p", help="The port of the running endpoint.", metavar="PORT"),
]
HomeOption = Annotated[
    str | None,
    typer.Option("--state-directory", help="Where state is kept.", metavar="DIRECTORY"),
]
OfflineOption = Annotated[
    bool,
    typer.Option("--offline", help="Ask nobody: only what is on this machine is used."),
]
StoreOption = Annotated[
    str | None,
    typer.Option("--store-directory", help="Where content is kept.", metavar="DIRECTORY"),
]
JsonOption = Annotated[
    bool,
    typer.Option("--json", help="Write JSON for a program, one document a line."),
]


_WORD = re.compile(r"[a-z]{1,12}")


def settings_from(
    config: Path | None,
    sources: list[str] | None = None,
    *,
    follows_chain: bool = True,
    **flags: object,
) -> Settings:
    """The settings in force under these flags and this process's environment.

    A command that needs content alone says so by ``follows_chain=False``; a source
    on its command line that has none is an error, since nobody would ask it.

    Raises:
        ConfigError: something written is malformed or contradicts.
    """
    given = read_source_flags(sources or [])
    if not follows_chain:
        _require_content(given)
    return load_settings(
        flags,
        os.environ,
        config=config,
        more_sources=given,
        follows_chain=follows_chain,
    )


def read_source_flags(written: list[str]) -> tuple[ListedSource, ...]:
    """The sources of ``--source KIND=URL``; the URL is never repeated in a complaint.

    Raises:
        ConfigError: a flag is malformed.
    """
    return tuple(_source_flag(text, place) for place, text in enumerate(written, start=1))


def _require_content(given: tuple[ListedSource, ...]) -> None:
    for place, source in enumerate(given, start=1):
        if not GIVES_CONTENT.intersection(source.kinds):
            raise ConfigError(
                f"--source (number {place}) is of kind {' and '.join(source.kinds)}, "
                "and this command asks for content alone",
                advice=f"kinds of content are {', '.join(sorted(GIVES_CONTENT))}: "
                "--source content=http://127.0.0.1:8081",
            )


def _source_flag(text: str, place: int) -> ListedSource:
    kinds, equals, url = text.partition("=")
    named = kinds.split("+")
    unknown = next((kind for kind in named if kind not in KINDS), None)
    if not equals or unknown is not None:
        # Only a short word is repeated: anything else could be an address with a key in it.
        is_word = equals and unknown is not None and _WORD.fullmatch(unknown)
        trouble = f"has an unknown kind, {unknown!r}" if is_word else "is not KIND=URL"
        raise ConfigError(
            f"--source (number {place}) {trouble}",
            advice=f"kinds are {', '.join(KINDS)}: --source beacon=http://127.0.0.1:5052 "
            "--source execution=http://127.0.0.1:8545",
        )
    host = redact(url).partition("://")[2]
    name = f"given-{place} ({host})" if host else f"given-{place}"
    return read_source(
        {"name": name, "operator": "you", "kinds": named, "url": url}, where="--source"
    )
