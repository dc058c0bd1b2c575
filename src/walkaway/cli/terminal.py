"""Everything that reaches a person's screen goes through here.

Colours are mid-tones that can be read on dark and on light; they vanish with
``NO_COLOR`` and where the output is no terminal. There, lines are also not cut
to a width (unless ``COLUMNS`` gives one) and not padded, so that other programs
find hashes whole. Text from outside is never taken for markup or for control
characters. With ``--json``, standard output holds JSON and nothing else, and
everything for a person goes to standard error.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping

import typer
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from walkaway.cli.exit_codes import ExitCode, advice_on, exit_code_of
from walkaway.errors import Unproven, Unwritable, WalkawayError
from walkaway.sources.redact import shown

__all__ = ["Terminal", "counted", "plain", "sheet", "short_hex"]

_THEME = Theme(
    {
        "good": "green4",
        "bad": "bold red3",
        "warn": "dark_orange3",
        "quiet": "grey50",
        "name": "steel_blue",
        "title": "bold",
    }
)
_NOT_TAKEN = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_LONGEST_LINE = 2000
_UNCUT = 2 * _LONGEST_LINE
"""Columns of what is no terminal: room for a label and the longest line beside it."""
_TWO_COLUMNS = 64
_LABELS = 0.4
"""Of the width, how much labels may take up beside what belongs to them."""
_MANY_ALIKE = 3
_LONG_HEX = re.compile(r"0x[0-9a-fA-F]{21,}")
_PADDING = re.compile(r"[ \t]+$", re.MULTILINE)


def plain(text: object, style: str = "", *, whole: bool = False) -> Text:
    """Text from anywhere, as one line that cannot steer the terminal; cut unless ``whole``."""
    line = str(text)
    return Text(shown(line, len(line) if whole else _LONGEST_LINE), style=style)


def short_hex(text: str) -> str:
    """The text with its long hex words cut in the middle."""
    return _LONG_HEX.sub(lambda word: f"{word[0][:10]}…{word[0][-6:]}", text)


def counted(number: int, noun: str, plural: str = "") -> str:
    """So many of them: ``1 period``, ``2 periods``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def sheet(rows: Iterable[tuple[object, object]], *, width: int) -> Table:
    """Labels and what belongs to them: side by side, or one above the other where it is narrow.

    Labels that are longer than their part of the width go over several lines.
    """
    side_by_side = width >= _TWO_COLUMNS
    table = Table.grid(padding=(0, 2))
    drawn = [(_cell(label, "name"), _cell(fact)) for label, fact in rows]
    if side_by_side:
        longest = max((label.cell_len for label, _ in drawn), default=0)
        table.add_column(overflow="fold", width=min(longest, int(width * _LABELS)))
    table.add_column(overflow="fold")
    for named, told in drawn:
        if side_by_side:
            table.add_row(named, told)
        else:
            if named.plain:
                table.add_row(named)
            table.add_row(Padding(told, (0, 0, 0, 2)))
    return table


def _cell(content: object, style: str = "") -> Text:
    return content if isinstance(content, Text) else plain(content, style)


class Terminal:
    """Where a command writes. ``person`` is for reading, ``print_json`` for programs."""

    def __init__(self, *, as_json: bool = False, width: int | None = None) -> None:
        self.as_json = as_json
        # What the floors log is told here in words of its own.
        logging.getLogger("walkaway").addHandler(logging.NullHandler())
        self._out = _console(width, stderr=False)
        self._err = _console(width, stderr=True)

    @property
    def person(self) -> Console:
        """The console for a person's eyes; standard error with ``--json``."""
        return self._err if self.as_json else self._out

    @property
    def complaints(self) -> Console:
        """The console for errors and warnings; always standard error."""
        return self._err

    def show(self, drawing: RenderableType) -> None:
        """Print for a person."""
        _show(self.person, drawing)

    def show_line(self, line: Text) -> None:
        """Print one line for a person that no width cuts or breaks, so that it is copied whole."""
        self.person.print(line, soft_wrap=True)

    def print_json(self, document: object) -> None:
        """One JSON document on one line of standard output."""
        self._out.file.write(json.dumps(document, default=_encoded) + "\n")
        self._out.file.flush()

    def show_error(self, error: WalkawayError) -> None:
        """Say what happened, which sources were asked, and what to do."""
        advice = advice_on(error)
        message = error.summary if isinstance(error, Unproven) else str(error)
        if self.as_json:
            facts = error.diagnostics() | {"message": message}
            if advice:
                facts["advice"] = advice
            self.print_json({"error": facts, "exit_code": int(exit_code_of(error))})
            return
        self._complain(error, message, advice)

    def _complain(self, error: WalkawayError, message: str, advice: str) -> None:
        _show(self._err, Text.assemble(("error  ", "bad"), plain(message)))
        if isinstance(error, Unproven) and error.reasons:
            rows = sheet(_by_reason(error.reasons), width=self._err.width)
            _show(self._err, Padding(rows, (0, 0, 0, 7)))
        if advice:
            _show(self._err, Text.assemble(("next   ", "name"), plain(advice)))

    @contextlib.contextmanager
    def ending(self) -> Iterator[None]:
        """Turn errors of the tree, of output that is not taken, and Ctrl-C into an exit code."""
        with self._writing():
            try:
                yield
            except WalkawayError as error:
                self.show_error(error)
                raise typer.Exit(exit_code_of(error)) from None
            except KeyboardInterrupt:
                self._err.print(Text("stopped", "quiet"))
                raise typer.Exit(ExitCode.INTERRUPTED) from None

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise typer.Exit(ExitCode.OK) from None
        except OSError as error:
            if error.errno not in _NOT_TAKEN or error.filename is not None:
                raise
            # Files speak for themselves, by their names: it was this terminal's own output.
            refused = f"standard output cannot be written: {error.strerror}"
            with contextlib.suppress(OSError):
                self._complain(Unwritable(refused), refused, "make room, or lead it elsewhere")
            raise typer.Exit(ExitCode.REFUSED) from None


def _console(width: int | None, *, stderr: bool) -> Console:
    console = Console(theme=_THEME, width=width, highlight=False, stderr=stderr)
    if width is None and not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _UNCUT
    return console


def _show(console: Console, drawing: RenderableType) -> None:
    if console.is_terminal:
        console.print(drawing)
        return
    with console.capture() as captured:
        console.print(drawing)
    console.file.write(_PADDING.sub("", captured.get()))
    console.file.flush()


def _by_reason(reasons: Mapping[str, str]) -> list[tuple[str, str]]:
    """A row for each source, or one for all those that failed alike when they are many."""
    alike: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        alike.setdefault(reason, []).append(name)
    rows: list[tuple[str, str]] = []
    for reason, names in alike.items():
        if len(names) > _MANY_ALIKE:
            rows.append((f"{len(names)} sources", f"{reason}: {', '.join(names)}"))
        else:
            rows.extend((name, reason) for name in names)
    return rows


def _encoded(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
