"""ENSIP-15, against the reference of its author: all emoji, and names drawn from every script.

Neither library ships a suite of cases, so the names are drawn, the same ones for the same seed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.interop.peers import node_package, run_client
from walkaway.errors import InvalidRequest
from walkaway.names.ens.normalize import beautified, normalize

pytestmark = pytest.mark.interop

SCRIPTS = Path(__file__).parent / "scripts"
SCRIPT = "normalized_names.mjs"
DRAWN = 30_000
ACCEPTED_AT_LEAST = 5_000


def ours(name: str) -> tuple[str | None, str | None]:
    """The one form of a name and how it is shown; neither where it is none."""
    try:
        normal = normalize(name)
    except InvalidRequest:
        return None, None
    return str(normal), beautified(normal)


@pytest.mark.parametrize("seed", [7, 15])
async def test_names_have_the_form_that_the_reference_gives_them(seed: int) -> None:
    home = await node_package(SCRIPTS / "normalization.package.json")
    shutil.copy(SCRIPTS / SCRIPT, home)
    facts = {"count": DRAWN, "seed": seed}
    rows = await run_client("node", SCRIPT, facts=facts, cwd=home)
    assert len(rows) > DRAWN
    assert sum(normal is not None for _, normal, _ in rows) > ACCEPTED_AT_LEAST
    for name, normal, shown in rows:
        assert ours(name) == (normal, shown), ascii(name)
