"""The gateway as a whole, over small DAGs, in process."""

from __future__ import annotations

import asyncio
import json
import tarfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest

from tests.content.exporter.dags import Dag, Gated
from tests.gateway.asgi_client import Reply, ask
from walkaway.chain.clock import SystemClock
from walkaway.content.store.assembled import AssembledFiles
from walkaway.errors import NoNetwork, ProofError, TooMuch, Unproven, Unsupported
from walkaway.gateway.app import Gateway
from walkaway.gateway.request.hosts import GatewaySettings
from walkaway.gateway.safety.denylist import Denylist
from walkaway.limits import LIMITS
from walkaway.names.held import HeldNames
from walkaway.names.pointer import Pointer
from walkaway.names.resolution import Resolution, Standing
from walkaway.proofs.ipfs import codecs, dag_cbor, dag_json
from walkaway.proofs.ipfs.car import CarReader
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.proven import Proven
from walkaway.rpc.http_protocol import AnswerCutShort

PAGE = b"<!doctype html><script src=app.js></script>"
IMMUTABLE = "public, max-age=29030400, immutable"
PROBE = "/ipfs/bafkqaaa"


class Names:
    """Names in a dictionary."""

    def __init__(self, **to: Resolution | Exception) -> None:
        self.to = to

    async def resolve(self, name: str) -> Resolution:
        found = self.to.get(name.replace(".", "_"))
        if found is None:
            raise Unproven("it is not resolved", reasons={"names": "knows nothing of it"})
        if isinstance(found, Exception):
            raise found
        return found


class Site:
    """A folder with a page, a script, a large file in parts, and what is no file at all."""

    def __init__(self) -> None:
        self.dag = dag = Dag()
        self.leaves = [bytes([number]) * 1000 for number in range(5)]
        self.large = dag.file([(dag.raw(leaf), len(leaf)) for leaf in self.leaves])
        self.index = dag.raw(PAGE)
        self.document = dag.put(codecs.DAG_CBOR, dag_cbor.encode({"file": self.index, "n": [1]}))
        self.sub = dag.directory([("a b.txt", dag.raw(b"hello\n")), ("large", self.large)])
        self.root = dag.directory(
            [
                ("app.js", dag.raw(b"run()")),
                ("doc", self.document),
                ("index.html", self.index),
                ("sub", self.sub),
            ]
        )

    @property
    def content(self) -> bytes:
        return b"".join(self.leaves)


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def gateway(site: Site) -> Gateway:
    return Gateway(site.dag, site.dag, Names())


def subdomain(cid: Cid) -> str:
    return f"{cid.as_v1()}.ipfs.localhost:8080"


async def test_a_page_on_an_origin_of_its_own(gateway: Gateway, site: Site) -> None:
    reply = await ask(gateway, "/", host=subdomain(site.root))
    assert (reply.status, reply.body) == (200, PAGE)
    assert reply.header("content-type") == "text/html; charset=utf-8"
    assert reply.header("cache-control") == IMMUTABLE
    assert reply.header("etag") == f'"{site.root}"'
    assert reply.header("origin-agent-cluster") == "?1"
    assert "content-security-policy" not in reply.headers, "the page is the site's own"
    assert reply.header("x-ipfs-path") == f"/ipfs/{site.root}/"
    assert reply.header("x-ipfs-roots") == str(site.root)
    assert reply.header("content-length") == str(len(PAGE))


async def test_a_page_by_path_is_shut_in(gateway: Gateway, site: Site) -> None:
    reply = await ask(gateway, f"/ipfs/{site.root}/")
    assert reply.body == PAGE
    policy = reply.header("content-security-policy")
    assert "script-src 'none'" in policy
    assert "sandbox allow-same-origin" in policy, "else its own styles come from a stranger"
    assert "allow-scripts" not in policy
    assert reply.header("x-content-type-options") == "nosniff"
    assert "origin-agent-cluster" not in reply.headers
    script = await ask(gateway, f"/ipfs/{site.root}/app.js")
    assert "content-security-policy" not in script.headers
    assert script.header("x-ipfs-roots").count(",") == 1


OPENED = {
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36",
}


async def test_a_symbolic_link_is_no_page_whatever_it_is_called(tmp_path: Path) -> None:
    dag = Dag()
    link = dag.symlink(b"../about.html")
    root = dag.directory([("link.html", link)])
    gateway = Gateway(dag, dag, Names(), assembled=AssembledFiles(tmp_path / "files"))
    for _ in range(3):
        reply = await ask(gateway, "/link.html", host=subdomain(root))
        assert (reply.status, reply.body) == (200, b"../about.html")
        assert reply.header("content-type") == "inode/symlink"
        assert reply.header("x-content-type-options") == "nosniff"
    again = {"if-none-match": f'"{link}"'}
    assert (await ask(gateway, "/link.html", host=subdomain(root), headers=again)).status == 304


@pytest.mark.parametrize("target", ["", "/", "/sub/a%20b.txt?x=1"])
async def test_what_a_person_opens_by_path_opens_on_its_own_origin(
    site: Site, tmp_path: Path, target: str
) -> None:
    gateway = Gateway(site.dag, site.dag, Names(), assembled=AssembledFiles(tmp_path / "files"))
    path = f"/ipfs/{site.root}{target}"
    for _ in range(3):
        await ask(gateway, path)
    reply = await ask(gateway, path, headers=OPENED)
    assert reply.status == 302
    assert reply.header("location") == f"http://{subdomain(site.root)}{target or '/'}"
    assert reply.header("cache-control") == "no-store"
    named = await ask(gateway, "/ipns/example.org/a", headers=OPENED, host="[::1]:1")
    assert named.header("location") == "http://example-org.ipns.localhost:1/a"


@pytest.mark.parametrize(
    "told",
    [
        {"sec-fetch-mode": "no-cors"},
        {"sec-fetch-dest": "iframe"},
        {"user-agent": "Mozilla/5.0 (Macintosh) AppleWebKit/605.1 Version/18.0 Safari/605.1"},
        {"x-forwarded-proto": "https"},
    ],
)
async def test_whoever_may_not_find_it_there_stays(
    gateway: Gateway, site: Site, told: dict[str, str]
) -> None:
    reply = await ask(gateway, f"/ipfs/{site.root}/", headers=OPENED | told)
    assert (reply.status, reply.body) == (200, PAGE)


async def test_an_address_that_no_host_holds_stays_by_path(gateway: Gateway, site: Site) -> None:
    long = Cid.of(codecs.RAW, b"x" * 60, codecs.IDENTITY)
    assert (await ask(gateway, f"/ipfs/{long}", headers=OPENED)).body == b"x" * 60
    bound = Gateway(site.dag, site.dag, Names(), bound=["192.168.1.5"])
    reply = await ask(bound, f"/ipfs/{site.root}/", headers=OPENED, host="192.168.1.5:80")
    assert reply.body == PAGE, "localhost is another machine to whoever asks"


async def test_paths_lead_to_origins_of_their_own(gateway: Gateway, site: Site) -> None:
    host = "localhost:8080"
    reply = await ask(gateway, f"/ipfs/{site.root}/a%20b/%C4%85?x=1&y=%20", host=host)
    assert reply.status == 301
    origin = f"http://{subdomain(site.root)}"
    assert reply.header("location") == f"{origin}/a%20b/%C4%85?x=1&y=%20"
    headers = {"x-forwarded-proto": "https", "x-forwarded-host": "evil.example"}
    reply = await ask(gateway, f"/ipfs/{site.root}", host=host, headers=headers)
    assert reply.header("location") == f"https://{subdomain(site.root)}/"


async def test_upper_case_and_other_bases_lead_to_the_one_host(
    gateway: Gateway, site: Site
) -> None:
    other = "f" + site.root.as_v1().encode().hex()
    reply = await ask(gateway, "/a/?q", host=f"{other[:60]}.ipfs.localhost")
    assert reply.status == 400, "cut short, it is no address"
    short = Cid.of(codecs.RAW, b"x", codecs.IDENTITY)
    reply = await ask(gateway, "/a/?q", host=f"f{short.encode().hex()}.ipfs.localhost:1")
    assert reply.status == 301
    assert reply.header("location") == f"http://{short}.ipfs.localhost:1/a/?q"


async def test_names_below_localhost_have_one_label(gateway: Gateway) -> None:
    reply = await ask(gateway, "/x", host="app.eth.localhost:8080")
    assert reply.status == 301
    assert reply.header("location") == "http://app-eth.localhost:8080/x"


@pytest.mark.parametrize(
    ("host", "target"),
    [
        ("safe.-bank.eth.localhost:8080", "/"),
        ("safe.-bank.eth.ipns.localhost:8080", "/"),
        ("localhost:8080", "/ipns/safe.-bank.eth/"),
        ("localhost:8080", "/ipns/a..eth/"),
        ("127.0.0.1:8080", "/ipns/a..eth/"),
        ("127.0.0.1:8080", "/ipns/xn--app-.eth/"),
        ("xn--eth-zz.localhost:8080", "/"),
    ],
)
async def test_no_name_is_served_as_another(gateway: Gateway, host: str, target: str) -> None:
    reply = await ask(gateway, target, host=host)
    assert reply.status == 400
    assert "location" not in reply.headers


async def test_a_name_without_a_host_of_its_own_is_served_by_path(site: Site) -> None:
    own = Resolution(Pointer("ipfs", str(site.root)), 60.0, Standing.PROVEN)
    gateway = Gateway(site.dag, site.dag, Names(**{"safe_-bank_eth": own}))
    page = await ask(gateway, "/ipns/safe.-bank.eth/", headers=OPENED)
    assert (page.status, page.body) == (200, PAGE)
    direct = await ask(gateway, "/", host="safe.-bank.eth")
    assert (direct.status, direct.body) == (200, PAGE)


async def test_a_name_beyond_ascii_has_a_host_of_its_own(site: Site) -> None:
    own = Resolution(Pointer("ipfs", str(site.root)), 60.0, Standing.PROVEN)
    gateway = Gateway(site.dag, site.dag, Names(**{"\U0001f984_eth": own}))
    for name in ("%F0%9F%A6%84.eth", "xn--3s9h.eth"):
        moved = await ask(gateway, f"/ipns/{name}/", host="localhost:8080")
        assert moved.header("location") == "http://xn---eth-fy14c.ipns.localhost:8080/"
    for host in ("xn---eth-fy14c.ipns.localhost:8080", "xn---eth-fy14c.localhost:8080"):
        page = await ask(gateway, "/", host=host)
        assert (page.status, page.body) == (200, PAGE)


async def test_a_key_is_no_content_and_leads_to_its_name(gateway: Gateway) -> None:
    key = "k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8"
    for host, target in (
        ("localhost:8080", f"/ipfs/{key}/a"),
        (f"{key}.ipfs.localhost:8080", "/a"),
    ):
        moved = await ask(gateway, target, host=host)
        assert moved.header("location") == f"http://{key}.ipns.localhost:8080/a"
    told = await ask(gateway, f"/ipfs/{key}", headers={"accept": "text/html"})
    assert told.status == 400
    assert f"/ipns/{key}" in told.text
    # It is a block like others for whoever asks for blocks.
    assert (await ask(gateway, f"/ipfs/{key}?format=raw")).status == 200


async def test_pages_of_names_ask_through_the_proxy_alone(site: Site) -> None:
    own = Resolution(Pointer("ipfs", str(site.root)), 60.0, Standing.PROVEN)
    gateway = Gateway(site.dag, site.dag, Names(app_eth=own))
    page = {"origin": "http://other.eth", "sec-fetch-site": "cross-site"}
    for host in ("app-eth.localhost:8080", "app.eth"):
        assert (await ask(gateway, "/", host=host, headers=page)).status == 403
    proxied = await ask(gateway, "/", host="app.eth", headers=page, through_proxy=True)
    assert proxied.status == 200


async def test_an_address_with_two_slashes_sends_nobody_away(gateway: Gateway, site: Site) -> None:
    reply = await ask(gateway, "//sub", host=subdomain(site.root))
    assert (reply.status, reply.header("location")) == (301, "/sub/")
    reply = await ask(gateway, "//evil.example/..%2f/sub?q=1", host=subdomain(site.root))
    assert (reply.status, reply.header("location")) == (301, "/sub/?q=1")


async def test_uri_handlers(gateway: Gateway, site: Site) -> None:
    reply = await ask(gateway, f"/ipfs/?uri=ipfs%3A%2F%2F{site.root}%2Fa%20b%3Fx%3D1")
    assert (reply.status, reply.header("location")) == (301, f"/ipfs/{site.root}/a%20b?x=1")
    reply = await ask(gateway, "/ipns/?uri=ipns%3A%2F%2Fexample.org")
    assert reply.header("location") == "/ipns/example.org"
    for uri in ("https://evil.example/", "ipfs:", "", "ipfs://[", "//evil.example"):
        assert (await ask(gateway, f"/ipfs/?uri={uri}")).status == 400


class StoreAlone:
    """Blocks of a DAG by way of a store that asks nobody else."""

    def __init__(self, dag: Dag) -> None:
        self.dag = dag

    async def get(self, cid: Cid) -> Proven[bytes]:
        try:
            return await self.dag.get(cid)
        except Unproven:
            raise Unproven("not held", reasons={"store": "does not hold it"}) from None


ABSENT = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/ipfs/nonsense", 400),
        ("/ipfs/", 400),
        ("/nothing", 404),
        ("/%ff", 400),
        ("/..%2f", 400),
        (f"/ipfs/{ABSENT}", 404),
        (f"/ipfs/{ABSENT}?format=car", 404),
        (f"/ipfs/{ABSENT}?format=raw", 404),
        ("/ipns/example.org", 502),
        ("/ipns/example.org?format=ipns-record", 502),
        (f"/ipfs/{ABSENT}?format=ipns-record", 400),
        (f"/ipfs/{ABSENT}?format=car&dag-scope=some", 400),
        (f"/ipfs/{ABSENT}?format=car&entity-bytes=a", 400),
        (f"/ipfs/{ABSENT}?format=car&car-version=2", 400),
    ],
)
async def test_what_leads_nowhere(site: Site, target: str, status: int) -> None:
    store = StoreAlone(site.dag)
    reply = await ask(Gateway(store, store, Names()), target)
    assert reply.status == status
    assert reply.header("cache-control") == "no-store"
    assert reply.headers.get("retry-after", ["none"]) == (["10"] if status == 502 else ["none"])


async def test_who_was_asked_and_what_each_said(gateway: Gateway) -> None:
    accepts = {
        "text/html": "<td>memory</td><td>does not hold it</td>",
        "*/*": "  memory: does not hold it\n",
    }
    for accept, told in accepts.items():
        reply = await ask(gateway, f"/ipfs/{ABSENT}", headers={"accept": accept})
        assert reply.status == 502
        assert told in reply.text
        assert reply.header("retry-after") == "10"
    reply = await ask(gateway, f"/ipfs/{ABSENT}", headers={"accept": "application/json"})
    document = json.loads(reply.body)
    assert document["sources"] == {"memory": "does not hold it"}
    assert (document["error"], document["status"]) == ("Unproven", 502)
    page = await ask(gateway, f"/ipfs/{ABSENT}", headers={"accept": "text/html"})
    assert "default-src 'none'" in page.header("content-security-policy")


HTML = {"accept": "text/html"}


async def test_an_error_says_what_to_do_next(gateway: Gateway, site: Site) -> None:
    reply = await ask(gateway, f"/ipfs/{site.root}/none", headers=HTML)
    assert reply.status == 404
    assert '<a href="./">Show the folder</a>' in reply.text
    assert "that it is not there is proven" in reply.text
    reply = await ask(gateway, f"/ipfs/{site.root}/none/", headers=HTML)
    assert '<a href="../">Show the folder</a>' in reply.text
    reply = await ask(gateway, f"/ipfs/{ABSENT}", headers=HTML)
    assert '<a href="">Try again</a>' in reply.text
    assert "list a source that holds it" in reply.text
    store = StoreAlone(site.dag)
    reply = await ask(Gateway(store, store, Names()), f"/ipfs/{ABSENT}", headers=HTML)
    assert "walkaway add" in reply.text
    assert "Try again" not in reply.text


GONE = "the name of its host does not resolve"
DOWN = "no connection: Network is unreachable"


@pytest.mark.parametrize(
    ("error", "offline"),
    [
        (NoNetwork("no source can be reached", reasons={}), True),
        (Unproven("", reasons={"store": "no", "a": GONE, "b": f"resting for 9 s: {DOWN}"}), True),
        (Unproven("", reasons={"store": "no", "a": GONE, "b": "HTTP 404"}), False),
        (Unproven("", reasons={"store": "no"}), False),
        (ProofError("bad"), False),
    ],
)
async def test_a_machine_without_a_network_is_told_so(error: Exception, offline: bool) -> None:
    class Failing(Dag):
        async def get(self, cid: Cid) -> Proven[bytes]:
            raise error

    gateway = Gateway(Failing({}), Failing({}), Names())
    for accept in ("text/html", "application/json", "*/*"):
        reply = await ask(gateway, f"/ipfs/{ABSENT}", headers={"accept": accept})
        assert ("this machine seems to be offline" in reply.text) == offline


async def test_nobody_is_told_to_ask_again_for_a_name_that_is_not_set(
    site: Site, tmp_path: Path
) -> None:
    names = HeldNames(tmp_path, SystemClock())
    reply = await ask(Gateway(site.dag, site.dag, names), "/ipns/example.org", headers=HTML)
    assert reply.status == 502
    assert "retry-after" not in reply.headers
    assert "dnslinks" in reply.text
    assert "Try again" not in reply.text


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ProofError("a record is of another key"), 500),
        (Unsupported("no kind of name"), 501),
        (TooMuch("too much"), 422),
        (ZeroDivisionError("secret"), 500),
    ],
)
async def test_names_that_fail(site: Site, error: Exception, status: int) -> None:
    names = Names(example_org=error)
    reply = await ask(Gateway(site.dag, site.dag, names), "/ipns/example.org")
    assert reply.status == status
    assert "secret" not in reply.text


async def test_names_with_their_own_path_and_time(site: Site) -> None:
    to = Resolution(
        Pointer("ipfs", str(site.root), ("sub",)), 77.9, standing=Standing.PROVEN, record=b"signed"
    )
    through = Resolution(Pointer("ipns", "example.org", ()), 300, standing=Standing.PROVEN)
    gateway = Gateway(site.dag, site.dag, Names(example_org=to, other_org=through))
    reply = await ask(gateway, "/ipns/other.org/a%20b.txt")
    assert (reply.status, reply.body) == (200, b"hello\n")
    assert reply.header("cache-control") == "public, max-age=77"
    assert reply.header("x-ipfs-path") == "/ipns/other.org/a b.txt"
    by_host = await ask(gateway, "/a%20b.txt", host="example-org.ipns.localhost")
    assert by_host.body == b"hello\n"
    record = await ask(gateway, "/ipns/example.org?format=ipns-record")
    assert record.body == b"signed"
    assert record.header("content-type") == "application/vnd.ipfs.ipns-record"
    assert 'filename="example.org.ipns-record"' in record.header("content-disposition")
    again = {"if-none-match": record.header("etag")}
    assert (await ask(gateway, "/ipns/example.org?format=ipns-record", headers=again)).status == 304
    assert (await ask(gateway, "/ipns/example.org/sub?format=ipns-record")).status == 400
    assert (await ask(gateway, "/ipns/other.org?format=ipns-record")).status == 404


async def test_names_in_circles_come_to_an_end(site: Site) -> None:
    circle = Resolution(Pointer("ipns", "example.org", ()), None, standing=Standing.PROVEN)
    reply = await ask(Gateway(site.dag, site.dag, Names(example_org=circle)), "/ipns/example.org")
    assert reply.status == 422


async def test_a_host_that_is_a_name_is_its_site_and_another_has_path_urls(site: Site) -> None:
    to = Resolution(Pointer("ipfs", str(site.root), ()), None, standing=Standing.WORD)
    settings = GatewaySettings(allowed_hosts=("example.org", "node.home"))
    gateway = Gateway(site.dag, site.dag, Names(example_org=to), settings=settings)
    reply = await ask(gateway, "/", host="example.org")
    assert reply.body == PAGE
    assert "cache-control" not in reply.headers, "nothing says how long it may be held"
    assert (await ask(gateway, f"/ipfs/{site.index}", host="node.home:1")).body == PAGE
    headers = {"x-forwarded-host": "localhost:8080"}
    moved = await ask(gateway, f"/ipfs/{site.index}", host="node.home", headers=headers)
    assert moved.header("location") == f"http://{site.index}.ipfs.localhost:8080/"


@pytest.mark.parametrize(
    ("headers", "status", "part"),
    [
        ({}, 200, (0, 5000)),
        ({"range": "bytes=999-1000"}, 206, (999, 1001)),
        ({"range": "bytes=-1"}, 206, (4999, 5000)),
        ({"range": "bytes=999-1000", "if-range": '"other"'}, 200, (0, 5000)),
        ({"range": "rows=1-2"}, 200, (0, 5000)),
        ({"range": "bytes=5000-"}, 416, (0, 0)),
    ],
)
async def test_ranges(
    gateway: Gateway, site: Site, headers: dict[str, str], status: int, part: tuple[int, int]
) -> None:
    start, end = part
    reply = await ask(gateway, f"/ipfs/{site.large}", headers=headers)
    assert (reply.status, reply.body) == (status, site.content[start:end])
    assert reply.header("content-length") == str(end - start)
    told = reply.headers.get("content-range", [""])[0]
    assert told == {200: "", 206: f"bytes {start}-{end - 1}/5000", 416: "bytes */5000"}[status]


async def test_a_range_asks_for_its_own_blocks_alone(gateway: Gateway, site: Site) -> None:
    del site.dag.held[Cid.of(codecs.RAW, site.leaves[1])]
    headers = {"range": "bytes=2200-2201"}
    reply = await ask(gateway, f"/ipfs/{site.large}", headers=headers)
    assert reply.body == site.content[2200:2202]
    assert Cid.of(codecs.RAW, site.leaves[4]) not in site.dag.asked
    head = await ask(gateway, f"/ipfs/{site.large}", method="HEAD", headers=headers)
    assert (head.status, head.body, head.header("content-length")) == (200, b"", "5000")


async def test_what_the_sender_has_is_not_sent(gateway: Gateway, site: Site) -> None:
    for target in (
        f"/ipfs/{site.large}",
        f"/ipfs/{site.root}/",
        f"/ipfs/{site.root}/sub/",
        f"/ipfs/{site.document}",
        f"/ipfs/{site.document}?format=cbor",
        f"/ipfs/{site.root}?format=raw",
        f"/ipfs/{site.root}?format=car",
        f"/ipfs/{site.root}?format=tar",
    ):
        etag = (await ask(gateway, target)).header("etag")
        reply = await ask(gateway, target, headers={"if-none-match": f'"x", {etag}'})
        assert (reply.status, reply.body) == (304, b""), target
        assert reply.header("etag") == etag
        assert "content-length" not in reply.headers
        other = await ask(gateway, target, headers={"if-none-match": '"x"'})
        assert other.status == 200


async def test_each_format_has_a_tag_of_its_own(gateway: Gateway, site: Site) -> None:
    queries = ("", "format=raw", "format=tar", "format=car", "format=car&dag-scope=block",
               "format=car&entity-bytes=0:1", "format=car&car-dups=y")  # fmt: skip
    tags = [(await ask(gateway, f"/ipfs/{site.large}?{query}")).header("etag") for query in queries]
    assert len(set(tags)) == len(tags)


async def test_archives(gateway: Gateway, site: Site) -> None:
    reply = await ask(gateway, f"/ipfs/{site.root}/sub/large?format=car&entity-bytes=0:0")
    assert reply.header("accept-ranges") == "none"
    reader = CarReader(max_blocks=100)
    found = [cid for cid, _ in reader.feed(reply.body)]
    reader.close()
    leaf = Cid.of(codecs.RAW, site.leaves[0])
    assert found == [site.root, site.sub, site.large, leaf]
    assert f'filename="{site.large}.car"' in reply.header("content-disposition")
    reply = await ask(gateway, f"/ipfs/{site.root}/sub?format=tar&filename=x.tar")
    assert reply.header("content-disposition") == 'attachment; filename="x.tar"'
    with tarfile.open(fileobj=BytesIO(reply.body)) as archive:
        assert archive.getnames() == ["sub", "sub/a b.txt", "sub/large"]


async def test_documents(gateway: Gateway, site: Site) -> None:
    target = f"/ipfs/{site.root}/doc"
    block = site.dag.held[site.document]
    types = {
        "": "application/vnd.ipld.dag-cbor",
        "dag-cbor": "application/vnd.ipld.dag-cbor",
        "cbor": "application/cbor",
    }
    for word, media_type in types.items():
        reply = await ask(gateway, f"{target}?format={word}")
        assert (reply.status, reply.body) == (200, block)
        assert reply.header("content-type") == media_type
    for word in ("dag-json", "json"):
        assert (await ask(gateway, f"{target}?format={word}")).status == 406
    assert (await ask(gateway, f"/ipfs/{site.large}?format=dag-json")).status == 406
    page = await ask(gateway, target, headers={"accept": "text/html"})
    assert "&quot;n&quot;:[1]" in page.text
    assert page.header("etag").startswith('"DagIndex-')
    assert (await ask(gateway, f"{target}/n/0")).status == 501
    assert (await ask(gateway, f"{target}/none")).status == 404
    assert (await ask(gateway, f"{target}/file")).body == PAGE


async def test_a_block_that_is_not_of_its_codec_is_no_document(
    gateway: Gateway, site: Site
) -> None:
    broken = site.dag.put(codecs.DAG_JSON, b"{")
    assert (await ask(gateway, f"/ipfs/{broken}")).status == 500
    assert (await ask(gateway, f"/ipfs/{broken}?format=raw")).body == b"{"
    fine = site.dag.put(codecs.DAG_JSON, dag_json.encode({"a": 1}))
    reply = await ask(gateway, f"/ipfs/{fine}", headers={"accept": "application/json"})
    assert reply.header("content-type") == "application/json"
    assert reply.header("content-location") == f"/ipfs/{fine}?format=json"


async def test_names_to_save_under_and_types_by_them(gateway: Gateway, site: Site) -> None:
    reply = await ask(gateway, f"/ipfs/{site.index}?filename=a.txt&download=true")
    assert reply.header("content-disposition") == 'attachment; filename="a.txt"'
    assert reply.header("content-type") == "text/plain; charset=utf-8"


async def test_paths_that_no_header_holds_are_told_escaped_alone(gateway: Gateway) -> None:
    reply = await ask(gateway, f"{PROBE}/%C4%85")
    assert reply.status == 404
    dag = Dag()
    root = dag.directory([("ą", dag.raw(b"x"))])
    reply = await ask(Gateway(dag, dag, Names()), f"/ipfs/{root}/%C4%85")
    assert reply.body == b"x"
    assert "x-ipfs-path" not in reply.headers
    assert reply.header("ipfs-uri") == f"ipfs://{root}/%C4%85"


async def test_only_what_is_here(site: Site) -> None:
    gateway = Gateway(site.dag, Dag(), Names())
    headers = {"cache-control": "only-if-cached"}
    for method in ("GET", "HEAD"):
        reply = await ask(gateway, f"/ipfs/{site.root}/", headers=headers, method=method)
        assert reply.status == 412
    assert not site.dag.asked
    held = Gateway(Dag(), site.dag, Names())
    assert (await ask(held, f"/ipfs/{site.root}/", headers=headers)).body == PAGE


async def test_what_is_denied_is_denied_by_each_way(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "a.deny"
    path.write_text(f"/ipfs/{site.index}\n/ipns/bad.example\n")
    denylist = Denylist(path)
    denylist.load()
    files = AssembledFiles(tmp_path / "files")
    open_to_all = Gateway(site.dag, site.dag, Names(), assembled=files)
    assert (await ask(open_to_all, f"/ipfs/{site.root}/")).body == PAGE
    gateway = Gateway(site.dag, site.dag, Names(), assembled=files, denylist=denylist)
    for target in (
        f"/ipfs/{site.index}",
        f"/ipfs/{site.index}?format=raw",
        f"/ipfs/{site.root}/",
        f"/ipfs/{site.root}/index.html",
        f"/ipfs/{site.root}/doc/file",
        f"/ipfs/{site.root}?format=car",
        f"/ipfs/{site.root}?format=tar",
        "/ipns/bad.example/x",
    ):
        assert (await ask(gateway, target)).status == 410, target
    assert (await ask(gateway, f"/ipfs/{site.root}/app.js")).status == 200


async def test_what_is_denied_is_denied_by_the_name_of_another(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "a.deny"
    path.write_text(f"/ipns/bad.example\n/ipns/part.example/sub/*\n/ipfs/{site.root}/doc/*\n")
    denylist = Denylist(path)
    denylist.load()
    content = Resolution(Pointer("ipfs", str(site.root)), None, standing=Standing.PROVEN)
    names = Names(
        bad_example=content,
        part_example=content,
        to_bad=Resolution(Pointer("ipns", "bad.example"), None, standing=Standing.PROVEN),
        to_part=Resolution(
            Pointer("ipns", "part.example", ("sub",)), None, standing=Standing.PROVEN
        ),
        beside=Resolution(Pointer("ipns", "part.example"), None, standing=Standing.PROVEN),
    )
    open_to_all = Gateway(site.dag, site.dag, names)
    gateway = Gateway(site.dag, site.dag, names, denylist=denylist)
    for target in (
        "/ipns/to.bad/app.js",
        "/ipns/to.part/large",
        "/ipns/beside/sub/large",
        "/ipns/beside/doc/file",
    ):
        assert (await ask(open_to_all, target)).status == 200, target
        assert (await ask(gateway, target)).status == 410, target
    assert (await ask(gateway, "/ipns/beside/app.js")).status == 200


async def test_pages_of_others_and_hosts_of_others(gateway: Gateway, site: Site) -> None:
    cross = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    for method in ("GET", "HEAD", "OPTIONS", "POST"):
        reply = await ask(gateway, PROBE, headers=cross, method=method)
        assert reply.status == 403
        assert "access-control-allow-origin" not in reply.headers
    other = await ask(gateway, PROBE, host="evil.example")
    assert (other.status, "proxied_names" in other.text) == (403, True)
    assert not site.dag.asked


async def test_methods(gateway: Gateway) -> None:
    reply = await ask(gateway, PROBE, method="OPTIONS")
    assert reply.status == 204
    assert reply.headers["access-control-allow-methods"] == ["GET", "HEAD", "OPTIONS"]
    assert reply.header("access-control-allow-origin") == "*"
    refused = await ask(gateway, PROBE, method="DELETE")
    assert (refused.status, refused.header("allow")) == (405, "GET, HEAD, OPTIONS")
    probe = await ask(gateway, f"{PROBE}?format=raw")
    assert (probe.status, probe.body) == (200, b"")


async def test_no_service_worker_for_a_whole_root(gateway: Gateway, site: Site) -> None:
    headers = {"service-worker": "script"}
    assert (await ask(gateway, f"/ipfs/{site.root}", headers=headers)).status == 400
    assert (await ask(gateway, "/ipns/example.org", headers=headers)).status == 400
    assert (await ask(gateway, f"/ipfs/{site.root}/app.js", headers=headers)).status == 200


async def test_the_start_page_tells_where_to_ask(gateway: Gateway) -> None:
    for host in ("localhost:8080", "127.0.0.1:8080"):
        reply = await ask(gateway, "/", host=host)
        assert f"http://{host}/ipfs/" in reply.text
        assert "default-src 'none'" in reply.header("content-security-policy")


async def test_a_second_request_needs_no_block_and_a_third_no_thought(
    site: Site, tmp_path: Path
) -> None:
    gateway = Gateway(site.dag, site.dag, Names(), assembled=AssembledFiles(tmp_path / "files"))
    target = f"/ipfs/{site.large}"
    first = await ask(gateway, target)
    assert first.body == site.content
    site.dag.held.clear()
    asked = site.dag.asked.total()
    second, third = [await ask(gateway, target) for _ in range(2)]
    for reply in (second, third):
        assert reply.body == site.content
        assert {k: v for k, v in reply.headers.items() if k != "vary"} == first.headers
    assert (await ask(gateway, target, headers={"range": "bytes=1-2"})).body == site.content[1:3]
    assert site.dag.asked.total() == asked


async def test_a_file_that_breaks_off_is_not_kept_and_not_taken_for_whole(
    site: Site, tmp_path: Path
) -> None:
    files = AssembledFiles(tmp_path / "files")
    gateway = Gateway(site.dag, site.dag, Names(), assembled=files)
    del site.dag.held[Cid.of(codecs.RAW, site.leaves[4])]
    with pytest.raises(AnswerCutShort):
        await ask(gateway, f"/ipfs/{site.large}")
    assert await files.open(site.large) is None
    assert not list((tmp_path / "files" / "partial").iterdir())


async def test_all_work_ends_when_the_client_goes_away(site: Site) -> None:
    for target in (f"/ipfs/{site.large}", f"/ipfs/{site.root}/", f"/ipfs/{site.root}?format=car"):
        gated = Gated(site.dag)
        leave = asyncio.Event()
        asking = asyncio.create_task(_nothing(Gateway(gated, gated, Names()), target, leave))
        await until(partial(_is_asked, gated))
        leave.set()
        await asking
        assert not gated.going
        assert gated.cancelled
    assert len(asyncio.all_tasks()) == 1


def _is_asked(gated: Gated) -> bool:
    return bool(gated.going)


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it did not come to that")


async def _nothing(gateway: Gateway, target: str, leave: asyncio.Event) -> None:
    with pytest.raises(AssertionError, match="nothing was answered"):
        await ask(gateway, target, leave=leave)


async def test_what_stalls_ends_with_a_reason(site: Site) -> None:
    gated = Gated(site.dag)
    limits = replace(LIMITS, web_answer_seconds=0.05)
    reply = await ask(Gateway(gated, gated, Names(), limits=limits), f"/ipfs/{site.large}")
    assert (reply.status, reply.header("retry-after")) == (504, "10")
    assert not gated.going


async def test_a_body_that_stalls_is_cut(site: Site) -> None:
    class Stalls(Dag):
        async def get(self, cid: Cid) -> Proven[bytes]:
            if cid == Cid.of(codecs.RAW, site.leaves[4]):
                await asyncio.Event().wait()
            return await super().get(cid)

    dag = Stalls(site.dag.held)
    limits = replace(LIMITS, web_stall_seconds=0.05)
    with pytest.raises(AnswerCutShort):
        await ask(Gateway(dag, dag, Names(), limits=limits), f"/ipfs/{site.large}")
    assert len(asyncio.all_tasks()) == 1


async def test_only_so_many_requests_at_a_time(site: Site) -> None:
    gated = Gated(site.dag)
    limits = replace(LIMITS, web_requests=2)
    gateway = Gateway(gated, gated, Names(), limits=limits)
    waiting = [asyncio.create_task(ask(gateway, f"/ipfs/{site.index}")) for _ in range(2)]
    await until(lambda: len(gated.going) == 2)
    full = await ask(gateway, f"/ipfs/{site.index}")
    assert (full.status, full.header("retry-after")) == (503, "10")
    gated.gate.set()
    replies: list[Reply] = await asyncio.gather(*waiting)
    assert [reply.body for reply in replies] == [PAGE, PAGE]
    assert (await ask(gateway, f"/ipfs/{site.index}")).status == 200


async def test_a_site_has_rules_of_its_own_where_it_has_its_own_origin(site: Site) -> None:
    dag = site.dag
    rules = dag.raw(b"/old /new\n/away https://evil.example/\n/page/* /404.html 404\n/* /app 200\n")
    root = dag.directory(
        [("404.html", dag.raw(b"<html>none")), ("_redirects", rules), ("app", site.index)]
    )
    gateway = Gateway(dag, dag, Names())
    reply = await ask(gateway, "/old", host=subdomain(root))
    assert (reply.status, reply.header("location")) == (301, "/new")
    away = await ask(gateway, "/away", host=subdomain(root))
    assert away.status == 404
    assert "location" not in away.headers
    assert 'href="https://evil.example/"' in away.text
    missing = await ask(gateway, "/page/x", host=subdomain(root))
    assert (missing.status, missing.body) == (404, b"<html>none")
    assert missing.header("cache-control") == IMMUTABLE
    partly = await ask(gateway, "/anything", host=subdomain(root), headers={"range": "bytes=0-1"})
    assert (partly.status, partly.body) == (200, PAGE)
    assert (await ask(gateway, f"/ipfs/{root}/old")).status == 404
    broken = dag.directory([("_redirects", dag.raw(b"/a /b 301!"))])
    refused = await ask(gateway, "/none", host=subdomain(broken))
    assert refused.status == 500
    assert "could not parse _redirects:" in refused.text


async def test_websockets_are_closed(gateway: Gateway) -> None:
    sent = []

    async def send(message: object) -> None:
        sent.append(message)

    async def receive() -> dict[str, object]:
        return {"type": "websocket.connect"}

    await gateway({"type": "websocket"}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_a_name_that_comes_through_a_proxy_has_its_own_origin(site: Site) -> None:
    app = Resolution(Pointer("ipfs", str(site.root)), 60.0, Standing.PROVEN)
    gateway = Gateway(site.dag, site.dag, Names(app_eth=app))
    reply = await ask(gateway, "/", host="app.eth")
    assert (reply.status, reply.body) == (200, PAGE)
    assert reply.header("origin-agent-cluster") == "?1"
    assert "content-security-policy" not in reply.headers
    by_path = await ask(gateway, f"/ipfs/{site.root}/", host="app.eth")
    assert by_path.status == 404, "other content may not have this origin"
    unknown = await ask(gateway, f"/ipfs/{site.root}/", host="none.eth")
    assert (unknown.status, b"knows nothing of it" in unknown.body) == (502, True)
    moved = await ask(gateway, "/a?b", host="app.eth.localhost:8080")
    assert moved.header("location") == "http://app-eth.localhost:8080/a?b"
    assert (await ask(gateway, "/", host="app-eth.localhost:8080")).body == PAGE
