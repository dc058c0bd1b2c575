"""What is said of a piece besides its bytes: who proves to hold it, as sentences for a person.

A piece does not say which data sets it is in, and no contract knows it by its CID alone: so
whoever asks names the data set.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from walkaway.content.filecoin.pdp import PdpStatus, PdpVerifier
from walkaway.content.proven_file import Believed
from walkaway.errors import InvalidRequest, Unproven, Unsupported
from walkaway.proofs.filecoin.piece_cid import PieceCid

__all__ = ["EXAMPLE_RPC", "pdp_words"]

EXAMPLE_RPC: Final = (
    'list one: [[source]] name = "filecoin", operator = "...", kinds = ["pdp"], url = "https://..."'
)

_ASKED: Final = re.compile(r"(?P<set>[0-9]{1,78})(/(?P<piece>[0-9]{1,78}))?", re.ASCII)


async def pdp_words(
    verifier: PdpVerifier | None, cid: PieceCid, asked: str
) -> tuple[Believed, ...]:
    """What RPCs of Filecoin say of a piece in a data set; ``asked`` is the number of the set,
    or that and the piece's own in it, with a slash between.

    Nobody who answers, or answers otherwise than others, is told as well.

    Raises:
        InvalidRequest: ``asked`` is neither.
        Unsupported: no RPC of Filecoin is listed.
    """
    numbers = _ASKED.fullmatch(asked)
    if numbers is None:
        raise InvalidRequest(
            f"{asked[:40]!r} is no data set of Filecoin",
            advice="name it by its number, as 7, or with the piece's number in it, as 7/3",
        )
    if verifier is None:
        raise Unsupported("no RPC of Filecoin is asked who holds a piece", advice=EXAMPLE_RPC)
    data_set = int(numbers["set"])
    try:
        piece = await _piece(verifier, data_set, cid, numbers["piece"])
        status = await verifier.status(data_set, piece)
    except Unproven as error:
        return (Believed(f"whether data set {data_set} holds it is not to be told: {error}"),)
    return tuple(_told(status, cid, data_set, piece))


async def _piece(verifier: PdpVerifier, data_set: int, cid: PieceCid, named: str | None) -> int:
    return int(named) if named else (await verifier.number(data_set, cid)).value


def _told(status: PdpStatus, cid: PieceCid, data_set: int, piece: int) -> list[Believed]:
    where = f"piece {piece} of data set {data_set}"
    if not status.is_of(cid):
        return [Believed(f"{where} is another one: {status.cid.value}", status.cid.said_by)]
    held = "holds it" if status.is_live.value else "holds it no more"
    words = [Believed(f"data set {data_set} {held}: {where}", status.is_live.said_by)]
    at = status.last_proven_at
    when = "never yet proved" if at is None else f"proved last on {_time(at)}"
    what = f"its provider {when} to have what it was challenged for of data set {data_set}"
    return [*words, Believed(what, status.last_proven_epoch.said_by)]


def _time(seconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, ValueError, OSError):
        return f"unix second {seconds}"
