"""The bar: on a terminal, nowhere else, and not for those who want quiet."""

from __future__ import annotations

import pytest

from walkaway.cli.byte_bar import ByteBar
from walkaway.cli.terminal import Terminal


@pytest.fixture
def _on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


def move(terminal: Terminal, *, quiet: bool = False) -> None:
    with ByteBar(terminal, "si\x1b[31mte", quiet=quiet) as bar:
        bar.show(1024, None)
        bar.show(2048, 4096)


@pytest.mark.usefixtures("_on_a_terminal")
def test_a_terminal_shows_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    move(Terminal(width=100))
    shown = capsys.readouterr().out
    assert "2.0/4.1 kB" in shown
    assert "\x1b[31mte" not in shown


@pytest.mark.usefixtures("_on_a_terminal")
def test_a_program_reads_nothing_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    move(Terminal(width=100, as_json=True))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "kB" in captured.err


@pytest.mark.usefixtures("_on_a_terminal")
def test_quiet_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    move(Terminal(width=100), quiet=True)
    assert capsys.readouterr() == ("", "")


def test_what_is_no_terminal_stays_empty(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    move(Terminal())
    assert capsys.readouterr() == ("", "")
