"""What arweave-js and arbundles make is opened here, from a gateway that serves it."""

from __future__ import annotations

from base64 import b64decode
from itertools import pairwise
from pathlib import Path

import pytest

from tests.content.arweave.stand import add_transaction, bytes_of, standing
from tests.interop.arweave.test_arweave import asked
from tests.proofs.arweave.making import make_bundle
from walkaway.devnet.content.arweave import ArweaveSource
from walkaway.devnet.content.weave import PathedChunk, Weave
from walkaway.proofs.arweave import base64url
from walkaway.proofs.arweave.arweave_id import ArweaveId

pytestmark = pytest.mark.interop

PAYLOAD_SIZES = [0, 1000, 300_000]
DATA_SIZES = [0, 1, 300_000, 1_000_000, 4 * 262_144]


@pytest.mark.parametrize("says_places", [True, False])
async def test_what_they_make_is_opened_here(tmp_path: Path, says_places: bool) -> None:
    made = await asked("make_content.mjs", payload_sizes=PAYLOAD_SIZES, data_sizes=DATA_SIZES)
    weave, expected = Weave(), dict[str, bytes]()
    for entry in made["transactions"]:
        data = b64decode(entry["data"])
        begins = [0, *(part["offset"] + 1 for part in entry["chunks"])]
        paths = [base64url.decode(part["path"]) for part in entry["chunks"]]
        spans = zip(pairwise(begins), paths, strict=True)
        chunks = [PathedChunk(start, end, path) for (start, end), path in spans if start < end]
        weave.add(entry["id"], entry["header"].encode(), data, chunks)
        expected[entry["id"]] = data
    items = [(ArweaveId.parse(entry["id"]), b64decode(entry["item"])) for entry in made["items"]]
    weave.add_bundle(add_transaction(weave, make_bundle(items), "application/octet-stream"))
    expected |= {entry["id"]: b64decode(entry["payload"]) for entry in made["items"]}
    source = ArweaveSource(weave, says_places=says_places)
    async with standing(tmp_path, [source]) as stand:
        for name, content in expected.items():
            assert await bytes_of(await stand.open(name)) == content, name
