"""What a pin may be called: one rule for whoever makes pins, to hold to before the work begins."""

from __future__ import annotations

from walkaway.errors import InvalidRequest

__all__ = ["check_pin_name"]


def check_pin_name(name: str) -> None:
    """Refuse what cannot be written down. Raises `InvalidRequest`."""
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InvalidRequest(
            "the name of the pin is not Unicode text", advice="give it another name"
        ) from None
