"""The points of the KZG ceremony: those that were published, or none."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from walkaway.anchors import kzg_setup as module
from walkaway.anchors.kzg_setup import kzg_ceremony, kzg_setup
from walkaway.errors import ConfigError


def test_the_points_are_those_of_the_ceremony() -> None:
    setup = kzg_setup()
    assert setup.ceremony is kzg_ceremony()
    assert "2023" in setup.ceremony.name
    assert len(setup.ceremony.digest) == 32
    assert kzg_setup() is setup


@pytest.mark.parametrize("there", [True, False])
def test_other_points_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    anchors = resources.files("walkaway.anchors")
    if there:
        (tmp_path / "kzg_trusted_setup.txt").write_text("4096\n65\n")

    def files(package: str) -> object:
        return anchors if package == "walkaway.anchors" else tmp_path

    monkeypatch.setattr(module, "files", files)
    with pytest.raises(ConfigError, match="are not installed as they were published"):
        kzg_setup.__wrapped__()
