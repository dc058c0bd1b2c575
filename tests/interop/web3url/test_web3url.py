"""web3protocol and we over the same node: the same bytes, status and headers for a table of
URLs, but for the differences that are named here; it believes the node, we prove.
"""

from __future__ import annotations

import gzip
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import brotli
import pytest

from tests.content.web3.simulated import body
from tests.interop.ens.chains import Ground, anvil_ground, devnet_ground
from tests.interop.peers import node_package, run_client
from tests.names.ens.devnet_names import ens_on
from walkaway.content.budget import Budget
from walkaway.content.open import find_root
from walkaway.content.web3.calls import ProvenCalls
from walkaway.content.web3.contracts import Web3Content
from walkaway.content.web3.url import read_url
from walkaway.devnet import ens as names
from walkaway.devnet.execution.accounts import NAMES_OWNER
from walkaway.devnet.execution.names import REGISTRY
from walkaway.devnet.web3 import deploy_pages, put_page, put_resource
from walkaway.errors import WalkawayError
from walkaway.names.contract_names import ContractNames

pytestmark = pytest.mark.interop

SCRIPTS = Path(__file__).parent / "scripts"
LONG = b"".join(b"line %06d\n" % number for number in range(400))
CHAIN = 1337

SAME = (
    "{auto}",
    "{auto}/",
    "{auto}/words/0",
    "{auto}/words/uint256!0",
    "{auto}/words/0?mime.type=html",
    "{auto}/words/0?mime.content=text/plain",
    "{auto}/image/string!a.svg",
    "{auto}/image/string!%C3%BC%21?returns=(string)",
    "{auto}/count?returns=(uint256)",
    "{auto}/count?returns=()",
    "{auto}/values?returns=(uint256)",
    "{auto}/all/uint8!7/int256!-2/alice.eth/bytes4!0x01020304/0x00ff/string!a%2Fb/true",
    "{manual}",
    "{manual}/",
    "{manual}/a%20b.svg?x=%26",
    "{manual}/nothing.css",
    "{resources}",
    "{resources}/?",
    "{resources}/moved",
    "{resources}/packed",
    "{resources}/br",
    "{resources}/long",
    "{resources}/a/c%20d/?x=1&y&z=%2B+",
    "web3://app.eth:1337/long",
    "web3://alice.eth:1337/",
)
BOTH_REFUSE = (
    "{auto}/3f",
    "{auto}/f/uint7!1",
    "{auto}/f/bytes2!0x01",
    "{auto}/f/-1",
    "{auto}/f/a.example",
    "{auto}/f?returns=(uint256,",
    "{auto}/refuse/1",
    "{auto}/count",
    "{resources}/%AG",
    "{resources}/circle/odd",
    "web3://evil.eth:1337/",
    "web3://nobody.eth:1337/",
    "web3://app.example:1337/",
    "web3://0x12:1337/",
    "web4://app.eth:1337/",
)
DIFFERENT = {
    # It writes numbers of up to 48 bits as decimals, and those below zero as 0x-3 (viem gives
    # them as they are); ERC-6860 has all of them in hex.
    "{auto}/values?returns=(uint256,int8)": (
        f'["{hex(1 << 255)}",-3]',
        f'["{hex(1 << 255)}","-0x3"]',
    ),
    # It writes addresses with the checksum of ERC-55, we in lower case, as the JSON-RPC that
    # ERC-6860 follows does; and it knows no caller, which ERC-6860 puts before an @.
    "{auto}/caller?returns=(address)": ('["0x' + "00" * 20 + '"]',) * 2,
    # It does not read data URLs (ERC-7087), and gives them as they are.
    "{auto}/dataUrl?mime.dataurl": ("data:text/html;base64,PGI+aGVsbG88L2I+", "<b>hello</b>"),
}


@dataclass(frozen=True)
class Pages:
    """Contracts with pages on a chain."""

    auto: bytes
    manual: bytes
    resources: bytes

    @classmethod
    async def on(cls, ground: Ground) -> Pages:
        auto = deploy_pages(ground, "AutoPages")
        manual = deploy_pages(ground, "ManualPages")
        resources = deploy_pages(ground, "ResourcePages")
        await ground.advance()
        put_page(ground, manual, "/", b"<h1>manual</h1>")
        put_page(ground, manual, "/a%20b.svg?x=%26", b"<svg/>")
        names.send(ground, NAMES_OWNER, auto, "add(string)", ["first.html"])
        html, text = ("Content-Type", "text/html"), ("Content-Type", "text/plain")
        put_resource(ground, resources, [], b"<h1>5219</h1>", [html])
        put_resource(ground, resources, ["moved"], b"", [("Location", "/a/b")], status=302)
        await ground.advance()
        packed = gzip.compress(LONG, mtime=0)
        first = [text, ("Content-Encoding", "gzip"), ("web3-next-chunk", "/packed/1")]
        put_resource(ground, resources, ["packed"], packed[:500], first)
        put_resource(ground, resources, ["packed", "1"], packed[500:])
        coded = [text, ("Content-Encoding", "br")]
        put_resource(ground, resources, ["br"], brotli.compress(LONG), coded)
        await ground.advance()
        put_resource(
            ground, resources, ["long"], LONG[:999], [text, ("web3-next-chunk", "/long/1")]
        )
        there = f"web3://0x{resources.hex()}:{CHAIN}/long/2?part=last"
        put_resource(ground, resources, ["long", "1"], LONG[999:2000], [("web3-next-chunk", there)])
        put_resource(ground, resources, ["long", "2"], LONG[2000:2500])
        odd = [("Content-Encoding", "compress")]
        put_resource(ground, resources, ["circle", "odd"], b"?", odd)
        names.set_text(ground, "app.eth", "contentcontract", f"0x{resources.hex()}")
        names.set_text(ground, "evil.eth", "contentcontract", f"arb-nova:0x{resources.hex()}")
        names.set_address(ground, "alice.eth", manual)
        await ground.advance()
        return cls(auto, manual, resources)

    def at(self, url: str) -> str:
        """A URL of the tables."""
        made = (self.auto, self.manual, self.resources)
        auto, manual, resources = (f"web3://0x{contract.hex()}:{CHAIN}" for contract in made)
        return url.format(auto=auto, manual=manual, resources=resources)


@asynccontextmanager
async def grounds(kind: str, state: Path) -> AsyncIterator[Ground]:
    if kind == "anvil":
        async with anvil_ground(state) as (ground, _):
            yield ground
    else:
        async with devnet_ground() as ground:
            yield ground


@pytest.mark.parametrize("kind", ["devnet", "anvil"])
async def test_the_same_pages_as_web3protocol(kind: str, tmp_path: Path) -> None:
    home = await node_package(SCRIPTS / "package.json")
    script = str(shutil.copy(SCRIPTS / "fetch_pages.mjs", home))
    async with AsyncExitStack() as stack:
        ground = await stack.enter_async_context(grounds(kind, tmp_path / "state"))
        pages = await Pages.on(ground)
        urls = [*SAME, *BOTH_REFUSE, *DIFFERENT]
        facts = {
            "chainId": CHAIN,
            "rpc": ground.url,
            "registry": "0x" + REGISTRY.hex(),
            "urls": [pages.at(url) for url in urls],
        }
        answers = await run_client("node", script, facts=facts, cwd=home)
        theirs: dict[str, dict[str, Any]] = dict(zip(urls, answers, strict=True))
        chain = await ground.follow(stack)
        ens = await stack.enter_async_context(ens_on(chain, tmp_path))
        content = Web3Content("the chain", "not yet")
        stack.enter_context(content.led_by(ProvenCalls(chain, ens)))

        async def ours(url: str) -> dict[str, Any]:
            root = await find_root(ContractNames(ens), read_url(pages.at(url)).pointer)
            file = await content.open(root.pointer, Budget())
            typed = {} if file.media_type is None else {"content-type": file.media_type}
            headers = dict(file.headers) | typed
            return {"status": file.status, "headers": headers, "body": (await body(file)).hex()}

        for url in SAME:
            # Where a page goes on is no matter of whoever shows it.
            theirs[url].get("headers", {}).pop("web3-next-chunk", None)
            assert await ours(url) == theirs[url], url
        for url in BOTH_REFUSE:
            assert "error" in theirs[url], url
            with pytest.raises(WalkawayError):
                await ours(url)
        for url, (there, here) in DIFFERENT.items():
            assert bytes.fromhex(theirs[url]["body"]).decode() == there, url
            assert bytes.fromhex((await ours(url))["body"]).decode() == here, url
