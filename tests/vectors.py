"""Where the recorded data is: beside the repository, never in it; tests skip without it."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "shared" / "vectors"

__all__ = ["ROOT", "vectors"]


def vectors(folder: str) -> Path:
    """The folder of recorded data, or skip the test and say what is absent."""
    path = ROOT / folder
    if not path.exists():
        pytest.skip(f"recorded data is not here: ../shared/vectors/{folder}")
    return path
