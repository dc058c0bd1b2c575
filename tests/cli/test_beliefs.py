"""The page of what is believed is complete, true and one page long."""

from __future__ import annotations

import ast
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

import walkaway.evm
import walkaway.proofs
from walkaway.anchors.dns_root import dns_root_anchors
from walkaway.anchors.kzg_setup import kzg_ceremony
from walkaway.anchors.load import chain_spec
from walkaway.chain.kept import Kept
from walkaway.cli.beliefs import ENGINES, LIBRARIES, beliefs
from walkaway.cli.config import Settings, load_settings
from walkaway.cli.terminal import Terminal
from walkaway.cli.trust import trust_page
from walkaway.sources.defaults import ListedSource, default_networks

NOW = 1_764_000_000.0
ROOT = bytes(range(32))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return load_settings({}, {})


def told(settings: Settings, kept: Kept | None = None) -> dict[str, str]:
    believed = beliefs(settings, chain_spec(settings.network), kept, NOW)
    return {belief.subject: " ".join(belief.facts) for belief in believed}


def test_every_library_that_proofs_import_is_named() -> None:
    # The kernel is named as an engine, where it is installed.
    assert foreign_to(walkaway.proofs) == {*LIBRARIES, "walkaway_native"}


def test_every_engine_is_named() -> None:
    # The specification's own types come with it.
    assert foreign_to(walkaway.evm) - {"ethereum_types"} == set(ENGINES)


@pytest.mark.parametrize(("there", "named"), [(True, "revm"), (False, "specification")])
def test_the_engine_that_runs_calls_is_named(
    there: bool, named: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("walkaway.evm.native.available", lambda: there)
    monkeypatch.setattr("walkaway.cli.beliefs.version", lambda _: "1.2.3")
    assert "1.2.3" in told(settings)["engine"]
    assert named in told(settings)["engine"]


def test_the_keys_of_the_dns_root_are_named(settings: Settings) -> None:
    for key in dns_root_anchors().keys:
        assert f"{key.name} ({key.key_tag})" in told(settings)["DNS root"]


def test_the_ceremony_under_blobs_is_named(settings: Settings) -> None:
    assert kzg_ceremony().name in told(settings)["KZG setup"]


def foreign_to(floor: ModuleType) -> set[str]:
    """The top names of others' code that a floor imports, in whatever way it does."""
    imported: set[str] = set()
    for path in Path(str(floor.__file__)).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.partition(".")[0])
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
                named = (
                    ast.literal_eval(node.args[0]) if isinstance(node.args[0], ast.Constant) else ""
                )
                imported.add(named.partition(".")[0])
    return imported - sys.stdlib_module_names - {"walkaway", ""}


def test_without_a_checkpoint_the_operators_are_named(settings: Settings) -> None:
    page = told(settings)["checkpoint"]
    for source in settings.sources:
        assert (source.operator in page) == ("checkpoint" in source.kinds)


def test_a_given_checkpoint_comes_before_a_kept_one(settings: Settings) -> None:
    kept = Kept(chain_id=1, store=b"", head_slot=0, checkpoint=bytes(32))
    given = replace(
        settings, checkpoint=ROOT, came_from={**settings.came_from, "checkpoint": "--checkpoint"}
    )
    assert "given (--checkpoint)" in told(given, kept)["checkpoint"]
    assert f"0x{ROOT.hex()}" in told(given, kept)["checkpoint"]
    assert "kept by an earlier run" in told(settings, kept)["checkpoint"]


def test_who_is_given_transactions(settings: Settings) -> None:
    page = told(settings)["submit"]
    assert all(name in page for name in settings.submit)
    assert "only your own" not in page
    own = ListedSource("mine", "me", ("submit",), "https://mine.example")
    private = replace(settings, sources=(own,), private_submit=True)
    assert "only your own: mine" in told(private)["submit"]
    assert "refused" in told(replace(settings, sources=()))["submit"]


def test_whose_word_mirrors_are(settings: Settings) -> None:
    assert "mirrors" not in told(settings)
    pairs = (("/ipfs/a", "/ar/b"), ("/ipfs/a", "/ar/c"))
    assert "of 1 release;" in told(replace(settings, mirrors=pairs))["mirrors"]
    more = (*pairs, ("/ipfs/b", "/ar/b"))
    assert "of 2 releases;" in told(replace(settings, mirrors=more))["mirrors"]


@pytest.mark.parametrize("network", default_networks())
@pytest.mark.parametrize("width", [40, 80, 120])
def test_it_is_one_page_and_fits(
    network: str, width: int, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings({"network": network}, {})
    believed = beliefs(settings, chain_spec(network), None, NOW)
    Terminal(width=width).person.print(trust_page(network, believed, width=width))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    if width >= 80:
        assert len(lines) <= 45
    joined = "".join("".join(lines).split())
    spec = chain_spec(network)
    assert spec.genesis_validators_root.hex() in joined
    for fork in spec.forks:
        assert f"{fork.name.label}{fork.epoch}" in joined
    for limit in spec.blob_schedule:
        assert f"{limit.max_blobs}from{limit.epoch}" in joined
