"""Numbered steps: what is done, whether it held, and what came of it.

A person is shown notes and drawings; a program gets data, with nothing cut.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from walkaway.cli.terminal import Terminal, plain, sheet
from walkaway.errors import WalkawayError

__all__ = ["Stage", "Step"]

_INDENT = 3


class Step:
    """One step while it runs: what it notes is shown when it has ended.

    ``found`` is for programs: JSON values and bytes.
    """

    def __init__(self) -> None:
        self.facts: list[tuple[str, object]] = []
        self.drawings: list[RenderableType] = []
        self.found: dict[str, object] = {}

    def note(self, label: str, fact: object) -> None:
        """A fact for a person. An empty label continues the one before."""
        self.facts.append((label, fact))

    def draw(self, drawing: RenderableType) -> None:
        """A table or tree for a person, below the facts."""
        self.drawings.append(drawing)

    def check(self, held: bool, otherwise: str) -> None:
        """Go on only where it held.

        Raises:
            WalkawayError: it did not; ``otherwise`` says what is wrong.
        """
        if not held:
            raise WalkawayError(otherwise)


class Stage:
    """Runs steps in order and counts them."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._done = 0

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """One step. An error of the tree ends it, is told to belong to it, and goes on up."""
        step, number = Step(), self._done + 1
        began = time.monotonic()
        try:
            with self._terminal.person.status(plain(title, "name"), spinner_style="name"):
                yield step
        except WalkawayError as error:
            self._show(number, title, step, time.monotonic() - began, str(error))
            raise
        self._done = number
        self._show(number, title, step, time.monotonic() - began, None)

    def _show(
        self, number: int, title: str, step: Step, seconds: float, trouble: str | None
    ) -> None:
        if self._terminal.as_json:
            self._terminal.print_json(
                {
                    "event": "step",
                    "step": number,
                    "title": title,
                    "held": trouble is None,
                    "seconds": round(seconds, 3),
                    "found": step.found,
                }
                | ({} if trouble is None else {"trouble": trouble})
            )
            return
        outcome = ("failed", "bad") if trouble else (_taken(seconds), "quiet")
        self._terminal.show(
            Text.assemble((f"{number}  ", "name"), plain(title, "title"), "  ", outcome)
        )
        inside = self._terminal.person.width - _INDENT
        if step.facts:
            self._indented(sheet(step.facts, width=inside))
        for drawing in step.drawings:
            self._indented(drawing)
        self._terminal.show("")

    def _indented(self, drawing: RenderableType) -> None:
        self._terminal.show(Padding(drawing, (0, 0, 0, _INDENT)))


def _taken(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
