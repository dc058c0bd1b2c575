"""Which multiaddrs lead to an HTTP server, and to which."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from walkaway.limits import LIMITS
from walkaway.sources.multiaddr import HttpAddress, http_address


@pytest.mark.parametrize(
    ("written", "url", "server_name"),
    [
        ("/dns4/a.example/tcp/443/tls/http", "https://a.example:443", ""),
        ("/dns/a.example/tcp/443/https", "https://a.example:443", ""),
        ("/dns6/a.example/tcp/8443/https", "https://a.example:8443", ""),
        ("/ip4/127.0.0.1/tcp/8080/http", "http://127.0.0.1:8080", ""),
        ("/ip6/::1/tcp/8080/http", "http://[::1]:8080", ""),
        ("/ip6/2001:DB8::0/tcp/80/http", "http://[2001:db8::]:80", ""),
        ("/ip4/192.0.2.1/tcp/443/tls/sni/a.example/http", "https://192.0.2.1:443", "a.example"),
        ("/dns/a.example/tcp/443/https/p2p/12D3KooW", "https://a.example:443", ""),
        ("/dns/A.Example./tcp/443/https", "https://a.example:443", ""),
        ("/dns/xn--mnchen-3ya.example/tcp/443/https", "https://xn--mnchen-3ya.example:443", ""),
        ("/ip4/192.0.2.1/tcp/443/tls/sni/A.example./http", "https://192.0.2.1:443", "a.example"),
        ("/dns4/a.example/tcp/443/tls/sni/A.example/http", "https://a.example:443", ""),
    ],
)
def test_an_address_of_an_http_server(written: str, url: str, server_name: str) -> None:
    assert http_address(written) == HttpAddress(url, server_name)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "/",
        "ip4/127.0.0.1/tcp/8080/http/x",
        "/ip4/127.0.0.1/tcp/8080",
        "/ip4/127.0.0.1/udp/4001/quic-v1",
        "/ip4/127.0.0.1/tcp/4001/ws",
        "/dns4/a.example/tcp/443/wss",
        "/dns4/a.example/tcp/443/tls/ws",
        "/dns4/a.example/tcp/443/tls/sni/a b/http",
        "/dns4/a.example/tcp/443/tls/sni//http",
        "/dns4/a.example/tcp/0/http",
        "/dns4/a.example/tcp/65536/http",
        "/dns4/a.example/tcp/-1/http",
        "/dns4/a.example/tcp/٤٤٣/http",
        "/dns4/a.example/tcp/000443/http",
        "/ip4/1.2.3/tcp/80/http",
        "/ip4/127.0.0.1:9/tcp/80/http",
        "/ip6/fe80::1%eth0/tcp/80/http",
        "/ip6/zz/tcp/80/http",
        "/dns4/user@a.example/tcp/80/http",
        "/dns4/-a.example/tcp/80/http",
        "/dns4//tcp/80/http",
        "/dns4/xn--/tcp/80/http",
        "/dns4/a.XN--a/tcp/80/http",
        "/ip4/192.0.2.1/tcp/443/tls/sni/xn--/http",
        "/dnsaddr/a.example/tcp/80/http",
        "/dns4/a.example/tcp/80/http/http-path/x",
        "/dns4/a.example/tcp/80/http/p2p",
        f"/dns4/{'a.' * 130}example/tcp/80/http",
        f"/dns4/{'a' * LIMITS.multiaddr_characters}/tcp/80/http",
        f"/dns4/a.example/tcp/443/https/p2p/{'a' * LIMITS.multiaddr_characters}",
        "/dns4/a.example\n/tcp/80/http",
    ],
)
def test_any_other_address_is_none(written: str) -> None:
    assert http_address(written) is None


PARTS = st.sampled_from(
    [
        "",
        "dns4",
        "ip4",
        "ip6",
        "tcp",
        "tls",
        "sni",
        "http",
        "https",
        "p2p",
        "a.example",
        "xn--",
        "::1",
        "443",
    ]
)


@given(parts=st.lists(PARTS | st.text(max_size=6), max_size=12))
def test_whatever_is_written_is_a_usable_address_or_none(parts: list[str]) -> None:
    address = http_address("/" + "/".join(parts))
    if address is not None:
        url = URL(address.url)
        assert url.scheme in ("http", "https")
        assert url.host
        assert url.port
        assert url.path == "/"


def test_what_differs_has_another_name() -> None:
    written = ["tls/http", "http", "tls/sni/b.example/http", "tls/sni/c.example/http"]
    read = [http_address(f"/dns4/a.example/tcp/443/{end}") for end in written]
    assert [address.name for address in read if address is not None] == [
        "a.example:443",
        "a.example:443 without TLS",
        "a.example:443 as b.example",
        "a.example:443 as c.example",
    ]
