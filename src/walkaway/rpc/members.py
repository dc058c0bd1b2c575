"""Reads the members of one object among the parameters, by name, as strictly as `Params` reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from walkaway.errors import InvalidRequest
from walkaway.rpc.jsonrpc import Received
from walkaway.rpc.params import Params

__all__ = ["Members", "amount"]

T = TypeVar("T")


class Members:
    """The members of one object, by name."""

    def __init__(self, name: str, members: Mapping[str, Received]) -> None:
        self._name = name
        self._members = dict(members)

    def read(self, name: str, take: Callable[[Params, str], T]) -> T | None:
        """A member as ``take`` reads it; None where it is absent or null."""
        value = self._members.pop(name, None)
        return None if value is None else take(Params((value,)), f"{self._name}.{name}")

    def must(self, name: str, take: Callable[[Params, str], T]) -> T:
        """A member that has to be there."""
        value = self.read(name, take)
        if value is None:
            raise InvalidRequest(f"{self._name}.{name}: missing")
        return value

    def each(self, name: str, take: Callable[[Params, str], T]) -> tuple[T, ...]:
        """The items of a list; none where it is absent or null."""
        items = self.read(name, Params.values) or ()
        return tuple([take(Params((item,)), f"{self._name}.{name}") for item in items])

    def end(self) -> None:
        """Refuse members that nobody read."""
        if self._members:
            raise InvalidRequest(f"{self._name}: {min(self._members)[:40]!r} is not supported")


def amount(params: Params, name: str) -> int:
    """A number of at most 256 bits: wei, as a rule."""
    return params.quantity(name, bits=256)
