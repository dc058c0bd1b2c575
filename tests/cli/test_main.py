"""The command line as a whole: every command is there, and each loads by itself."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

import walkaway.cli.command_line as command_line_module
from walkaway.cli.command_line import COMMANDS, command_line

HEAVY = ("aiohttp", "walkaway.chain.chain", "walkaway.rpc.server")


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_stands_by_itself(name: str) -> None:
    result = CliRunner().invoke(command_line([name]), [name, "--help"])
    assert result.exit_code == 0
    assert f"walkaway {name}" in result.output
    other = "demo" if name != "demo" else "up"
    assert CliRunner().invoke(command_line([name]), [other]).exit_code == 2


def test_all_of_them_are_listed() -> None:
    listed = CliRunner().invoke(command_line(), ["--help"]).output
    assert all(f"  {name} " in listed for name in COMMANDS)
    with pytest.raises(AttributeError):
        _ = command_line_module.application


def words(*arguments: str) -> tuple[int, str, str]:
    """What the program ends with and prints; the last line says what of the heavy it loaded."""
    script = (
        "import sys\n"
        "from walkaway.cli.main import main\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        f"    print('loaded', *[name for name in {HEAVY} if name in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, *arguments], check=False, capture_output=True, text=True
    )
    return ended.returncode, ended.stdout, ended.stderr


def test_what_needs_no_network_does_not_wait_for_it() -> None:
    for name, loaded in (("add", []), ("resolve", []), ("up", list(HEAVY))):
        code, printed, _ = words(name, "--help")
        assert (code, printed.split("\nloaded")[1].split()) == (0, loaded)
    code, printed, _ = words("--version")
    assert (code, printed.split("\n")[1].split()) == (0, ["loaded"])


def test_a_command_that_does_not_exist_is_told_from_those_that_do() -> None:
    code, _, complaint = words("ad")
    assert code == 2
    assert "No such command 'ad'" in complaint


@pytest.mark.parametrize(
    ("before", "code"),
    [
        ("sys.meta_path.insert(0, Pressing())", 130),
        ("atexit.register(press)", 130),
        ("signal.signal(signal.SIGINT, signal.SIG_IGN); press()", 0),
    ],
    ids=["while it loads", "once it has ended", "ignored"],
)
def test_ctrl_c_leaves_without_a_word_where_no_command_runs(before: str, code: int) -> None:
    script = f"""
import atexit, os, signal, sys
# A suite that was started in the background ignores Ctrl-C, and so would what it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
def press():
    os.kill(os.getpid(), signal.SIGINT)
class Pressing:
    def find_spec(self, name, path, target=None):
        if name == "typer":
            press()
from walkaway.cli.main import main
{before}
main()
"""
    ended = subprocess.run(
        [sys.executable, "-c", script, "store", "--help"], check=False, capture_output=True
    )
    assert (ended.returncode, ended.stderr) == (code, b"")
