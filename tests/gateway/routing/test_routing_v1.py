"""Routing V1 as served: this node is a provider of what it holds, and keeps the newest records."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest
from starlette.types import Message

from walkaway.chain.clock import FixedClock
from walkaway.errors import ConfigError
from walkaway.gateway.answers.answer import Answer
from walkaway.gateway.request.asked import read_wish
from walkaway.gateway.routing.filters import passing_protocols
from walkaway.gateway.routing.peer_key import open_peer_key, peer_id
from walkaway.gateway.routing.routing_v1 import RoutingV1
from walkaway.gateway.safety.denylist import Denylist
from walkaway.limits import Limits
from walkaway.names.held import HeldNames
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.ipns_name import name_of_key, name_text
from walkaway.proofs.ipfs.ipns_record import create_record
from walkaway.proofs.ipfs.libp2p_keys import SigningKey

HERE = Cid.of(codecs.RAW, b"here")
ELSEWHERE = Cid.of(codecs.RAW, b"elsewhere")
ADDRESS = "/ip4/127.0.0.1/tcp/8080/http"
NODE = SigningKey(bytes(32))
PEER = peer_id(NODE)
KEY = SigningKey(bytes([1]) * 32)
NAME = name_text(name_of_key(KEY.public_key))
RECORD_TYPE = "application/vnd.ipfs.ipns-record"
SENT = {"content-type": RECORD_TYPE}
WANTED = {"accept": RECORD_TYPE}


class OneBlock:
    """Holds one block, under each of its addresses."""

    async def has(self, cid: Cid) -> bool:
        return cid.multihash == HERE.multihash


class Router:
    """Asks a router as ASGI would."""

    def __init__(self, router: RoutingV1) -> None:
        self._router = router

    async def ask(
        self,
        target: str,
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        body: bytes = b"",
    ) -> Answer:
        path, _, query = target.partition("?")
        told = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        wish = read_wish(method, path.encode(), query.encode(), told)
        half = len(body) // 2
        pieces: list[Message] = [
            {"type": "http.request", "body": body[:half], "more_body": True},
            {"type": "http.request", "body": body[half:]},
        ]

        async def receive() -> Message:
            return pieces.pop(0)

        return await self._router.answer(wish, path.split("/"), receive)

    async def publish(self, record: bytes, headers: Mapping[str, str] = SENT) -> int:
        answer = await self.ask(f"ipns/{NAME}", headers, method="PUT", body=record)
        return answer.status


@pytest.fixture
def router(tmp_path: Path) -> Router:
    names = HeldNames(tmp_path, FixedClock(1_790_856_000.0))
    return Router(RoutingV1(OneBlock(), names, PEER, [ADDRESS]))


def record(sequence: int = 1, until: str = "2026-10-01T13:00:00Z", ttl: int = 60) -> bytes:
    return create_record(
        KEY, value=f"/ipfs/{HERE}", sequence=sequence, validity=until, ttl=ttl * 1_000_000_000
    )


def headers(answer: Answer) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in answer.headers}


def body(answer: Answer) -> bytes:
    assert isinstance(answer.body, bytes)
    return answer.body


PROVIDER = {
    "Schema": "peer",
    "ID": PEER,
    "Addrs": [ADDRESS],
    "Protocols": ["transport-ipfs-gateway-http"],
}


@pytest.mark.parametrize("cid", [str(HERE), str(Cid(1, codecs.DAG_PB, HERE.multihash))])
async def test_this_node_provides_what_it_holds(router: Router, cid: str) -> None:
    answer = await router.ask(f"providers/{cid}")
    assert answer.status == 200
    assert json.loads(body(answer)) == {"Providers": [PROVIDER]}
    assert headers(answer)["content-type"] == "application/json"
    assert headers(answer)["cache-control"] == "public, max-age=300"
    assert headers(answer)["access-control-allow-origin"] == "*"


async def test_that_nobody_is_found_is_no_error(router: Router) -> None:
    answer = await router.ask(f"providers/{ELSEWHERE}")
    assert (answer.status, json.loads(body(answer))) == (200, {"Providers": []})
    assert headers(answer)["cache-control"] == "public, max-age=15"


async def test_lines_where_they_are_accepted(router: Router) -> None:
    lines = {"accept": "application/x-ndjson, application/json;q=0.5"}
    answer = await router.ask(f"providers/{HERE}", lines)
    assert headers(answer)["content-type"] == "application/x-ndjson"
    assert body(answer).endswith(b"\n")
    assert [json.loads(line) for line in body(answer).splitlines()] == [PROVIDER]
    assert body(await router.ask(f"providers/{ELSEWHERE}", lines)) == b""


@pytest.mark.parametrize(
    ("filters", "passes"),
    [
        ("filter-addrs=http", True),
        ("filter-addrs=HTTP,tls", True),
        ("filter-addrs=webtransport", False),
        ("filter-addrs=unknown", False),
        ("filter-addrs=!http", False),
        ("filter-addrs=!webtransport", True),
        ("filter-addrs=tcp,!http", False),
        ("filter-protocols=transport-ipfs-gateway-http", True),
        ("filter-protocols=unknown,Transport-IPFS-Gateway-HTTP", True),
        ("filter-protocols=transport-bitswap", False),
        ("filter-protocols=unknown", False),
        ("filter-protocols=!transport-ipfs-gateway-http", False),
        ("filter-protocols=!transport-bitswap", True),
        ("filter-addrs=http&filter-protocols=transport-bitswap", False),
        ("filter-addrs=&filter-protocols=", True),
    ],
)
async def test_filters(router: Router, filters: str, passes: bool) -> None:
    for target in (f"providers/{HERE}", f"peers/{PEER}"):
        answer = await router.ask(f"{target}?{filters}")
        (records,) = json.loads(body(answer)).values()
        assert records == ([PROVIDER] if passes else [])


async def test_a_node_whose_address_nobody_knows_says_so(tmp_path: Path) -> None:
    names = HeldNames(tmp_path, FixedClock(0))
    router = Router(RoutingV1(OneBlock(), names, PEER, []))
    answer = await router.ask(f"peers/{PEER}?filter-addrs=unknown")
    assert json.loads(body(answer)) == {"Peers": [{**PROVIDER, "Addrs": []}]}
    answer = await router.ask(f"peers/{PEER}?filter-addrs=http")
    assert json.loads(body(answer)) == {"Peers": []}


async def test_what_is_denied_has_no_provider(tmp_path: Path) -> None:
    (tmp_path / "own.deny").write_text(f"/ipfs/{HERE}\n")
    denylist = Denylist(tmp_path / "own.deny")
    denylist.load()
    names = HeldNames(tmp_path, FixedClock(0))
    router = Router(RoutingV1(OneBlock(), names, PEER, [ADDRESS], denylist=denylist))
    assert json.loads(body(await router.ask(f"providers/{HERE}"))) == {"Providers": []}


async def test_what_is_denied_has_no_record(tmp_path: Path) -> None:
    (tmp_path / "own.deny").write_text(f"/ipns/{NAME} status:451\n")
    denylist = Denylist(tmp_path / "own.deny")
    denylist.load()
    names = HeldNames(tmp_path, FixedClock(1_790_856_000.0))
    router = Router(RoutingV1(OneBlock(), names, PEER, [ADDRESS], denylist=denylist))
    assert await router.publish(record()) == 200
    for method in ("GET", "HEAD"):
        answer = await router.ask(f"ipns/{NAME}", WANTED, method=method)
        assert answer.status == 451
        assert b"denylist" in body(answer)


async def test_peers_are_this_node_and_nobody(router: Router) -> None:
    for text in (PEER, str(name_of_key(NODE.public_key))):
        assert json.loads(body(await router.ask(f"peers/{text}"))) == {"Peers": [PROVIDER]}
    assert json.loads(body(await router.ask(f"peers/{NAME}"))) == {"Peers": []}
    for key in (PEER, str(HERE)):
        answer = await router.ask(f"dht/closest/peers/{key}")
        assert json.loads(body(answer)) == {"Peers": []}


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "providers/nothing", 422),
        ("GET", f"peers/{HERE}", 422),
        ("GET", "dht/closest/peers/nothing", 422),
        ("GET", "ipns/example.org", 422),
        ("GET", "other", 400),
        ("GET", "", 400),
        ("GET", "providers", 501),
        ("PUT", "providers", 501),
        ("POST", f"providers/{HERE}", 501),
        ("DELETE", f"ipns/{NAME}", 501),
        ("OPTIONS", "providers/x", 204),
        ("HEAD", f"providers/{HERE}", 200),
    ],
)
async def test_what_is_malformed_or_not_served(
    router: Router, method: str, target: str, status: int
) -> None:
    answer = await router.ask(target, WANTED, method=method)
    assert answer.status == status
    assert headers(answer)["access-control-allow-origin"] == "*"


async def test_a_record_is_kept_and_given(router: Router) -> None:
    assert await router.publish(record()) == 200
    answer = await router.ask(f"ipns/{NAME}", WANTED)
    assert (answer.status, answer.body) == (200, record())
    assert headers(answer)["content-type"] == RECORD_TYPE
    assert headers(answer)["cache-control"] == "public, max-age=60"
    first = headers(answer)["etag"]
    assert await router.publish(record(2, ttl=0)) == 200
    answer = await router.ask(f"ipns/{NAME}", {"accept": "*/*"})
    assert headers(answer)["etag"] != first
    assert headers(answer)["cache-control"] == "public, max-age=60"


async def test_an_older_record_takes_no_newer_ones_place(router: Router) -> None:
    assert await router.publish(record(2)) == 200
    assert await router.publish(record(1)) == 409
    assert await router.publish(record(2)) == 200
    assert (await router.ask(f"ipns/{NAME}", WANTED)).body == record(2)


async def test_nor_does_it_once_the_newer_one_has_ended(tmp_path: Path) -> None:
    clock = FixedClock(1_790_856_000.0)
    router = Router(RoutingV1(OneBlock(), HeldNames(tmp_path, clock), PEER, [ADDRESS]))
    assert await router.publish(record(2)) == 200
    clock.seconds += 3600
    assert await router.publish(record(1, "2026-10-01T14:00:00Z")) == 409
    assert await router.publish(record(2, "2026-10-01T14:00:00Z")) == 200


async def test_that_no_record_is_found_is_no_error(router: Router) -> None:
    answer = await router.ask(f"ipns/{NAME}", WANTED)
    assert answer.status == 200
    assert headers(answer)["content-type"].startswith("text/plain")


@pytest.mark.parametrize("accept", ["", "application/json"])
async def test_a_record_has_to_be_asked_for(router: Router, accept: str) -> None:
    assert (await router.ask(f"ipns/{NAME}", {"accept": accept})).status == 406


@pytest.mark.parametrize(
    ("content", "told", "status"),
    [
        (record(), {"content-type": "application/octet-stream"}, 406),
        (record(), {}, 406),
        (record()[:-1], SENT, 400),
        (b"", SENT, 400),
        (bytes(20_000), SENT, 400),
        (record(until="2026-10-01T11:00:00Z"), SENT, 400),
        (record(), {**SENT, "origin": "http://app.localhost"}, 403),
        (record(), {**SENT, "sec-fetch-site": "same-origin"}, 403),
    ],
)
async def test_a_record_that_is_not_kept(
    router: Router, content: bytes, told: Mapping[str, str], status: int
) -> None:
    assert await router.publish(content, told) == status
    answer = await router.ask(f"ipns/{NAME}", WANTED)
    assert headers(answer)["content-type"].startswith("text/plain")


async def test_as_many_records_as_may_be(tmp_path: Path) -> None:
    clock = FixedClock(1_790_856_000.0)
    names = HeldNames(tmp_path, clock, limits=Limits(held_records=0))
    assert await Router(RoutingV1(OneBlock(), names, PEER, [])).publish(record()) == 507


async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    names = HeldNames(tmp_path, FixedClock(0))
    router = RoutingV1(OneBlock(), names, PEER, [], limits=Limits(rpc_upload_seconds=0.001))
    wish = read_wish("PUT", b"", b"", [(b"content-type", RECORD_TYPE.encode())])

    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    assert (await router.answer(wish, ["ipns", NAME], never)).status == 408
    assert (await router.answer(wish, ["ipns", NAME], gone)).status == 400


async def test_a_folder_that_is_none_keeps_no_records(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    names = HeldNames(tmp_path / "file", FixedClock(1_790_856_000.0))
    router = Router(RoutingV1(OneBlock(), names, PEER, []))
    assert await router.publish(record()) == 500
    answer = await router.ask(f"ipns/{NAME}", WANTED)
    assert answer.status == 200
    assert b"not found" in body(answer)


def test_who_says_nothing_of_how_it_speaks_passes_where_the_unknown_do() -> None:
    assert passing_protocols("unknown", ())
    assert not passing_protocols("transport-bitswap", ())


def test_the_nodes_key_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "peer.key"
    first = peer_id(open_peer_key(path))
    assert first.startswith("12D3KooW")
    assert peer_id(open_peer_key(path)) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert peer_id(open_peer_key(tmp_path / "other.key")) != first


def test_a_damaged_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "peer.key"
    path.write_bytes(bytes(33))
    with pytest.raises(ConfigError, match="damaged"):
        open_peer_key(path)
    with pytest.raises(ConfigError, match="cannot be used"):
        open_peer_key(path / "below")
