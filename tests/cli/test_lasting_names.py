"""Which IPNS names stay remembered, whatever else is looked up."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.names.changing import NOON, OLD
from tests.names.ipns.signing import Signer
from walkaway.chain.clock import SystemClock
from walkaway.cli.config import load_settings
from walkaway.cli.names import NamesPlan, held_names, history_path, open_names
from walkaway.content.service import ContentPlan, open_content
from walkaway.errors import StoreFault
from walkaway.limits import Limits
from walkaway.names.held import HeldNames
from walkaway.names.history import PointerHistory
from walkaway.names.hold import Said
from walkaway.names.ipns.keys import Cost, KeyStore
from walkaway.names.resolution import Standing
from walkaway.proofs.ipfs.ipns_name import name_text

PINNED = "k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8"
SEEN = "k51qzi5uqu5djdczd6zw0grmo23j2vkj9uzvujencg15s5rlkq0ss4ivll8wqw"


async def test_those_with_keys_or_decisions_of_the_persons_own_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []

    class Told(HeldNames):
        def __init__(self, *given: Any, lasting: Any = None, **more: Any) -> None:
            told.append(lasting)
            super().__init__(*given, lasting=lasting, **more)

    monkeypatch.setattr("walkaway.cli.names.HeldNames", Told)
    own = KeyStore(tmp_path / "keys", cost=Cost(2, 8, 1)).create("site", "passphrase")
    content = ContentPlan(tmp_path / "store", tmp_path / "evidence", offline=True)
    async with (
        open_content(content, clock=SystemClock()) as opened,
        open_names(NamesPlan(tmp_path, offline=True), opened) as names,
    ):
        for name in (PINNED, SEEN):
            said = Said(OLD, Standing.PROVEN)
            await names.history.see(name, said, hold=0.0, now=NOON)
        await names.history.pin(PINNED, now=NOON)
        (lasting,) = told
        assert await lasting() == {PINNED, name_text(own.name)}
        (tmp_path / "keys" / "broken.key.json").write_text("damaged")
        assert await lasting() == {PINNED, name_text(own.name)}
        (tmp_path / "keys").rename(tmp_path / "other")
        (tmp_path / "keys").write_text("no folder")
        with pytest.raises(StoreFault, match="cannot be told"):
            await lasting()


@pytest.mark.parametrize("is_pinned", [True, False])
async def test_they_stay_where_a_command_looks_names_up_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_pinned: bool
) -> None:
    monkeypatch.setattr(
        "walkaway.cli.names.HeldNames", partial(HeldNames, limits=Limits(held_records=2))
    )
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    settings = replace(load_settings({}, {}), state_directory=tmp_path)
    mine, others = Signer(1), [Signer(seed) for seed in range(2, 6)]
    history = history_path(tmp_path, settings.network)
    if is_pinned:
        with closing(PointerHistory(history)) as kept:
            await kept.see(mine.text, Said(OLD, Standing.PROVEN), hold=0.0, now=NOON)
            await kept.pin(mine.text, now=NOON)
    held = held_names(settings)
    await held.put(mine.name, mine.record(lasts=1e9))
    for file in (tmp_path / "ipns").iterdir():
        os.utime(file, (0, 0))
    for signer in others:
        await held.put(signer.name, signer.record(lasts=1e9))
    assert (await held.order(mine.name) is not None) == is_pinned
    # A look makes no file of what was decided.
    assert history.exists() == is_pinned
