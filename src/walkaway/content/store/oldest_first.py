"""Room in a folder of files that can be had again: those not read for longest go."""

from __future__ import annotations

from pathlib import Path

__all__ = ["let_oldest_go"]


def let_oldest_go(folder: Path, most: int) -> int:
    """Remove files, the one that was touched longest ago first, until at most ``most`` bytes
    are there; how many are. Raises `OSError`.
    """
    stats = [(path, path.stat()) for path in folder.iterdir()]
    held = sum(stat.st_size for _, stat in stats)
    for path, stat in sorted(stats, key=lambda entry: entry[1].st_mtime_ns):
        if held <= most:
            break
        path.unlink(missing_ok=True)
        held -= stat.st_size
    return held
