"""Content roots as they are written: in paths, and as the one label of a host.

https://specs.ipfs.tech/http-gateways/subdomain-gateway/, "Host (request header)" and
"DNS label limits". Hosts know no case, so a root in a host is base32, a name base36.
"""

from __future__ import annotations

import re
from typing import Final

from walkaway.errors import InvalidRequest, ProofError
from walkaway.gateway.request.hosts import inlined, uninlined
from walkaway.names.pointer import Network
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.codecs import LIBP2P_KEY
from walkaway.proofs.ipfs.ipns_name import check_name, name_text, parse_name
from walkaway.proofs.ipfs.multibase import BASE32

__all__ = ["check_root", "key_name", "label_of", "root_of_label"]

_LABEL_CHARACTERS: Final = 63
_LABEL = re.compile(r"[a-z0-9_-]+", re.ASCII)


def check_root(network: Network, root: str) -> None:
    """Raise `InvalidRequest`, naming the path, for an ``/ipfs/`` root that is no address."""
    if network == "ipfs":
        _cid(root)


def key_name(root: str) -> str | None:
    """The IPNS name that a root is, in its one form; None where it is a name of another kind."""
    try:
        return name_text(parse_name(root))
    except ProofError:
        return None


def label_of(network: Network, root: str) -> str:
    """The one label that stands for a root in a host.

    Raises `InvalidRequest` for a root that is no address, and for one that no label holds:
    a character that ends a host would lead a browser to somebody else's.
    """
    if network == "ipfs":
        label = _cid(root).as_v1().text(BASE32)
    else:
        label = _named_by_key(root) or key_name(root) or inlined(root.lower())
    if not _LABEL.fullmatch(label):
        raise InvalidRequest(f"no name that a host can have: {root[:200]!r}")
    if len(label) > _LABEL_CHARACTERS:
        raise InvalidRequest(
            f"CID incompatible with DNS label length limit of {_LABEL_CHARACTERS}: {label[:200]}",
            advice="ask for it by path at 127.0.0.1",
        )
    return label


def root_of_label(network: Network, label: str) -> str:
    """The root that a label of a host stands for."""
    if network == "ipfs" or _named_by_key(label) or key_name(label):
        return label
    return uninlined(label)


def _named_by_key(root: str) -> str | None:
    """The IPNS name in a CID that says another codec than that of keys, as some were written."""
    try:
        cid = Cid.parse(root)
        named = Cid(1, LIBP2P_KEY, cid.multihash)
        check_name(named)
    except ProofError:
        return None
    return name_text(named)


def _cid(root: str) -> Cid:
    try:
        return Cid.parse(root)
    except ProofError as error:
        raise InvalidRequest(f'invalid path "/ipfs/{root[:200]}": {error}') from None
