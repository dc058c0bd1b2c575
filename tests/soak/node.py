"""The node of a soak, in a process of its own, so that its memory is its own.

``python -m tests.soak.node`` reads an `Order` as JSON from its input, prints the URL of
its endpoint, and serves until its input ends.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest.mock import patch

from walkaway.chain.chain import ChainSettings
from walkaway.cli.node import Listen, Plan, open_node
from walkaway.devnet.network import devnet_spec
from walkaway.devnet.settings import DevnetSettings
from walkaway.limits import LIMITS
from walkaway.proofs import Evidence, Proven
from walkaway.proofs._seal import seal
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.accounts import Account
from walkaway.proofs.execution.header import Header
from walkaway.proofs.proven import Claim
from walkaway.sources.defaults import ListedSource
from walkaway.sources.request import Kind

__all__ = ["Order"]


SMALL_CACHES = {
    "cached_accounts": 512,
    "cached_blocks": 16,
    "cached_fee_blocks": 32,
    "cached_headers": 128,
    "cached_log_bytes": 256 * 1024,
    "gathered_headers": 64,
    "history_headers": 64,
    "journal_blocks": 64,
    "journal_events": 128,
    "kept_finalized_roots": 16,
    "kept_headers": 64,
    "watched_transactions": 32,
}
"""Caches so small that they are full when the warm-up is over: what grows then is no cache,
but for the decoded trie nodes (`usual_node`), which grow with the devnet's young tries: 2,048
of them, 5 MiB at most.

At full size those that hold something of each block go on filling for long after: at 12
seconds a block, the headers (about 2 KiB each) for half a day, and the index of final
blocks (150 bytes for each that was asked about) up to twice `LIMITS.kept_headers`.
"""


@dataclass(frozen=True, slots=True)
class Order:
    """What the node is to follow, and how. ``checkpoint`` is hex; ages are seconds.

    ``credulous`` makes it believe whatever account a source sends: then a soak must fail.
    """

    seconds_per_slot: int
    genesis_time: int
    checkpoint: str
    sources: tuple[tuple[str, str, tuple[Kind, ...]], ...]
    state: str
    head_age_limit: float
    credulous: bool = False

    def written(self) -> bytes:
        """As `read` reads it."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def read(cls, text: str) -> Order:
        """What `written` gave."""
        return cls(**json.loads(text))


async def serve(order: Order) -> None:
    """Serve until the input ends."""
    spec = devnet_spec(DevnetSettings(seconds_per_slot=order.seconds_per_slot), order.genesis_time)
    listed = [
        ListedSource(name=name, operator=name, kinds=tuple(kinds), url=url)
        for name, url, kinds in order.sources
    ]
    state = Path(order.state)
    plan = Plan(
        chain=ChainSettings(
            checkpoint=bytes.fromhex(order.checkpoint),
            state_directory=state,
            head_age_limit=order.head_age_limit,
        ),
        listen=Listen(hosts=("127.0.0.1",), port=0),
        evidence=state / "evidence",
    )
    async with open_node(spec, listed, plan) as node:
        sys.stdout.write(json.dumps({"url": node.server.url, "engine": node.chain.calls.engine}))
        sys.stdout.write("\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


def believed(
    header: Proven[Header], address: bytes, nodes: Sequence[bytes]
) -> Proven[Account | None]:
    """Takes an account for proven as it is sent."""
    account = None
    leaf = rlp.decode(nodes[-1])
    value = rlp.decode(leaf[1]) if len(leaf) == 2 and isinstance(leaf[1], bytes) else []
    if isinstance(value, list) and len(value) == 4:
        nonce, balance, root, code_hash = (part for part in value if isinstance(part, bytes))
        account = Account(int.from_bytes(nonce), int.from_bytes(balance), root, code_hash)
    claim = Claim(
        header.claim.chain_id, header.value.hash, ("account", address), header.claim.finality
    )
    return seal(account, claim, Evidence("it was said", (), (header.because,)))


def main() -> None:
    """Serve what the first line of the input orders."""
    order = Order.read(sys.stdin.readline())
    logging.disable()
    for name, most in SMALL_CACHES.items():
        # Everyone holds this one object, and nothing of it is copied before it is used.
        object.__setattr__(LIMITS, name, most)
    with ExitStack() as stack:
        if order.credulous:
            stack.enter_context(patch("walkaway.chain.state.prove_account", believed))
        asyncio.run(serve(order))


if __name__ == "__main__":
    main()
