"""How far along bytes are: a bar at the bottom of a terminal, and nothing elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from walkaway.cli.terminal import Terminal, plain

__all__ = ["ByteBar"]


class ByteBar:
    """A context manager around the work. ``quiet`` shows nothing on a terminal either.

    Goes to the console for a person, and leaves nothing there.
    """

    def __init__(self, terminal: Terminal, doing: str, *, quiet: bool = False) -> None:
        shown = terminal.person.is_terminal and not quiet
        self._bar = Progress(
            TextColumn("{task.description}", style="name", markup=False),
            BarColumn(complete_style="good"),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=terminal.person,
            transient=True,
            disable=not shown,
        )
        self._task = self._bar.add_task(plain(doing).plain, total=None)

    def show(self, done: int, total: int | None) -> None:
        """So many bytes are done, of so many where that is known."""
        self._bar.update(self._task, completed=done, total=total)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()
