"""What reaches the screen: harmless text, useful errors, fixed exit codes."""

from __future__ import annotations

import json

import pytest
import typer
from rich.padding import Padding

from walkaway.cli.exit_codes import ExitCode, advice_on, exit_code_of
from walkaway.cli.terminal import Terminal, counted, plain, sheet
from walkaway.errors import (
    ConfigError,
    Elsewhere,
    InvalidRequest,
    NoEndpoint,
    NoNetwork,
    ProofError,
    SourceFault,
    Stale,
    Unproven,
    Unsupported,
    WalkawayError,
)

ERRORS: list[tuple[WalkawayError, ExitCode]] = [
    (ConfigError("x"), ExitCode.USAGE),
    (InvalidRequest("x"), ExitCode.USAGE),
    (NoNetwork("x", reasons={}), ExitCode.NO_NETWORK),
    (NoEndpoint("x"), ExitCode.NO_ENDPOINT),
    (Unproven("x", reasons={}), ExitCode.REFUSED),
    (Stale("x", age=2, limit=1), ExitCode.REFUSED),
    (Unsupported("x"), ExitCode.REFUSED),
    (ProofError("x"), ExitCode.REFUSED),
    (Elsewhere("x"), ExitCode.REFUSED),
    (SourceFault("x"), ExitCode.REFUSED),
    (WalkawayError("x"), ExitCode.REFUSED),
]


@pytest.mark.parametrize(("error", "code"), ERRORS, ids=lambda value: type(value).__name__)
def test_every_error_of_the_tree_has_its_exit_code(error: WalkawayError, code: ExitCode) -> None:
    assert exit_code_of(error) is code


def test_every_kind_of_error_says_what_to_do_next() -> None:
    for error, _ in ERRORS:
        if type(error) not in (WalkawayError, SourceFault):
            assert advice_on(error), type(error).__name__


def test_an_errors_own_advice_comes_first() -> None:
    assert advice_on(ConfigError("x", advice="do this")) == "do this"


@pytest.mark.parametrize("hostile", ["\x1b[2Jgone", "a\nb", "\u202egnp", "\x9b31m", "\r\rfake"])
def test_text_from_outside_cannot_steer_the_terminal(
    hostile: str, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal(width=80)
    terminal.show_error(Unproven(hostile, reasons={hostile: hostile}, advice=hostile))
    printed = capsys.readouterr().err
    assert not set(printed) & set("\x1b\r\x9b\u202e")
    assert printed.count("\n") == 3


def test_text_from_outside_is_no_markup() -> None:
    assert plain("[bold red]x[/]").plain == "[bold red]x[/]"


def test_an_unproven_answer_lists_each_source(capsys: pytest.CaptureFixture[str]) -> None:
    reasons = {"alpha": "timed out", "beta": "lied"}
    Terminal(width=80).show_error(Unproven("no proof", reasons=reasons))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].split() == ["error", "no", "proof"]
    assert lines[1].split() == ["alpha", "timed", "out"]
    assert lines[2].split() == ["beta", "lied"]
    assert lines[3].startswith("next")


def test_many_sources_with_one_reason_share_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    reasons = {f"s{number}": "no answer" for number in range(5)} | {"odd": "lied"}
    Terminal(width=100).show_error(NoNetwork("no network", reasons=reasons))
    printed = capsys.readouterr().err
    assert "5 sources  no answer: s0, s1, s2, s3, s4" in printed
    assert "odd        lied" in printed


def test_json_errors_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal(as_json=True).show_error(Unproven("no proof", reasons={"a": "timed out"}))
    captured = capsys.readouterr()
    assert captured.err == ""
    told = json.loads(captured.out)
    assert told["exit_code"] == 1
    assert told["error"]["message"] == "no proof"
    assert told["error"]["sources"] == {"a": "timed out"}
    assert told["error"]["advice"]


def test_with_json_a_person_reads_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal(as_json=True).person.print("for a person")
    assert capsys.readouterr() == ("", "for a person\n")


def test_json_writes_bytes_as_hex(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal(as_json=True).print_json({"hash": b"\x01\xff"})
    assert capsys.readouterr().out == '{"hash": "0x01ff"}\n'


@pytest.mark.parametrize(
    ("raised", "code"),
    [(ConfigError("x"), 2), (KeyboardInterrupt(), 130), (BrokenPipeError(), 0)],
)
def test_ending_turns_what_happened_into_an_exit_code(
    raised: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended, Terminal().ending():
        raise raised
    assert ended.value.exit_code == code
    assert "Traceback" not in capsys.readouterr().err


def test_ending_lets_faults_of_ours_through() -> None:
    with pytest.raises(ZeroDivisionError), Terminal().ending():
        raise ZeroDivisionError


def test_an_exit_of_a_command_is_kept() -> None:
    with pytest.raises(typer.Exit) as ended, Terminal().ending():
        raise typer.Exit(1)
    assert ended.value.exit_code == 1


def test_one_is_not_many() -> None:
    assert [counted(n, "lie") for n in (0, 1, 2, 1000)] == [
        "0 lies",
        "1 lie",
        "2 lies",
        "1,000 lies",
    ]


def test_what_is_no_terminal_gets_whole_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    line = " ".join(["0x" + "ab" * 32] * 20)
    rows = sheet([("label", line), ("longer label", "x")], width=200)
    Terminal().show(Padding(rows, (0, 0, 0, 3)))
    assert capsys.readouterr().out == f"   label         {line}\n   longer label  x\n"
    monkeypatch.setenv("COLUMNS", "50")
    Terminal().show(plain(line))
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 50


def test_a_sheet_stacks_where_it_is_narrow(capsys: pytest.CaptureFixture[str]) -> None:
    for width in (40, 80):
        terminal = Terminal(width=width)
        terminal.person.print(sheet([("label", "fact"), ("", "more")], width=width))
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["label", "  fact", "  more", "label  fact", "       more"]


def test_a_long_label_leaves_room_for_what_belongs_to_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for width in (80, 90):
        terminal = Terminal(width=width)
        rows = [("text " + "k" * 300, "value " * 4), ("it is", "0x" + "ab" * 20)]
        terminal.person.print(sheet(rows, width=width))
        drawn = capsys.readouterr().out
        assert ("value " * 4).strip() in drawn
        assert "0x" + "ab" * 20 in drawn
        assert drawn.count("k") == 300
        assert max(map(len, drawn.splitlines())) <= width


def test_colours_vanish_without_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Terminal().person.print(plain("x", "bad"))
    assert capsys.readouterr().out == "x\n"
    monkeypatch.setenv("FORCE_COLOR", "1")
    Terminal().person.print(plain("x", "bad"))
    assert "\x1b[" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    Terminal().person.print(plain("x", "name"))
    assert "38;5" not in capsys.readouterr().out


@pytest.mark.parametrize("ground", [(0, 0, 0), (255, 255, 255)], ids=["dark", "light"])
@pytest.mark.parametrize("style", ["good", "bad", "warn", "quiet", "name"])
def test_colours_can_be_read_on_dark_and_on_light(style: str, ground: tuple[int, int, int]) -> None:
    colour = Terminal().person.get_style(style).color
    assert colour is not None
    lighter, darker = sorted(map(_luminance, (colour.get_truecolor(), ground)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 3.5, "WCAG asks 3 of large text and of symbols"


def _luminance(colour: tuple[int, int, int]) -> float:
    """Relative luminance as WCAG 2 defines it."""
    shares = [value / 255 for value in colour]
    linear = [s / 12.92 if s <= 0.03928 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
