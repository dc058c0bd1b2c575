"""Finding a method by its name, or the reason why there is none."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from walkaway.errors import UnknownMethod, Unsupported
from walkaway.rpc.methods.method import Method
from walkaway.rpc.methods.not_proven import NOT_PROVEN

__all__ = ["method_named"]

LONGEST_NAME = 60
"""What is longer was never meant as the name of a method."""


def method_named(methods: Mapping[str, Method], name: str) -> Method:
    """The method of this name.

    Raises:
        Unsupported: it is one that cannot be proven.
        UnknownMethod: there is none; the advice names one that was perhaps meant.
    """
    method = methods.get(name)
    if method is not None:
        return method
    if name in NOT_PROVEN:
        raise Unsupported(NOT_PROVEN[name])
    near = difflib.get_close_matches(name, methods, n=1) if len(name) <= LONGEST_NAME else []
    raise UnknownMethod(
        f"there is no method {name[:80]!r}", advice=f"did you mean {near[0]}?" if near else ""
    )
