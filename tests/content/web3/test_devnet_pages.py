"""Pages of contracts end to end: compiled ones on a devnet, read over proven state from its
sources, one of which lies about what is in storage.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import brotli
import pytest
from eth_abi.abi import encode

from tests.chain.devnet_chain import EXECUTION, Behaviour, SourcePlan, devnet_of, following
from tests.chain.test_host_calls import Blobs
from tests.content.web3.simulated import body
from tests.names.ens.devnet_names import ens_on, that_creates
from tests.proofs.blobs.test_storage_read import DATA
from tests.proofs.blobs.test_storage_read import asks as asks_blob
from walkaway.chain.chain import Chain
from walkaway.content.budget import Budget
from walkaway.content.open import find_root
from walkaway.content.proven_file import ProvenFile
from walkaway.content.web3.calls import ProvenCalls
from walkaway.content.web3.contracts import Web3Content
from walkaway.content.web3.page import READ_FROM_BLOBS
from walkaway.content.web3.url import read_url
from walkaway.devnet import ens as names
from walkaway.devnet.execution.accounts import NAMES_OWNER
from walkaway.devnet.execution.genesis import TOKEN
from walkaway.devnet.network import Devnet
from walkaway.devnet.web3 import deploy_pages, put_page, put_resource
from walkaway.errors import (
    InvalidRequest,
    NoSuchName,
    NoSuchPath,
    ProofError,
    RanTooLong,
    TooMuch,
    Unproven,
    Unsupported,
    WalkawayError,
)
from walkaway.names.contract_names import ContractNames
from walkaway.proofs.proven import Evidence

LONG = b"".join(b"line %06d\n" % number for number in range(400))


Opens = Callable[[str], Awaitable[ProvenFile]]
"""Opens a URL, its name among what is followed."""


@asynccontextmanager
async def web3_on(chain: Chain, directory: Path) -> AsyncIterator[Opens]:
    content = Web3Content("the chain", "not yet")
    async with ens_on(chain, directory) as ens:
        with content.led_by(ProvenCalls(chain, ens)):

            async def opened(url: str) -> ProvenFile:
                root = await find_root(ContractNames(ens), read_url(url).pointer)
                return await content.open(root.pointer, Budget())

            yield opened


def steps(because: Evidence) -> Iterator[Evidence]:
    yield because
    for below in because.because:
        yield from steps(below)


def made(devnet: Devnet) -> tuple[bytes, bytes, bytes]:
    """The three contracts, with pages in them, after a few blocks."""
    auto = deploy_pages(devnet, "AutoPages")
    manual = deploy_pages(devnet, "ManualPages")
    resources = deploy_pages(devnet, "ResourcePages")
    devnet.advance()
    put_page(devnet, manual, "/", b"<h1>manual</h1>")
    put_page(devnet, manual, "/a%20b.svg?x=%26", b"<svg/>")
    names.send(devnet, NAMES_OWNER, auto, "add(string)", ["first.html"])
    devnet.advance()
    put_resource(devnet, resources, [], b"<h1>5219</h1>", [("content-TYPE", "text/html")])
    typed = ("Content-Type", "text/plain")
    put_resource(devnet, resources, ["moved"], b"", [("Location", "/a/b")], status=302)
    packed = gzip.compress(LONG, mtime=0)
    half = len(packed) // 2
    link = ("web3-next-chunk", "/packed/1")
    coded = ("Content-Encoding", "gzip")
    put_resource(devnet, resources, ["packed"], packed[:half], [typed, coded, link])
    put_resource(devnet, resources, ["packed", "1"], packed[half:])
    put_resource(
        devnet, resources, ["br"], brotli.compress(LONG), [typed, ("content-encoding", "br")]
    )
    devnet.advance()
    other = f"web3://0x{resources.hex()}:1337/long/2?part=last"
    put_resource(devnet, resources, ["long"], LONG[:999], [typed, ("Web3-Next-Chunk", "long/1")])
    put_resource(devnet, resources, ["long", "1"], LONG[999:2000], [("Web3-Next-Chunk", other)])
    put_resource(devnet, resources, ["long", "2"], LONG[2000:3000])
    put_resource(devnet, resources, ["circle"], b"o", [("web3-next-chunk", "?")])
    astray = f"web3://0x{manual.hex()}:1337/"
    put_resource(devnet, resources, ["astray"], b"o", [("web3-next-chunk", astray)])
    names.set_text(devnet, "app.eth", "contentcontract", f"0x{resources.hex()}")
    names.set_text(devnet, "evil.eth", "contentcontract", f"arb-nova:0x{resources.hex()}")
    names.set_address(devnet, "alice.eth", manual)
    devnet.advance(2)
    return auto, manual, resources


async def test_pages_of_each_mode_are_proven_whoever_lies(tmp_path: Path) -> None:
    liar = SourcePlan("larch", EXECUTION, Behaviour.LYING_STORAGE)
    async with devnet_of(SourcePlan("alder"), SourcePlan("birch"), liar) as devnet:
        auto, manual, resources = made(devnet)
        async with following(devnet) as chain, web3_on(chain, tmp_path) as opened:

            async def said(url: str) -> tuple[int, str | None, bytes]:
                file = await opened(url)
                return file.status, file.media_type, await body(file)

            at_auto, at_manual, at_resources = (
                f"web3://0x{address.hex()}:1337" for address in (auto, manual, resources)
            )
            html, text, as_json = "text/html", "text/plain", "application/json"

            assert await said(f"{at_auto}/") == (200, None, b"<h1>auto</h1>")
            assert await said(f"{at_auto}/words/0") == (200, None, b"first.html")
            assert await said(f"{at_auto}/count?returns=(uint8)") == (200, as_json, b'["0x1"]')
            svg = b"<svg xmlns='http://www.w3.org/2000/svg'><text>a.svg</text></svg>"
            assert await said(f"{at_auto}/image/string!a.svg") == (200, "image/svg+xml", svg)
            asked = "all/uint8!7/int!-2/alice.eth/bytes4!0x01020304/0x00ff/string!a%2Fb/true"
            encoded = encode(
                ["uint8", "int256", "address", "bytes4", "bytes", "string", "bool"],
                [7, -2, manual, b"\1\2\3\4", b"\0\xff", "a/b", True],
            )
            assert (await said(f"{at_auto}/{asked}"))[2] == encoded
            values = json.loads((await said(f"{at_auto}/values?returns=({VALUES})"))[2])
            assert values == [
                hex(1 << 255), "-0x3", True, "0x01020304", "0x00ff", 'a"b',
                [["zwölf", ["0x0", "0xc"]], ["", []]], ["0x1f4"],
            ]  # fmt: skip
            assert await said(f"{at_auto}/dataUrl?mime.dataurl") == (200, html, b"<b>hello</b>")
            by = "0x" + "ab" * 20
            caller = await said(
                f"{at_auto.replace('//', f'//{by}@')}/caller?returns=(address,uint)"
            )
            assert caller[2] == f'["{by}","{hex(1337)}"]'.encode()

            assert await said(at_manual) == (200, html, b"<h1>manual</h1>")
            assert await said(f"{at_manual}/a%20b.svg?x=%26") == (200, "image/svg+xml", b"<svg/>")
            assert await said(f"{at_manual}/a b.svg".replace(" ", "_")) == (
                200,
                "image/svg+xml",
                b"",
            )

            assert await said(f"{at_resources}/") == (200, html, b"<h1>5219</h1>")
            nothing = (404, text, b"c d&x=1&y=")
            assert await said(f"{at_resources}/a/c%20d/?x=1&y") == nothing
            assert await said(f"{at_resources}/packed") == (200, text, LONG)
            assert await said(f"{at_resources}/br") == (200, text, LONG)
            assert await said("web3://app.eth:1337/long") == (200, text, LONG[:3000])
            moved = await opened("web3://app.eth:1337/moved")
            assert (moved.status, moved.headers) == (302, (("location", "/a/b"),))

            page = await opened("web3://app.eth:1337/")
            rules = {anchor.rule for anchor in page.because.anchors()}
            assert any("checkpoint" in rule for rule in rules)
            facts = {fact for step in steps(page.because) for fact in step.facts}
            assert {("contract", resources), ("mode", "5219")} <= facts
            assert (page.seconds, page.size, page.believed) == (12.0, 13, ())

            lies = {source.name: source.lies for source in chain.pool.status()}
            assert lies["larch"] > 0
            assert lies["alder"] == lies["birch"] == 0

            await refused(opened, at_auto, at_resources)


async def test_what_cannot_be_run_proves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with devnet_of() as devnet:
        devnet.advance(2)
        async with following(devnet) as chain, web3_on(chain, tmp_path) as opened:
            url = f"web3://0x{TOKEN.hex()}:1337/totalSupply?returns=(uint256)"
            assert (await opened(url)).size
            for failure, error in (
                (RanTooLong("it ran for too long"), Unproven),
                (InvalidRequest("it can be no transaction"), Unproven),
                (TooMuch("it reads too much"), TooMuch),
            ):

                async def fail(*_: object, failure: WalkawayError = failure, **__: object) -> None:
                    raise failure

                monkeypatch.setattr(chain.calls, "run", fail)
                with pytest.raises(error) as refused:
                    await opened(url)
                said = getattr(refused.value, "reasons", {"": str(refused.value)})
                assert list(said.values()) == [str(failure)]


def reads_blob(given: bytes) -> bytes:
    """Code that gives what EthStorage's precompile gives for an input, as ``bytes``, to calls
    without data; to others it reverts."""
    head = bytes.fromhex(
        "36603b57"  # CALLDATASIZE, jump to the revert
        "60a060405f39"  # CODECOPY of the input to memory
        "5f5f60a05f620333015afa50"  # STATICCALL with it
        "60205f52"  # memory begins with the offset of the bytes,
        "3d602052"  # their length,
        "3d5f60403e"  # and themselves
        "60805ff3"
    )
    return head.ljust(0x3B, b"\0") + bytes.fromhex("5b5f5ffd").ljust(5, b"\0") + given


async def test_what_a_contract_keeps_in_blobs_is_its_page(tmp_path: Path) -> None:
    async with devnet_of() as devnet:
        kept = names.deploy(devnet, that_creates(reads_blob(asks_blob(10, 40))))
        lost = names.deploy(devnet, that_creates(reads_blob(asks_blob(0, 1, index=99))))
        devnet.advance(2)
        async with following(devnet) as chain, ens_on(chain, tmp_path) as ens:
            content = Web3Content("the chain", "not yet")
            with content.led_by(ProvenCalls(chain, ens, Blobs())):
                page = await content.open(
                    read_url(f"web3://0x{kept.hex()}:1337/").pointer, Budget()
                )
                assert await body(page) == DATA[10:50]
                assert page.believed == (READ_FROM_BLOBS,)
                rules = {anchor.rule for anchor in page.because.anchors()}
                assert "trusted setup of KZG" in rules
                with pytest.raises(Unproven, match="nobody has it"):
                    await content.open(read_url(f"web3://0x{lost.hex()}:1337/").pointer, Budget())


async def refused(opened: Opens, at_auto: str, at_resources: str) -> None:
    with pytest.raises(NoSuchPath, match="reverted: number is too small"):
        await opened(f"{at_auto}/refuse/1")
    with pytest.raises(NoSuchPath, match="reverted: 0x"):
        await opened(f"{at_auto}/refuse/2")
    with pytest.raises(NoSuchPath, match="there is no contract at 0x"):
        await opened(f"web3://0x{bytes(19).hex()}99:1337/")
    with pytest.raises(Unproven, match="for want of"):
        await opened(f"{at_auto}/burn")
    with pytest.raises(Unsupported, match="followed here is 1337"):
        await opened("web3://app.eth/")
    with pytest.raises(Unsupported, match="chain 42170"):
        await opened("web3://evil.eth:1337/")
    with pytest.raises(NoSuchName):
        await opened("web3://nobody.eth:1337/")
    with pytest.raises(ProofError, match="ABI"):
        await opened(f"{at_auto}/count")
    for path in ("circle", "astray"):
        file = await opened(f"{at_resources}/{path}")
        with pytest.raises(ProofError, match="ERC-7617"):
            await body(file)


VALUES = "uint256,int8,bool,bytes4,bytes,string,(string,uint256[])[2],uint16[]"
