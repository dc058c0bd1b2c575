"""Forms that change something: whose are taken, and what they hold.

A form comes from a page that this gateway made, on the same origin: the browser says so
(Origin, and Fetch Metadata where it sends them), and the page gave it a token that no other
page can read. It opens a page in its window, so that no script sent it.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import Final
from urllib.parse import parse_qsl

from starlette.types import Receive

from walkaway.errors import InvalidRequest, TooMuch
from walkaway.gateway.answers.failures import Failure
from walkaway.gateway.request.asked import Wish
from walkaway.gateway.request.hosts import Place
from walkaway.limits import LIMITS, Limits

__all__ = ["FormTokens", "read_form"]

_FORM: Final = "application/x-www-form-urlencoded"
_FIELDS: Final = 16


class FormTokens:
    """Tokens of the forms that this process makes, one an origin."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def of(self, authority: str) -> str:
        """The token of forms on a host, with its port."""
        return hmac.new(self._key, authority.encode(), sha256).hexdigest()

    def check(self, authority: str, token: str) -> None:
        """Raise `Failure` for a token that is not of this host."""
        if not hmac.compare_digest(self.of(authority).encode(), token.encode()):
            raise Failure(
                403, "this form is not of this gateway, or is older than it", advice="load it anew"
            )


async def read_form(
    place: Place, wish: Wish, receive: Receive, tokens: FormTokens, limits: Limits = LIMITS
) -> Mapping[str, str]:
    """The fields of a form that a page of this gateway sent from the same origin.

    Raises:
        Failure: it did not.
        InvalidRequest: it is no form.
        TooMuch: it is longer than a form of ours.
    """
    _require_same_origin(place, wish)
    if wish.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise InvalidRequest("this is no form")
    body = await _body(receive, limits)
    try:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS))
    except ValueError:
        raise InvalidRequest("this form cannot be read") from None
    tokens.check(place.authority, fields.get("token", ""))
    return fields


def _require_same_origin(place: Place, wish: Wish) -> None:
    headers = wish.headers
    own = {f"http://{place.authority}", f"https://{place.authority}"}
    is_ours = (
        headers.get("origin") in own
        and "x-forwarded-host" not in headers
        and headers.get("sec-fetch-site") in (None, "same-origin")
        and headers.get("sec-fetch-mode") in (None, "navigate")
    )
    if not is_ours:
        raise Failure(403, "only a page of this gateway, on the same origin, decides this")


async def _body(receive: Receive, limits: Limits) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise InvalidRequest("the form ended before its end")
        body += message.get("body", b"")
        if len(body) > limits.web_form_bytes:
            raise TooMuch(f"a form has at most {limits.web_form_bytes} bytes")
        if not message.get("more_body", False):
            return bytes(body)
