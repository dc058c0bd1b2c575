"""What went wrong, as an answer: a status, who was asked, what each answered, what to do.

A page for people, JSON for programs that ask for it, lines of text for all others.
"""

from __future__ import annotations

import json
from typing import Final

from walkaway.errors import (
    InvalidRequest,
    NoNetwork,
    NoSuchName,
    NoSuchPath,
    ProofError,
    Stale,
    TooMuch,
    Unproven,
    Unsupported,
    WalkawayError,
)
from walkaway.gateway.answers.answer import Answer, RawHeaders, raw_headers
from walkaway.gateway.answers.headers import CORS, NO_STORE
from walkaway.gateway.pages.frame import PAGE_POLICY, error_page
from walkaway.gateway.request.asked import Wish
from walkaway.gateway.request.formats import Format
from walkaway.sources.transports.http_client import OFFLINE_REASONS

__all__ = ["Failure", "failure_answer", "status_of"]

STORE: Final = "store"
"""What the store of this machine is called among the sources that were asked."""
NAMES: Final = "this machine"
"""What the names that are held here are called among them."""
NOT_SHOWN: Final = "Not proven now, so not shown"
"""What a page is called that stands in the place of one that may be proven later."""

_RETRY_SECONDS: Final = "10"
_RETRIED: Final = frozenset({429, 502, 503, 504})
_STATUSES: Final[tuple[tuple[type[WalkawayError], int], ...]] = (
    (NoSuchPath, 404),
    (TooMuch, 422),
    (InvalidRequest, 400),
    (Unsupported, 501),
    (Stale, 503),
    (ProofError, 500),
)


class Failure(WalkawayError):
    """A refusal of the gateway's own, with its status."""

    def __init__(self, status: int, message: str, *, advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.status = status


def status_of(error: WalkawayError) -> int:
    """The status of an error.

    What only this machine's store was asked for is not here (404); what others were asked
    for in vain may be had later (502), and so may a name.
    """
    if isinstance(error, Failure):
        return error.status
    if isinstance(error, NoSuchName):
        return 404
    if isinstance(error, Unproven):
        return 404 if set(error.reasons) <= {STORE} else 502
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def failure_answer(
    error: WalkawayError, wish: Wish | None, *, status: int | None = None, explained_at: str = ""
) -> Answer:
    """The error, in the form that whoever asked can read best.

    ``explained_at`` is where the way to it is explained, if anywhere.
    """
    code = status_of(error) if status is None else status
    media_type, body = _written(code, error, wish, explained_at)
    told = [
        ("content-type", media_type),
        ("cache-control", NO_STORE),
        ("x-content-type-options", "nosniff"),
        ("vary", "Accept"),
    ]
    if _is_worth_a_try(error, code):
        told.append(("retry-after", _RETRY_SECONDS))
    headers: RawHeaders = raw_headers(told)
    if media_type.startswith("text/html"):
        headers += raw_headers([("content-security-policy", PAGE_POLICY)])
    # Who may not ask is told so, and reads nothing.
    return Answer(code, headers if code == 403 else [*headers, *CORS], body)


def _written(
    status: int, error: WalkawayError, wish: Wish | None, explained_at: str
) -> tuple[str, bytes]:
    message = error.summary if isinstance(error, Unproven) else str(error)
    sources = error.reasons if isinstance(error, Unproven) else {}
    advice = error.advice or _advice(error, status)
    if wish is not None and wish.negotiated.html:
        ways = _ways(error, status, wish) | _explained(error, explained_at)
        title = NOT_SHOWN if isinstance(error, Unproven | Stale) and status >= 500 else ""
        page = error_page(status, message, sources=sources, advice=advice, ways=ways, title=title)
        return "text/html; charset=utf-8", page
    if wish is not None and wish.negotiated.format is Format.JSON:
        told = error.diagnostics() | {"status": status} | ({"advice": advice} if advice else {})
        return "application/json", json.dumps(told, default=str).encode()
    lines = [message, *(f"  {name}: {reason}" for name, reason in sources.items())]
    if advice:
        lines.append(advice)
    return "text/plain; charset=utf-8", ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _advice(error: WalkawayError, status: int) -> str:
    """What to do next, where the error itself does not say."""
    if _seems_offline(error):
        return "this machine seems to be offline; what is kept on it is served all the same"
    if isinstance(error, NoSuchName):
        return "that it leads nowhere is proven; whoever owns the name can give it content"
    if isinstance(error, Unproven) and status == 404:
        return "nobody else was asked; walkaway add, car import or pin add bring content here"
    if isinstance(error, Unproven):
        return "ask again, since somebody may have it by then, or list a source that holds it"
    if isinstance(error, NoSuchPath):
        return "that it is not there is proven; see what the folder holds"
    return ""


def _seems_offline(error: WalkawayError) -> bool:
    """Whether nobody whom the network leads to was reached, for want of a network."""
    if not isinstance(error, Unproven):
        return False
    others = [why for name, why in error.reasons.items() if name not in (STORE, NAMES)]
    # One that rests says for how long, and then why.
    unreached = bool(others) and all(why.endswith(OFFLINE_REASONS) for why in others)
    return unreached or isinstance(error, NoNetwork)


def _is_worth_a_try(error: WalkawayError, status: int) -> bool:
    """Whether the same request may get another answer soon: somebody else was asked."""
    is_ours = isinstance(error, Unproven) and set(error.reasons) <= {STORE, NAMES}
    return status in _RETRIED and not is_ours


def _explained(error: WalkawayError, explained_at: str) -> dict[str, str]:
    """The way to the explanation of what could not be proven."""
    is_of_proofs = isinstance(error, Unproven | ProofError | Unsupported | Stale)
    return {"See how far it was proven": explained_at} if explained_at and is_of_proofs else {}


def _ways(error: WalkawayError, status: int, wish: Wish) -> dict[str, str]:
    if _is_worth_a_try(error, status):
        return {"Try again": ""}
    if isinstance(error, NoSuchPath):
        return {"Show the folder": "../" if wish.raw_path.endswith("/") else "./"}
    return {}
