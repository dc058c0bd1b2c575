"""The seal holds: only `proofs/` and `evm/` make a `Proven`, and nobody changes one."""

from __future__ import annotations

import ast
import copy
import pickle
from pathlib import Path

import pytest

import walkaway
from walkaway.proofs import Claim, Evidence, Finality, Proven
from walkaway.proofs._seal import seal

SOURCE = Path(walkaway.__file__).parent
MAY_SEAL = ("proofs", "evm")
FORBIDDEN_ATTRIBUTES = {"__new__", "__setattr__", "__reduce__", "__class__"}


def breaches(text: str) -> list[str]:
    """What in this module's syntax could make or alter a `Proven` behind the seal's back."""
    found = []
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.ImportFrom(module=str(module), names=names):
                if "_seal" in module.split(".") or any(n.name in {"_seal", "seal"} for n in names):
                    found.append(f"line {node.lineno}: imports the seal")
            case ast.Import(names=names) if any("_seal" in n.name.split(".") for n in names):
                found.append(f"line {node.lineno}: imports the seal")
            case ast.Constant(value=str(value)) if "proofs._seal" in value:
                found.append(f"line {node.lineno}: names the seal in a string")
            case ast.Attribute(attr="_seal"):
                found.append(f"line {node.lineno}: reaches the seal as an attribute")
            case ast.Attribute(value=ast.Name(id="object"), attr=attr) if (
                attr in FORBIDDEN_ATTRIBUTES
            ):
                found.append(f"line {node.lineno}: object.{attr} can make a Proven")
            case ast.Attribute(value=ast.Name(id="Proven"), attr=attr) if (
                attr in FORBIDDEN_ATTRIBUTES
            ):
                found.append(f"line {node.lineno}: Proven.{attr}")
            case _:
                pass
    return found


def outside() -> list[Path]:
    return [
        path
        for path in sorted(SOURCE.rglob("*.py"))
        if path.relative_to(SOURCE).parts[0] not in MAY_SEAL
    ]


@pytest.mark.parametrize("path", outside(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_module_outside_the_trusted_base_can_seal(path: Path) -> None:
    assert breaches(path.read_text()) == []


@pytest.mark.parametrize(
    "text",
    [
        "from walkaway.proofs._seal import seal",
        "from walkaway.proofs import _seal",
        "import walkaway.proofs._seal as s",
        "import walkaway; walkaway.proofs._seal.seal(1, 2, 3)",
        "importlib.import_module('walkaway.proofs._seal')",
        "object.__new__(Proven)",
        "Proven.__new__(Proven)",
        "object.__setattr__(proven, 'value', 2)",
    ],
)
def test_each_way_around_the_seal_is_seen(text: str) -> None:
    assert breaches(text) != []


def sample() -> Proven[int]:
    claim = Claim(1, b"\1" * 32, ("header",), Finality.GIVEN)
    return seal(7, claim, Evidence("given block hash"))


def test_a_proven_has_no_constructor_and_does_not_change() -> None:
    with pytest.raises(TypeError):
        Proven()
    proven = sample()
    assert proven.value == 7
    assert repr(proven) == "Proven(7, 'header')"
    with pytest.raises(TypeError):
        proven.value = 8
    with pytest.raises(TypeError):
        del proven.value


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_proven_is_neither_copied_nor_serialised(duplicate: object) -> None:
    assert callable(duplicate)
    with pytest.raises(TypeError):
        duplicate(sample())


def test_anchors_are_listed_once_even_where_steps_are_shared() -> None:
    anchor = Evidence("checkpoint")
    left, right = (Evidence(name, because=(anchor,)) for name in ("left", "right"))
    assert list(Evidence("both", because=(left, right)).anchors()) == [anchor]
