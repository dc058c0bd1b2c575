"""What a call will look at, as a hint, which saves rounds.

What it looked at before, on another block, is most of it. Where it was not made before, a
source's access list says it.

That is believed in nothing, and may cost little: of one list only the first few
accounts and slots are proven, of one block's state only a share is proven on
hints' word, few lists are proven at a time, and a call waits for all of it no
longer than `LIMITS.call_hint_seconds`. A source whose list named mostly what
the call then did not look at is not asked for lists again for a time.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from walkaway.errors import ProofError, SourceLacks
from walkaway.evm.engine import Call, Outcome
from walkaway.limits import LIMITS
from walkaway.proofs.execution.fields import hex_bytes, json_list, json_object
from walkaway.proofs.execution.header import Header
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, RpcRequest

__all__ = ["Hint", "Hints", "Recalled"]

METHOD = "eth_createAccessList"
_WORD_BYTES = 32
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


class Recalled:
    """What calls that were made looked at, by the calls: those that were made last."""

    def __init__(self) -> None:
        self._looked_at: OrderedDict[Call, Mapping[bytes, frozenset[bytes]]] = OrderedDict()

    def looked_at(self, call: Call) -> Mapping[bytes, frozenset[bytes]]:
        """The accounts, and of each the keys, that the same call looked at; empty if none did."""
        if call in self._looked_at:
            self._looked_at.move_to_end(call)
        return self._looked_at.get(call, {})

    def note(self, call: Call, outcome: Outcome) -> None:
        """Remember a call's run, unless it looked at very much, or the call itself is long."""
        pieces = len(outcome.touched_accounts) + len(outcome.touched_slots)
        if not call.data or pieces + len(call.data) // _WORD_BYTES > LIMITS.recalled_pieces:
            return
        keys: dict[bytes, set[bytes]] = {address: set() for address in outcome.touched_accounts}
        for address, key in outcome.touched_slots:
            keys.setdefault(address, set()).add(key)
        self._looked_at[call] = {address: frozenset(each) for address, each in keys.items()}
        self._looked_at.move_to_end(call)
        while len(self._looked_at) > LIMITS.recalled_calls:
            self._looked_at.popitem(last=False)


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
