"""What ids name: items large and small, transactions of both formats, trees of every shape."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from tests.content.arweave.stand import (
    add_items,
    add_transaction,
    bytes_of,
    item_of,
    pattern,
    pointer,
    standing,
)
from tests.proofs.arweave.making import (
    RSA_OWNER,
    SIGNERS,
    Element,
    chunk_tree,
    make_bundle,
    make_header,
    make_item,
    rsa_sign,
    sign_header,
)
from walkaway.content.arweave.content import ArweaveContent
from walkaway.content.budget import AheadRoom, Budget
from walkaway.content.suppliers import Supplied
from walkaway.devnet.content.arweave import ArweaveSource
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.content.weave import PathedChunk, StandingItem, Weave
from walkaway.errors import StoreFault, TooMuch, Unproven
from walkaway.limits import LIMITS
from walkaway.proofs.arweave import base64url
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.chunk import CHUNK_BYTES
from walkaway.proofs.arweave.tags import Tag
from walkaway.sources.standing import SourceState

QUICK = replace(
    LIMITS, request_seconds=0.5, block_seconds=0.5, content_seconds=5.0, hedge_first_seconds=0.1
)
LARGE = 5_000_000


def of_format_1(data: bytes) -> tuple[str, bytes]:
    """A transaction of format 1 and its header, as gateways give it: without the data."""
    signature = rsa_sign(RSA_OWNER + data + b"0" + b"777" + bytes(32))
    header = {
        "format": 1,
        "owner": base64url.encode(RSA_OWNER),
        "target": "",
        "quantity": "0",
        "reward": "777",
        "last_tx": base64url.encode(bytes(32)),
        "tags": [],
        "signature": base64url.encode(signature),
    }
    return str(ArweaveId.of_signature(signature)), json.dumps(header).encode()


async def test_a_large_item_is_read_out_of_its_transaction(tmp_path: Path) -> None:
    weave, payload = Weave(), pattern(LARGE)
    name, item = item_of(payload, "video/mp4")
    add_items(weave, item_of(b"before"), (name, item), item_of(b"behind"))
    source = ArweaveSource(weave)
    async with standing(tmp_path, [source]) as stand:
        file = await stand.open(str(name))
        asked = len(source.asked)
        assert (file.size, file.media_type) == (LARGE, "video/mp4")
        assert await bytes_of(file) == payload
        assert await bytes_of(file, 1_000_000, 2_000_001) == payload[1_000_000:2_000_001]
        assert len(source.asked) == asked, "it was proven before, and is held"
    held = [path for path in (tmp_path / "arweave").iterdir() if path.is_file()]
    assert held == [], "its file has no name"


async def test_of_a_large_item_no_byte_is_given_before_all_are_proven(tmp_path: Path) -> None:
    """The root transaction's chunks are what somebody put under the id, but no item of it."""
    name, item = item_of(pattern(LARGE))
    forged = item[:-1] + bytes((item[-1] ^ 1,))
    weave = Weave()
    add_items(weave, (name, forged))
    async with standing(tmp_path, [ArweaveSource(weave)]) as stand:
        with pytest.raises(Unproven, match="not to be had from byte"):
            await stand.open(str(name))


async def test_a_wrong_place_costs_one_chunk_and_another_source_is_asked(tmp_path: Path) -> None:
    name, item = item_of(pattern(LARGE))
    right, wrong = Weave(), Weave()
    other, before = item_of(b"another stands there")
    add_items(right, (other, before), (name, item))
    wrong.transactions |= right.transactions
    start = right.items[str(other)].start
    wrong.items[str(name)] = replace(right.items[str(name)], start=start)
    mistaken = ArweaveSource(wrong)
    # With this pool's seed the second one is asked first.
    async with standing(tmp_path, [ArweaveSource(right), mistaken]) as stand:
        assert await bytes_of(await stand.open(str(name))) == pattern(LARGE)
        errors = {status.name: status.errors for status in stand.pool.status()}
        told = stand.suppliers.of(str(name))
    assert told is not None
    assert ("gateway-0" in told.given_by, told.lied) == (True, ("gateway-1",))
    assert f"/raw/{name}" in mistaken.asked
    assert errors == {"gateway-0": 0, "gateway-1": 1}


async def test_a_transaction_of_format_1_comes_whole(tmp_path: Path) -> None:
    weave, data = Weave(), b"<h1>of an early year</h1>"
    name, header = of_format_1(data)
    weave.add(name, header, data)
    async with standing(tmp_path, [ArweaveSource(weave)]) as stand:
        with pytest.raises(Unproven) as refused:
            await stand.open(name)
    assert "signs its fields run together" in str(refused.value.reasons)


async def test_a_transaction_without_data(tmp_path: Path) -> None:
    weave = Weave()
    name, header = sign_header(make_header(b"", 0))
    weave.add(str(name), header, b"")
    async with standing(tmp_path, [ArweaveSource(weave)]) as stand:
        file = await stand.open(str(name))
        assert (file.size, await bytes_of(file)) == (0, b"")


def part(number: int, size: int) -> bytes:
    return bytes((number,)) * size


PLAIN: Sequence[Element] = [part(n, 1000 + n) for n in range(9)]
UNTOLD: Sequence[Element] = [part(0, 100), [part(n, 100) for n in range(1, 4)]]
"""A rebased subtree that is longer than what stands before it."""
NESTED: Sequence[Element] = [part(0, 300_000 // 2), list(PLAIN), [part(10, 9000), list(PLAIN)]]


@pytest.mark.parametrize("elements", [PLAIN, UNTOLD, NESTED])
async def test_data_that_were_cut_in_another_way(
    tmp_path: Path, elements: Sequence[Element]
) -> None:
    root, leaves = chunk_tree(list(elements))
    data = b"".join(leaf.chunk for leaf in leaves)
    name, header = sign_header(make_header(root, len(data)))
    weave = Weave()
    chunks = [PathedChunk(leaf.start, leaf.start + len(leaf.chunk), leaf.path) for leaf in leaves]
    weave.add(str(name), header, data, chunks)
    async with standing(tmp_path, [ArweaveSource(weave)]) as stand:
        file = await stand.open(str(name))
        assert await bytes_of(file) == data
        assert await bytes_of(file, 150, 350) == data[150:350]


@pytest.mark.parametrize("manner", [m for m in Manner if m is not Manner.HONEST])
async def test_whatever_one_does_another_gives_it(tmp_path: Path, manner: Manner) -> None:
    weave, data = Weave(), pattern(900_000)
    name = add_transaction(weave, data)
    item = item_of(b"small")
    add_items(weave, item)
    sources = [ArweaveSource(weave, Manners(manner), byte=99), ArweaveSource(weave)]
    async with standing(tmp_path, sources, QUICK) as stand:
        assert await bytes_of(await stand.open(name)) == data
        assert await bytes_of(await stand.open(str(item[0]))) == b"small"
        states = {status.name: status.state for status in stand.pool.status()}
    assert states["gateway-1"] is SourceState.IN_USE


class WithoutChunks(ArweaveSource):
    """A gateway that serves no chunks."""

    async def _chunk(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=404)


async def test_small_data_come_whole_where_there_are_no_chunks(tmp_path: Path) -> None:
    weave, data = Weave(), pattern(300_000)
    name, large = add_transaction(weave, data), add_transaction(weave, pattern(600_000))
    wrong = WithoutChunks(weave, Manners(Manner.WRONG), byte=299_999)
    async with standing(tmp_path, [wrong]) as stand:
        with pytest.raises(Unproven, match=r"does not have it.*do not hash to their root"):
            await bytes_of(await stand.open(name))
    async with standing(tmp_path, [WithoutChunks(weave)]) as stand:
        assert await bytes_of(await stand.open(name)) == data
        with pytest.raises(Unproven, match="does not have it"):
            await bytes_of(await stand.open(large))


async def test_small_data_are_kept(tmp_path: Path) -> None:
    weave, data = Weave(), pattern(300_000)
    name = add_transaction(weave, data, "text/css")
    async with standing(tmp_path, [ArweaveSource(weave)]) as stand:
        assert await bytes_of(await stand.open(name), 5, 9) == data[5:9]
    offline = ArweaveContent(None, tmp_path / "arweave")
    file = await offline.open(pointer(name), Budget())
    assert await bytes_of(file) == data
    assert file.media_type == "text/css"


async def test_of_large_data_the_header_is_kept_alone(tmp_path: Path) -> None:
    weave = Weave()
    name = add_transaction(weave, pattern(600_000))
    async with standing(tmp_path, [ArweaveSource(weave)]) as stand:
        await bytes_of(await stand.open(name))
    source = ArweaveSource(weave)
    async with standing(tmp_path, [source]) as stand:
        assert (await stand.open(name)).size == 600_000
        assert source.asked == []
    with pytest.raises(Unproven, match="not held here"):
        await ArweaveContent(None, tmp_path / "arweave").open(pointer(name), Budget())


@pytest.mark.parametrize("signer", list(SIGNERS))
@pytest.mark.parametrize("anchor", [b"", bytes(range(32)), b"letters-and-figures-are-usual-32"])
async def test_an_item_is_put_together_again_where_nobody_says_where_it_stands(
    tmp_path: Path, signer: str, anchor: bytes
) -> None:
    weave = Weave()
    name, item = make_item(SIGNERS[signer], b"payload", anchor=anchor, target=anchor)
    add_items(weave, (name, item))
    source = ArweaveSource(weave, says_places=False)
    async with standing(tmp_path, [source]) as stand:
        assert await bytes_of(await stand.open(str(name))) == b"payload"
    assert "/graphql" in source.asked


async def test_what_was_kept_and_spoiled_is_fetched_again(tmp_path: Path) -> None:
    weave = Weave()
    item = item_of(b"as it was signed")
    name = add_transaction(weave, pattern(1000))
    add_items(weave, item)
    async with standing(tmp_path, [ArweaveSource(weave)]) as stand:
        for asked in (str(item[0]), name):
            await stand.open(asked)
        for path in (tmp_path / "arweave" / "kept").iterdir():
            spoiled = bytearray(path.read_bytes())
            spoiled[len(spoiled) // 2] ^= 1
            path.write_bytes(spoiled)
        assert await bytes_of(await stand.open(str(item[0]))) == b"as it was signed"
        assert await bytes_of(await stand.open(name)) == pattern(1000)


async def test_many_read_one_transaction_at_once(tmp_path: Path) -> None:
    weave, data = Weave(), pattern(2_000_000)
    name = add_transaction(weave, data)
    async with standing(tmp_path, [ArweaveSource(weave), ArweaveSource(weave)]) as stand:
        file = await stand.open(name)
        came = await asyncio.gather(*(bytes_of(file, n * 100_000) for n in range(8)))
    assert all(piece == data[n * 100_000 :] for n, piece in enumerate(came))


async def test_an_item_in_a_bundle_in_a_bundle(tmp_path: Path) -> None:
    weave = Weave()
    inner, other = item_of(b"deep down"), item_of(b"beside")
    tags = (Tag(b"Bundle-Format", b"binary"), Tag(b"Bundle-Version", b"2.0.0"))
    bundle = make_item(SIGNERS["solana"], make_bundle([other, inner]), tags=tags)
    add_items(weave, item_of(b"first"), bundle)
    async with standing(tmp_path, [ArweaveSource(weave)]) as stand:
        assert await bytes_of(await stand.open(str(inner[0]))) == b"deep down"


async def test_room_for_what_is_fetched_ahead_is_given_back(tmp_path: Path) -> None:
    weave, data = Weave(), pattern(2_000_000)
    name = add_transaction(weave, data)
    async with standing(tmp_path, [ArweaveSource(weave)]) as stand:
        room = AheadRoom(3 * CHUNK_BYTES)
        file = await stand.content.open(pointer(name), Budget(ahead=room))
        assert await bytes_of(file) == data
        stream = file.stream(0, None)
        await anext(stream)
        await anext(stream)
        assert not room.take(3 * CHUNK_BYTES), "some of it is in use"
        await stream.aclose()
        assert room.take(3 * CHUNK_BYTES)
        # With no room at all it comes one after another.
        assert await bytes_of(file) == data


async def test_a_request_ends_at_what_it_may_fetch(tmp_path: Path) -> None:
    weave = Weave()
    name = add_transaction(weave, pattern(2_000_000))
    item, bytes_ = item_of(bytes(2000))
    add_items(weave, (item, bytes_))
    async with standing(tmp_path, [ArweaveSource(weave)]) as stand:
        file = await stand.content.open(pointer(name), Budget(size=1_000_000))
        with pytest.raises(TooMuch):
            await bytes_of(file)
        with pytest.raises(TooMuch):
            await stand.content.open(pointer(str(item)), Budget(size=1000))


async def test_a_large_item_is_read_once_for_many_and_held(tmp_path: Path) -> None:
    weave = Weave()
    name, item = item_of(pattern(LARGE))
    add_items(weave, (name, item))
    source = ArweaveSource(weave)
    async with standing(tmp_path, [source]) as stand:
        files = await asyncio.gather(*(stand.open(str(name)) for _ in range(5)))
        assert len([path for path in source.asked if path.startswith("/chunk")]) < 30
        asked = len(source.asked)
        again = await stand.open(str(name))
        assert await bytes_of(again, LARGE - 4) == pattern(LARGE)[-4:]
        assert (len(source.asked), len(files), spools(tmp_path)) == (asked, 5, 1)


async def test_the_file_of_a_large_item_goes_with_its_last_reader(tmp_path: Path) -> None:
    weave = Weave()
    name, item = item_of(pattern(LARGE))
    add_items(weave, (name, item))
    limits = replace(LIMITS, arweave_spooled_bytes=LARGE - 1)
    async with standing(tmp_path, [ArweaveSource(weave)], limits) as stand:
        file = await stand.open(str(name))
        assert spools(tmp_path) == 1
        assert await bytes_of(file, LARGE - 4) == pattern(LARGE)[-4:]
        del file
        gc.collect()
        assert spools(tmp_path) == 0


def spools(folder: Path) -> int:
    """How many files without a name this process holds open in a folder."""
    links = [path for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    targets = [str(link.readlink()) for link in links]
    return sum(target.startswith(str(folder)) for target in targets)


class Boastful(ArweaveSource):
    """A gateway that gives items more bytes than their transaction has."""

    def _places(self, item: StandingItem) -> Mapping[str, str]:
        return {**super()._places(item), "X-AR-IO-Root-Item-Size": str(2 * LARGE)}


async def test_a_place_behind_the_end_of_its_transaction(tmp_path: Path) -> None:
    name, item = item_of(pattern(LARGE))
    weave = Weave()
    add_items(weave, (name, item))
    source = Boastful(weave)
    async with standing(tmp_path, [source]) as stand:
        with pytest.raises(Unproven, match="ends behind its transaction"):
            await stand.open(str(name))
        assert stand.suppliers.of(str(name)) == Supplied(str(name), (), ("gateway-0",))
    assert not [path for path in source.asked if path.startswith("/chunk")]


async def test_guesses_end_where_data_were_cut_in_another_way(tmp_path: Path) -> None:
    root, leaves = chunk_tree([part(n, 200_000) for n in range(20)])
    data = b"".join(leaf.chunk for leaf in leaves)
    name, header = sign_header(make_header(root, len(data)))
    weave = Weave()
    chunks = [PathedChunk(leaf.start, leaf.start + len(leaf.chunk), leaf.path) for leaf in leaves]
    weave.add(str(name), header, data, chunks)
    source = ArweaveSource(weave)
    async with standing(tmp_path, [source]) as stand:
        assert await bytes_of(await stand.open(str(name))) == data
    assert len([path for path in source.asked if path.startswith("/chunk")]) <= 26


async def test_a_large_item_needs_room(tmp_path: Path) -> None:
    weave = Weave()
    name, item = item_of(pattern(LARGE))
    add_items(weave, (name, item))
    (tmp_path / "arweave").write_bytes(b"in the way")
    async with standing(tmp_path, [ArweaveSource(weave)]) as stand:
        with pytest.raises(StoreFault, match="no room for a data item"):
            await stand.open(str(name))


async def test_only_so_many_places_are_tried(tmp_path: Path) -> None:
    name, item = item_of(pattern(LARGE))
    weave = Weave()
    add_items(weave, (name, item))
    source = Boastful(weave)
    once = replace(LIMITS, arweave_item_places=1)
    async with standing(tmp_path, [source], once) as stand:
        with pytest.raises(Unproven):
            await stand.open(str(name))
    assert source.asked.count(f"/raw/{name}") == 1
