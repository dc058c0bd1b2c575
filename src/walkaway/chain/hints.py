"""What a source's access list says that a call will look at: a hint, which saves rounds.

It is believed in nothing, and may cost little: of one list only the first few
accounts and slots are proven, of one block's state only a share is proven on
hints' word, few lists are proven at a time, and a call waits for all of it no
longer than `LIMITS.call_hint_seconds`. A source whose list named mostly what
the call then did not look at is not asked for lists again for a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from walkaway.errors import ProofError, SourceLacks
from walkaway.evm.engine import Call, Outcome
from walkaway.limits import LIMITS
from walkaway.proofs.execution.fields import hex_bytes, json_list, json_object
from walkaway.proofs.execution.header import Header
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, RpcRequest

__all__ = ["Hint", "Hints"]

METHOD = "eth_createAccessList"
FORGIVEN = 8
"""So many pieces that nobody needed say nothing about a source."""


@dataclass(frozen=True, slots=True)
class Hint:
    """What a source says that a call will look at: addresses of 20 bytes, of each some keys."""

    source: str
    keys: Mapping[bytes, frozenset[bytes]]

    @property
    def pieces(self) -> int:
        """How many accounts and slots it names."""
        return len(self.keys) + sum(map(len, self.keys.values()))

    def was_useful(self, outcome: Outcome) -> bool:
        """Whether a run looked at most of what it names."""
        slots = {(address, key) for address, keys in self.keys.items() for key in keys}
        used = len(self.keys.keys() & outcome.touched_accounts) + len(slots & outcome.touched_slots)
        return self.pieces - used <= max(used, FORGIVEN)


class Hints:
    """Asks the pool for hints, and remembers who misled. ``places`` bounds the calls that
    follow hints at a time."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.places = asyncio.Semaphore(LIMITS.hints_at_once)

    async def ask(self, call: Call, header: Header) -> Hint:
        """A hint, cut to what may be proven. Raises `Unproven` where nobody gives one."""
        return await self._pool.first_proven(_question(call, header), _hint)

    def judge(self, hint: Hint, outcome: Outcome) -> None:
        """Hold a hint against the run that it was for."""
        if not hint.was_useful(outcome):
            self._pool.misled(hint.source, RpcRequest(METHOD))


def _question(call: Call, header: Header) -> RpcRequest:
    members = {
        "from": "0x" + call.sender.hex(),
        "to": None if call.to is None else "0x" + call.to.hex(),
        "value": hex(call.value),
        "data": "0x" + call.data.hex(),
    }
    return RpcRequest(METHOD, (members, hex(header.number)))


def _hint(answer: Answer) -> Hint:
    """The accounts and keys that a source's access list names. Raises `SourceLacks`."""
    keys: dict[bytes, frozenset[bytes]] = {}
    slots_left = LIMITS.hinted_slots
    try:
        listed = json_list(json_object(answer.body, "answer").get("accessList"), "list", 512)
        for item in listed[: LIMITS.hinted_accounts]:
            entry = json_object(item, "entry")
            address = hex_bytes(entry.get("address"), "address", limit=20)
            named = json_list(entry.get("storageKeys"), "keys", LIMITS.call_hints)[:slots_left]
            slots_left -= len(named)
            keys[address.rjust(20, b"\0")] = frozenset(
                hex_bytes(key, "key", limit=32).rjust(32, b"\0") for key in named
            )
    except ProofError as error:
        raise SourceLacks("its access list cannot be read") from error
    return Hint(answer.source, keys)
