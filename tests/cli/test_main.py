"""The command line as a whole: every command is there, and each loads by itself."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

import walkaway.cli.main as command_line_module
from walkaway.cli.main import COMMANDS, command_line

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
    for name, loaded in (("add", []), ("up", list(HEAVY))):
        code, printed, _ = words(name, "--help")
        assert (code, printed.split("\nloaded")[1].split()) == (0, loaded)


def test_a_command_that_does_not_exist_is_told_from_those_that_do() -> None:
    code, _, complaint = words("ad")
    assert code == 2
    assert "No such command 'ad'" in complaint
