"""Addresses of content as people write them on a command line."""

from __future__ import annotations

from typing import Annotated

import typer

from walkaway.errors import InvalidRequest, ProofError
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["CidArgument", "read_cid"]

CidArgument = Annotated[
    str, typer.Argument(help="A CID; /ipfs/ or ipfs:// may stand before it.", metavar="CID")
]


def read_cid(word: str) -> Cid:
    """The address in a word.

    Raises:
        InvalidRequest: it is none.
    """
    text = word.removeprefix("ipfs://").removeprefix("/ipfs/").rstrip("/")
    try:
        return Cid.parse(text)
    except ProofError as error:
        raise InvalidRequest(
            f"this is no CID: {word[:100]} ({error})",
            advice="a CID looks like bafybei... or Qm..., and names content by its hash",
        ) from None
