"""Readers of single values: from a flag, the environment (text) or a file (typed).

Each takes what was written and either returns the value or raises a
`ConfigError` that says what would have been right.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from walkaway.errors import ConfigError, WalkawayError
from walkaway.names.hold import read_span
from walkaway.rpc.local_surface import LocalSurface
from walkaway.sources.defaults import default_networks

__all__ = [
    "no_mirrors",
    "read_address",
    "read_addresses",
    "read_checkpoint",
    "read_count",
    "read_directory",
    "read_flag",
    "read_hold",
    "read_holds",
    "read_hosts",
    "read_megabytes",
    "read_mirrors",
    "read_network",
    "read_origins",
    "read_port",
    "read_seconds",
]

if TYPE_CHECKING:
    from walkaway.names.pointer import Pointer

T = TypeVar("T")

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}

_HOSTS = "a list of host names, each without a port: node.example"
SERVICES = ("rpc", "gateway")
"""What `walkaway up` can serve: the JSON-RPC endpoint, and the web gateway."""

_ORIGINS = "a list of origins as browsers send them, with the scheme: https://wallet.example"


def read_network(written: object) -> str:
    """One of the networks that a list of sources exists for."""
    if written not in default_networks():
        raise ConfigError(f"one of {', '.join(default_networks())}")
    return str(written)


def read_checkpoint(written: object) -> bytes:
    """A beacon block root: 0x and 64 hex digits."""
    text = written if isinstance(written, str) else ""
    try:
        root = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        root = b""
    if not text.startswith("0x") or len(root) != 32 or not any(root):
        raise ConfigError("a beacon block root: 0x and 64 hex digits")
    return root


def read_port(written: object) -> int:
    """A TCP port; 0 lets the system choose."""
    return _whole(written, 0, 65535, "a port from 0 to 65535 (0 lets the system choose)")


def read_count(written: object) -> int:
    """How many; at least one."""
    return _whole(written, 1, 100, "a whole number from 1 to 100")


def read_megabytes(written: object) -> int:
    """An amount of storage in units of 10**6 bytes; 0 is none."""
    return _whole(written, 0, 2**24, "a whole number of megabytes (0 keeps nothing)")


def read_seconds(written: object) -> float:
    """A span of time in seconds, above zero."""
    says = "a number of seconds above zero"
    if isinstance(written, bool) or not isinstance(written, (int, float, str)):
        raise ConfigError(says)
    try:
        seconds = float(written)
    except (ValueError, OverflowError):
        raise ConfigError(says) from None
    if not (math.isfinite(seconds) and seconds > 0):
        raise ConfigError(says)
    return seconds


def read_flag(written: object) -> bool:
    """True or false; from the environment also 1, 0, yes, no, on, off."""
    if isinstance(written, bool):
        return written
    word = written.strip().lower() if isinstance(written, str) else ""
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ConfigError("true or false")


def read_directory(written: object) -> Path:
    """A directory; ``~`` is the home directory."""
    if not isinstance(written, (str, Path)) or not str(written).strip() or "\0" in str(written):
        raise ConfigError("a directory")
    try:
        return Path(written).expanduser()
    except RuntimeError:
        raise ConfigError("a directory (whose ~ can be resolved)") from None


def read_hosts(written: object) -> tuple[str, ...]:
    """Host names as a Host header may hold them; from the environment separated by commas."""
    return _each(written, _host, _HOSTS)


def read_origins(written: object) -> tuple[str, ...]:
    """Web origins as a browser sends them; from the environment separated by commas."""
    return _each(written, _origin, _ORIGINS)


def read_address(written: object) -> str:
    """An IP address of this machine to listen on, or ``localhost`` for both loopbacks."""
    if written == "localhost":
        return "localhost"
    try:
        return str(ipaddress.ip_address(str(written)))
    except ValueError:
        raise ConfigError("an IP address of this machine, or localhost") from None


def read_services(written: object) -> tuple[str, ...]:
    """What `walkaway up` serves; from the environment separated by commas."""
    says = f"{' or '.join(SERVICES)}, or both of them"
    services = _each(written, str, says)
    if not services or not set(services) <= set(SERVICES):
        raise ConfigError(says)
    return tuple(service for service in SERVICES if service in services)


def read_file(written: object) -> Path:
    """A file; ``~`` is the home directory."""
    try:
        return read_directory(written)
    except ConfigError:
        raise ConfigError("a file") from None


def read_dnslinks(written: object) -> tuple[str, ...]:
    """Names with where each leads: ``example.org=/ipfs/bafy...``, ``app.eth:1=/web3/0x...:1``."""
    says = "a list of names and content paths, as example.org=/ipfs/bafy..."

    def one(text: str) -> str:
        name, _, path = text.partition("=")
        if not name or not path.startswith("/"):
            raise ConfigError(says)
        return _resolvable(text, says, name, path)

    return _each(written, one, says)


def read_hold(written: object) -> float:
    """How long a change waits, in seconds; written as ``24h``, ``7d``, or ``0`` for not at all."""
    return read_span(str(written))


def read_holds(written: object) -> tuple[str, ...]:
    """Names with how long a change of each waits: ``app.eth=24h``."""
    says = "a list of names and spans of time, as app.eth=24h"

    def one(text: str) -> str:
        name, equals, span = text.partition("=")
        if not name or not equals:
            raise ConfigError(says)
        try:
            read_span(span)
        except ConfigError:
            raise ConfigError(says) from None
        return _resolvable(text, says, name)

    return _each(written, one, says)


def no_mirrors() -> tuple[tuple[str, str], ...]:
    """None at all."""
    return ()


def read_mirrors(written: object) -> tuple[tuple[str, str], ...]:
    """Pairs of an address and a place where the same stands too. In the file a table of lists,
    from the environment ``/ipfs/CID=/ar/ID``, separated by commas.
    """
    says = 'a table of addresses, each with a list of places: "/ipfs/CID" = ["/ar/ID"]'
    if isinstance(written, str):
        pairs = [entry.partition("=")[::2] for entry in _each(written, str, says)]
    elif isinstance(written, dict):
        pairs = [(key, place) for key, listed in written.items() for place in _listed(listed, says)]
    else:
        raise ConfigError(says)
    return _mirrors(tuple(pairs), says)


def read_addresses(written: object) -> tuple[str, ...]:
    """Exact addresses with ports: ``127.0.0.1:8545``, ``[::1]:8545``."""
    says = "a list of addresses with ports, as 127.0.0.1:8545 or [::1]:8545"
    return _each(written, lambda text: _exact_address(text, says), says)


def _mirrors(pairs: tuple[tuple[str, str], ...], says: str) -> tuple[tuple[str, str], ...]:
    """The pairs, where each can be one."""
    # Few have mirrors, and reading addresses of all networks takes much to load.
    from walkaway.cli.content_words import read_pointer
    from walkaway.content.mirrors.table import MirrorTable

    read: list[tuple[Pointer, Pointer]] = []
    for release, place in pairs:
        try:
            read.append((read_pointer(release), read_pointer(place)))
        except WalkawayError as error:
            entry = f"{release[:100]} = {place[:100]}"
            raise ConfigError(f"{says} ({entry}: {error})") from None
    try:
        MirrorTable(read)
    except ConfigError as error:
        raise ConfigError(f"{says} ({error})", advice=error.advice) from None
    return pairs


def _listed(listed: object, says: str) -> tuple[str, ...]:
    if not isinstance(listed, list):
        raise ConfigError(says)
    return _each(listed, str, says)


def _resolvable(text: str, says: str, name: str, path: str = "") -> str:
    """The entry, where its name is one and what it leads to can be read."""
    # Few have such settings, and reading names takes tables to load.
    from walkaway.names.leads import check_lead
    from walkaway.names.pointer import parse_pointer
    from walkaway.names.spelling import canonical

    try:
        key = canonical(name)
        if path:
            check_lead(key, parse_pointer(path))
    except WalkawayError as error:
        raise ConfigError(f"{says} ({error})") from None
    return text


def _host(text: str) -> str:
    try:
        LocalSurface(hosts=[text])
    except ConfigError:
        raise ConfigError(_HOSTS) from None
    return text


def _origin(text: str) -> str:
    try:
        LocalSurface(origins=[text])
    except ConfigError:
        raise ConfigError(_ORIGINS) from None
    return text


def _exact_address(text: str, says: str) -> str:
    host, colon, port = text.rpartition(":")
    if host.count(":") and not (host.startswith("[") and host.endswith("]")):
        raise ConfigError(says)
    try:
        address = ipaddress.ip_address(host.strip("[]"))
        number = int(port) if port.isascii() and port.isdigit() else 0
    except ValueError:
        raise ConfigError(says) from None
    if not colon or not 0 < number < 65536:
        raise ConfigError(says)
    return f"[{address}]:{number}" if address.version == 6 else f"{address}:{number}"


def _each(written: object, read: Callable[[str], T], says: str) -> tuple[T, ...]:
    if isinstance(written, str):
        parts: list[object] = [part for part in written.split(",") if part.strip()]
    elif isinstance(written, (list, tuple)):
        parts = list(written)
    else:
        raise ConfigError(says)
    values: list[T] = []
    for part in parts:
        if not isinstance(part, str) or not part.strip():
            raise ConfigError(says)
        values.append(read(part.strip()))
    return tuple(values)


def _whole(written: object, lowest: int, highest: int, says: str) -> int:
    if isinstance(written, bool) or not isinstance(written, (int, str)):
        raise ConfigError(says)
    try:
        number = int(written)
    except ValueError:
        raise ConfigError(says) from None
    if not lowest <= number <= highest:
        raise ConfigError(says)
    return number
