"""Contracts of the devnet that give pages (web3://), made and filled by transactions.

They hold from the next block on, as what `walkaway.devnet.ens` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from eth_abi.abi import encode

from walkaway.devnet.ens import HasExecution, deploy, transact
from walkaway.devnet.execution.accounts import NAMES_OWNER
from walkaway.devnet.execution.compiled import contract
from walkaway.proofs.execution.keccak import keccak256

__all__ = ["Header", "deploy_pages", "put_page", "put_resource"]

Header = tuple[str, str]

_PAGE: Final = ("bytes", "bytes")
_RESOURCE: Final = ("string[]", "uint16", "bytes", "(string,string)[]")
_GAS: Final = 12_000_000


def deploy_pages(
    devnet: HasExecution, kind: Literal["AutoPages", "ManualPages", "ResourcePages"]
) -> bytes:
    """A contract of ``contracts/web3``; its 20-byte address."""
    return deploy(devnet, contract(kind).creation)


def put_page(devnet: HasExecution, pages: bytes, target: str, body: bytes) -> bytes:
    """Let a `ManualPages` give a body for a path and query."""
    return _put(devnet, pages, _PAGE, target.encode(), body)


def put_resource(
    devnet: HasExecution,
    pages: bytes,
    resource: Sequence[str],
    body: bytes,
    headers: Sequence[Header] = (),
    *,
    status: int = 200,
) -> bytes:
    """Let a `ResourcePages` give a body for the segments of a path. Each slot of 32 bytes costs
    22,100 gas, so that a body has a few kilobytes at most."""
    return _put(devnet, pages, _RESOURCE, list(resource), status, body, list(headers))


def _put(devnet: HasExecution, pages: bytes, types: Sequence[str], *values: object) -> bytes:
    selector = keccak256(f"put({','.join(types)})".encode())[:4]
    data = selector + encode(types, values)
    return transact(devnet, NAMES_OWNER, {"to": pages, "data": data, "gas": _GAS})
