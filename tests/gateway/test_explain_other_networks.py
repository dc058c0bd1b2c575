"""Who gave what is on other networks, and what is said of a piece besides, as explained."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.content.exporter.dags import Dag
from tests.content.filecoin.test_pdp import NUMBER, PIECE, asking, contract, numbered
from tests.gateway.asgi_client import Reply, ask
from tests.gateway.test_app import Names
from tests.gateway.test_other_networks import Opens, a_file
from walkaway.content.filecoin.pdp import PdpVerifier
from walkaway.content.proven_file import ProvenFile
from walkaway.content.suppliers import Suppliers
from walkaway.gateway.answers.explanation import Explanations
from walkaway.gateway.app import Gateway
from walkaway.limits import LIMITS
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.proven import Evidence

ID = str(ArweaveId(bytes(range(32))))
HASH = b"\x01" + bytes(23)
ASKED = (
    Evidence("Arweave id that was asked for", (("id", ID),)),
    Evidence("versioned hash that was asked for", (("hash", HASH),)),
    Evidence("trusted setup of KZG", (("ceremony", "one"), ("number", 7))),
)
STANDING_ON = Evidence("it follows", (("id", "inner"),), ASKED)


def supplied() -> Suppliers:
    suppliers = Suppliers()
    suppliers.note(ID, lied="<liar>")
    suppliers.note(ID, given_by="gateway-1")
    suppliers.note(ID, given_by="gateway-2")
    suppliers.note(HASH, given_by="node")
    suppliers.note("inner", given_by="nobody asked for it")
    return suppliers


def explaining(
    at: str, file: ProvenFile, pdp: PdpVerifier | None = None, blocks: int = 100
) -> Gateway:
    opens, dag = Opens({at: file}), Dag()
    gateway = Gateway(dag, dag, Names(), others={"ar": opens, "piece": opens})
    gateway.explanations = Explanations(
        dag,
        Names(),
        others={"ar": opens, "piece": opens},
        supplied=supplied().of,
        pdp=pdp,
        limits=replace(LIMITS, explained_blocks=blocks),
    )
    return gateway


async def explain(gateway: Gateway, query: str) -> Reply:
    return await ask(gateway, f"/explain?{query}", host="localhost:8080")


async def told(gateway: Gateway, query: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((await explain(gateway, f"{query}&format=json")).body)
    return document


async def test_it_says_who_gave_what_was_asked_for_and_who_lied() -> None:
    file = replace(a_file(), because=STANDING_ON)
    document = await told(explaining(f"/ar/{ID}", file), f"url=ar://{ID}")
    assert document["suppliedBy"] == [
        {"address": ID, "from": ["gateway-1", "gateway-2"], "lied": ["<liar>"]},
        {"address": f"0x{HASH.hex()}", "from": ["node"], "lied": []},
    ]
    assert (document["isProven"], document["besides"]) == (True, [])
    page = (await explain(explaining(f"/ar/{ID}", file), f"url=ar://{ID}")).text
    assert "gateway-1, gateway-2" in page
    assert "&lt;liar&gt;" in page
    few = await told(explaining(f"/ar/{ID}", file, blocks=1), f"url=ar://{ID}")
    assert [each["address"] for each in few["suppliedBy"]] == [ID]


async def test_where_nobody_had_to_give_it_nobody_is_named() -> None:
    gateway = explaining(f"/ar/{ID}", a_file())
    assert (await told(gateway, f"url=ar://{ID}"))["suppliedBy"] == []
    assert "given by" not in (await explain(gateway, f"url=ar://{ID}")).text


async def test_an_rpcs_word_on_a_piece_is_told_where_it_is_asked_for() -> None:
    gateway = explaining(f"/piece/{PIECE}", a_file(), asking(numbered(NUMBER)))
    assert (await told(gateway, f"url=piece://{PIECE}"))["besides"] == []
    document = await told(gateway, f"url=piece://{PIECE}&data_set=7")
    assert document["isProven"] is True, "what is shown does not stand on it"
    holds, proved = document["besides"]
    assert holds == {"what": "data set 7 holds it: piece 3 of data set 7", "saidBy": ["rpc-0"]}
    assert proved["what"].startswith("its provider proved last on 2025-05-27")
    page = (await explain(gateway, f"url=piece://{PIECE}&data_set=7/3")).text
    assert "Said of it, and proven by nobody" in page
    assert "(said by rpc-0)" in page


async def test_it_is_told_also_where_the_piece_itself_is_not_to_be_had() -> None:
    gateway = explaining("/piece/another", a_file(), asking(contract()))
    document = await told(gateway, f"url=piece://{PIECE}&data_set=7/3")
    assert document["failure"] is not None
    assert document["besides"][0]["saidBy"] == ["rpc-0"]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (f"url=ar://{ID}&data_set=7", "hold its pieces alone"),
        (f"url=piece://{PIECE}&data_set=x", "is no data set of Filecoin"),
        (f"url=piece://{PIECE}&data_set=7", "no RPC of Filecoin is asked"),
    ],
)
async def test_what_no_data_set_can_hold_is_refused(query: str, says: str) -> None:
    reply = await explain(explaining(f"/piece/{PIECE}", a_file()), query)
    assert reply.status in (400, 501)
    assert says in reply.text
