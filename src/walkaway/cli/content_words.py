"""Places in content as people write them: content paths, native URLs, gateways' URLs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final, get_args
from urllib.parse import quote, unquote, urlsplit

import typer

from walkaway.cli.place_advice import advice_for, advised
from walkaway.content.web3.url import read_url
from walkaway.errors import InvalidRequest, ProofError
from walkaway.gateway.request.asked import read_path
from walkaway.gateway.request.roots import check_root, key_of_address, root_of_label
from walkaway.names.pointer import Network, Pointer
from walkaway.names.spelling import is_text
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.filecoin.piece_cid import PieceCid
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["PlaceArgument", "browser_url", "name_in_url", "name_of", "read_pointer"]

PlaceArgument = Annotated[
    str,
    typer.Argument(
        help="A CID or CID/path, or a name such as app.eth or example.org; also /ipfs/..., "
        "/ipns/..., ipfs://..., ar://ID, web3://CONTRACT/... (or app.eth:1/...), piece://CID or "
        "a gateway's URL.",
        metavar="PLACE",
    ),
]

_NETWORKS: Final[Mapping[str, Network]] = {network: network for network in get_args(Network)}
_SCHEMES: Final[Mapping[str, Network]] = {**_NETWORKS, "w3": "web3"}
_BY_HOST: Final[Mapping[str, Network]] = {"ipfs": "ipfs", "ipns": "ipns", "ar": "ar"}
_CONTRACT_HOST: Final = re.compile(r"(?P<label>.+\.[1-9][0-9]*)\.web3\.", re.ASCII)
_CONTRACT_NAME: Final = re.compile(r"(?P<name>[^/:?#]+\.eth:[0-9]+)(?P<target>.*)", re.I | re.S)
"""A name that leads to a contract, as it is held (``app.eth:1``), and what is asked of that."""
_CONTRACTS: Final = "/web3/"
_ENS = ".eth"
_HERE = ".localhost"


def read_pointer(word: str) -> Pointer:
    """The place that a word names; in URLs, but nowhere else, escapes are read.

    Raises:
        InvalidRequest: it names none.
    """
    if not is_text(word):
        raise InvalidRequest(
            "this names no content: it holds bytes that are no text", advice=advice_for("")
        )
    scheme, divided, rest = word.partition("://")
    if not divided:
        return _by_path(word)
    network = _SCHEMES.get(scheme.lower())
    if network == "web3":
        return _contract(rest)
    if network is not None:
        return _pointer(word, (network, *read_path(_before_query(rest))[0]))
    if scheme.lower() not in ("http", "https"):
        raise _nowhere(word)
    return _by_url(word)


def name_in_url(word: str) -> str:
    """The name that a web3 URL holds, as it is known here: ``app.eth:1``; another word itself.

    Raises:
        InvalidRequest: the URL holds an address, or more than a name.
    """
    scheme, divided, _ = word.partition("://")
    if not divided or _SCHEMES.get(scheme.lower()) != "web3":
        return word
    url = read_url(word)
    if url.name is None:
        raise InvalidRequest(f"{word[:100]!r} is an address, which leads nowhere else")
    if any(url.sender) or url.target.removeprefix("/"):
        raise InvalidRequest(
            f"{word[:100]!r} is more than a name", advice=f"its name alone is {url.name[:100]}"
        )
    return url.name


def _by_path(word: str) -> Pointer:
    if word.startswith(_CONTRACTS):
        return _contract(word.removeprefix(_CONTRACTS))
    named = _CONTRACT_NAME.fullmatch(word)
    if named is not None:
        return _contract(f"{quote(named['name'], safe=':')}{named['target']}")
    plain = word if word.startswith("/") else f"/{_network_of(word)}/{word}"
    return _pointer(word, tuple(step for step in plain.split("/") if step))


def _contract(url: str) -> Pointer:
    """What a web3 URL names, which is given without its scheme."""
    with advised("web3"):
        return read_url(f"web3://{url}").pointer


def _by_url(word: str) -> Pointer:
    """The place that a gateway shows at a URL, by path or on a host of the content's own."""
    try:
        parts = urlsplit(word)
        host = parts.hostname or ""
    except ValueError:
        raise _nowhere(word) from None
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    contract = _CONTRACT_HOST.match(host)
    if contract is not None:
        with advised("web3"):
            return _contract(f"{root_of_label('web3', contract['label'])}{target}")
    if target.startswith(_CONTRACTS):
        return _by_path(target)
    path = read_path(parts.path)[0]
    label, _, below = host.partition(".")
    network = _BY_HOST.get(below.partition(".")[0])
    if network is not None:
        with advised(network):
            return _pointer(word, (network, root_of_label(network, label), *path))
    name = _name_of_host(host)
    if name is None and path and _is_id(path[0]):
        # Gateways of Arweave show what an id names without any word for the network.
        return Pointer("ar", path[0], path[1:])
    return _pointer(word, path if name is None else ("ipns", name, *path))


def browser_url(port: int) -> str:
    """Where a browser finds the gateway: below this name each content has its own origin."""
    return f"http://localhost:{port}"


def name_of(pointer: Pointer) -> str:
    """What to call what stands there: the last name on the path, or the root."""
    if pointer.network == "web3":
        path = pointer.target.partition("?")[0]
        return unquote(path.rpartition("/")[2]) or pointer.root.removesuffix(":1").replace(":", ".")
    return pointer.path[-1] if pointer.path else pointer.root


def _pointer(word: str, steps: tuple[str, ...]) -> Pointer:
    if len(steps) < 2:
        raise _nowhere(word)
    root, path = steps[1], steps[2:]
    if steps[0] == "ipns":
        return Pointer("ipns", root, path)
    network = _NETWORKS.get(steps[0])
    if network is None:
        raise _nowhere(word)
    if network != "ipfs":
        with advised(network):
            check_root(network, root)
        return Pointer(network, root, path)
    try:
        Cid.parse(root)
    except ProofError as error:
        what = f"{root[:100]} is no CID ({error})"
        raise InvalidRequest(what, advice=advice_for(word)) from None
    return Pointer("ipfs", root, path)


def _network_of(word: str) -> Network:
    """Where a root is that stands by itself: what has a dot is no CID, and a key no content."""
    root = word.partition("/")[0]
    if _is_piece(root):
        return "piece"
    return "ipns" if _is_dotted(root) or key_of_address(root) is not None else "ipfs"


def _is_dotted(root: str) -> bool:
    """Whether it can be a name of ENS or of the DNS, and is no number or host of this machine."""
    last = root.removesuffix(".").rpartition(".")[2].lower()
    is_host = last == _HERE.removeprefix(".") or last.isdecimal() or ":" in last
    return "." in root.removesuffix(".") and not is_host


def _is_piece(root: str) -> bool:
    try:
        PieceCid.parse(root.partition(":")[0])
    except ProofError:
        return False
    return True


def _is_id(step: str) -> bool:
    try:
        ArweaveId.parse(step)
    except ProofError:
        return False
    return True


def _name_of_host(host: str) -> str | None:
    """The name that a host stands for: below this machine's, and those of ENS themselves."""
    label = host.removesuffix(_HERE)
    if label != host:
        return root_of_label("ipns", label)
    return host if host.endswith(_ENS) else None


def _before_query(text: str) -> str:
    return text.partition("#")[0].partition("?")[0]


def _nowhere(word: str) -> InvalidRequest:
    return InvalidRequest(f"this names no content: {word[:100]}", advice=advice_for(word))
