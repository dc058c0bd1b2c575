"""Content of Arweave from gateways that serve, fail and lie, over HTTP."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from tests.content.arweave.stand import (
    add_items,
    add_transaction,
    bytes_of,
    item_of,
    pattern,
    pointer,
    standing,
)
from tests.proofs.arweave.making import RSA_OWNER
from walkaway.content.arweave.content import ArweaveContent
from walkaway.content.budget import Budget
from walkaway.content.proven_file import ProvenFile
from walkaway.content.suppliers import Supplied
from walkaway.devnet.content.arweave import ArweaveSource
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.content.weave import Weave
from walkaway.errors import InvalidRequest, NoSuchPath, ProofError, TooMuch, Unproven, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs.arweave import base64url
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.chunk import CHUNK_BYTES
from walkaway.sources.standing import SourceState

MANIFEST = "application/x.arweave-manifest+json"


async def test_a_transaction_comes_chunk_by_chunk(tmp_path: Path) -> None:
    weave, data = Weave(), pattern(1_200_000)
    add_transaction(weave, pattern(1000))
    name = add_transaction(weave, data, "image/png")
    async with standing(tmp_path, [ArweaveSource(weave)]) as stand:
        file = await stand.open(name)
        assert (file.size, file.etag, file.media_type) == (len(data), name, "image/png")
        assert await bytes_of(file) == data
        assert await bytes_of(file, 300_000, 600_001) == data[300_000:600_001]
        assert await bytes_of(file, 1_199_999) == data[-1:]
        assert await bytes_of(file, 5, 5) == b""
    address = base64url.encode(sha256(RSA_OWNER).digest())
    assert dict(file.because.facts) == {"id": name, "address": address}
    rules = [anchor.rule for anchor in file.because.anchors()]
    assert rules == ["Arweave id that was asked for"]


async def test_a_data_item_comes_out_of_its_bundle(tmp_path: Path) -> None:
    weave = Weave()
    name, item = item_of(b"<p>here</p>")
    add_items(weave, item_of(b"another"), (name, item))
    async with standing(tmp_path, [ArweaveSource(weave)]) as stand:
        file = await stand.open(str(name))
        assert await bytes_of(file) == b"<p>here</p>"
        assert await bytes_of(file, 3, 7) == b"here"
        assert (file.size, file.media_type, file.believed) == (11, "text/html", ())


def manifest_of(paths: dict[str, ArweaveId], **more: object) -> tuple[ArweaveId, bytes]:
    document = {
        "manifest": "arweave/paths",
        "version": "0.2.0",
        "index": {"path": "index"},
        "paths": {path: {"id": str(name)} for path, name in paths.items()},
        **more,
    }
    return item_of(json.dumps(document).encode(), MANIFEST)


async def test_a_manifest_leads_to_its_files(tmp_path: Path) -> None:
    weave = Weave()
    index, style = item_of(b"<h1>index</h1>"), item_of(b"body {}", "text/css; charset=utf-8")
    site = manifest_of({"index": index[0], "styles/site": style[0]})
    add_items(weave, index, style, site)
    async with standing(tmp_path, [ArweaveSource(weave)]) as stand:
        root = await stand.open(str(site[0]))
        assert (await bytes_of(root), root.is_folder) == (b"<h1>index</h1>", True)
        deeper = await stand.open(f"{site[0]}/styles/site")
        assert (await bytes_of(deeper), deeper.is_folder) == (b"body {}", False)
        assert (deeper.media_type, deeper.etag) == ("text/css; charset=utf-8", str(style[0]))
        with pytest.raises(NoSuchPath, match="nowhere"):
            await stand.open(f"{site[0]}/nowhere")
        with pytest.raises(NoSuchPath, match="no path 'styles'") as refused:
            await stand.open(f"{site[0]}/styles")
        assert refused.value.advice == "below it stand: site"
        with pytest.raises(NoSuchPath, match="no manifest"):
            await stand.open(f"{index[0]}/below")
    asked_for = {str(dict(anchor.facts)["id"]) for anchor in deeper.because.anchors()}
    assert asked_for == {str(site[0]), str(style[0])}


async def test_a_wrong_chunk_is_caught_where_it_stands(tmp_path: Path) -> None:
    weave, data = Weave(), pattern(1_500_000)
    name = add_transaction(weave, data)
    liar = ArweaveSource(weave, Manners(Manner.WRONG, spared=2), byte=77_777)
    async with standing(tmp_path, [liar]) as stand:
        file = await stand.open(name)
        given: list[bytes] = []
        with pytest.raises(Unproven, match="a chunk is another"):
            await read_into(given, file)
    # Two chunks came as they are, and each of the others with one byte altered.
    assert b"".join(given) == data[: 2 * CHUNK_BYTES]


async def read_into(given: list[bytes], file: ProvenFile) -> None:
    async for piece in file.stream(0, None):
        given.append(piece)


async def test_a_liar_is_quarantined_and_the_next_one_asked(tmp_path: Path) -> None:
    weave, data = Weave(), pattern(1_000_000)
    name = add_transaction(weave, data)
    sources = [ArweaveSource(weave, Manners(Manner.WRONG)), ArweaveSource(weave)]
    async with standing(tmp_path, sources) as stand:
        # Which of them is asked first is by chance.
        for _ in range(8):
            assert await bytes_of(await stand.open(name)) == data
        states = {status.name: status.state for status in stand.pool.status()}
        assert stand.suppliers.of(name) == Supplied(name, ("gateway-1",), ("gateway-0",))
    assert states == {
        "gateway-0": SourceState.QUARANTINED,
        "gateway-1": SourceState.IN_USE,
    }
    lies = [json.loads(path.read_text()) for path in stand.lies.glob("*.json")]
    assert lies
    assert {lie["source"] for lie in lies} == {"gateway-0"}


async def test_nobody_has_it(tmp_path: Path) -> None:
    name, _ = item_of(b"elsewhere")
    async with standing(tmp_path, [ArweaveSource(Weave()), ArweaveSource(Weave())]) as stand:
        with pytest.raises(Unproven, match="neither as a transaction nor as a data item") as raised:
            await stand.open(str(name))
    assert set(raised.value.reasons) == {"gateway-0", "gateway-1"}


async def test_small_files_open_again_offline(tmp_path: Path) -> None:
    weave = Weave()
    index = item_of(b"<h1>index</h1>")
    site = manifest_of({"index": index[0]})
    add_items(weave, index, site)
    async with standing(tmp_path, [ArweaveSource(weave)]) as stand:
        await stand.open(str(site[0]))
    offline = ArweaveContent(None, tmp_path / "arweave")
    file = await offline.open(pointer(str(site[0])), Budget())
    assert await bytes_of(file) == b"<h1>index</h1>"
    with pytest.raises(Unproven, match="not held here"):
        await offline.open(pointer(str(item_of(b"other")[0])), Budget())


@pytest.mark.parametrize("text", ["short", "A" * 42 + "B", "A" * 42 + "*"])
async def test_what_is_no_id_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidRequest, match="no id of Arweave"):
        await ArweaveContent(None, tmp_path).open(pointer(text), Budget())


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{", ProofError),
        ('{"manifest": "arweave/paths", "version": "9", "paths": {}}', Unsupported),
    ],
)
async def test_a_manifest_that_is_none(tmp_path: Path, text: str, error: type[Exception]) -> None:
    weave = Weave()
    site = item_of(text.encode(), MANIFEST)
    add_items(weave, site)
    async with standing(tmp_path, [ArweaveSource(weave)]) as stand:
        with pytest.raises(error):
            await stand.open(str(site[0]))


async def test_a_manifest_has_a_bound(tmp_path: Path) -> None:
    weave = Weave()
    site = manifest_of({})
    add_items(weave, site)
    small = replace(LIMITS, arweave_manifest_bytes=len(site[1]) // 4)
    async with standing(tmp_path, [ArweaveSource(weave)], small) as stand:
        with pytest.raises(TooMuch, match="a manifest is over"):
            await stand.open(str(site[0]))


async def test_a_fallback_stands_where_nothing_else_does(tmp_path: Path) -> None:
    weave = Weave()
    lost = item_of(b"lost?")
    site = manifest_of({}, fallback={"id": str(lost[0])})
    inner = manifest_of({"again": site[0]})
    add_items(weave, lost, site, inner)
    async with standing(tmp_path, [ArweaveSource(weave)]) as stand:
        for path in ("", "/any/where"):
            file = await stand.open(f"{site[0]}{path}".rstrip("/"))
            assert (await bytes_of(file), file.status, file.is_folder) == (b"lost?", 200, not path)
        # A manifest that another one leads to is given as it is.
        nested = await stand.open(f"{inner[0]}/again")
        assert (nested.media_type, nested.etag) == (MANIFEST, str(site[0]))


async def test_a_manifest_without_an_index_says_what_it_has(tmp_path: Path) -> None:
    weave, page = Weave(), item_of(b"here")
    site = manifest_of(dict.fromkeys((f"{n}/page" for n in range(9)), page[0]))
    add_items(weave, page, site)
    async with standing(tmp_path, [ArweaveSource(weave)]) as stand:
        with pytest.raises(NoSuchPath, match="no index") as refused:
            await stand.open(str(site[0]))
    assert refused.value.advice == ("it has the paths: 0/page, 1/page, 2/page, 3/page, 4/page")


async def test_manifests_are_read_once_and_the_last_few_held(tmp_path: Path) -> None:
    weave = Weave()
    page = item_of(b"here")
    sites = [manifest_of({"index": page[0]}, number=number) for number in range(3)]
    add_items(weave, page, *sites)
    two = replace(LIMITS, arweave_manifests=2)
    async with standing(tmp_path, [ArweaveSource(weave)], two) as stand:
        for site in (0, 1, 0, 2):
            assert await bytes_of(await stand.open(str(sites[site][0]))) == b"here"
        held = list(stand.content._manifests)
    assert held == [sites[0][0], sites[2][0]]
