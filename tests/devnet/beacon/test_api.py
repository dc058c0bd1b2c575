"""The beacon API's other routes, without sockets."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import pytest

from walkaway.devnet.beacon.api import BeaconApi
from walkaway.devnet.beacon.light_client import decode_signed_block, signed_block_from_json
from walkaway.devnet.beacon.light_client_server import LightClientServer
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import DevnetSettings

SSZ = "application/octet-stream"


@lru_cache
def network() -> Devnet:
    return Devnet(DevnetSettings(), genesis_time=1_700_000_000)


def api() -> BeaconApi:
    return BeaconApi(network().beacon, LightClientServer(network().beacon))


def document(path: str, **query: str) -> Any:
    reply = api().answer(path, query, "application/json")
    assert reply.status == 200, reply.body
    return json.loads(reply.body)


def test_a_block_is_whole_in_both_forms() -> None:
    head = network().beacon.head
    root = "0x" + head.root.hex()
    reply = api().answer(f"/eth/v2/beacon/blocks/{root}", {}, f"{SSZ};q=1, application/json;q=0.5")
    assert reply.headers["Eth-Consensus-Version"] == "fulu"
    by_ssz = decode_signed_block(network().spec, head.fork, reply.body)
    said = document("/eth/v2/beacon/blocks/head")
    by_json = signed_block_from_json(network().spec, head.fork, said["data"])
    for block in (by_ssz, by_json):
        assert bytes(block.hash_tree_root()) == head.root
    assert said["finalized"] is False


def test_blocks_have_many_names() -> None:
    final = network().checkpoint
    names = {"genesis": 0, "finalized": final.slot, "justified": 24, "head": 33, "7": 7}
    for name, slot in names.items():
        header = document(f"/eth/v1/beacon/headers/{name}")
        assert header["data"]["header"]["message"]["slot"] == str(slot)
        assert header["finalized"] == (slot <= final.slot)


def test_checkpoints_and_status() -> None:
    points = document("/eth/v1/beacon/states/head/finality_checkpoints")["data"]
    assert [points[name]["epoch"] for name in points] == ["2", "3", "2"]
    root = "0x" + network().checkpoint.root.hex()
    assert points["finalized"]["root"] == root
    status = document("/checkpointz/v1/status")["data"]
    assert status["finality"]["finalized"] == {"epoch": "2", "root": root}
    syncing = document("/eth/v1/node/syncing")["data"]
    assert (syncing["head_slot"], syncing["is_syncing"]) == ("33", False)


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/eth/v1/beacon/light_client/updates", {"start_period": "0"}, 400),
        ("/eth/v1/beacon/light_client/updates", {"start_period": "-1", "count": "1"}, 400),
        ("/eth/v1/beacon/light_client/bootstrap/0x12", {}, 400),
        ("/eth/v1/beacon/blocks/9999/root", {}, 404),
        ("/eth/v1/beacon/blocks/0x" + "11" * 32 + "/root", {}, 404),
        ("/eth/v1/beacon/light_client/updates/", {}, 404),
    ],
)
def test_refusals(path: str, query: dict[str, str], status: int) -> None:
    reply = api().answer(path, query, "application/json")
    assert reply.status == json.loads(reply.body)["code"] == status
