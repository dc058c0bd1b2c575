"""The recorded exchanges, and putting them to a chain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from walkaway.chain.chain import Chain
from walkaway.rpc.dispatch import Dispatcher

__all__ = ["Compared", "Exchange", "compare", "exchanges"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One recorded request with its response, by the file that holds it."""

    name: str
    request: dict[str, Any]
    response: dict[str, Any]

    @property
    def method(self) -> str:
        """The method that is asked; a file may ask others than its folder's."""
        return str(self.request["method"])


@dataclass(frozen=True, slots=True)
class Compared:
    """An exchange, and what came instead of the recorded answer: empty where it was the same."""

    exchange: Exchange
    difference: str


def exchanges(folder: Path) -> Iterator[Exchange]:
    """Every exchange of the suite, in the order of the files."""
    for path in sorted(folder.glob("*/*.io")):
        lines = path.read_text().splitlines()
        asked = [json.loads(line[3:]) for line in lines if line.startswith(">> ")]
        answered = [json.loads(line[3:]) for line in lines if line.startswith("<< ")]
        for request, response in zip(asked, answered, strict=True):
            yield Exchange(f"{path.parent.name}/{path.stem}", request, response)


async def compare(
    chain: Chain, folder: Path, *, without: frozenset[str] = frozenset()
) -> list[Compared]:
    """Put every exchange, but those of methods that are left out, to one dispatcher, in order.

    Results must be equal, those included that the suite itself holds to their
    form alone ("speconly"); errors must have the same code, and the same data
    where data is recorded.
    """
    dispatcher = Dispatcher(chain)
    compared: list[Compared] = []
    for exchange in exchanges(folder):
        if exchange.method in without:
            continue
        reply = await dispatcher.reply(json.dumps(exchange.request).encode())
        assert reply is not None
        got = json.loads(reply)
        is_same = _essence(got, exchange.response) == _essence(exchange.response, exchange.response)
        compared.append(Compared(exchange, "" if is_same else json.dumps(got)[:500]))
    return compared


def _essence(reply: dict[str, Any], recorded: dict[str, Any]) -> tuple[object, ...]:
    error = reply.get("error", {})
    data = error.get("data") if "data" in recorded.get("error", {}) else None
    return reply["id"], reply.get("result"), error.get("code"), data
