"""Whether a symbolic link stays in the tree that it is in."""

from __future__ import annotations

__all__ = ["leads_out"]


def leads_out(target: bytes, depth: int) -> bool:
    """Whether a link to a path leads out, standing below so many folders of its tree.

    The tree's own root counts, so that a link that is all there is stands below
    none, and has nowhere to lead. A target stays inside where it goes up at its
    beginning, not above the top, and never again: what a further link leads to
    need not lie where its name does.
    """
    steps = [step for step in target.split(b"/") if step not in (b"", b".")]
    up = 0
    while up < len(steps) and steps[up] == b"..":
        up += 1
    no_path = not target or b"\0" in target
    return no_path or target.startswith(b"/") or up >= depth or b".." in steps[up:]
