"""The explanation of a page: every step to it, who gave what, and where the way ends."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.gateway.asgi_client import Reply, ask
from tests.gateway.pages.test_own_pages import LIAR
from tests.gateway.test_app import Names, Site
from walkaway.content.network import Supply
from walkaway.errors import Unproven
from walkaway.gateway.answers.explanation import Explanations
from walkaway.gateway.app import Gateway
from walkaway.gateway.request.hosts import GatewaySettings
from walkaway.gateway.safety.denylist import Denylist
from walkaway.limits import Limits
from walkaway.names.pointer import Pointer
from walkaway.names.resolution import Change, Resolution, Standing, Waiting
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.proven import Evidence, Proven
from walkaway.sources.recording import note
from walkaway.sources.request import BlockRequest
from walkaway.sources.standing import SourceState

CHECKPOINT = Evidence("weak-subjectivity checkpoint", (("root", b"\xab" * 32),))
HEAD = Evidence("sync committee signature", (("slot", 7),), (CHECKPOINT,))
CALL = Evidence("call over <proven> state", (("to", "resolver"),), (HEAD,))
RECORD = Evidence("contenthash", (("normalised_name", "app.eth"),), (CALL, HEAD))
PAGE = "http://app.eth.localhost:8080/sub/large?x"


class Supplied:
    """A site's blocks, as a network gives them: one source lies about each first."""

    def __init__(self, site: Site) -> None:
        self.dag = site.dag

    async def get(self, cid: Cid) -> Proven[bytes]:
        note("liar", BlockRequest(cid), "lie", "other bytes")
        note("honest", BlockRequest(cid))
        return await self.dag.get(cid)


def resolution(to: Pointer, standing: Standing = Standing.PROVEN, **more: Any) -> Resolution:
    return Resolution(to, 60.0, standing, because=RECORD, **more)


def explaining(site: Site, to: Resolution | Exception, **settings: Any) -> Gateway:
    """A gateway for a site that has the name app.eth, by way of another name."""
    names = Names(app_eth=resolution(Pointer("ipns", "site")), site=to)
    blocks = Supplied(site)
    denylist, liar = settings.pop("denylist", None), settings.pop("liar", LIAR)
    gateway = Gateway(
        blocks,
        site.dag,
        names,
        denylist=denylist,
        settings=GatewaySettings(allowed_hosts=("site.example",)),
    )
    gateway.explanations = Explanations(
        blocks,
        names,
        supply=lambda cid: None if cid == site.root else Supply("honest", ("liar", "liar")),
        sources=lambda: (liar,),
        denylist=denylist,
        **settings,
    )
    return gateway


async def explain(gateway: Gateway, address: str, **more: Any) -> Reply:
    return await ask(gateway, f"/explain?url={quote(address, safe='')}", **more)


async def as_data(gateway: Gateway, address: str) -> dict[str, Any]:
    found = await ask(gateway, f"/explain?format=json&url={quote(address, safe='')}")
    assert found.status == 200, found.text
    assert found.header("content-type") == "application/json"
    told: dict[str, Any] = json.loads(found.body)
    return told


@pytest.fixture
def site() -> Site:
    return Site()


async def test_every_step_from_the_address_to_the_anchors(site: Site) -> None:
    gateway = explaining(site, resolution(Pointer("ipfs", str(site.root))))
    told = await as_data(gateway, PAGE)
    assert told["contentPath"] == "/ipns/app.eth/sub/large"
    assert told["isProven"] is True
    assert [(n["name"], n["pointer"], n["standing"]) for n in told["names"]] == [
        ("app.eth", "/ipns/site", "proven"),
        ("site", f"/ipfs/{site.root}", "proven"),
    ]
    first, second = told["names"]
    assert first["because"]["facts"] == {"normalised_name": "app.eth"}
    assert first["because"]["because"][0]["because"][0]["because"][0]["anchor"] is True
    assert second["because"]["again"] is True, "what two names share is told once"
    leaves = [str(site.dag.raw(leaf)) for leaf in site.leaves]
    path = [str(site.root), str(site.sub), str(site.large)]
    assert [block["cid"] for block in told["blocks"]] == path + leaves
    assert [block["from"] for block in told["blocks"]][:2] == ["held on this machine", "honest"]
    assert [block["lied"] for block in told["blocks"]][:2] == [[], ["liar"]]
    assert told["cid"] == str(site.large)
    assert {e["source"]: e["outcome"] for e in told["asked"]} == {
        "liar": "lie",
        "honest": "answered",
    }
    assert told["asked"][0]["question"] == f"block {site.root}"
    assert told["caughtLying"][0]["reason"] == "lied: <script>"
    assert told["failure"] is None


async def test_the_same_for_people(site: Site) -> None:
    gateway = explaining(site, resolution(Pointer("ipfs", str(site.root))))
    reply = await explain(gateway, PAGE)
    assert reply.header("content-type") == "text/html; charset=utf-8"
    assert "access-control-allow-origin" not in reply.headers
    assert "default-src 'none'" in reply.header("content-security-policy")
    for words in (
        "Proven: every step",
        "app.eth leads to <code>/ipns/site</code>",
        "call over &lt;proven&gt; state",
        '<span class="dim">normalised name</span> <code>app.eth</code>',
        "<strong>believed:</strong> weak-subjectivity checkpoint",
        f"<li>weak-subjectivity checkpoint; root 0x{'ab' * 32}</li>",
        str(site.large),
        "&lt;b&gt;liar&lt;/b&gt;",
        "lied: &lt;script&gt;",
        "(step 1, as above)",
    ):
        assert words in reply.text, words
    assert "<script" not in reply.text


@pytest.mark.parametrize(
    "address",
    [
        "app.eth/",
        "app.eth",
        "/ipns/app.eth/",
        "ipns://app.eth/",
        "http://app-eth.localhost:8080/",
        "http://app-eth.ipns.localhost/",
        "http://127.0.0.1:8080/ipns/app.eth/",
        "http://app.eth/",
    ],
)
async def test_an_address_in_any_form(site: Site, address: str) -> None:
    gateway = explaining(site, resolution(Pointer("ipfs", str(site.root))))
    told = await as_data(gateway, address)
    assert told["root"] == str(site.root)
    assert [step["name"] for step in told["names"]] == ["app.eth", "site"]
    assert told["cid"] == str(site.index), "the page that stands for the folder"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("", 400),
        ("http://evil.example/", 400),
        ("https://app.eth/", 400),
        ("http://[/", 400),
        ("http://localhost:8080/", 400),
        ("http://localhost:8080/explain?url=x", 404),
        ("/ipfs/no-address/", 400),
    ],
)
async def test_what_shows_no_content_is_not_explained(
    site: Site, address: str, status: int
) -> None:
    gateway = explaining(site, resolution(Pointer("ipfs", str(site.root))))
    reply = await explain(gateway, address)
    assert reply.status == status


async def test_where_the_way_ends_is_told_with_what_led_there(site: Site) -> None:
    gone = Unproven("nobody says", reasons={"DNS <x>": "bogus", "two": "bogus"}, advice="ask them")
    told = await as_data(explaining(site, gone), PAGE)
    assert [step["name"] for step in told["names"]] == ["app.eth"]
    assert (told["isProven"], told["root"]) == (False, None)
    assert told["failure"]["sources"] == {"DNS <x>": "bogus", "two": "bogus"}
    page = (await explain(explaining(site, gone), PAGE)).text
    assert "The way ends before the page" in page
    assert "<h1>Why this page is not shown</h1>" in page
    assert "is to be believed" not in page
    assert "DNS &lt;x&gt;, two</td>" in page
    assert "ask them" in page


async def test_who_lied_and_is_asked_again_is_told_with_its_lie(site: Site) -> None:
    released = replace(LIAR, state=SourceState.IN_USE, quarantined_until=None, last_reason="")
    to = resolution(Pointer("ipfs", str(site.root)))
    page = (await explain(explaining(site, to, liar=released), PAGE)).text
    assert "<h1>Why this page is to be believed</h1>" in page
    assert "kept as evidence; what it gave since was as it should be" in page


async def test_an_address_by_itself_stands_on_nobody(site: Site) -> None:
    gateway = explaining(site, resolution(Pointer("ipfs", str(site.root))))
    page = (await explain(gateway, f"/ipfs/{site.root}/")).text
    assert "Nothing, and nobody: the address that was asked for names its content." in page
    assert "walkaway trust" not in page
    named = (await explain(gateway, PAGE)).text
    assert "Nothing, and nobody" not in named
    assert "<code>walkaway trust</code>" in named


async def test_what_is_somebodys_word_or_held_back_is_marked(site: Site) -> None:
    waiting = Change(Pointer("ipfs", "bafyother"), Waiting.NEW, since=1.0)
    to = resolution(Pointer("ipfs", str(site.root)), Standing.WORD, waiting=waiting)
    told = await as_data(explaining(site, to), PAGE)
    assert told["isProven"] is False
    assert told["names"][1]["waiting"]["why"] == Waiting.NEW.value
    page = (await explain(explaining(site, to), PAGE)).text
    assert "where the name leads is somebody&#x27;s word, which nobody can prove" in page
    assert "The name says /ipfs/bafyother now, which is held back" in page


async def test_a_long_file_is_told_up_to_a_limit(site: Site) -> None:
    to = resolution(Pointer("ipfs", str(site.root)))
    told = await as_data(explaining(site, to, limits=Limits(explained_blocks=4)), PAGE)
    assert told["moreBlocks"] is True
    assert len(told["blocks"]) < 3 + len(site.leaves) + 1
    assert (
        "There are more"
        in (await explain(explaining(site, to, limits=Limits(explained_blocks=4)), PAGE)).text
    )


@pytest.mark.parametrize("rule", ["/ipfs/{sub}", "/ipns/site"])
async def test_what_is_denied_is_not_explained(site: Site, tmp_path: Path, rule: str) -> None:
    rules = tmp_path / "rules.deny"
    rules.write_text(rule.format(sub=site.sub) + "\n")
    denylist = Denylist(rules)
    denylist.load()
    gateway = explaining(site, resolution(Pointer("ipfs", str(site.root))), denylist=denylist)
    told = await as_data(gateway, PAGE)
    assert "denylist" in told["failure"]["message"]
    assert str(site.large) not in [block["cid"] for block in told["blocks"]]


async def test_only_the_gateways_own_hosts_explain_and_to_no_other_page(site: Site) -> None:
    gateway = explaining(site, resolution(Pointer("ipfs", str(site.root))))
    for host in ("app-eth.localhost:8080", "app.eth", f"{site.root.as_v1()}.ipfs.localhost"):
        assert "Why this page" not in (await explain(gateway, PAGE, host=host)).text
    other = {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"}
    assert (await explain(gateway, PAGE, headers=other)).status == 403
    assert (await explain(gateway, PAGE, method="POST")).status == 405


async def test_an_error_page_leads_to_its_explanation(site: Site) -> None:
    gateway = explaining(site, Unproven("nobody says", reasons={"DNS": "bogus"}))
    html = {"accept": "text/html"}
    page = await ask(gateway, "/sub/?a=b", host="app-eth.localhost:8080", headers=html)
    address = quote("http://app-eth.localhost:8080/sub/?a=b", safe="")
    assert "<h1>Not proven now, so not shown</h1>" in page.text
    assert f'<a href="//localhost:8080/explain?url={address}">' in page.text
    by_path = await ask(gateway, "/ipns/app.eth/", headers=html)
    assert 'href="//127.0.0.1:8080/explain?url=' in by_path.text
    proxied = await ask(gateway, "/", host="app.eth", headers=html)
    assert "/explain?" not in proxied.text, "where the gateway is, is not known there"
