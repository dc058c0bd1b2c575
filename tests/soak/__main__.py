"""``python -m tests.soak --seconds 600 --seed 1``: exits with 1 where something was wrong."""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys

from tests.soak.run import ANSWERED_AT_LEAST, BLOCKS_A_MINUTE, Report, soak


def printed(report: Report) -> str:
    """The report, in lines."""
    record, memory = report.record, report.memory
    refused = ", ".join(f"{count} {why}" for why, count in record.refused.most_common())
    told = ", ".join(f"{count} {what}" for what, count in record.told.most_common())
    lies = ", ".join(f"{name} {count}" for name, count in report.lies.items() if count)
    share = "too little asked" if record.calm_share is None else f"{record.calm_share:.1%}"
    lines = [
        f"soak: seed {report.seed}, {report.seconds:g} s, engine {report.engine}",
        f"chain: {report.blocks} blocks, {report.reorgs} reorgs, {report.periods} periods",
        f"questions: {record.asked}",
        f"answered: {record.answered}, and {record.words} times somebody's word",
        f"refused: {record.refused.total()} ({refused or 'none'})",
        f"answered while a source was honest: {share} (at least {ANSWERED_AT_LEAST:.0%})",
        f"told unasked: {told}",
        f"lies caught: {sum(report.lies.values())} ({lies or 'none'})",
        f"wrong answers: {record.wrong}",
    ]
    if memory.is_measured:
        lines.append(
            f"memory of the node: {memory.first:.1f} MiB after the warm-up, {memory.last:.1f} MiB "
            f"at the end, {memory.growth:+.2f} MiB a minute (at most {memory.growth_allowed:+.2f})"
        )
        a_block = memory.growth * 1024 / BLOCKS_A_MINUTE
        lines.append(
            f"  or {a_block:+.1f} KiB a block, none of it the header index: that and the caches "
            "are full within three minutes, but for 2,048 trie nodes that grow with the tries"
        )
    lines += [f"  wrong: {wrong}" for wrong in record.wrong_ones]
    lines += [f"FAILED: {failure}" for failure in report.failures]
    return "\n".join(lines)


def _say(text: str) -> None:
    """At once, also where the output is no terminal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run, print, and say by the exit code whether it held."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument(
        "--seed",
        type=int,
        default=random.randrange(10**6),
        help="repeats the dice, not the timing (see tests/soak/__init__.py)",
    )
    parser.add_argument("--credulous", action="store_true", help="see it fail")
    asked = parser.parse_args()
    _say(f"soaking for {asked.seconds:g} s with seed {asked.seed}")
    # The devnet's sources are cut off all the time, and its web server tells of each.
    logging.disable()
    report = asyncio.run(soak(asked.seconds, asked.seed, credulous=asked.credulous, tell=_say))
    _say(printed(report))
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
