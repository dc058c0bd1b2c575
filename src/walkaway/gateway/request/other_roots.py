"""Roots on networks other than IPFS: which are addresses there, and their hosts.

An id of Arweave is base32 in a host, as its own gateways have it. A contract, or a name that
leads to one, is one label and the number of its chain, since a port can be no part of an
origin's name: ``app-eth.1``. The address of a piece is longer than a label, and has no host.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

from walkaway.content.web3.url import Web3Url, read_url
from walkaway.errors import InvalidRequest, ProofError
from walkaway.gateway.request.name_labels import label_of_name, name_of_label
from walkaway.names.pointer import Network
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.filecoin.piece_cid import PieceCid
from walkaway.proofs.ipfs.multibase import BASE32

__all__ = ["OTHER_ROOTS", "OtherRoots"]

_BY_PATH: Final = "ask for it by path at 127.0.0.1"


@dataclass(frozen=True, slots=True)
class OtherRoots:
    """How the roots of a network are written.

    ``hosts`` is what stands in a host before the network's own label, where that is one of
    its roots; None where they have no hosts. ``check`` raises for what is no root, ``label``
    gives what stands in the host of one, and ``root`` what a label stands for; all raise
    `InvalidRequest`.
    """

    hosts: re.Pattern[str] | None
    check: Callable[[str], None]
    label: Callable[[str], str]
    root: Callable[[str], str]


def _check_id(root: str) -> None:
    _id(root)


def _label_of_id(root: str) -> str:
    return BASE32.encode(_id(root).digest)


def _id_of_label(label: str) -> str:
    try:
        return str(ArweaveId(BASE32.decode(label)))
    except ProofError as error:
        raise InvalidRequest(f"no id of Arweave is written {label[:70]!r}: {error}") from None


def _id(root: str) -> ArweaveId:
    try:
        return ArweaveId.parse(root)
    except ProofError as error:
        raise InvalidRequest(f'invalid path "/ar/{root[:200]}": {error}') from None


def _check_contract(root: str) -> None:
    _contract(root)


def _label_of_contract(root: str) -> str:
    url = _contract(root)
    if any(url.sender):
        raise InvalidRequest("who calls a contract has no place in a host", advice=_BY_PATH)
    label = url.host if url.address is not None else label_of_name(url.host)
    return f"{label}.{url.chain_id}"


def _contract_of_label(label: str) -> str:
    host, _, chain = label.rpartition(".")
    is_address = re.fullmatch("0x[0-9a-f]{40}", host) is not None
    return _contract(f"{host if is_address else quote(name_of_label(host))}:{chain}").root


def _contract(root: str) -> Web3Url:
    if re.search("[/?#]", root):
        raise InvalidRequest(f"no contract, and no name: {root[:200]!r}")
    return read_url(f"web3://{root}")


def _check_piece(root: str) -> None:
    # The padded size may follow, which a CID of version 1 does not tell.
    try:
        PieceCid.parse(root.partition(":")[0])
    except ProofError as error:
        raise InvalidRequest(f'invalid path "/piece/{root[:200]}": {error}') from None


def _no_label(root: str) -> str:
    raise InvalidRequest(f"the address of a piece has no host: {root[:200]}", advice=_BY_PATH)


OTHER_ROOTS: Final[Mapping[Network, OtherRoots]] = MappingProxyType(
    {
        "ar": OtherRoots(re.compile("[a-z2-7]{52}"), _check_id, _label_of_id, _id_of_label),
        "web3": OtherRoots(
            re.compile(r".+\.[1-9][0-9]*"), _check_contract, _label_of_contract, _contract_of_label
        ),
        "piece": OtherRoots(None, _check_piece, _no_label, _no_label),
    }
)
