"""What to write in place of a word that names no content: the nearest thing that it can mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

from walkaway.errors import InvalidRequest
from walkaway.names.pointer import Network

__all__ = ["advice_for", "advised"]

_ANYWHERE: Final = (
    "write it as CID (bafybei..., Qm...), CID/path, app.eth, example.org, /ipfs/CID/path, "
    "/ipns/name, ipfs://CID, ar://ID/path, web3://CONTRACT/path, piece://CID or a gateway's URL"
)
_ON: Final[Mapping[Network, str]] = MappingProxyType(
    {
        "ar": "an id of Arweave has 43 characters: ar://ID/path; where a name of ArNS leads, by "
        "the word of gateways: walkaway resolve ar://NAME",
        "web3": "write web3://CONTRACT/path: CONTRACT is 0x and 40 hex digits, or a name such as "
        "app.eth, with :CHAIN after it where that is not 1",
        "piece": "a piece of Filecoin has a CID of its own kind: piece://bafkz..., or with its "
        "padded size piece://baga...:BYTES; what is on IPFS: ipfs://CID",
    }
)
_SCHEMES: Final = MappingProxyType(
    {
        **{scheme: scheme for scheme in ("ipfs", "ipns", "ar", "web3", "w3", "piece")},
        **dict.fromkeys(("arweave", "arns"), "ar"),
        **dict.fromkeys(("fil", "filecoin"), "piece"),
        **dict.fromkeys(("eth", "ethereum", "ethstorage"), "web3"),
    }
)
_WITH_SCHEME: Final = re.compile(
    r"(?P<scheme>[A-Za-z0-9]{2,12}):/{0,3}(?P<rest>[^/\s].{0,200})", re.S
)
_ID: Final = re.compile(r"[A-Za-z0-9_-]{43}(/.{0,200})?", re.S)
_CONTRACT: Final = re.compile(r"0x[0-9A-Fa-f]{40}(:[0-9]+)?(/.{0,200})?", re.S)
_WORD: Final = re.compile(r"[A-Za-z0-9_-]{1,51}", re.ASCII)


def advice_for(word: str) -> str:
    """What to write instead of a word that is no place in content."""
    scheme = _WITH_SCHEME.fullmatch(word)
    if scheme is not None and scheme["scheme"].lower() in _SCHEMES:
        return f"write {_SCHEMES[scheme['scheme'].lower()]}://{scheme['rest']}"
    if _ID.fullmatch(word):
        return f"an id of Arweave is written ar://{word}"
    if _CONTRACT.fullmatch(word):
        return f"a page of a contract is written web3://{word}{'' if '/' in word else '/'}"
    if _WORD.fullmatch(word):
        return (
            f"{_ANYWHERE}; where a name of ArNS leads, by the word of gateways: "
            f"walkaway resolve ar://{word}"
        )
    return _ANYWHERE


@contextmanager
def advised(network: Network) -> Iterator[None]:
    """Inside, what is refused of a network says how its addresses are written."""
    try:
        yield
    except InvalidRequest as error:
        error.advice = error.advice or _ON.get(network, _ANYWHERE)
        raise
