"""Deep JSON from a source is refused, and ends no process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from walkaway.errors import SourceFault
from walkaway.sources.json_text import parse_json


def test_a_string_cannot_hide_depth_in_another_encoding() -> None:
    hiding = ('["\u0122",' + "[" * 200_000).encode("utf-16")
    with pytest.raises(SourceFault):
        parse_json(hiding, depth=32)


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":', '["\\\\\\"",'])
def test_depth_does_not_end_a_process_that_holds_the_specification(opening: str) -> None:
    """py_ecc, which EELS imports, raises the recursion limit beyond what the stack of C bears."""
    program = (
        "import sys, py_ecc\n"
        "from walkaway.errors import SourceFault\n"
        "from walkaway.sources.json_text import parse_json\n"
        "try:\n"
        f"    parse_json({opening!r}.encode() * 300_000, depth=32)\n"
        "except SourceFault:\n"
        "    sys.exit(7)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert ended.returncode == 7, ended.stderr
