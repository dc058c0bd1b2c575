"""Content of other networks at the gateway, from whoever opens it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path

import pytest

from tests.content.exporter.dags import Dag
from tests.gateway.asgi_client import Reply, ask
from tests.gateway.test_app import Names
from walkaway.content.budget import Budget
from walkaway.content.proven_file import Believed, ProvenFile
from walkaway.errors import NoSuchPath
from walkaway.gateway.answers.explanation import Explanations
from walkaway.gateway.app import Gateway
from walkaway.gateway.safety.denylist import Denylist
from walkaway.names.pointer import Network, Pointer
from walkaway.names.resolution import Resolution, Standing
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.filecoin.piece_cid import PieceCid
from walkaway.proofs.ipfs.multibase import BASE32
from walkaway.proofs.proven import Evidence

ID = str(ArweaveId(bytes(range(32))))
OTHER_ID = str(ArweaveId(bytes(range(1, 33))))
AR_HOST = f"{BASE32.encode(bytes(range(32)))}.ar.localhost:8080"
CONTRACT = "0x" + "ab" * 20
CONTRACT_HOST = f"{CONTRACT}.1.web3.localhost:8080"
PIECE = str(PieceCid.over(bytes(32), 1000))
PAGE = b"<!doctype html><title>here</title>"
IMMUTABLE = "public, max-age=29030400, immutable"
BECAUSE = Evidence("SHA-256 of the signature", (("id", ID),), (Evidence("the id"),))


@dataclass
class Opens:
    """Files in a dictionary, by pointer. Implements `OpensFiles`."""

    files: dict[str, ProvenFile] = field(default_factory=dict)
    asked: list[Pointer] = field(default_factory=list)

    async def open(self, pointer: Pointer, budget: Budget) -> ProvenFile:
        self.asked.append(pointer)
        found = self.files.get(str(pointer))
        if found is None:
            raise NoSuchPath("it is not there")
        return found


def a_file(
    data: bytes = PAGE,
    *,
    etag: str = OTHER_ID,
    has_size: bool = True,
    media_type: str | None = "text/html",
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (),
    seconds: float = inf,
    is_folder: bool = False,
    believed: tuple[Believed, ...] = (),
    because: Evidence = BECAUSE,
) -> ProvenFile:
    async def stream(start: int, end: int | None) -> AsyncGenerator[bytes, None]:
        for at in range(start, len(data) if end is None else end, 1000):
            yield data[at : min(at + 1000, len(data) if end is None else end)]

    return ProvenFile(
        len(data) if has_size else None,
        etag,
        stream,
        because,
        media_type,
        status,
        headers,
        seconds,
        is_folder,
        believed,
    )


@pytest.fixture
def opens() -> Opens:
    return Opens()


def gateway_of(opens: Opens, denied: Path | None = None, **names: Resolution) -> Gateway:
    dag = Dag()
    others: dict[Network, Opens] = {"ar": opens, "web3": opens, "piece": opens}
    denylist = Denylist(denied)
    denylist.load()
    gateway = Gateway(dag, dag, Names(**names), others=others, denylist=denylist)
    gateway.explanations = Explanations(dag, Names(**names), others=others)
    return gateway


async def page(opens: Opens, at: str, file: ProvenFile, target: str, host: str) -> Reply:
    opens.files[at] = file
    return await ask(gateway_of(opens), target, host=host)


async def test_an_item_of_arweave_has_an_origin_of_its_own(opens: Opens) -> None:
    gateway = gateway_of(opens)
    moved = await ask(gateway, f"/ar/{ID}/docs/a%20b?x=1", host="localhost:8080")
    assert (moved.status, moved.header("location")) == (301, f"http://{AR_HOST}/docs/a%20b?x=1")
    reply = await page(opens, f"/ar/{ID}/docs/a b", a_file(), "/docs/a%20b?x=1", AR_HOST)
    assert (reply.status, reply.body) == (200, PAGE)
    assert reply.header("content-type") == "text/html"
    assert reply.header("etag") == f'"{OTHER_ID}"'
    assert reply.header("cache-control") == IMMUTABLE
    assert reply.header("origin-agent-cluster") == "?1"
    assert reply.header("accept-ranges") == "bytes"
    assert not [name for name in reply.headers if "ipfs" in name]
    assert "content-security-policy" not in reply.headers


async def test_by_path_it_is_shut_in_and_a_folder_has_its_slash(opens: Opens) -> None:
    here = "127.0.0.1:8080"
    reply = await page(opens, f"/ar/{ID}", a_file(is_folder=True), f"/ar/{ID}?x=1", here)
    assert (reply.status, reply.header("location")) == (301, f"/ar/{ID}/?x=1")
    reply = await ask(gateway_of(opens), f"/ar/{ID}/", host=here)
    assert reply.body == PAGE
    assert "script-src 'none'" in reply.header("content-security-policy")
    assert reply.header("x-content-type-options") == "nosniff"


async def test_a_name_of_a_folder_has_its_slash(opens: Opens) -> None:
    opens.files[f"/ar/{ID}/docs"] = a_file(is_folder=True)
    leads = Resolution(Pointer("ar", ID, ("docs",)), 60.0, Standing.PROVEN, BECAUSE)
    gateway = gateway_of(opens, site_example=leads)
    here = "127.0.0.1:8080"
    moved = await ask(gateway, "/ipns/site.example?x=1", host=here)
    assert (moved.status, moved.header("location")) == (301, "/ipns/site.example/?x=1")
    assert (await ask(gateway, "/ipns/site.example/", host=here)).body == PAGE
    opens.files[f"/ar/{ID}/docs"] = a_file()
    assert (await ask(gateway, "/ipns/site.example", host=here)).body == PAGE


async def test_a_contract_has_its_slash_and_a_path_is_as_it_is_asked(opens: Opens) -> None:
    here = "127.0.0.1:8080"
    for target in ("", "?a=%20", "/app/", "/app/?b"):
        opens.files[f"/web3/{CONTRACT}:1{target}"] = a_file(is_folder=True)
    opens.files[f"/ar/{ID}/docs"] = a_file(is_folder=True)
    for target, location in (("", "/"), ("?a=%20", "/?a=%20")):
        moved = await ask(gateway_of(opens), f"/web3/{CONTRACT}:1{target}", host=here)
        assert (moved.status, moved.header("location")) == (301, f"/web3/{CONTRACT}:1{location}")
    for path in (f"/web3/{CONTRACT}:1/app/", f"/web3/{CONTRACT}:1/app/?b", f"/ar/{ID}/docs"):
        assert (await ask(gateway_of(opens), path, host=here)).body == PAGE


async def test_parts_conditions_and_heads(opens: Opens) -> None:
    data = bytes(range(250)) * 2000
    opens.files[f"/ar/{ID}/"] = opens.files[f"/ar/{ID}"] = a_file(data, media_type=None)
    gateway = gateway_of(opens)
    whole = await ask(gateway, "/", host=AR_HOST)
    assert whole.body == data
    assert whole.header("content-type") == "application/octet-stream"
    assert whole.header("content-length") == str(len(data))
    part = await ask(gateway, "/", host=AR_HOST, headers={"range": "bytes=1500-260000"})
    assert (part.status, part.body) == (206, data[1500:260001])
    beyond = await ask(gateway, "/", host=AR_HOST, headers={"range": f"bytes={len(data)}-"})
    assert beyond.status == 416
    head = await ask(gateway, "/", host=AR_HOST, method="HEAD")
    assert (head.status, head.body, head.header("content-length")) == (200, b"", str(len(data)))
    same = await ask(gateway, "/", host=AR_HOST, headers={"if-none-match": f'"{OTHER_ID}"'})
    assert (same.status, same.body) == (304, b"")


async def test_what_ends_unannounced_is_sent_as_it_comes(opens: Opens) -> None:
    data = bytes(5000)
    file = a_file(data, has_size=False, media_type="image/png", seconds=12)
    reply = await page(opens, f"/web3/{CONTRACT}:1/p", file, "/p", CONTRACT_HOST)
    assert (reply.status, reply.body) == (200, data)
    assert "content-length" not in reply.headers
    assert "accept-ranges" not in reply.headers
    assert reply.header("cache-control") == "public, max-age=12"


async def test_a_contract_reads_path_and_query_as_they_are_written(opens: Opens) -> None:
    gateway = gateway_of(opens)
    raw = "/a%20b/%2e/c//?format=car&download=true&x=%7e"
    opens.files[f"/web3/{CONTRACT}:1{raw}"] = a_file(seconds=12)
    reply = await ask(gateway, raw, host=CONTRACT_HOST)
    assert (reply.status, reply.body) == (200, PAGE)
    assert "content-disposition" not in reply.headers
    assert opens.asked[-1] == Pointer("web3", f"{CONTRACT}:1", (), raw)
    moved = await ask(gateway, f"/web3/{CONTRACT}:1{raw}", host="localhost:8080")
    assert moved.header("location") == f"http://{CONTRACT_HOST}{raw}"
    by_path = await ask(gateway, f"/web3/{CONTRACT}:1{raw}")
    assert (by_path.status, by_path.body) == (200, PAGE)
    assert opens.asked[-1] == Pointer("web3", f"{CONTRACT}:1", (), raw)


async def test_names_of_contracts_are_one_label(opens: Opens) -> None:
    gateway = gateway_of(opens)
    for host in ("app.eth.1.web3.localhost", "APP.eth.1.web3.localhost"):
        moved = await ask(gateway, "/x?y", host=host)
        assert moved.header("location") == "http://app-eth.1.web3.localhost/x?y"
    opens.files[f"/web3/{CONTRACT}:10/x?y"] = a_file()
    leads = Resolution(Pointer("web3", f"{CONTRACT}:10"), 60.0, Standing.PROVEN, BECAUSE)
    gateway = gateway_of(opens, None, **{"my-app_eth:10": leads})
    reply = await ask(gateway, "/x?y", host="my--app-eth.10.web3.localhost")
    assert (reply.status, reply.body) == (200, PAGE)
    sender = await ask(gateway, f"/web3/{CONTRACT}@app.eth/", host="localhost:8080")
    assert (sender.status, b"127.0.0.1" in sender.body) == (400, True)


@pytest.mark.parametrize(
    ("uri", "location"),
    [
        (f"ar%3A%2F%2F{ID}%2Fa%20b", f"/ar/{ID}/a%20b"),
        ("web3%3A%2F%2Fapp.eth%3A10%2Fx%3Fy%3D1", "/web3/app.eth:10/x?y=1"),
        (f"w3://{CONTRACT}", f"/web3/{CONTRACT}"),
        (f"piece://{PIECE}", f"/piece/{PIECE}"),
    ],
)
async def test_uris_of_other_networks(opens: Opens, uri: str, location: str) -> None:
    reply = await ask(gateway_of(opens), f"/ipfs/?uri={uri}")
    assert (reply.status, reply.header("location")) == (301, location)


@pytest.mark.parametrize(
    "uri", ["ar://x", "web3://", "web3://..", f"web3://{CONTRACT}/../../../x", "piece://x"]
)
async def test_uris_that_lead_nowhere(opens: Opens, uri: str) -> None:
    assert (await ask(gateway_of(opens), f"/ipfs/?uri={uri}")).status == 400


@pytest.mark.parametrize(
    ("said", "leads"),
    [
        ("/b?c", "/b?c"),
        ("web3://app.eth:10/x", "http://localhost:8080/web3/app.eth:10/x"),
        (f"ar://{ID}/x", f"http://localhost:8080/ar/{ID}/x"),
        ("ipfs://bafkqaaa", "http://localhost:8080/ipfs/bafkqaaa"),
    ],
)
async def test_redirects_of_a_contract(opens: Opens, said: str, leads: str) -> None:
    file = a_file(b"", status=302, headers=(("location", said),))
    reply = await page(opens, f"/web3/{CONTRACT}:1/", file, "/", CONTRACT_HOST)
    assert (reply.status, reply.header("location")) == (302, leads)


@pytest.mark.parametrize(
    "said", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
async def test_nobody_is_sent_to_another_site(opens: Opens, said: str) -> None:
    file = a_file(b"", status=302, headers=(("location", said),))
    reply = await page(opens, f"/web3/{CONTRACT}:1/", file, "/", CONTRACT_HOST)
    assert (reply.status, "location" in reply.headers) == (404, False)
    assert b"another site" in reply.body


async def test_a_contracts_own_status_and_headers(opens: Opens) -> None:
    told = (("content-security-policy", "default-src 'self'"), ("etag", "theirs"))
    file = a_file(b"gone", status=410, headers=told, media_type="text/plain", seconds=12)
    reply = await page(opens, f"/web3/{CONTRACT}:1/", file, "/", CONTRACT_HOST)
    assert (reply.status, reply.body) == (410, b"gone")
    assert reply.header("content-security-policy") == "default-src 'self'"
    assert reply.header("etag") == f'"{OTHER_ID}"'


async def test_no_blocks_are_made_of_it(opens: Opens) -> None:
    reply = await page(opens, f"/ar/{ID}", a_file(), "/?format=car", AR_HOST)
    assert reply.status == 406
    assert b"on ar, which has no blocks" in reply.body
    told = {"cache-control": "only-if-cached"}
    assert (await ask(gateway_of(opens), "/", host=AR_HOST, headers=told)).status == 412


async def test_a_piece_is_saved_and_not_shown(opens: Opens) -> None:
    file = a_file(media_type=None)
    reply = await page(opens, f"/piece/{PIECE}", file, f"/piece/{PIECE}", "127.0.0.1:8080")
    assert reply.header("content-disposition").startswith("attachment")
    assert "script-src 'none'" in reply.header("content-security-policy")
    at_gateway = await ask(gateway_of(opens), f"/piece/{PIECE}", host="localhost:8080")
    assert (at_gateway.status, b"127.0.0.1" in at_gateway.body) == (400, True)


async def test_a_name_may_lead_to_arweave(opens: Opens) -> None:
    opens.files[f"/ar/{ID}/x"] = a_file()
    leads = Resolution(Pointer("ar", ID), 60.0, Standing.PROVEN, BECAUSE)
    gateway = gateway_of(opens, app_eth=leads)
    reply = await ask(gateway, "/x", host="app-eth.localhost:8080")
    assert (reply.status, reply.body) == (200, PAGE)
    assert reply.header("cache-control") == "public, max-age=60", "no longer than the name"


async def test_what_is_denied(opens: Opens, tmp_path: Path) -> None:
    denied = tmp_path / "list.deny"
    denied.write_text(f"/ar/{OTHER_ID}\n/web3/{CONTRACT.upper().replace('X', 'x')}\n")
    opens.files[f"/ar/{ID}/"] = opens.files[f"/ar/{ID}"] = a_file()
    opens.files[f"/web3/{CONTRACT}:1/x?y"] = a_file()
    gateway = gateway_of(opens, denied)
    reply = await ask(gateway, "/", host=AR_HOST)
    assert reply.status == 410, "its manifest leads to what is denied"
    assert (await ask(gateway, "/x?y", host=CONTRACT_HOST)).status == 410
    assert (await ask(gateway, f"/ar/{OTHER_ID}/x")).status == 410
    lower = OTHER_ID.lower()
    assert (await ask(gateway, f"/ar/{lower}/x")).status != 410, "another id"


async def test_hosts_of_names_that_end_alike(opens: Opens) -> None:
    moved = await ask(gateway_of(opens), "/", host="example.com.ar.localhost")
    assert moved.header("location") == "http://example-com-ar.localhost/"


async def test_what_was_asked_for_is_not_believed(opens: Opens) -> None:
    asked = Evidence("Arweave id that was asked for", (("id", ID),))
    file = a_file(because=Evidence("SHA-256 of the signature", (("path", ""),), (asked,)))
    opens.files[f"/ar/{ID}"] = file
    told = "/explain?url=ar://" + ID
    page = (await ask(gateway_of(opens), told, host="localhost:8080")).text
    assert "Nothing, and nobody" in page
    assert "believed:" not in page
    assert ">path</span>" not in page, "what is empty tells nothing"
    limit = (Believed("that nobody found <two>"),)
    opens.files[f"/ar/{ID}"] = replace(file, believed=limit)
    page = (await ask(gateway_of(opens), told, host="localhost:8080")).text
    assert "Proven, within the limit told below" in page
    assert "<li>that nobody found &lt;two&gt;</li>" in page
    assert "walkaway trust" not in page


async def test_why_it_is_to_be_believed(opens: Opens) -> None:
    words = (Believed("that it is the newest", ("one.example",)),)
    opens.files[f"/ar/{ID}"] = a_file(believed=words)
    gateway = gateway_of(opens)
    reply = await ask(gateway, f"/explain?url=http://{AR_HOST}/&format=json", host="localhost:8080")
    assert reply.status == 200
    for said in ("SHA-256 of the signature", "that it is the newest", "one.example"):
        assert said in reply.text
    assert '"isProven": false' in reply.text
    shown = await ask(gateway, f"/explain?url=ar://{ID}", host="localhost:8080")
    for said in ("SHA-256 of the signature", "that it is the newest", "one.example"):
        assert said in shown.text
    assert "<strong>somebody's word:</strong> that it is the newest" in shown.text
