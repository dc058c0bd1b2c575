"""Which names lead to contracts, and where names of each kind can lead. Pure.

A name of ENS can lead to a contract as well as to content. Where it is to, the number of the
chain stands behind it, as in a web3 URL (ERC-6860): ``app.eth:1`` is another name than
``app.eth``.
"""

from __future__ import annotations

import re
from typing import Final

from walkaway.errors import Unsupported
from walkaway.names.pointer import Pointer

__all__ = ["check_lead", "contract_name"]

_OF_CONTRACT: Final = re.compile(r"(?P<name>[^:]+\.eth):(?P<chain>[1-9][0-9]{0,77})", re.ASCII)


def contract_name(name: str) -> tuple[str, int] | None:
    """The name of ENS, and the id of the chain, of a name that leads to a contract; None for
    others. ``name`` is in its one form.
    """
    found = _OF_CONTRACT.fullmatch(name)
    return None if found is None else (found["name"], int(found["chain"]))


def check_lead(name: str, pointer: Pointer) -> None:
    """Raise `Unsupported` where a name, in its one form, cannot lead to a pointer.

    Names of contracts lead to contracts, and no others do. What stands behind a name of another
    kind is read as a path, unescaped, and its query is the gateway's: of what the contract
    would have to be asked too much is lost. And a contract that reads its path as it is written
    has no folder in its place.
    """
    is_contract = contract_name(name) is not None
    if is_contract == (pointer.network == "web3"):
        return
    if is_contract:
        raise Unsupported(
            f"the name {name[:100]!r} leads to a contract, and cannot lead to {str(pointer)[:200]}",
            advice="a contract is written with its chain: /web3/0x...:1",
        )
    raise Unsupported(
        f"the name {name[:100]!r} cannot lead to a contract, {str(pointer)[:200]}: what is asked "
        "of one stands in a web3 URL",
        advice=f"open it as web3://{pointer.root}/",
    )
