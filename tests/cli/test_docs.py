"""What exists is in the documents, and what is in the documents exists."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from walkaway.cli.command_line import app
from walkaway.cli.config import SETTINGS, load_settings
from walkaway.cli.config_file import read_config_file
from walkaway.cli.exit_codes import ExitCode
from walkaway.errors import ConfigError
from walkaway.rpc.methods import METHODS
from walkaway.rpc.methods.not_proven import NOT_PROVEN
from walkaway.sources.defaults import KINDS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
PACKAGE = ROOT / "src" / "walkaway"
FLOORS = "The floors, bottom up"
GROUP = get_command(app)
assert isinstance(GROUP, TyperGroup)
COMMANDS = dict(GROUP.commands)
PARTS = {
    f"{name} {part}": command
    for name, group in COMMANDS.items()
    if isinstance(group, TyperGroup)
    for part, command in group.commands.items()
}
PARTS |= {
    f"{name} {part}": command
    for name, group in PARTS.items()
    if isinstance(group, TyperGroup)
    for part, command in group.commands.items()
}


def section(document: str, title: str) -> str:
    """What stands under a heading, up to the next one."""
    return re.split(r"^## ", document, flags=re.M)[
        [part.partition("\n")[0] for part in re.split(r"^## ", document, flags=re.M)].index(title)
    ]


def rows(text: str) -> list[list[str]]:
    """The cells of each row of a table, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return cells[2:]


def test_the_page_on_the_floors_lists_those_that_there_are() -> None:
    named = {
        name
        for row in rows(section((ROOT / "docs" / "architecture.md").read_text(), FLOORS))
        for name in re.findall(r"`(\w+)/`", row[0])
    }
    assert named == {path.parent.name for path in PACKAGE.glob("*/__init__.py")}


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("**/__init__.py")), ids=str)
def test_where_a_floor_says_to_begin_there_is_something(path: Path) -> None:
    told = ast.get_docstring(ast.parse(path.read_text())) or ""
    for name in re.findall(r"(?<!`)`([\w/]+(?:\.py|\.toml|/))`", told):
        assert (path.parent / name).exists(), name


def test_every_setting_is_documented_and_the_reverse() -> None:
    documented = {
        row[0].strip("`| "): row[1].strip("` ") for row in rows(section(CONFIGURATION, "Settings"))
    }
    assert documented == {setting.key: setting.variable for setting in SETTINGS}


def test_documented_defaults_are_the_defaults() -> None:
    for row in rows(section(CONFIGURATION, "Settings")):
        default = next(s for s in SETTINGS if s.key == row[0].strip("`| ")).default()
        written = row[2].strip("`")
        if written in {"none", "your data directory"}:
            continue
        listed = json.dumps(default) if isinstance(default, tuple) else str(default)
        shown = {"True": "true", "False": "false"}.get(listed, listed).removesuffix(".0")
        assert written.strip('"') == shown, row[0]


def test_every_kind_of_source_is_documented() -> None:
    text = section(CONFIGURATION, "Sources")
    for kind in KINDS:
        assert f"`{kind}`" in text


def test_the_example_file_is_a_valid_one(tmp_path: Path) -> None:
    example = re.findall(r"```toml\n(.*?)```", CONFIGURATION, flags=re.S)[0]
    path = tmp_path / "walkaway.toml"
    path.touch(mode=0o600)
    path.write_text(example)
    assert len(read_config_file(path).sources) == 3
    settings = load_settings({}, {}, config=path)
    assert settings.submit == ("private",)
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="can be read by others"):
        read_config_file(path)


def test_every_exit_code_is_documented_and_the_reverse() -> None:
    documented = {int(row[0].strip("| ")) for row in rows(section(CONFIGURATION, "Exit codes"))}
    assert documented == {int(code) for code in ExitCode}


def test_the_table_of_methods_is_that_of_the_server() -> None:
    named = [
        name for row in rows(section(README, "Methods")) for name in re.findall(r"`(\w+)`", row[0])
    ]
    assert sorted(named) == sorted(METHODS)


def test_the_guide_says_truly_what_a_wallet_can_ask() -> None:
    table = rows(section((ROOT / "docs" / "guide.md").read_text(), "With a wallet or an app"))
    for _, asked, answer in table:
        names = set(re.findall(r"`(\w+)`", asked))
        assert names
        assert names <= set(NOT_PROVEN if answer.startswith("refused") else METHODS)


def test_the_table_of_commands_is_that_of_the_program() -> None:
    named = re.findall(r"^\| `walkaway ([\w-]+)", section(README, "Two commands"), flags=re.M)
    assert sorted(named) == sorted(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS | PARTS))
def test_every_command_has_help_with_an_example(name: str) -> None:
    command = (COMMANDS | PARTS)[name]
    assert f"Example: walkaway {name}" in (command.help or "")
    for parameter in command.params:
        assert getattr(parameter, "help", None), parameter.name


@pytest.mark.parametrize(
    "document",
    ["README.md", *(str(p.relative_to(ROOT)) for p in sorted(ROOT.glob("docs/**/*.md")))],
)
def test_links_lead_somewhere(document: str) -> None:
    path = ROOT / document
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text()):
        if "://" not in target:
            assert (path.parent / target).exists(), target
