"""The page on the conformance suite, made from a run: ``python -m tests.conformance.page``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from tests.conformance.departures import DEPARTURES
from tests.conformance.exchanges import Compared, compare
from tests.conformance.node import conformance_network
from tests.vectors import ROOT
from walkaway.rpc.methods import METHODS
from walkaway.rpc.methods.not_proven import REASONS

__all__ = ["conformance_page"]

_HEAD = """\
# The execution API's conformance suite

<!-- Made by `python -m tests.conformance.page` from a run; a test holds it against one. -->

The suite of [ethereum/execution-apis](https://github.com/ethereum/execution-apis) records
what go-ethereum answered on a chain of 54 blocks that crosses every fork from Homestead to
the second blob-parameter fork. Here the chain is run again with the executable
specification, signed by a beacon chain of the devnet's, and offered by plain sources;
walkaway follows it from a checkpoint, as it follows any network, and is asked everything
that the suite asks. An answer passes where it equals the recorded one: the result, those
included that the suite itself holds to their form alone; of an error the code, and its data
where there is some. Both engines give the same.

"""

_DEPARTURES = """
## What is answered otherwise

"""

_REFUSED = """
## What does not apply

These are refused with the error -32004 and this reason, and never forwarded.

"""


def conformance_page(compared: Sequence[Compared]) -> str:
    """The page in Markdown."""
    methods = sorted({item.exchange.method for item in compared})
    served = [method for method in methods if method in METHODS]
    answered = [(f"`{method}`", *_score(compared, method)) for method in served]
    answered.append(("together", *_score(compared, *served)))
    refused = []
    for reason, names in REASONS.items():
        if concerned := [name for name in names if name in methods]:
            named = ", ".join(f"`{name}`" for name in concerned)
            refused.append((named, _count(compared, *concerned), reason))
    return "".join(
        [
            _HEAD,
            _table(("method", "exchanges", "passed"), answered),
            _DEPARTURES,
            _table(("exchange", "why"), [(f"`{name}`", why) for name, why in DEPARTURES.items()]),
            _REFUSED,
            _table(("methods", "exchanges", "why"), refused),
        ]
    )


def _score(compared: Sequence[Compared], *methods: str) -> tuple[str, str]:
    passed = [item for item in compared if not item.difference]
    return _count(compared, *methods), _count(passed, *methods)


def _count(compared: Sequence[Compared], *methods: str) -> str:
    return str(sum(item.exchange.method in methods for item in compared))


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


async def _run() -> list[Compared]:
    folder = ROOT / "rpc-conformance"
    async with conformance_network(folder).following() as chain:
        return await compare(chain, folder)


if __name__ == "__main__":
    sys.stdout.write(conformance_page(asyncio.run(_run())))
