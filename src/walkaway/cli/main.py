"""Where the process begins and ends, with as little as can be loaded before Ctrl-C is seen to."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from walkaway.cli.exit_codes import ExitCode

__all__ = ["main"]


def main() -> None:
    """Run the command line, as ``walkaway`` does.

    While it loads, and once it has ended, Ctrl-C leaves at once: there is nothing
    to put in order then, and what it would break into tells a person nothing.
    """
    heeded = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if heeded:
        signal.signal(signal.SIGINT, _leave)
    from walkaway.cli.command_line import COMMANDS, command_line

    asked = sys.argv[1:2]
    # One command loads in a quarter of the time that all of them take, and the version in none.
    alone = asked == ["--version"] or (asked and asked[0] in COMMANDS)
    line = command_line([each for each in asked if each in COMMANDS] if alone else COMMANDS)
    try:
        if heeded:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        line()
    finally:
        if heeded:
            signal.signal(signal.SIGINT, _leave)


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(ExitCode.INTERRUPTED)
