"""`walkaway.toml`: read once, refused where it is malformed or where it leaks keys."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from walkaway.errors import ConfigError
from walkaway.limits import LIMITS
from walkaway.sources.defaults import ListedSource, read_source

__all__ = ["ConfigFile", "may_hold_key", "read_config_file"]

_LONG_PIECE = re.compile(r"[A-Za-z0-9_-]{12,}")


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """What a file says: plain settings by key, and the ``[[source]]`` tables."""

    path: Path | None
    values: Mapping[str, object]
    sources: tuple[ListedSource, ...]

    @classmethod
    def empty(cls) -> ConfigFile:
        """No file at all."""
        return cls(None, {}, ())


def read_config_file(path: Path) -> ConfigFile:
    """Read one file.

    Raises:
        ConfigError: it cannot be read, is no TOML, has a malformed source, or
            holds an address with a key in it while others can read it.
    """
    document = _parsed(path)
    entries = document.pop("source", [])
    if not isinstance(entries, list):
        raise ConfigError(
            f"{path.name}: source is a list of tables",
            advice="write each source under a line of its own that says [[source]]",
        )
    sources = tuple(read_source(entry, where=path.name) for entry in entries)
    _refuse_readable_keys(path, sources)
    return ConfigFile(path, document, sources)


def may_hold_key(url: str) -> bool:
    """Whether a URL carries something that could be a secret: user, query or a long path piece."""
    parts = urlsplit(url)
    if parts.username or parts.password or parts.query or parts.fragment:
        return True
    return any(_LONG_PIECE.fullmatch(piece) for piece in parts.path.split("/"))


def _parsed(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            content = file.read(LIMITS.config_bytes + 1)
        if len(content) > LIMITS.config_bytes:
            raise ConfigError(f"{path} is larger than {LIMITS.config_bytes} bytes")
        return tomllib.loads(content.decode("utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(
            f"{path} is not valid TOML: {error}",
            advice='a setting is a line of its own, as port = 8546 or network = "sepolia"',
        ) from None


def _refuse_readable_keys(path: Path, sources: tuple[ListedSource, ...]) -> None:
    if os.name != "posix":
        return
    keyed = [source.name for source in sources if may_hold_key(source.url)]
    if keyed and stat.S_IMODE(path.stat().st_mode) & (stat.S_IRGRP | stat.S_IROTH):
        raise ConfigError(
            f"{path} can be read by others, and the addresses of {', '.join(keyed)} may hold keys",
            advice=f"chmod 600 {path}",
        )
