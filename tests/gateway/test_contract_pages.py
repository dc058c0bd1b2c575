"""Pages of contracts at the gateway, by a chain that is followed on a devnet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import pytest

from tests.chain.devnet_chain import EXECUTION, Behaviour, SourcePlan, devnet_of, following
from tests.gateway.asgi_client import ask
from tests.names.ens.devnet_names import ens_on
from walkaway.chain.clock import SystemClock
from walkaway.content.service import ContentPlan, open_content
from walkaway.devnet import ens as names
from walkaway.devnet.web3 import deploy_pages, put_page, put_resource
from walkaway.gateway.answers.explanation import Explanations
from walkaway.gateway.app import Gateway
from walkaway.names.contract_names import ContractNames
from walkaway.names.every_kind import NamesOfEveryKind
from walkaway.names.held import HeldNames
from walkaway.names.history import PointerHistory
from walkaway.names.hold import HoldPolicy
from walkaway.names.late import LateEns, LateNames
from walkaway.names.steady import SteadyNames

PAGE = b"<h1>a contract's</h1>"
KINDS: Final[tuple[Literal["ManualPages", "ResourcePages"], ...]] = ("ManualPages", "ResourcePages")


def names_by(held: HeldNames, ens: LateEns) -> NamesOfEveryKind:
    """Names of ENS, and of contracts by it; nobody is asked of others."""
    nobody = LateNames("nobody", "is asked here")
    return NamesOfEveryKind(held, nobody, ens, ContractNames(ens), nobody, nobody)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[PointerHistory]:
    made = PointerHistory(tmp_path / "names.sqlite")
    yield made
    made.close()


@pytest.mark.parametrize("host", ["app-eth.1337.web3.localhost:8080", "CONTRACT"])
async def test_a_page_of_a_contract_opens_once_the_chain_is_followed(
    tmp_path: Path, history: PointerHistory, host: str
) -> None:
    liar = SourcePlan("larch", EXECUTION, Behaviour.LYING_STORAGE)
    async with devnet_of(SourcePlan("alder"), SourcePlan("birch"), liar) as devnet:
        manual, resources = [deploy_pages(devnet, kind) for kind in KINDS]
        devnet.advance()
        put_page(devnet, manual, "/a?format=car", PAGE)
        devnet.advance()
        leads = [("Location", "web3://app.eth:1/")]
        put_resource(devnet, resources, ["gone"], b"", leads, status=302)
        names.set_text(devnet, "app.eth", "contentcontract", f"0x{manual.hex()}")
        devnet.advance(2)
        host = host.replace("CONTRACT", f"0x{manual.hex()}.1337.web3.localhost:8080")
        made = ContentPlan(tmp_path / "store", tmp_path / "evidence", store_bytes=10**7)
        async with (
            open_content(made, clock=SystemClock()) as content,
            following(devnet) as chain,
            ens_on(chain, tmp_path) as ens,
        ):
            late = LateEns("the chain", "it is not followed yet")
            by_name = names_by(HeldNames(tmp_path / "ipns", SystemClock()), late)
            others = content.networks.others
            held = SteadyNames(by_name, history, HoldPolicy(3600), SystemClock())
            gateway = Gateway(content.blocks, content.store, held, others=others)
            gateway.explanations = Explanations(content.blocks, held, others=others)
            before = await ask(gateway, "/a?format=car", host=host)
            assert (before.status, b"not followed yet" in before.body) == (502, True)
            with content.by_chain(chain, ens), late.led_by(ens):
                reply = await ask(gateway, "/a?format=car", host=host)
                assert (reply.status, reply.body) == (200, PAGE)
                assert reply.header("content-type").startswith("text/html")
                assert reply.header("cache-control").startswith("public, max-age=")
                same = {"if-none-match": reply.header("etag")}
                assert (await ask(gateway, "/a?format=car", host=host, headers=same)).status == 304
                away = f"0x{resources.hex()}.1337.web3.localhost:8080"
                moved = await ask(gateway, "/gone", host=away)
                there = "http://localhost:8080/web3/app.eth:1/"
                assert (moved.status, moved.header("location")) == (302, there)
                url = f"/explain?format=json&url=http://{host}/a%3Fformat=car"
                explained = (await ask(gateway, url, host="localhost:8080")).text
                assert "checkpoint" in explained
                assert '"isProven": true' in explained
                step = f'"name": "app.eth:1337", "pointer": "/web3/0x{manual.hex()}:1337"'
                assert (step in explained) == host.startswith("app-eth")
                assert (await held.resolve("app.eth:1337")).waiting is None
                # Whoever takes the name has another contract give its pages.
                names.set_text(devnet, "app.eth", "contentcontract", f"0x{resources.hex()}")
                devnet.advance(2)
                await chain.advance()
                told = await held.resolve("app.eth:1337")
                assert told.waiting is not None
                assert str(told.waiting.pointer) == f"/web3/0x{resources.hex()}:1337"
                anew = Gateway(content.blocks, content.store, held, others=others)
                reply = await ask(anew, "/a?format=car", host=host)
                assert (reply.status, reply.body) == (200, PAGE)
            assert (await ask(gateway, "/a?format=raw", host=host)).status == 502
