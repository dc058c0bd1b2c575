"""Names and what they lead to, as a part of a page: what waits, and what can be decided of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final

from walkaway.gateway.pages.frame import cell, shown
from walkaway.names.hold import HeldName, HoldPolicy, waiting
from walkaway.names.resolution import Change, Waiting
from walkaway.names.served import LeftPointer

__all__ = ["names_section"]

_SHOWN: Final = 200
"""How many names a page lists; the others are listed by the command line."""


def names_section(
    names: Sequence[HeldName],
    policy: HoldPolicy,
    left: Mapping[str, Sequence[LeftPointer]],
    *,
    action: str = "",
    token: str = "",
) -> str:
    """The section; empty where no name was seen yet.

    ``left`` are origins whose names have left what they were given. ``action`` is where
    decisions are sent, with ``token``; without one there is nothing to press.
    """
    if not names:
        return ""
    forms = _Forms(action, token)
    changed = [held for held in names if held.says is not None or held.pinned]
    others = [held for held in names if held.says is None and not held.pinned]
    cards = "".join([_card(held, waiting(held, policy.of(held.name)), forms) for held in changed])
    stored = "".join([_stored(origin, forms) for origin in left])
    return (
        '<section aria-labelledby="names">\n<h2 id="names" tabindex="-1">Names</h2>\n'
        f"{cards}{stored}{_table(others[:_SHOWN], forms)}</section>\n"
    )


class _Forms:
    """Buttons that send a decision."""

    def __init__(self, action: str, token: str) -> None:
        self._action = action
        self._token = token

    def button(self, label: str, what: str, name: str, pointer: str = "") -> str:
        if not self._action:
            return ""
        fields = {"token": self._token, "do": what, "name": name, "pointer": pointer}
        hidden = "".join(
            [
                f'<input type="hidden" name="{field}" value="{escape(value)}">'
                for field, value in fields.items()
            ]
        )
        return (
            f'<form class="one" method="post" action="{escape(self._action)}">{hidden}'
            f"<button>{escape(label)}</button></form>\n"
        )


def _card(held: HeldName, change: Change | None, forms: _Forms) -> str:
    said = "" if change is None else f"<p>{_change(change)}</p>\n"
    is_pinned = " (pinned)" if held.pinned else ""
    return (
        f"<h3>{shown(held.name)}{is_pinned}</h3>\n"
        f"<p>Served: <code>{shown(str(held.pointer))}</code>, first seen "
        f"{_date(held.first_seen)}.</p>\n{said}{_buttons(held, forms)}"
    )


def _change(change: Change) -> str:
    says = f"The name says <code>{shown(str(change.pointer))}</code> since {_date(change.since)}"
    if change.why is Waiting.REJECTED:
        return f"{says}. You rejected that."
    if change.until is None:
        return f"{says}. It is pinned, so that this waits for you."
    return f"{says}. That is believed from {_date(change.until)} on, if it stands until then."


def _buttons(held: HeldName, forms: _Forms) -> str:
    buttons = []
    if held.says is not None:
        says = str(held.says)
        buttons.append(forms.button("Accept the new one now", "accept", held.name, says))
        if not held.rejected:
            buttons.append(forms.button("Reject it", "reject", held.name, says))
    if held.pinned:
        buttons.append(forms.button("Let it change again", "unpin", held.name))
    else:
        buttons.append(forms.button("Pin what is served", "pin", held.name, str(held.pointer)))
    return "".join(buttons)


def _stored(origin: str, forms: _Forms) -> str:
    here = escape(origin)
    return (
        f'<p>At <a href="http://{here}/">{here}</a> this browser was shown a version that is '
        "left now. What it stored is cleared when the site is opened next, unless you keep it. If "
        "the site still looks as it did then, its service worker is in the way: hold Shift while "
        "you reload it."
        f"</p>\n{forms.button('Keep what it stored', 'keep-stored', origin)}"
    )


def _table(names: Sequence[HeldName], forms: _Forms) -> str:
    if not names:
        return ""
    rows = "".join(
        [
            f'<tr><th scope="row">{shown(held.name)}</th>{cell(str(held.pointer))}'
            f'<td class="when" data-head="first seen">{_date(held.first_seen)}</td>'
            f'<td class="when" data-head="last seen">{_date(held.seen)}</td>'
            f"<td>{forms.button('Pin', 'pin', held.name, str(held.pointer))}</td></tr>\n"
            for held in names
        ]
    )
    heads = ("name", "leads to", "first seen", "last seen", "")
    head = "".join([f'<th scope="col">{each}</th>' for each in heads])
    return (
        '<div class="wide" role="region" aria-label="Names that are as they were" tabindex="0">\n'
        f'<table class="stacked">\n<tr>{head}</tr>\n{rows}</table>\n</div>\n'
    )


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
