"""arweave-js and arbundles: what they make is proven here, what is made here they take.

And what they take that must not be taken.
"""

from __future__ import annotations

import shutil
from base64 import b64decode, b64encode
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.interop.peers import node_package, run_client
from tests.proofs.arweave.making import (
    SIGNERS,
    Signer,
    chunk_tree,
    make_bundle,
    make_header,
    make_item,
    multi_aptos,
    sign_header,
    standard_chunks,
)
from walkaway.errors import ProofError, WalkawayError
from walkaway.proofs.arweave import base64url
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.bundle import locate
from walkaway.proofs.arweave.chunk import CHUNK_BYTES, prove_chunk
from walkaway.proofs.arweave.data_item import prove_item
from walkaway.proofs.arweave.transaction import prove_transaction
from walkaway.proofs.arweave.whole import LEAST_CHUNK_BYTES, prove_whole

pytestmark = pytest.mark.interop

SCRIPTS = Path(__file__).parent / "scripts"
PAYLOAD_SIZES = [0, 1, 1000, 300_000]
DATA_SIZES = [
    0,
    1,
    CHUNK_BYTES - 1,
    CHUNK_BYTES,
    CHUNK_BYTES + 1,
    CHUNK_BYTES + LEAST_CHUNK_BYTES - 1,
    CHUNK_BYTES + LEAST_CHUNK_BYTES,
    2 * CHUNK_BYTES,
    1_000_000,
    4 * CHUNK_BYTES,
]


async def asked(script: str, **facts: object) -> Any:
    home = await node_package(SCRIPTS / "package.json")
    shutil.copy(SCRIPTS / script, home)
    return await run_client("node", script, facts=facts, cwd=home)


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """What the libraries made, once for all tests that read it."""
    return {}


async def content(made: dict[str, Any]) -> dict[str, Any]:
    if not made:
        made |= await asked("make_content.mjs", payload_sizes=PAYLOAD_SIZES, data_sizes=DATA_SIZES)
    return made


async def test_their_items_are_proven_here(made: dict[str, Any]) -> None:
    items = (await content(made))["items"]
    assert len(items) == 11 * len(PAYLOAD_SIZES)
    assert {item["type"] for item in items} == {1, 2, 3, 4, 5, 6, 7}
    for entry in items:
        item, payload = b64decode(entry["item"]), b64decode(entry["payload"])
        name = ArweaveId.parse(entry["id"])
        value = prove_item(name, item).value
        assert item[value.payload_at :] == payload
        assert (value.target.hex(), value.anchor.hex()) == (entry["target"], entry["anchor"])
        tags = [{"name": tag.name.decode(), "value": tag.value.decode()} for tag in value.tags]
        assert tags == entry["tags"]
        for at in {0, 3, value.payload_at - 1, len(item) - 1}:
            with pytest.raises(WalkawayError):
                prove_item(name, item[:at] + bytes((item[at] ^ 8,)) + item[at + 1 :])


async def test_their_bundles_lead_to_items_inside_bundles(made: dict[str, Any]) -> None:
    nested = (await content(made))["nested"]
    names = [ArweaveId.parse(text) for text in nested["ids"]]
    bundle = b64decode(nested["bundle"])
    for depth in range(1, len(names) + 1):
        entry = locate(bundle, names[:depth])
        item = bundle[entry.start : entry.end]
        value = prove_item(names[depth - 1], item).value
        is_innermost = depth == len(names)
        assert (item[value.payload_at :] == b"in the middle") == is_innermost


async def test_their_transactions_are_proven_here(made: dict[str, Any]) -> None:
    transactions = (await content(made))["transactions"]
    assert len(transactions) == len(DATA_SIZES)
    for entry, size in zip(transactions, DATA_SIZES, strict=True):
        data = b64decode(entry["data"])
        transaction = prove_transaction(ArweaveId.parse(entry["id"]), entry["header"].encode())
        assert prove_whole(transaction, data).value == len(data) == size
        end = 0
        for part in entry["chunks"]:
            path = base64url.decode(part["path"])
            piece = data[end : part["offset"] + 1]
            value = prove_chunk(transaction, end, path, piece).value
            assert (value.start, value.data) == (end, piece)
            end = value.end
        assert end == size


async def test_what_is_made_here_they_take() -> None:
    items = [
        make_item(signer, bytes(size), target=bytes(range(32)), anchor=bytes(range(32)))
        for signer in SIGNERS.values()
        for size in PAYLOAD_SIZES
    ]
    transactions: list[dict[str, Any]] = []
    for size in DATA_SIZES:
        data = bytes(number % 251 for number in range(size))
        root, leaves = chunk_tree([*standard_chunks(data)]) if size else (b"", [])
        _, header = sign_header(make_header(root, size))
        paths = [
            {"path": b64encode(leaf.path).decode(), "offset": leaf.start}
            for leaf in leaves
            if leaf.chunk
        ]
        transactions.append(
            {"header": header.decode(), "data": b64encode(data).decode(), "paths": paths}
        )
    verdicts = await asked(
        "judge_content.mjs",
        items=[b64encode(item).decode() for _, item in items],
        bundles=[b64encode(make_bundle(items[:12])).decode()],
        transactions=transactions,
    )
    assert verdicts["items"] == [[str(name), True] for name, _ in items]
    assert verdicts["bundles"] == [[[str(name) for name, _ in items[:12]], True]]
    for verdict, size, entry in zip(
        verdicts["transactions"], DATA_SIZES, transactions, strict=True
    ):
        starts = [path["offset"] for path in entry["paths"]]
        assert verdict == [True, [list(ends) for ends in pairwise([*starts, size])], True]


async def test_what_they_take_that_has_no_one_content_is_refused_here() -> None:
    nobody = multi_aptos(2, [1, 2, 3], [])
    under_threshold = multi_aptos(2, [1, 2, 3], [1])
    small_order = Signer(2, (1).to_bytes(32, "little"), lambda _: b"\x01" + bytes(63))
    forged = [make_item(signer, b"forged") for signer in (nobody, under_threshold, small_order)]
    again = make_item(small_order, b"and once more")
    assert again[0] == forged[-1][0]
    forged.append(again)
    verdicts = await asked(
        "judge_content.mjs",
        items=[b64encode(item).decode() for _, item in forged],
        bundles=[],
        transactions=[],
    )
    assert verdicts["items"] == [[str(name), True] for name, _ in forged]
    for name, item in forged:
        with pytest.raises(ProofError, match=r"threshold|small order"):
            prove_item(name, item)
