"""What `walkaway up` says while it works: a live line, plain lines, or JSON lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from walkaway.chain.follower import SyncProgress
from walkaway.chain.status import ChainStatus
from walkaway.cli.terminal import Terminal, counted, plain, short_hex
from walkaway.sources.standing import SourceState, SourceStatus

__all__ = ["Reporter", "head_line", "reporter_for"]

_BAR_COLUMNS = 24
_LINE_SECONDS = 60.0


class Reporter(Protocol):
    """Hears what happens, in the order in which it happens."""

    def tell(self, doing: str) -> None:
        """Something is being done."""

    def sync(self, progress: SyncProgress) -> None:
        """A sync-committee period was followed."""

    def listening(self, url: str) -> None:
        """The endpoint accepts connections."""

    def gateway(self, url: str) -> None:
        """The gateway accepts connections."""

    def head(self, status: ChainStatus) -> None:
        """How the chain stands; called every second or so."""

    def close(self) -> None:
        """Nothing more will come."""


def reporter_for(terminal: Terminal, *, known_liars: Iterable[str] = ()) -> Reporter:
    """The reporter that suits where the output goes; what is known is not told again."""
    quarantines = _Quarantines(known_liars)
    if terminal.as_json:
        return JsonReporter(terminal, quarantines)
    if terminal.person.is_terminal:
        return LiveReporter(terminal, quarantines)
    return LineReporter(terminal, quarantines)


def head_line(status: ChainStatus, *, width: int | None = None) -> Text:
    """The state of the head in one line; what is least needed goes where ``width`` is short."""
    line = _head_line(status, whole=True)
    return line if width is None or line.cell_len <= width else _head_line(status, whole=False)


def _head_line(status: ChainStatus, *, whole: bool) -> Text:
    if status.latest is None:
        return Text("no head is proven yet", "warn")
    age = f"{max(0.0, status.latest.age):.0f} s old"
    line = Text.assemble(
        ("block ", "quiet"),
        (f"{status.latest.number:,}", "title"),
        "  ",
        (age, "good" if status.is_fresh else "bad"),
    )
    if whole or status.is_fresh:
        line.append(f"  signed by {status.signers} of {status.committee_size}")
    if not status.is_fresh:
        line.append(f"  latest is refused beyond {status.head_age_limit:.0f} s", "bad")
    if status.finalized is not None and whole:
        line.append(f"  finalized {status.finalized.number:,}", "quiet")
    lying = sum(source.state is SourceState.QUARANTINED for source in status.sources)
    line.append(f"  {counted(len(status.sources), 'source')}", "quiet")
    if lying:
        line.append(f", {lying} in quarantine", "warn")
    return line


class _Quarantines:
    """Notices sources that went into quarantine since the last look."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = set(known)

    def new(self, status: ChainStatus) -> list[SourceStatus]:
        lying = [s for s in status.sources if s.state is SourceState.QUARANTINED]
        fresh = [source for source in lying if source.name not in self._known]
        self._known = {source.name for source in lying}
        return fresh


class LiveReporter:
    """For a terminal: one line at the bottom that changes, and what stays above it."""

    def __init__(self, terminal: Terminal, quarantines: _Quarantines) -> None:
        self._console = terminal.person
        self._quarantines = quarantines
        self._said_how_it_ends = False
        self._live = Live(console=self._console, refresh_per_second=8, transient=True)
        self._live.start()

    def tell(self, doing: str) -> None:
        """Show it beside a spinner until something else is said."""
        self._live.update(Spinner("dots", plain(doing), style="name"))

    def sync(self, progress: SyncProgress) -> None:
        """Show how many periods are followed."""
        total = max(1, progress.target - progress.first)
        done = min(total, progress.period - progress.first)
        row = Table.grid(padding=(0, 1))
        row.add_row(
            Text("sync committees", "name"),
            ProgressBar(total, done, width=_BAR_COLUMNS, complete_style="good"),
            plain(f"period {progress.period} of {progress.target}"),
        )
        self._live.update(row)

    def listening(self, url: str) -> None:
        """Say where, and leave it on the screen."""
        self._serves("listening on ", url)

    def gateway(self, url: str) -> None:
        """Say where, and leave it on the screen."""
        self._serves("gateway on ", url)

    def head(self, status: ChainStatus) -> None:
        """Change the line; a new quarantine stays above it."""
        for liar in self._quarantines.new(status):
            self._console.print(_caught(liar))
        self._live.update(head_line(status, width=self._console.width))

    def _serves(self, what: str, url: str) -> None:
        ending = "" if self._said_how_it_ends else "  Ctrl-C stops it"
        self._said_how_it_ends = True
        self._console.print(Text.assemble(what, (url, "good"), (ending, "quiet")))

    def close(self) -> None:
        """Take the line away."""
        self._live.stop()


class LineReporter:
    """For a file or a pipe: a line when something changes, and one a minute."""

    def __init__(self, terminal: Terminal, quarantines: _Quarantines) -> None:
        self._console = terminal.person
        self._quarantines = quarantines
        self._told_at = float("-inf")
        self._fresh: bool | None = None

    def tell(self, doing: str) -> None:
        """One line."""
        self._console.print(plain(doing), soft_wrap=True)

    def sync(self, progress: SyncProgress) -> None:
        """One line a period."""
        self.tell(f"sync committees: period {progress.period} of {progress.target}")

    def listening(self, url: str) -> None:
        """One line."""
        self.tell(f"listening on {url}")

    def gateway(self, url: str) -> None:
        """One line."""
        self.tell(f"gateway on {url}")

    def head(self, status: ChainStatus) -> None:
        """A line each minute, and when the head becomes stale or fresh again."""
        for liar in self._quarantines.new(status):
            self._console.print(_caught(liar), soft_wrap=True)
        if status.now - self._told_at >= _LINE_SECONDS or status.is_fresh is not self._fresh:
            self._told_at, self._fresh = status.now, status.is_fresh
            self._console.print(head_line(status), soft_wrap=True)

    def close(self) -> None:
        """Nothing is open."""


class JsonReporter:
    """For a program: one JSON document a line, each with ``event``."""

    def __init__(self, terminal: Terminal, quarantines: _Quarantines) -> None:
        self._terminal = terminal
        self._quarantines = quarantines
        self._head: tuple[object, ...] | None = None

    def tell(self, doing: str) -> None:
        """``{"event": "doing", "text"}``."""
        self._terminal.print_json({"event": "doing", "text": doing})

    def sync(self, progress: SyncProgress) -> None:
        """``{"event": "sync", "first", "period", "target"}``."""
        self._terminal.print_json(
            {
                "event": "sync",
                "first": progress.first,
                "period": progress.period,
                "target": progress.target,
            }
        )

    def listening(self, url: str) -> None:
        """``{"event": "listening", "url"}``."""
        self._terminal.print_json({"event": "listening", "url": url})

    def gateway(self, url: str) -> None:
        """``{"event": "gateway", "url"}``."""
        self._terminal.print_json({"event": "gateway", "url": url})

    def head(self, status: ChainStatus) -> None:
        """``{"event": "head", ...}`` for each new head, ``{"event": "quarantine", ...}``."""
        for liar in self._quarantines.new(status):
            self._terminal.print_json(
                {"event": "quarantine", "source": liar.name, "reason": liar.last_reason}
            )
        latest = status.latest
        seen = (None if latest is None else latest.block_hash, status.is_fresh)
        if seen == self._head:
            return
        self._head = seen
        self._terminal.print_json(
            {
                "event": "head",
                "number": None if latest is None else latest.number,
                "hash": None if latest is None else latest.block_hash,
                "age_seconds": None if latest is None else round(latest.age),
                "fresh": status.is_fresh,
                "signers": status.signers,
                "committee_size": status.committee_size,
            }
        )

    def close(self) -> None:
        """Nothing is open."""


def _caught(liar: SourceStatus) -> Text:
    return Text.assemble(
        ("caught lying: ", "bad"),
        plain(liar.name, "title"),
        "  ",
        plain(short_hex(liar.last_reason), "quiet"),
    )
