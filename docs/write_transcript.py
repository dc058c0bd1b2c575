"""Writes the README's transcript from a run of the demo: `make docs`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
BEGIN = "<!-- transcript: written by `make docs` from a run of `walkaway demo --once` -->"
END = "<!-- end of transcript -->"


def main() -> None:
    """Run the demo and put what it says between the two marks."""
    ran = subprocess.run(
        [sys.executable, "-c", "from walkaway.cli.main import main; main()", "demo", "--once"],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "80", "NO_COLOR": "1"},
    )
    said = "\n".join(line.rstrip() for line in ran.stdout.strip().splitlines())
    before, _, rest = README.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    block = f"```\n$ walkaway demo --once\n{said}\n```"
    README.write_text(f"{before}{BEGIN}\n{block}\n{END}{after}")


if __name__ == "__main__":
    main()
