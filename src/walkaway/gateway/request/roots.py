"""Content roots as they are written: in paths, and as the one label of a host.

https://specs.ipfs.tech/http-gateways/subdomain-gateway/, "Host (request header)" and
"DNS label limits". Hosts know no case, so a root in a host is base32, a name base36.
Roots of other networks are read by `other_roots`.
"""

from __future__ import annotations

from walkaway.errors import InvalidRequest, ProofError
from walkaway.gateway.request.name_labels import bounded, label_of_name, name_of_label
from walkaway.gateway.request.other_roots import OTHER_ROOTS
from walkaway.names.pointer import Network
from walkaway.names.spelling import canonical
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.codecs import LIBP2P_KEY
from walkaway.proofs.ipfs.ipns_name import check_name, name_text, parse_name
from walkaway.proofs.ipfs.multibase import BASE32

__all__ = ["check_root", "key_name", "key_of_address", "label_of", "root_of_label"]


def check_root(network: Network, root: str) -> None:
    """Raise `InvalidRequest` for a root that is no address, naming the path, and for no name.

    Raises `Unsupported` and `TooMuch` for names as `canonical` does.
    """
    other = OTHER_ROOTS.get(network)
    if other is not None:
        other.check(root)
    elif network == "ipfs":
        _cid(root)
    elif _named_by_key(root) is None:
        canonical(root)


def key_name(root: str) -> str | None:
    """The IPNS name that a root is, in its one form; None where it is a name of another kind."""
    try:
        return name_text(parse_name(root))
    except ProofError:
        return None


def key_of_address(root: str) -> str | None:
    """The IPNS name that an ``/ipfs/`` root is, which says itself that it addresses a key.

    None for every other. A hash alone (``Qm...``) says nothing of the kind.
    """
    try:
        cid = Cid.parse(root)
        check_name(cid)
    except ProofError:
        return None
    return name_text(cid)


def label_of(network: Network, root: str) -> str:
    """The one label that stands for a root in a host.

    Raises `InvalidRequest` for a root that is no address, and for one that no label holds,
    or that has the label of another name; `Unsupported` and `TooMuch` as `check_root`.
    """
    other = OTHER_ROOTS.get(network)
    if other is not None:
        return other.label(root)
    if network == "ipfs":
        return bounded(_cid(root).as_v1().text(BASE32))
    key = _named_by_key(root) or key_name(root)
    return label_of_name(root) if key is None else bounded(key)


def root_of_label(network: Network, label: str) -> str:
    """The root that a label of a host stands for. Raises `InvalidRequest` where it is none."""
    other = OTHER_ROOTS.get(network)
    if other is not None:
        return other.root(label)
    if network == "ipfs" or _named_by_key(label) or key_name(label):
        return label
    return name_of_label(label)


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
