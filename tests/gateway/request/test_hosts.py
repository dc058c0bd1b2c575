"""Which hosts are served, what each is, and how roots are written in them."""

from __future__ import annotations

import pytest

from walkaway.errors import ConfigError, InvalidRequest
from walkaway.gateway.request.asked import Wish, read_wish
from walkaway.gateway.request.hosts import GatewaySettings, Hosts
from walkaway.gateway.request.roots import (
    check_root,
    key_name,
    key_of_address,
    label_of,
    root_of_label,
)
from walkaway.gateway.safety.fences import Fences
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid
from walkaway.rpc.local_surface import LocalSurface

V0 = "QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR"
V1 = "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"
PEER = "12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK"
KEY = "k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8"
SETTINGS = GatewaySettings(
    ("localhost", "gw.example"), ("node.home",), ("https://wallet.example",), ("Site.example",)
)
HOSTS = Hosts(SETTINGS, bound=["192.168.1.5", "[fd00::1]"])


@pytest.mark.parametrize(
    ("authority", "kind", "label", "parent"),
    [
        ("127.0.0.1:8080", "path", "", "127.0.0.1:8080"),
        ("[::1]", "path", "", "[::1]"),
        ("192.168.1.5:80", "path", "", "192.168.1.5:80"),
        ("[FD00::1]:80", "path", "", "[fd00::1]:80"),
        ("localhost:8080", "gateway", "", "localhost:8080"),
        ("LOCALHOST", "gateway", "", "localhost"),
        ("gw.example", "gateway", "", "gw.example"),
        (f"{V1}.ipfs.localhost:8080", "root", V1, "localhost:8080"),
        (f"{V1}.ipfs.gw.example", "root", V1, "gw.example"),
        (f"{KEY}.ipns.localhost", "root", KEY, "localhost"),
        ("a.b.ipns.localhost:1", "root", "a.b", "localhost:1"),
        ("app-eth.localhost:1", "name", "app-eth", "localhost:1"),
        ("ipfs.localhost", "name", "ipfs", "localhost"),
        ("node.home:8080", "host", "node.home", "node.home:8080"),
        ("App.eth", "proxied", "app.eth", "app.eth"),
        ("a.b.eth:80", "proxied", "a.b.eth", "a.b.eth:80"),
        ("site.example", "proxied", "site.example", "site.example"),
    ],
)
def test_places(authority: str, kind: str, label: str, parent: str) -> None:
    place = HOSTS.place(authority)
    assert place is not None
    assert (place.kind, place.label, place.parent) == (kind, label, parent)
    assert place.authority == authority.lower()
    assert place.network == ("ipfs" if ".ipfs." in authority or not label else "ipns")


@pytest.mark.parametrize(
    ("authority", "gateway"),
    [
        ("127.0.0.1:8080", "localhost:8080"),
        ("[::1]", "localhost"),
        ("192.168.1.5:80", None),
        ("localhost:8080", None),
        ("node.home", None),
    ],
)
def test_the_gateway_beside_an_address(authority: str, gateway: str | None) -> None:
    place = HOSTS.place(authority)
    assert place is not None
    assert HOSTS.gateway_beside(place) == gateway
    assert Hosts(GatewaySettings(("gw.example",))).gateway_beside(place) is None


@pytest.mark.parametrize(
    "authority",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "192.168.0.1",
        "127.0.0.2",
        "notlocalhost",
        ".localhost",
        "a..localhost",
        "a@localhost",
        "localhost:",
        "localhost:8080:1",
        "localhost/x",
        "localhost\n",
        # Only a proxy's client names no port: a stranger's resolver leads to this one.
        "app.eth:8080",
        "site.example:8080",
        "eth",
        ".eth",
        "a..eth",
        "app.eth.",
        "",
    ],
)
def test_hosts_of_others(authority: str) -> None:
    assert HOSTS.place(authority) is None


@pytest.mark.parametrize("host", ["a b", "x:80", ""])
def test_settings_that_are_no_hosts(host: str) -> None:
    with pytest.raises(ConfigError):
        Hosts(GatewaySettings(allowed_hosts=(host,)))
    with pytest.raises(ConfigError):
        Hosts(GatewaySettings(proxied_names=(host,)))


def test_roots_in_labels() -> None:
    assert label_of("ipfs", V0) == V1
    assert label_of("ipfs", V1) == V1
    assert label_of("ipns", PEER) == KEY
    assert label_of("ipns", KEY) == KEY
    assert label_of("ipns", "example.org") == "example-org"
    assert root_of_label("ipfs", V1) == V1
    assert root_of_label("ipns", KEY) == KEY
    assert root_of_label("ipns", "example-org") == "example.org"
    assert key_name(PEER) == KEY
    assert key_name("example.org") is None


def test_keys_that_say_another_codec_are_named_as_keys() -> None:
    as_dag_pb = "bafybeicg2rebjoofv4kbyovkw7af3rpiitvnl6i7ckcywaq6xjcxnc2mby"
    assert label_of("ipns", as_dag_pb).startswith("k2k4r8")


def test_roots_that_no_label_holds() -> None:
    long = str(Cid.of(codecs.RAW, b"hello", codecs.SHA2_512))
    with pytest.raises(InvalidRequest, match="CID incompatible with DNS label length limit of 63"):
        label_of("ipfs", long)
    with pytest.raises(InvalidRequest, match='invalid path "/ipfs/QmInvalidCID"'):
        label_of("ipfs", "QmInvalidCID")
    with pytest.raises(InvalidRequest, match='invalid path "/ipfs/QmInvalidCID"'):
        check_root("ipfs", "QmInvalidCID")
    check_root("ipns", "anything")
    with pytest.raises(InvalidRequest, match="no name"):
        check_root("ipns", "a..eth")


def test_keys_where_content_is_addressed() -> None:
    assert key_of_address(KEY) == KEY
    assert key_of_address(V0) is None
    assert key_of_address(V1) is None
    assert key_of_address(PEER) is None


def wish(method: str, headers: dict[str, str]) -> Wish:
    return read_wish(method, b"/", b"", [(k.encode(), v.encode()) for k, v in headers.items()])


FENCES = Fences(HOSTS, LocalSurface(origins=SETTINGS.allowed_origins))
LINK = {
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
}
CROSS = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "same-origin", "origin": "http://a.localhost"},
        {"sec-fetch-site": "same-site"},
        LINK,
        LINK | {"referer": "https://news.example/"},
        CROSS | {"origin": "http://localhost:3000"},
        CROSS | {"origin": "https://wallet.example"},
        CROSS | {"origin": "chrome-extension://abcdef"},
        CROSS | {"origin": "null", "referer": "http://127.0.0.1:8080/ipfs/x/"},
        CROSS | {"referer": "http://127.0.0.1:8080/"},
        CROSS | {"referer": f"http://{V1}.ipfs.localhost:8080/a"},
        {"origin": "http://app.localhost"},
        {"origin": "http://127.0.0.1:8080"},
    ],
)
def test_who_may_ask(headers: dict[str, str]) -> None:
    assert not FENCES.refuses(wish("GET", headers))


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://app.eth"},
        CROSS | {"origin": "http://app.eth"},
        CROSS | {"origin": "http://site.example"},
        CROSS | {"referer": "http://app.eth/page"},
    ],
)
def test_pages_of_names_may_ask_as_they_came(headers: dict[str, str]) -> None:
    assert FENCES.refuses(wish("GET", headers))
    assert not FENCES.refuses(wish("GET", headers), through_proxy=True)


@pytest.mark.parametrize("origin", ["https://app.eth", "http://evil.example", "ftp://app.eth"])
def test_a_proxy_makes_no_other_pages_ours(origin: str) -> None:
    assert FENCES.refuses(wish("GET", {"origin": origin}), through_proxy=True)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", CROSS),
        ("GET", CROSS | {"origin": "https://evil.example"}),
        ("GET", CROSS | {"origin": "null"}),
        ("GET", CROSS | {"referer": "https://evil.example/localhost"}),
        ("GET", CROSS | {"referer": "http://[bad/"}),
        ("GET", CROSS | {"origin": "https://evil.example", "referer": "http://127.0.0.1/"}),
        ("GET", LINK | {"sec-fetch-dest": "iframe"}),
        ("GET", LINK | {"sec-fetch-mode": "cors"}),
        ("OPTIONS", LINK),
        ("POST", LINK),
        ("GET", {"origin": "https://evil.example"}),
        ("GET", {"origin": "null"}),
        ("GET", {"origin": "http://localhost.evil.example"}),
    ],
)
def test_who_may_not(method: str, headers: dict[str, str]) -> None:
    assert FENCES.refuses(wish(method, headers))
