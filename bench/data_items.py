"""Data items of Arweave, proven from their bytes, beside arbundles, which verifies them."""

from __future__ import annotations

import shutil
from base64 import b64encode
from functools import partial
from pathlib import Path

from bench.figures import Figure, cpu_ms
from tests.interop.peers import node_package, run_client
from tests.proofs.arweave.making import SIGNERS, make_item
from walkaway.proofs.arweave.data_item import prove_item

__all__ = ["data_item_figures"]

HOUSE = Path(__file__).parents[1]
ARBUNDLES = HOUSE / "tests" / "interop" / "arweave" / "scripts" / "package.json"
SCRIPT = Path(__file__).parent / "scripts" / "arbundles_items.mjs"
SIZES = {"1 KB": 1000, "10 MB": 10_000_000}
KINDS = {"arweave": "RSA", "ed25519": "Ed25519", "ethereum": "Ethereum"}
ROUNDS = 30


async def data_item_figures() -> list[Figure]:
    """CPU time for one item of each size, by the usual kinds of signature."""
    made = {
        f"data item of {size}, {kind}": make_item(SIGNERS[signer], bytes(count))
        for size, count in SIZES.items()
        for signer, kind in KINDS.items()
    }
    home = await node_package(ARBUNDLES)
    script = str(shutil.copy(SCRIPT, home))
    items = [b64encode(item).decode() for _, item in made.values()]
    facts = {"items": items, "rounds": ROUNDS}
    theirs = (await run_client("node", script, facts=facts, cwd=home))["microseconds"]
    return [
        Figure(name, cpu_ms(partial(prove_item, *item), rounds=ROUNDS), "ms", "arbundles", us / 1e3)
        for (name, item), us in zip(made.items(), theirs, strict=True)
    ]
