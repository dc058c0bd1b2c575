"""Run one benchmark by name, or all: print each figure, record it, and update the document."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from bench.report import record

__all__ = ["main"]

NOT_BENCHMARKS = {
    "__init__",
    "__main__",
    "arweave_file",
    "busy_block",
    "cold_content",
    "data_items",
    "dns_lookups",
    "drain",
    "ens_lookups",
    "far_away",
    "figures",
    "import_speed",
    "json_rpc",
    "load",
    "multicall",
    "recordings",
    "report",
    "shaped_link",
    "state_proofs",
    "warm_files",
    "web_load",
    "without_access_lists",
}


def benchmarks() -> list[str]:
    """The names of the modules here that measure something."""
    found = {path.stem for path in Path(__file__).parent.glob("*.py")}
    return sorted(found - NOT_BENCHMARKS)


def main(names: list[str]) -> int:
    """Run the benchmarks named, or all; 2 where a name is unknown."""
    unknown = set(names) - set(benchmarks())
    if unknown:
        print(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(benchmarks())}")
        return 2
    for name in names or benchmarks():
        results = record(name, import_module(f"bench.{name}").figures())
        print(f"{name} ({results['machine']})")
        for figure in results["figures"]:
            print(
                f"  {figure['name']:<32} {figure['value']:>10g} {figure['unit']:<10}"
                f" {figure['peer']}: {figure['peer_value']:g} {figure['unit']}"
                f" (ratio {figure['ratio']:g})"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
