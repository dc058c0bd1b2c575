"""Paths of what is exported: inside their root, whatever the names in a directory say."""

from __future__ import annotations

from walkaway.errors import ProofError, TooMuch
from walkaway.limits import LIMITS

__all__ = ["held_short", "path_inside"]

# The gateway conformance suite looks for these words, slip of the pen included.
_OUTSIDE = "relative UnixFS paths outside the root are now allowed"


def path_inside(parent: str, name: str) -> str:
    """The path of an entry, of which the first component is the root and never left.

    A name that is itself a path is followed, ``..`` included, as long as it
    stays below the root. Raises `ProofError` where it does not, or can be no
    path; `TooMuch` for one over ``LIMITS.content_path_bytes``.
    """
    if "\0" in name:
        raise ProofError("a name in a directory holds a zero byte", got=repr(name[:100]))
    # A parent may have thousands of components, and thousands of entries: it is not taken apart.
    left = len(parent)
    steps = list[str]()
    for step in name.split("/"):
        if step == ".." and steps:
            steps.pop()
        elif step == "..":
            left = parent.rfind("/", 0, left)
            if left < 0:
                raise ProofError(
                    f'a name leads out of its root ("{_OUTSIDE}")', got=repr(name[:100])
                )
        elif step not in ("", "."):
            steps.append(step)
    path = "/".join([parent[:left], *steps])
    if "/" not in path or path == parent:
        raise ProofError("a name is that of its own directory", got=repr(name[:100]))
    return held_short(path)


def held_short(path: str) -> str:
    """The path itself; raises `TooMuch` for one over ``LIMITS.content_path_bytes``."""
    if len(path.encode()) > LIMITS.content_path_bytes:
        raise TooMuch(
            f"a path is over {LIMITS.content_path_bytes} bytes",
            advice="ask for an archive of blocks (CAR), which has no paths",
        )
    return path
