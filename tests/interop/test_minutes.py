"""Each folder says how long it takes, and all of them together fit into an hour."""

from __future__ import annotations

import importlib
from pathlib import Path

HERE = Path(__file__).parent
FOLDERS = sorted(path.name for path in HERE.iterdir() if (path / "__init__.py").exists())


def test_the_minutes_fit_into_an_hour() -> None:
    assert FOLDERS
    minutes = [importlib.import_module(f"tests.interop.{name}").MINUTES for name in FOLDERS]
    assert all(isinstance(count, int) and count > 0 for count in minutes)
    assert sum(minutes) <= 60
