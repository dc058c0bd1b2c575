"""What one setting is: its key, its meaning, and how it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from walkaway.errors import ConfigError

__all__ = ["PREFIX", "Setting"]

PREFIX: Final = "WALKAWAY_"
"""How the environment variables begin that set something."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """One setting: its key in the file, what it means, and its environment variable."""

    key: str
    meaning: str
    read: Callable[[object], T]
    default: Callable[[], T]
    own_variable: str = ""

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return self.own_variable or PREFIX + self.key.upper()

    def value_of(self, written: object, where: str) -> T:
        """The value of what was written; ``where`` says in complaints where it stands.

        Raises:
            ConfigError: it is malformed.
        """
        try:
            return self.read(written)
        except ConfigError as error:
            raise ConfigError(f"{where}: {self.key} must be {error}") from None
