"""What the devnet deploys is what the compiler makes of the sources in ``contracts/``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.interop.peers import node_package, run_client

pytestmark = pytest.mark.interop

ROOT = Path(__file__).parents[3]
PACKAGE = Path(__file__).parent / "scripts" / "solc.package.json"
COMPILED = Path("src/walkaway/devnet/execution")
RUN = "await import(process.argv[1]); console.log('null'); process.exit(0)"


async def test_the_compiled_contracts_are_those_of_the_sources(tmp_path: Path) -> None:
    home = await node_package(PACKAGE)
    contracts = tmp_path / "contracts"
    shutil.copytree(ROOT / "contracts", contracts)
    (contracts / "node_modules").symlink_to(home / "node_modules")
    (tmp_path / COMPILED).mkdir(parents=True)
    script = str(contracts / "compile.mjs")
    await run_client("node", "--input-type=module", "-e", RUN, script, facts={})
    made = sorted(path.name for path in (tmp_path / COMPILED).iterdir())
    assert made == sorted(path.name for path in (ROOT / COMPILED).glob("*contracts.json"))
    for name in made:
        compiled = json.loads((tmp_path / COMPILED / name).read_text())
        assert compiled == json.loads((ROOT / COMPILED / name).read_text()), name
