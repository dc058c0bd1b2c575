"""Places in content as people write them: content paths, native URLs, gateways' URLs."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

import typer

from walkaway.errors import InvalidRequest, ProofError
from walkaway.gateway.request.asked import read_path
from walkaway.gateway.request.roots import key_of_address, root_of_label
from walkaway.names.pointer import Network, Pointer
from walkaway.names.spelling import is_text
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["PlaceArgument", "browser_url", "name_of", "read_pointer"]

PlaceArgument = Annotated[
    str,
    typer.Argument(
        help="A CID or CID/path, or a name such as app.eth; also /ipfs/..., /ipns/..., "
        "ipfs://... or a gateway's URL.",
        metavar="PLACE",
    ),
]

_NETWORKS: dict[str, Network] = {"ipfs": "ipfs", "ipns": "ipns"}
_ENS = ".eth"
_HERE = ".localhost"
_ADVICE = (
    "write it as CID (bafybei..., Qm...), CID/path, app.eth, /ipfs/CID/path, /ipns/name, "
    "ipfs://CID or a gateway's URL"
)


def read_pointer(word: str) -> Pointer:
    """The place that a word names; in URLs, but nowhere else, escapes are read.

    Raises:
        InvalidRequest: it names none.
    """
    if not is_text(word):
        raise InvalidRequest(
            "this names no content: it holds bytes that are no text", advice=_ADVICE
        )
    scheme, divided, rest = word.partition("://")
    if not divided:
        plain = word if word.startswith("/") else f"/{_network_of(word)}/{word}"
        return _pointer(word, tuple(step for step in plain.split("/") if step))
    if scheme.lower() in _NETWORKS:
        return _pointer(word, (scheme.lower(), *read_path(_before_query(rest))[0]))
    if scheme.lower() not in ("http", "https"):
        raise _nowhere(word)
    try:
        parts = urlsplit(word)
        host = parts.hostname or ""
    except ValueError:
        raise _nowhere(word) from None
    path = read_path(parts.path)[0]
    label, _, below = host.partition(".")
    network = _NETWORKS.get(below.partition(".")[0])
    if network is not None:
        return _pointer(word, (network, root_of_label(network, label), *path))
    name = _name_of_host(host)
    return _pointer(word, path if name is None else ("ipns", name, *path))


def browser_url(port: int) -> str:
    """Where a browser finds the gateway: below this name each content has its own origin."""
    return f"http://localhost:{port}"


def name_of(pointer: Pointer) -> str:
    """What to call what stands there: the last name on the path, or the root."""
    return pointer.path[-1] if pointer.path else pointer.root


def _pointer(word: str, steps: tuple[str, ...]) -> Pointer:
    if len(steps) < 2:
        raise _nowhere(word)
    root, path = steps[1], steps[2:]
    if steps[0] == "ipns":
        return Pointer("ipns", root, path)
    if steps[0] != "ipfs":
        raise _nowhere(word)
    try:
        Cid.parse(root)
    except ProofError as error:
        raise _no_cid(root[:100], error) from None
    return Pointer("ipfs", root, path)


def _network_of(word: str) -> Network:
    """Where a root is that stands by itself: a name of ENS can be no CID, and a key no content."""
    root = word.partition("/")[0]
    is_name = root.lower().removesuffix(".").endswith(_ENS) or key_of_address(root) is not None
    return "ipns" if is_name else "ipfs"


def _name_of_host(host: str) -> str | None:
    """The name that a host stands for: below this machine's, and those of ENS themselves."""
    label = host.removesuffix(_HERE)
    if label != host:
        return root_of_label("ipns", label)
    return host if host.endswith(_ENS) else None


def _no_cid(root: str, error: ProofError) -> InvalidRequest:
    if "." in root.strip("."):
        return InvalidRequest(
            f"{root} is no CID", advice=f"a DNS name is written /ipns/{root}; a CID, bafybei..."
        )
    return InvalidRequest(f"{root} is no CID ({error})", advice=_ADVICE)


def _before_query(text: str) -> str:
    return text.partition("#")[0].partition("?")[0]


def _nowhere(word: str) -> InvalidRequest:
    return InvalidRequest(f"this names no content: {word[:100]}", advice=_ADVICE)
