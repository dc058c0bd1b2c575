"""What is asked of a provider of pieces, and what its refusals say of it."""

from __future__ import annotations

import pytest
from yarl import URL

from walkaway.errors import NotKnown, SourceBusy, SourceFault, SourceLacks
from walkaway.limits import LIMITS
from walkaway.proofs.filecoin.piece import make_piece
from walkaway.sources.request import PieceRequest
from walkaway.sources.transports.http_client import HttpReply
from walkaway.sources.transports.piece_http import piece_answer, piece_question

CID = make_piece([b"a payload"]).cid


class Taken:
    """Takes everything."""

    beginning = b"a pay"

    async def take(self, piece: bytes) -> None:
        self.beginning += piece


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://host.example", f"https://host.example/piece/{CID}"),
        ("https://host.example/pdp/?key=a", f"https://host.example/pdp/piece/{CID}?key=a"),
    ],
)
def test_the_route_stands_below_the_address(base: str, url: str) -> None:
    request = PieceRequest(CID, 9, Taken)
    question = piece_question(URL(base), request, Taken(), LIMITS)
    assert str(question.url) == url
    assert (question.method, question.max_bytes) == ("GET", 9)
    assert question.seconds == LIMITS.piece_seconds


def test_an_answer_is_what_took_it_and_its_beginning_the_evidence() -> None:
    into = Taken()
    answer = piece_answer(HttpReply(200, "", {}, b""), into, "provider")
    assert (answer.source, answer.content) == ("provider", b"a pay")
    assert answer.body is into


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, NotKnown), (403, SourceLacks), (410, SourceLacks), (451, SourceLacks),
     (429, SourceBusy), (206, SourceFault), (500, SourceFault)],
)  # fmt: skip
def test_a_refusal_is_no_lie(status: int, kind: type[SourceFault]) -> None:
    with pytest.raises(SourceFault) as refusal:
        piece_answer(HttpReply(status, "", {}, b""), Taken(), "provider")
    assert type(refusal.value) is kind
